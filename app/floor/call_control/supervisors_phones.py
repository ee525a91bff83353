"""What a platform tells of the phone by which a supervisor is in a call, as it would of an agent's."""

import msgspec

from app.calls.call import take
from app.calls.leg import Leg
from app.floor.memory import listeners
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.parts import JOIN, MOST_LISTENED, Listener
from app.floor.memory.work import Work
from app.floor.queue import stays
from app.floor.queue.offers import release
from app.telephony.events import CallEvent, EventType, OrderType

HANDED_ON = "taken"
"""Why an offer is gone of a caller whom a supervisor or an agent has left to somebody else."""

_AT_THE_PHONE = (EventType.HELD, EventType.RETRIEVED, EventType.TRANSFERRED)


def known_by(contact: Contact, by: str, leg_id: str | None) -> Contact:
    """The contact with one more leg by which a supervisor is in it, as it is told that they have come. What they do at
    it may be told late, or twice, so it is remembered beyond their end."""
    unnamed = _unnamed(by)
    ears = dict.fromkeys((*contact.ears, leg_id or unnamed, unnamed))
    return contact.with_(ears=tuple(ears)[-2 * MOST_LISTENED :])


def apart(contact: Contact, event: CallEvent) -> bool:
    """Whether a supervisor has done this at their phone who is not on the call as an agent by it, or by now has left
    it: to the legs of the call nothing has happened. Else whoever presses hold would be taken for an agent on the call,
    and an agent's caller for one on hold."""
    if event.type not in _AT_THE_PHONE or event.agent is None:
        return False
    own = _as_agent(contact, event)
    if own is not None and not (own.ended and own.since < event.at):
        return False
    if event.leg_id is None and _rung_since(contact, event):
        return False
    known = {*contact.ears, *contact.listened, *(each.leg for each in contact.listeners if each.inside)}
    return (event.leg_id or _unnamed(event.agent)) in known or _comes(contact, event.agent)


def by_earlier_leg(contact: Contact, listener: Listener, event: CallEvent) -> bool:
    """Whether a supervisor is told, late or once more, to have come by a leg by which they have gone since, or to have
    gone by one by which they are in the call no longer: it says nothing of the leg by which they are in it by now, or
    rung for it."""
    if event.leg_id is None or (listener.inside and event.leg_id == listener.leg):
        return False
    until = [each.until for each in contact.gone if (each.by, each.leg) == (listener.by, event.leg_id)]
    return bool(until) and (event.type == EventType.SUPERVISOR_LEFT or event.at <= max(until))


def handed_on_first(contact: Contact, event: CallEvent) -> bool:
    """Whether a supervisor whose phone is rung is told to have handed the caller on, by a leg of which nothing is told
    before: they have come, and gone."""
    if event.type != EventType.TRANSFERRED or not apart(contact, event) or _as_agent(contact, event) is not None:
        return False
    listener = _whose(contact, event)
    return listener is not None and not listener.inside and event.leg_id not in (*contact.ears, *contact.listened)


def answered_before(contact: Contact, by: str, event: CallEvent) -> Contact:
    """The contact with the answer of a supervisor who served it as an agent, of whom it was told first that they had
    handed the caller on: they have talked since then."""
    own = contact.call.leg_of(by)
    if own is None or not own.ended or own.talked or event.at > own.since:
        return contact
    leg_id = event.leg_id or _unnamed(by)
    if own.id.split("#")[0] != leg_id or own.marks[-1].kind != EventType.TRANSFERRED:
        return contact
    answer = {"type": EventType.ESTABLISHED, "agent": by, "leg_id": leg_id}
    return contact.with_(call=take(contact.call, msgspec.structs.replace(event, **answer)))


def told(work: Work, contact: Contact, event: CallEvent) -> Contact:
    """A supervisor who is no agent on the call holds it at their own phone, maybe told before that they have come, or
    has left those whom they talked to with somebody whom they had called there."""
    listener = _whose(contact, event)
    if listener is None:
        return contact
    if event.type != EventType.TRANSFERRED:
        if event.at < listener.held_at:  # they have said otherwise since
            return contact
        holds = msgspec.structs.replace(listener, held=event.type == EventType.HELD, held_at=event.at)
        contact = listeners.put(contact, holds)
        work.store.put_contact(contact)
        return contact
    if not listener.inside:
        return contact
    contact = listeners.gone(listeners.let_go(contact, listener.by), listener, event.at)
    return listeners.noted(work, contact, "call.listen_ended", listener, audited=False)


def had(contact: Contact, by: str | None, at: float, *, taking: bool) -> bool:
    """Whether a supervisor was heard by the caller at this instant of the platform's clock who has gone since; one who
    is `taking` them instead of the agents. Not where the switch has the caller in a queue since then."""
    known = (each for each in contact.gone if each.by == by and each.until >= at)
    heard = any(each.mode == JOIN and (each.taking or not taking) for each in known)
    return heard and not stays.queued_since(contact, at)


def left_to_somebody(contact: Contact) -> bool:
    """Whether it has been told before of a supervisor, who was no agent on the call, that they have left the caller to
    somebody else, and nobody has had the caller since, nor do they go to a queue or an agent of ours by an order."""
    if contact.transfer is not None and contact.transfer.number is None:
        return False
    told = ((each.data.get("agent"), each.at) for each in contact.timeline if each.kind == EventType.TRANSFERRED)
    return any(had(contact, by, at, taking=False) and not _had_since(contact, by, at) for by, at in told)


def _had_since(contact: Contact, by: str | None, at: float) -> bool:
    """Whether an agent, by now gone, had the caller after that, or had left them by just that; or another supervisor
    who had taken the call over."""
    agents = (leg for leg in contact.call.legs if leg.agent is not None and leg.talked)
    had_them = any(leg.since > at or (leg.agent == by and leg.since == at) for leg in agents)
    return had_them or taken_since(contact, by, at)


def taken_since(contact: Contact, by: str | None, at: float) -> bool:
    """Whether another supervisor, who had taken the call over, has left the caller after that."""
    return any(each.taking and each.by != by and each.until > at for each in contact.gone)


def _comes(contact: Contact, by: str) -> bool:
    """Whether who has done this is rung as a supervisor, or was, and nobody awaits them as an agent."""
    rung = listeners.of(contact, by)
    if by in contact.agents or _awaited(contact, by) or (rung is not None and rung.rung):
        return False
    return (rung is not None and not rung.inside) or _unnamed(by) in contact.listened


def _awaited(contact: Contact, by: str) -> bool:
    """Whether the phone of somebody is rung for the contact as an agent's."""
    awaited = (*contact.offers, *contact.invited, *((contact.consult,) if contact.consult is not None else ()))
    return by in (each.agent for each in awaited)


def _rung_since(contact: Contact, event: CallEvent) -> bool:
    """Whether who has done this at a phone that is not named is awaited as an agent, and has gone as a supervisor
    before, if they ever came."""
    by = event.agent or ""
    return listeners.of(contact, by) is None and _awaited(contact, by) and _gone_before(contact, by, event.at)


def _gone_before(contact: Contact, by: str, at: float) -> bool:
    return all(each.by != by or each.until < at for each in contact.gone)


def _as_agent(contact: Contact, event: CallEvent) -> Leg | None:
    """The leg by which who has done this is, or was, on the call as an agent."""
    if event.leg_id is None:
        return contact.call.leg_of(event.agent or "")
    return next((leg for leg in reversed(contact.call.legs) if leg.id.split("#")[0] == event.leg_id), None)


def _whose(contact: Contact, event: CallEvent) -> Listener | None:
    """The supervisor who is in the call by the leg of the event, or is rung for it and has none yet: what happened
    before they had gone they did at an earlier one."""
    listener = listeners.of(contact, event.agent or "")
    if listener is None:
        return None
    if listener.inside:
        return listener if event.leg_id in (None, listener.leg) else None
    return listener if _gone_before(contact, listener.by, event.at) else None


def out_of_queue(work: Work, contact: Contact) -> None:
    """A caller who waits, and whom a supervisor or an agent has left to somebody else, waits no longer: the next agent
    would be put into their conversation."""
    for each in contact.offers:
        if contact.state is ContactState.CONNECTING:
            work.order(OrderType.CANCEL, contact, each.agent)
        release(work, contact, each.agent, HANDED_ON)
    contact = stays.leave_visit(work, contact, "flowed_out")
    away = contact.with_(state=ContactState.ARRIVING, sent_away=True, left_to=None, offer=None, also=())
    work.store.put_contact(away)


def _unnamed(by: str) -> str:
    return f"supervisor:{by}"
