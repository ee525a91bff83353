"""What was asked of the switch, and it has not said yet what came of it: asked for again, it is not ordered twice.

Who clicks twice sends a command twice, each time under an id of its own, so the ids do not tell it. An order is under
way until the switch says that it is done, or the order is given up; at the longest as long as it is tried, so that a
platform that says nothing keeps nobody from asking again.

A hang-up of which nothing is told is over after 15 seconds, with the call or the agent's part in it; so is the part of
an agent from whom a supervisor has taken the call.

A transfer stays under way for the whole minute, though the platform may have taken it and lost it, for three reasons.
The floor is told of an order only when it is given up, never that it was taken: up to the last second of the minute a
platform that was away may take it for the first time. One that has taken it and is only slow, or rings somebody without
a word, says as little as one that has lost it. And a caller who is sent on twice is torn from whoever has them by then.
So nothing shorter is safe; where the order is given up, or its target is told not to have been reached, it may be asked
for again at once.
"""

from collections.abc import Callable
from math import ceil
from typing import Any

from app.calls.leg import Leg, LegState, Party
from app.core.errors import Conflict
from app.floor.commands import Destination
from app.floor.memory.entities import Contact
from app.floor.memory.parts import UnderWay
from app.floor.memory.work import Work
from app.telephony.delivery import RetryPolicy
from app.telephony.events import CallEvent, EventType, OrderType

TRIED_SECONDS = RetryPolicy().patience
"""For so long an order is tried. The next one of the contact is not sent before it is settled, so two never cross."""

HARMLESS_SECONDS = 5.0
_HARMLESS = (OrderType.HOLD, OrderType.RETRIEVE, OrderType.RECONNECT)
"""What may be ordered twice without harm waits only for as long as a click is doubled: where the platform has lost the
order, the caller hears music until it is asked for again."""

_DONE_BY: dict[str, tuple[str, ...]] = {
    EventType.HELD: (OrderType.HOLD,),
    EventType.RETRIEVED: (OrderType.RETRIEVE, OrderType.RECONNECT),
}
_NOT_YET = (LegState.NULL, LegState.INITIATED, LegState.QUEUED, LegState.ALERTING)
_CLOSING = (OrderType.DISCONNECT, OrderType.CANCEL)
_OF_CONSULTATION = (OrderType.COMPLETE_TRANSFER, OrderType.RECONNECT)
_CROSSED_BY = {OrderType.RECONNECT: (OrderType.COMPLETE_TRANSFER,)}
"""What is not ordered while something else is under way: it would drop those to whom the caller is being left."""


class AskedAlready(Conflict):
    """The same was asked before and is under way; `accepted` says that there is nothing to do but wait."""

    code = "under-way"


def once(
    work: Work, contact: Contact, kind: OrderType, agent_id: str, target: Destination | None = None, /, **data: Any
) -> Contact:
    """Order what an agent asks for, to `target` where it has one. Raises AskedAlready while it is under way."""
    must_be_new(work, contact, kind, agent_id, target)
    work.order(kind, contact, agent_id, **data)
    return given(work, contact, kind, agent_id, target)


def must_be_new(
    work: Work,
    contact: Contact,
    kind: OrderType,
    by: str,
    target: Destination | None = None,
    *,
    for_all: bool = False,
) -> None:
    """Raise AskedAlready if the order just given by the same person, to the same target, is under way. A call goes to
    one place only: another transfer waits for the first one, too. To end it for all is not to leave it."""
    for each in contact.under_way:
        kinds = (kind, *_CROSSED_BY.get(kind, ()))
        same = each.kind in kinds and each.by == by and (each.target == target or kind == OrderType.TRANSFER)
        same = same and each.for_all == for_all and each.leaves is None
        if same and each.until > work.now and not _has_come(contact, each):
            raise _asked_already(work, contact, each, kind, target)


def _asked_already(
    work: Work, contact: Contact, each: UnderWay, kind: OrderType, target: Destination | None
) -> AskedAlready:
    """What is under way, where to, and until when: who asks for something else is told what keeps it back."""
    left = each.until - work.now
    where = "" if each.target is None else f", to {each.target.text}"
    refused = "it is not ordered again" if each.kind == kind else f"{kind} is not ordered"
    if target is not None and target != each.target:
        refused = f"the one to {target.text} is not ordered: a call goes to one place at a time"
    more: dict[str, str] = {} if each.target is None else {"to": each.target.text}
    return AskedAlready(
        f"{each.kind} of contact {contact.id} is under way already{where}, and the telephone platform has not said "
        f"what came of it, so {refused}. Ask again as soon as it has failed, or in {ceil(left)} s.",
        contact_id=contact.id,
        state=str(contact.state),
        again_in_seconds=round(left, 3),
        accepted=["wait for what the telephone platform makes of it"],
        **more,
    )


def given(
    work: Work,
    contact: Contact,
    kind: OrderType,
    by: str,
    target: Destination | None = None,
    seconds: float | None = None,
    *,
    for_all: bool = False,
    leaves: str | None = None,
) -> Contact:
    """Remember that the last order is under way, for `seconds` at the longest; one to end a call may be for all, or of
    the part in it of who `leaves`, which somebody else has asked for."""
    if seconds is None:
        seconds = HARMLESS_SECONDS if kind in _HARMLESS else TRIED_SECONDS
    legs = tuple(leg.id for leg in contact.call.legs) if target is not None else ()
    made = UnderWay(
        order=work.seq,
        kind=kind,
        by=by,
        until=work.now + seconds,
        target=target,
        known=legs,
        for_all=for_all,
        leaves=leaves,
    )
    others = tuple(each for each in contact.under_way if each.until > work.now or _still_closes(contact, each, made))
    contact = contact.with_(under_way=(*others, made))
    work.store.put_contact(contact)
    return contact


def told(contact: Contact, event: CallEvent) -> Contact:
    """The contact without what this event of its call says to be done."""
    return _without(contact, lambda each: each.kind in _DONE_BY.get(event.type, ()))


def awaited(contact: Contact, order: int) -> bool:
    """Whether it is still waited for what becomes of the order of this number."""
    return any(each.order == order for each in contact.under_way)


def dropped_by(contact: Contact, order: int) -> str | None:
    """Who was to be dropped by the order of this number, whatever it is called where they are a supervisor."""
    return next((each.leaves for each in contact.under_way if each.order == order), None)


def dropped(contact: Contact) -> set[str]:
    """The agents whom somebody else drops from the call."""
    return {each.leaves for each in contact.under_way if each.leaves is not None}


def staying(contact: Contact, agent_id: str) -> tuple[str, ...]:
    """The other agents on the call, without those who are dropped from it."""
    return tuple(each for each in contact.agents if each not in {agent_id, *dropped(contact)})


def failed(contact: Contact, order: int) -> Contact:
    """The contact without the order of this number, which was given up; it is not closed for who was to be dropped, who
    has the caller still, whoever has been left with them."""
    leaves = dropped_by(contact, order)
    contact = _without(contact, lambda each: each.order == order)
    return _open(contact).with_(sent_away=contact.sent_away and not contact.agents) if leaves is not None else contact


def consulted(contact: Contact) -> Contact:
    """The contact without what was asked about its consultation, which is over, also by who was consulted."""
    party = contact.consult.agent if contact.consult is not None else None
    return _without(contact, lambda each: each.kind in _OF_CONSULTATION or _lets_go(each, party))


def _lets_go(each: UnderWay, consulted: str | None) -> bool:
    return each.kind == OrderType.CANCEL and consulted is not None and each.leaver == consulted


def supervised(contact: Contact, by: str) -> Contact:
    """The contact without the wish of a supervisor to be let in: they are, or were not reached, or have another."""
    return _without(contact, lambda each: each.kind == OrderType.LISTEN and each.by == by)


def not_closing(contact: Contact) -> Contact:
    """The contact that goes on although an agent has hung up on it, who may therefore do so again at once; what a
    supervisor has ended for all is closed all the same, and whom one has dropped is."""
    return _open(_without(contact, lambda each: each.kind in _CLOSING and not each.for_all and each.leaves is None))


def closing(contact: Contact) -> bool:
    """Whether anybody has hung up on the contact, or is dropped from it, and nothing is known of it yet."""
    return bool(_closing(contact))


def only_leaving(contact: Contact) -> bool:
    """Whether those who have hung up, or are dropped, only leave: nobody has ordered the end of the call."""
    closing = _closing(contact)
    return bool(closing) and all(each.kind == OrderType.CANCEL for each in closing)


def hung_up(contact: Contact) -> tuple[str, ...]:
    """The agents who have hung up, or were dropped, where the call goes on: nobody, where it was to end for all, or the
    last of them has hung up."""
    closing = _closing(contact)
    gone = {each.leaver for each in closing}
    last = gone >= set(contact.agents) and not taken_over(contact)
    if any(each.for_all or (last and each.leaves is None) for each in closing):
        return ()
    return tuple(each for each in contact.agents if each in gone)


def taken_over(contact: Contact) -> bool:
    """Whether a supervisor has the caller who is none of the agents on the call."""
    return any(each.taking and each.inside and each.by not in contact.agents for each in contact.listeners)


def nobody_stays(contact: Contact) -> bool:
    """Whether agents are on the call, and all of them are dropped from it."""
    return bool(contact.agents) and dropped(contact) >= set(contact.agents)


def left(contact: Contact, agent_id: str) -> Contact:
    """The contact without what an agent has asked whose part in it is over, their hang-up included: it is closed only
    where the end of others is awaited, or was ordered for all."""
    return _open(_without(contact, lambda each: each.leaver == agent_id and not each.for_all))


def _open(contact: Contact) -> Contact:
    """Not to be closed, unless a hang-up is under way."""
    return contact if _closing(contact) else contact.with_(close_at=None)


def _still_closes(contact: Contact, each: UnderWay, newer: UnderWay) -> bool:
    """Whether a hang-up that may be asked for again is still awaited: its time is longer where nobody could act for a
    while."""
    again = (each.kind, each.by, each.leaves, each.for_all) == (newer.kind, newer.by, newer.leaves, newer.for_all)
    return contact.close_at is not None and each.kind in _CLOSING and not again


def _closing(contact: Contact) -> list[UnderWay]:
    """The hang-ups under way, without the one of who is being consulted, which ends the consultation only."""
    consulted = contact.consult.agent if contact.consult is not None else None
    return [each for each in contact.under_way if each.kind in _CLOSING and (each.for_all or each.leaver != consulted)]


def _without(contact: Contact, done: Callable[[UnderWay], bool]) -> Contact:
    kept = tuple(each for each in contact.under_way if not done(each))
    return contact if len(kept) == len(contact.under_way) else contact.with_(under_way=kept)


def _has_come(contact: Contact, each: UnderWay) -> bool:
    """Whether who was to be added to the call is in it, or is known not to come; or whoever was to have the call."""
    target = each.target
    if target is None or target.queue is not None:
        return False
    new = [leg for leg in contact.call.legs if leg.id not in each.known and _is(leg, target)]
    if each.kind == OrderType.TRANSFER:
        return any(leg.ended for leg in new)
    return any(leg.state not in _NOT_YET for leg in new)


def _is(leg: Leg, target: Destination) -> bool:
    return leg.party is Party.OTHER if target.agent is None else leg.agent == target.agent
