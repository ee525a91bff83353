"""Agents who have sent a caller on while others were on the call, as far as it was known: where it is told later that
those had gone before, the caller is where they were sent, and the next agent is not put into a conversation elsewhere.
"""

from app.calls.leg import Leg
from app.floor.call_control import consulting, supervisors_phones
from app.floor.memory.entities import Contact
from app.floor.memory.parts import Consult, HandedOn
from app.floor.queue import stays
from app.telephony.events import CallEvent, EventType


def remembered(contact: Contact, agent_id: str, consult: Consult | None, kind: str) -> Contact:
    """The contact with what an agent does to it who leaves it now, where it is told by an event of this kind; not whom
    they were told to have consulted, and have had the floor leave the caller to."""
    leg = contact.call.leg_of(agent_id)
    own = consult if consult is not None and consult.by == agent_id else None
    ordered = contact.transfer if contact.transfer_by == agent_id else None
    to = ordered if ordered is not None and ordered.number is None else None
    sent = kind == EventType.TRANSFERRED and not _joined_by_order(own)
    if leg is None or not (sent or to is not None or consulting.hands_over_outside(own)):
        return contact
    outside = consulting.outside(contact, own) if to is None else None
    return _newest(contact, HandedOn(by=agent_id, at=leg.since, leg=outside, to=to))


def told_after(contact: Contact, event: CallEvent) -> Contact:
    """The contact with a transfer by an agent of whom it was told before that they had gone, and not how."""
    told = (leg for leg in reversed(contact.call.legs) if leg.agent is not None and _says(leg, event))
    leg = next(told, None)
    if leg is None or leg.agent is None or leg.agent in contact.agents or _has_joined(contact, leg.agent):
        return contact
    return _newest(contact, HandedOn(by=leg.agent, at=leg.since))


def sent(contact: Contact, away: bool) -> tuple[Contact, bool]:
    """The contact as its last agent has left it, and whether the caller is `away`, as it looks without what an agent
    has done to it before."""
    made = contact.handed_on
    if made is None or not _stands(contact, made):
        return contact, away
    if made.to is not None:
        return contact.with_(transfer=made.to, transfer_by=made.by, left_to=None), False
    return contact.with_(left_to=made.leg, transfer=None), True


def to_us(contact: Contact, event: CallEvent) -> bool:
    """Whether this transfer is by an agent of whom it was told before that they had gone, and who had been ordered to
    send the caller to a queue or to an agent: it says no more than that."""
    made = contact.handed_on
    return made is not None and made.to is not None and (made.by, made.at) == (event.agent, event.at)


def _stands(contact: Contact, made: HandedOn) -> bool:
    """Whether nobody of ours has had the caller since, nor do they go elsewhere by an order."""
    if contact.transfer is not None and contact.transfer.number is None and not _done_before(contact, made):
        return False
    since = any(leg.agent is not None and leg.talked and _later(leg, made) for leg in contact.call.legs)
    taken = supervisors_phones.taken_since(contact, made.by, made.at)
    return not (since or taken or stays.queued_since(contact, made.at))


def _done_before(contact: Contact, made: HandedOn) -> bool:
    """Whether who has asked for where the caller goes had left before that: it was done first."""
    asked = contact.call.leg_of(contact.transfer_by or "")
    return asked is not None and asked.ended and asked.since < made.at


def _later(leg: Leg, made: HandedOn) -> bool:
    """Whether an agent has left by this leg after that, or in the same instant, of which many platforms tell the second
    only: what is told last has mostly happened last."""
    return leg.since > made.at or (leg.since == made.at and leg.agent != made.by)


def _newest(contact: Contact, made: HandedOn) -> Contact:
    """What was told first of one departure stands: an order says more than how it was done."""
    known = contact.handed_on
    older = known is not None and (known.at > made.at or (known.by, known.at) == (made.by, made.at))
    return contact if older else contact.with_(handed_on=made)


def _says(leg: Leg, event: CallEvent) -> bool:
    return leg.ended and any((mark.kind, mark.at) == (event.type, event.at) for mark in leg.marks)


def _joined_by_order(own: Consult | None) -> bool:
    return own is not None and own.agent is not None and own.asked == consulting.COMPLETED


def _has_joined(contact: Contact, agent_id: str) -> bool:
    """Whether the agent has left the caller to somebody whom they had consulted, so that it says no more than that."""
    return any(each.kind == "consult.completed" and each.data.get("agent") == agent_id for each in contact.timeline)
