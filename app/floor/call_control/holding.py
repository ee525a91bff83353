"""Callers on hold: put there and taken back by their agent, and by whoever stays where those leave who hold them."""

from collections.abc import Sequence
from typing import Any

from app.calls.leg import LegState
from app.core.errors import Conflict
from app.floor import commands as c
from app.floor.call_control.destinations import talking
from app.floor.memory import under_way
from app.floor.memory.entities import Contact
from app.floor.memory.work import Work
from app.telephony.events import EventType, OrderType


def hold(work: Work, command: c.Hold) -> dict[str, Any]:
    """Ask the switch to put the caller on hold; the switch's own event makes it so."""
    contact = talking(work, command, "hold")
    if contact.call.held:
        raise Conflict(f"Contact {contact.id} is on hold already.", state="held", accepted=["call.retrieve"])
    under_way.once(work, contact, OrderType.HOLD, command.agent_id)
    return {}


def retrieve(work: Work, command: c.Retrieve) -> dict[str, Any]:
    """Ask the switch to take the caller back from hold."""
    contact = talking(work, command, "retrieve")
    if not contact.call.held:
        raise Conflict(f"Contact {contact.id} is not on hold.", state=str(contact.state), accepted=["call.hold"])
    under_way.once(work, contact, OrderType.RETRIEVE, command.agent_id)
    return {}


def taken_back(work: Work, contact: Contact, leaving: Sequence[str]) -> None:
    """Order the caller off hold before these agents leave them to somebody else, to whom the platform would not give
    them: by the one who holds them, or has asked to, or by the last where it does not say who does. Whoever is left of
    a consultation is given the caller with its end."""
    if contact.consult is not None or not leaving:
        return
    held = {leg.agent for leg in contact.call.legs if leg.state is LegState.HELD}
    by = held | {each.by for each in contact.under_way if each.kind == OrderType.HOLD}
    alone = set(leaving) >= set(contact.agents)  # else a colleague may hold them, and can take them back anyway
    holder = next((each for each in leaving if each in by), leaving[-1] if None in held and alone else None)
    if holder is not None:
        work.order(OrderType.RETRIEVE, contact, holder)


def left_on_hold(work: Work, contact: Contact, gone: Sequence[str]) -> None:
    """Order the caller off hold for an agent who is still there, where one held them who is gone without a word to us:
    to the call nobody is on hold any more, so nobody could take them back."""
    legs = [leg for agent_id in gone if (leg := contact.call.leg_of(agent_id)) is not None]
    said = [[mark.kind for mark in leg.marks if mark.kind in (EventType.HELD, EventType.RETRIEVED)] for leg in legs]
    if contact.agents and any(kinds[-1:] == [EventType.HELD] for kinds in said):
        work.order(OrderType.RETRIEVE, contact, contact.agents[-1])
