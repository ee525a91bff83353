"""How things are said on the screen."""

from typing import Any

import pytest

from app.demo.view.words import again, caller_name, span, tier_colour, why_sentence


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0:00"), (7.9, "0:07"), (754, "12:34"), (3723, "1:02:03"), (-5, "0:00")]
)
def test_durations(seconds: float, said: str) -> None:
    assert span(seconds) == said


CALLERS: list[tuple[dict[str, Any], str]] = [
    ({"customer": {"name": "林梅"}, "from": "+8613800138000"}, "林梅"),
    ({"customer": None, "candidates": [{"name": "A"}, {"name": "B"}, {"name": "C"}]}, "A / B / … ?"),
    ({"from": "+8613800138000"}, "+8613800138000"),
    ({"from": "2003", "to": "+44740", "direction": "outbound"}, "+44740"),
    ({"from": "anonymous"}, "number withheld"),
    ({"from": None}, "number withheld"),
]


@pytest.mark.parametrize(("contact", "said"), CALLERS)
def test_a_caller_is_named_but_never_guessed(contact: dict[str, Any], said: str) -> None:
    assert caller_name(contact) == said


def test_a_decision_is_said_in_one_sentence() -> None:
    idle = {"rule": "contact_finds_agent", "wanted": {"skills": [["cards", 2]]}, "idle_seconds": 42, "considered": 5}
    assert why_sentence(idle) == "idle longest of 5, 0:42 · cards 2+"
    line = {"rule": "agent_finds_contact", "wanted": {"skills": []}, "waited_seconds": 12, "bonus_seconds": 45}
    assert why_sentence(line) == "first in line, 0:12 +45 s ahead"
    assert why_sentence({"rule": "named"}) == "asked for by name"
    assert why_sentence({}) == ""


def test_earlier_offers_are_mentioned() -> None:
    assert again({"excluded": ["wei"]}) == " · after 1 other"
    assert again({"excluded": ["wei", "lan"]}) == " · after 2 others"
    assert again({}) == ""


def test_tiers_have_colours_and_no_tier_has_one_too() -> None:
    assert tier_colour("gold") != tier_colour("private") != tier_colour(None)
