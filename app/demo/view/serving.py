"""What a card says of how its customer is to be served: warnings, promises, visits, wishes. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from app.demo.view.palette import BAD, BRIGHT, DIM, GOOD, WARN

AGREEMENTS_SHOWN = DUES_SHOWN = WARNINGS_SHOWN = 2
PROMISES_SHOWN = 6
_TAKEN_AS_READ = ("service_hours", "channels")
"""Clauses that say nothing beyond that the customer is covered, while they are kept."""


def warnings(told: Any) -> list[Text]:
    """What somebody pinned to the customer for whoever serves them."""
    shown = told[:WARNINGS_SHOWN] if isinstance(told, list) else ()
    return [Text.assemble(("warning ", DIM), (text, WARN)) for text in shown]


def promised(entitlement: dict[str, Any]) -> Iterator[Text]:
    """For each agreement whether it covers the customer now, what it promises and what of that is left; then what is
    due because of earlier contacts."""
    for agreement in entitlement["agreements"][:AGREEMENTS_SHOWN]:
        covered = ("covered", GOOD) if agreement["covered"] else ("not covered now", BAD)
        line = Text.assemble(("promised ", DIM), covered, f"  {agreement['name'] or agreement['product']}  ")
        yield line.append(Text(" · ", style=DIM).join(map(_promise, _worth_saying(agreement["promises"]))))
    for due in entitlement["due"][:DUES_SHOWN]:
        what = f"{due['kind'].replace('_', ' ')} by {_moment(due['due_at'])} "
        yield Text.assemble(("due ", DIM), (what, WARN), (due["text"], BRIGHT))


def visit(booked: dict[str, Any]) -> Text:
    """When somebody comes, by the clocks of the place, what for, who, where."""
    when = "without an appointment yet"
    if booked["starts_at"]:
        begins, ends = (_at(booked[name], booked["time_zone"]) for name in ("starts_at", "ends_at"))
        when = f"{begins:%a %d %b %H:%M}–{ends:%H:%M}"
    told = Text.assemble(("visit ", DIM), (f"{when} ", WARN), (booked["purpose"], BRIGHT))
    place = ", ".join(filter(None, (booked["engineer_name"], booked["site"], booked["city"])))
    return told.append(f"   {place}", style=DIM)


def wishes(told: Sequence[dict[str, str]]) -> Text:
    """How the customer wants to be served, in the language of the card."""
    return Text.assemble(("wishes ", DIM), (" · ".join(wish["en"] for wish in told), BRIGHT))


def _worth_saying(promises: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is not kept first: that is why somebody is not covered."""
    telling = [one for one in promises if one["kept"] is False or one["kind"] not in _TAKEN_AS_READ]
    return sorted(telling, key=lambda one: one["kept"] is not False)[:PROMISES_SHOWN]


def _promise(promise: dict[str, Any]) -> Text:
    said = Text(promise["text"], style=BAD if promise["kept"] is False else BRIGHT)
    if "left" in promise:
        return said.append(f" ({promise['left']} of {promise['count']} left)", style=GOOD if promise["left"] else WARN)
    if promise["kind"] == "resolution_time" and promise["due_at"]:
        return said.append(f" (by {_moment(promise['due_at'])})", style=DIM)
    return said


def _at(instant: str, time_zone: str | None = None) -> datetime:
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(time_zone) if time_zone else None)


def _moment(instant: str) -> str:
    return f"{_at(instant):%d %b %H:%M}"
