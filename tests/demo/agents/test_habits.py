"""What simulated agents do in which situation."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from app.demo.agents.habits import decide, situation
from app.demo.bank import WRAP_UP_CODES
from app.demo.client.desk import Desk


def at_desk(state: str = "busy", told: dict[str, Any] | None = None, **more: Any) -> Desk:
    desk = Desk(agent={"state": state, "reason": "r", "since": "s", "contacts": [], **more}, up=True)
    desk.contacts["c1"] = {"id": "c1", "queue": "cards", "held": False, **(told or {})}
    return desk


SITUATIONS = [
    (at_desk("reserved", offer="c1"), ("offer", "c1")),
    (at_desk(contacts=["c1"], told={"state": "connecting"}), ("connecting", "c1")),
    (at_desk(contacts=["c1"], told={"state": "active"}), ("active", "c1")),
    (at_desk(contacts=["c1"], told={"state": "active", "held": True}), ("held", "c1")),
    (at_desk("working_after_call", wrap_up="c1"), ("wrap_up", "c1")),
    (at_desk("not_ready"), ("not_ready", "r", "s")),
    (Desk(), ("away",)),
]


@pytest.mark.parametrize(("desk", "expected"), SITUATIONS, ids=lambda value: str(value)[:12])
def test_a_situation_is_read_from_the_desk(desk: Desk, expected: tuple[str, ...]) -> None:
    assert situation(desk) == expected


def commands(desk: Desk, times: int = 600) -> Counter[str | None]:
    dice = Random(1)
    steps = [decide(situation(desk), desk, dice) for _ in range(times)]
    return Counter(step.command if step else None for step in steps)


def test_most_offers_are_taken_some_declined_some_missed() -> None:
    done = commands(at_desk("reserved", offer="c1"))
    assert done["offer.accept"] > 520
    assert done["offer.decline"] > 5 < done[None]


def test_a_talk_is_held_transferred_or_ended_by_either_side() -> None:
    done = commands(at_desk(contacts=["c1"], told={"state": "active"}))
    assert set(done) == {"call.hold", "call.transfer", "call.hang_up", None}
    assert set(commands(at_desk(contacts=["c1"], told={"held": True}))) == {"call.retrieve"}


def test_wrap_up_names_a_known_code_and_a_note_in_the_customers_language() -> None:
    desk = at_desk("working_after_call", wrap_up="c1", told={"customer": {"language": "en"}})
    step = decide(situation(desk), desk, Random(2))
    assert step is not None
    assert step.data["code"] in WRAP_UP_CODES
    assert step.data["note"].isascii()


def test_who_is_not_ready_comes_back_and_a_break_takes_longer() -> None:
    soon, later = at_desk("not_ready"), at_desk("not_ready")
    later.agent["reason"] = "break"
    steps = [decide(situation(desk), desk, Random(3)) for desk in (soon, later)]
    assert [step.command if step else None for step in steps] == ["agent.ready", "agent.ready"]
    waits = [step.after for step in steps if step]
    assert waits[0] < 10 < waits[1]


def test_nothing_is_done_while_the_line_is_down() -> None:
    assert decide(("away",), Desk(), Random(1)) is None
