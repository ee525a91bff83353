"""The terminal agent's screen, read as text."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from app.cli.softphone.dialogue import Dialogue
from app.cli.softphone.drawing import draw
from app.demo.client.desk import Desk, Pop

SINCE = "2026-11-23T10:00:00.000Z"
NOW = 1_795_428_007.0  # seven seconds later
PROFILE: dict[str, Any] = {
    "customer": {
        "name": "林梅",
        "latin_name": "Lin Mei",
        "external_id": "C100007",
        "tier": {"id": "private", "name": "Private", "rank": 4, "colour": "#b58cff"},
        "language": "zh",
        "numbers": [{"raw": "+86 138 0013 8000", "e164": "+8613800138000", "label": "mobile"}],
        "attributes": {"branch": "Shanghai Lujiazui", "products": ["mortgage", "savings"]},
    },
    "interactions": [
        {"started_at": SINCE, "queue": "cards", "agent": "wei", "outcome": "answered", "talk_seconds": 125.0,
         "wrap_up_code": "fees", "note": "已解释收费标准。"},
    ],
    "open": [{"id": "c9", "state": "waiting", "queue": "loans"}],
    "credit": {"standing": "good", "source": "bureau-a", "age_seconds": 65.0, "expired": True},
}  # fmt: skip
WHY = {"rule": "agent_finds_contact", "wanted": {"skills": [["zh", 2]]}, "waited_seconds": 12, "bonus_seconds": 90}


def desk_with(state: str, **more: Any) -> Desk:
    desk = Desk(agent={"name": "Lin Mei", "state": state, "since": SINCE, "contacts": [], **more}, up=True)
    caller = {"name": "林梅", "tier": "private"}
    desk.contacts["c1"] = {
        "id": "c1",
        "state": "active",
        "queue": "wealth",
        "from": "+8613800138000",
        "customer": caller,
    }
    desk.pops["c1"] = Pop(PROFILE, WHY, "2026-11-23T10:00:15.000Z")
    return desk


def shown(desk: Desk, keys: str = "", news: str = "") -> str:
    dialogue = Dialogue(desk)
    for key in keys:
        dialogue.press(key)
    console = Console(width=120, record=True, file=StringIO())
    console.print(draw(desk, dialogue, [Text(news)], NOW, {"code": "codes: fees, other"}))
    return console.export_text()


def test_an_offer_shows_who_it_is_before_hello() -> None:
    text = shown(desk_with("reserved", offer="c1"))
    for expected in ("Private", "林梅", "Lin Mei", "ringing, 0:08 left", "+86 138 0013 8000 mobile", "speaks zh"):
        assert expected in text
    for expected in ("mortgage, savings", "已解释收费标准。", "2:05", "fees", "also open: waiting in Loans"):
        assert expected in text
    for expected in ("credit good", "1:05 old, from bureau-a", "expired"):
        assert expected in text
    assert "first in line, 0:12 +90 s ahead · zh 2+" in text


STATES = [
    (desk_with("busy", contacts=["c1"]), "talking  0:07"),
    (desk_with("working_after_call", wrap_up="c1", wrap_up_until="2026-11-23T10:00:30Z"), "after-call work, 0:23 left"),
    (desk_with("ready"), "Waiting for a caller"),
    (desk_with("not_ready", reason="no_answer"), "away, no answer"),
    (Desk(), "the line is down"),
]


@pytest.mark.parametrize(("desk", "expected"), STATES, ids=lambda value: str(value)[:20])
def test_every_state_is_said_in_words(desk: Desk, expected: str) -> None:
    assert expected in shown(desk)


def test_a_shared_number_is_a_question_not_a_guess() -> None:
    desk = desk_with("reserved", offer="c1")
    desk.contacts["c1"]["customer"] = None
    candidates = [{"name": "林梅", "tier": "gold"}, {"name": "Tom", "tier": None}]
    desk.pops["c1"] = Pop({"customer": None, "candidates": candidates, "interactions": [], "open": []})
    text = shown(desk)
    assert "ask who it is: 林梅 (gold), Tom (no tier)" in text
    assert "unknown caller" in text


def test_a_question_is_shown_with_what_may_be_answered() -> None:
    text = shown(desk_with("working_after_call", wrap_up="c1"), keys="wfe")
    assert "code fe" in text
    assert "codes: fees, other" in text


def test_refusals_and_news_are_shown() -> None:
    text = shown(desk_with("ready"), keys="x", news="The caller hung up.")
    assert "You are not on a call." in text
    assert "The caller hung up." in text


def test_on_a_low_screen_the_card_ends_early_and_the_keys_stay() -> None:
    console = Console(width=120, record=True, file=StringIO())
    desk = desk_with("reserved", offer="c1")
    console.print(draw(desk, Dialogue(desk), [Text("news")], NOW, {}, height=18))
    low = console.export_text()
    assert len(low.splitlines()) <= 18
    assert "林梅" in low
    assert "why you" not in low
    assert "a higher window shows the rest" in low
    assert "quit" in low
    assert "why you" in shown(desk)
    assert "a higher window" not in shown(desk)
