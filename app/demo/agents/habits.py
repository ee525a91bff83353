"""What a simulated agent does next, and after how long. Pure: the situation and the dice decide."""

from random import Random
from typing import Any, NamedTuple

from app.demo.bank import NOTES, QUEUES
from app.demo.client.desk import Desk

_CODES = {queue.id: queue.codes for queue in QUEUES}
_QUEUES = tuple(queue.id for queue in QUEUES)
Situation = tuple[str, ...]


class Step(NamedTuple):
    """A command and the seconds before it is given."""

    after: float
    command: str
    data: dict[str, Any]


def situation(desk: Desk) -> Situation:
    """Where the agent is; as long as it stays equal, one decision stands."""
    if not desk.up:
        return ("away",)
    if desk.offer:
        return ("offer", desk.offer)
    if desk.call:
        contact = desk.contacts.get(desk.call, {})
        return ("held" if contact.get("held") else str(contact.get("state", "connecting")), desk.call)
    if desk.wrap_up:
        return ("wrap_up", desk.wrap_up)
    return (str(desk.agent.get("state")), str(desk.agent.get("reason")), str(desk.agent.get("since")))


def decide(where: Situation, desk: Desk, dice: Random) -> Step | None:
    """What to do about a new situation; None is to do nothing, by habit or by neglect."""
    habit = _HABITS.get(where[0])
    return habit(where[1], desk, dice) if habit is not None else None


def _on_offer(contact: str, desk: Desk, dice: Random) -> Step | None:
    fate = dice.random()
    if fate < 0.03:
        return None
    kind = "offer.decline" if fate < 0.06 else "offer.accept"
    return Step(dice.uniform(1.0, 4.0), kind, {"contact_id": contact})


def _on_call(contact: str, desk: Desk, dice: Random) -> Step | None:
    fate = dice.random()
    if fate < 0.22:
        return Step(dice.uniform(4.0, 15.0), "call.hold", {"contact_id": contact})
    if fate < 0.26:
        here = desk.contacts.get(contact, {}).get("queue")
        to = dice.choice([queue for queue in _QUEUES if queue != here])
        return Step(dice.uniform(8.0, 20.0), "call.transfer", {"contact_id": contact, "to": {"queue": to}})
    if fate < 0.62:
        return Step(dice.uniform(12.0, 60.0), "call.hang_up", {"contact_id": contact})
    return None


def _on_hold(contact: str, desk: Desk, dice: Random) -> Step | None:
    return Step(dice.uniform(3.0, 9.0), "call.retrieve", {"contact_id": contact})


def _on_wrap_up(contact: str, desk: Desk, dice: Random) -> Step | None:
    if dice.random() < 0.05:
        return None
    told = desk.contacts.get(contact, {})
    code = dice.choice(_CODES.get(told.get("queue") or "", ("other",)))
    language = (told.get("customer") or {}).get("language") or "zh"
    note = dice.choice(NOTES.get(language, NOTES["en"]))
    return Step(dice.uniform(4.0, 14.0), "wrap_up.done", {"contact_id": contact, "code": code, "note": note})


def _when_not_ready(reason: str, desk: Desk, dice: Random) -> Step | None:
    after = dice.uniform(20.0, 45.0) if reason in ("break", "lunch") else dice.uniform(1.0, 8.0)
    return Step(after, "agent.ready", {})


def _when_ready(reason: str, desk: Desk, dice: Random) -> Step | None:
    if dice.random() < 0.96:
        return None
    return Step(dice.uniform(2.0, 8.0), "agent.not_ready", {"reason": "break"})


_HABITS = {
    "offer": _on_offer,
    "active": _on_call,
    "held": _on_hold,
    "wrap_up": _on_wrap_up,
    "not_ready": _when_not_ready,
    "logged_off": _when_not_ready,
    "ready": _when_ready,
}
