"""Keys and words of the terminal agent become commands of the socket."""

from typing import Any

import pytest

from app.cli.softphone.dialogue import BACKSPACE, ENTER, ESCAPE, Dialogue
from app.cli.softphone.scripted import waits
from app.cli.softphone.wishes import Command, destination, why
from app.cli.trouble import Trouble
from app.demo.client.desk import Desk


def at(state: str, **more: Any) -> Dialogue:
    desk = Desk(agent={"state": state, "contacts": [], **more}, up=True)
    desk.contacts["c1"] = {"id": "c1", "held": bool(more.get("held"))}
    return Dialogue(desk)


def typed(dialogue: Dialogue, *keys: str) -> Command | None:
    """Press keys one after the other; returns what the last one did."""
    done = None
    for key in keys:
        for each in [key] if key in (ENTER, ESCAPE, BACKSPACE) else key:
            done = dialogue.press(each)
    return done


ONE_KEY = [
    (at("not_ready"), "r", Command("agent.ready", {})),
    (at("reserved", offer="c1"), "a", Command("offer.accept", {"contact_id": "c1"})),
    (at("reserved", offer="c1"), "d", Command("offer.decline", {"contact_id": "c1"})),
    (at("busy", contacts=["c1"]), "h", Command("call.hold", {"contact_id": "c1"})),
    (at("busy", contacts=["c1"], held=True), "h", Command("call.retrieve", {"contact_id": "c1"})),
    (at("busy", contacts=["c1"]), "X", Command("call.hang_up", {"contact_id": "c1"})),
]


@pytest.mark.parametrize(("dialogue", "key", "command"), ONE_KEY, ids=lambda value: str(value)[:24])
def test_one_key_is_one_command(dialogue: Dialogue, key: str, command: Command) -> None:
    assert dialogue.press(key) == command


@pytest.mark.parametrize(("key", "said"), [("a", "Nothing is on offer."), ("x", "You are not on a call.")])
def test_a_key_that_does_not_fit_says_why(key: str, said: str) -> None:
    dialogue = at("ready")
    assert dialogue.press(key) is None
    assert dialogue.said == said
    assert dialogue.question is None


def test_wrap_up_asks_for_code_and_note() -> None:
    dialogue = at("working_after_call", wrap_up="c1")
    assert typed(dialogue, "w") is None
    assert dialogue.question is not None
    assert dialogue.question.asks == "code"
    done = typed(dialogue, "feex", BACKSPACE, "s", ENTER, "已解释", ENTER)
    assert done == Command("wrap_up.done", {"contact_id": "c1", "code": "fees", "note": "已解释"})


def test_escape_forgets_what_was_asked_and_an_empty_answer_has_a_meaning() -> None:
    dialogue = at("ready")
    typed(dialogue, "n", "lunch", ESCAPE)
    assert dialogue.question is None
    assert typed(dialogue, "n", ENTER) == Command("agent.not_ready", {"reason": "break"})


def test_letters_of_an_answer_are_not_keys() -> None:
    dialogue = at("busy", contacts=["c1"])
    typed(dialogue, "t", "queue cards q")
    assert not dialogue.quitting
    assert dialogue.typed == "queue cards q"


GOALS = [
    ("cards", {"queue": "cards"}),
    ("queue cards", {"queue": "cards"}),
    ("@wei", {"agent": "wei"}),
    ("agent wei", {"agent": "wei"}),
    ("+86 138-0013 8000", {"number": "+8613800138000"}),
]


@pytest.mark.parametrize(("text", "goal"), GOALS)
def test_the_goal_of_a_transfer_is_read_as_people_write_it(text: str, goal: dict[str, str]) -> None:
    assert destination(text) == goal


def test_a_refusal_tells_what_would_be_right() -> None:
    fault = {"where": "to", "what": "'x' is no number", "accepted": "a telephone number, an extension"}
    told = {"ok": False, "problem": {"detail": "This cannot be dialled.", "faults": [fault]}}
    assert why(told) == "This cannot be dialled. 'x' is no number; accepted: a telephone number, an extension"
    assert why({"problem": {"detail": "Not now.", "faults": None}}) == "Not now."
    assert why({}) == "Refused."


@pytest.mark.parametrize("seconds", ["soon", "-1", "nan", "inf", "1e99", ""])
def test_a_wait_that_would_not_end_is_refused(seconds: str) -> None:
    with pytest.raises(Trouble, match="wait needs seconds, 0 to 86,400"):
        waits(seconds)
