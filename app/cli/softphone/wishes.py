"""What a person at the terminal agent can wish for, and the command of the socket that it becomes. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.demo.client.desk import Desk


class Command(NamedTuple):
    """A command of the public socket."""

    type: str
    data: dict[str, Any]


class NotNow(Exception):
    """The wish does not fit the present moment; the message says so in a few words."""


def ready(desk: Desk) -> Command:
    """Take contacts from now on; open after-call work is closed by it."""
    return Command("agent.ready", {})


def not_ready(desk: Desk, reason: str) -> Command:
    """Take no contacts, for a reason."""
    return Command("agent.not_ready", {"reason": reason.strip() or "break"})


def accept(desk: Desk) -> Command:
    """Take what is on offer."""
    return Command("offer.accept", {"contact_id": _needed(desk.offer, "Nothing is on offer.")})


def decline(desk: Desk) -> Command:
    """Let somebody else take what is on offer."""
    return Command("offer.decline", {"contact_id": _needed(desk.offer, "Nothing is on offer.")})


def hold_or_retrieve(desk: Desk) -> Command:
    """Put the caller on hold, or take them back."""
    contact = _talking(desk)
    held = desk.contacts.get(contact, {}).get("held")
    return Command("call.retrieve" if held else "call.hold", {"contact_id": contact})


def hang_up(desk: Desk) -> Command:
    """End the call."""
    return Command("call.hang_up", {"contact_id": _talking(desk)})


def transfer(desk: Desk, to: str) -> Command:
    """Hand the caller over: `to` is a queue, @agent or a number."""
    return Command("call.transfer", {"contact_id": _talking(desk), "to": destination(to)})


def dial(desk: Desk, number: str) -> Command:
    """Call a number."""
    if desk.call or desk.offer:
        raise NotNow("Finish the present contact first.")
    return Command("call.dial", {"to": _needed(number.strip(), "No number given.")})


def wrap_up(desk: Desk, code: str, note: str) -> Command:
    """Finish the after-call work with a code and a note, either of which may be left out."""
    contact = _needed(desk.wrap_up, "There is no after-call work.")
    told = {"code": code.strip(), "note": note.strip()}
    return Command("wrap_up.done", {"contact_id": contact} | {name: text for name, text in told.items() if text})


def destination(text: str) -> dict[str, str]:
    """What a person means by the goal of a transfer: `@wei` or `agent wei`, `+86 138…`, else the id of a queue."""
    words = text.split()
    if len(words) == 2 and words[0] in ("queue", "agent", "number"):
        return {words[0]: words[1]}
    goal = text.strip()
    if goal.startswith("@"):
        return {"agent": goal[1:]}
    digits = goal.replace(" ", "").replace("-", "")
    if digits.lstrip("+").isdigit():
        return {"number": digits}
    return {"queue": _needed(goal, "Nobody named to transfer to.")}


def why(answer: Mapping[str, Any]) -> str:
    """A refusal in one line: what is wrong, and what would be right where it says so."""
    problem = answer.get("problem", {})
    faults = [f"{each['what']}; accepted: {each['accepted']}" for each in problem.get("faults") or ()]
    return " ".join([str(problem.get("detail", "Refused.")), *faults])


def _talking(desk: Desk) -> str:
    return _needed(desk.call, "You are not on a call.")


def _needed(value: str | None, otherwise: str) -> str:
    if not value:
        raise NotNow(otherwise)
    return value
