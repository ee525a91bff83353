"""Supervisors in a call: they listen, whisper to an agent, join, and take the call over; from any phone.

Agents are not told who listens. Every act is in the contact's timeline and in the audit log.
"""

from typing import Any

import msgspec

from app.calls.call import TALKING, take, take_off, take_over
from app.calls.leg import Party
from app.core.errors import Conflict
from app.floor import commands as c
from app.floor.call_control import consulting, contacts, handed_on, holding, party, phones, supervisors_phones
from app.floor.flow import comfort
from app.floor.memory import listeners, under_way, views
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.parts import JOIN, Consult, Listener
from app.floor.memory.work import Work, wrong_contact_state
from app.floor.supervision import letting_out
from app.telephony.events import CallEvent, EventType, OrderType

TAKEN = "taken"
"""Why nobody comes any more whose phone was rung for a call that a supervisor has taken over."""


def listen(work: Work, command: c.Listen) -> dict[str, Any]:
    """Let a supervisor into a call, or change what they are in it for."""
    contact = work.contact(command.contact_id)
    if contact.state is not ContactState.ACTIVE or command.by in contact.agents:
        raise wrong_contact_state(contact, "listen to", "a call that an agent is on, and not you")
    coached = command.to or contact.agents[-1]
    if coached not in contact.agents:
        raise Conflict(f"{coached} is not on this call.", contact_id=contact.id, accepted=list(contact.agents))
    known = listeners.of(contact, command.by)
    address = _address(work, contact, known, command)
    listener = _wished(known, command.by, address, mode=command.mode, to=coached)
    contact = _let_in(work, contact, known, listener, "call.listened")
    return {"contact": views.contact_view(contact)}


def stop_listening(work: Work, command: c.StopListening) -> dict[str, Any]:
    """A supervisor leaves the call."""
    contact = work.contact(command.contact_id)
    listener = listeners.of(contact, command.by)
    if listener is None or listener.taking:
        raise wrong_contact_state(contact, "stop listening", "a call that you listen to")
    contact = under_way.supervised(listeners.let_go(contact, command.by), command.by)
    if listener.inside:
        contact = listeners.gone(contact, listener, contact.platform_time(work.now))
    contact = listeners.noted(work, contact, "call.listen_stopped", listener)
    work.order(OrderType.STOP_LISTENING, contact, agent=listeners.phone(listener))
    return {"contact": views.contact_view(contact)}


def take_call(work: Work, command: c.TakeCall) -> dict[str, Any]:
    """A supervisor joins the call; once their phone has answered, the agents on it are dropped. Who was invited to it
    is rung for that no longer: they come by themselves."""
    contact = work.contact(command.contact_id)
    if contact.state is not ContactState.ACTIVE or contact.consult is not None or command.by in contact.agents:
        raise wrong_contact_state(contact, "take over", "a call that others are on, and nobody is consulted about")
    known = listeners.of(contact, command.by)
    address = _address(work, contact, known, command)
    rung = command.by in (each.agent for each in contact.invited)
    taking = _wished(known, command.by, address, mode=JOIN, taking=True, rung=rung)
    asked = _let_in(work, _uninvited(work, contact, command.by), known, taking, "call.taken_over")
    if taking.inside:
        _taken(work, asked, taking, None)
    _tell_others(work, contact)
    return {"contact": views.contact_view(work.contact(contact.id))}


def attributed(contact: Contact, event: CallEvent) -> CallEvent:
    """Where a phone was rung, as an agent's, of a supervisor who has taken the call over by another, an end of which
    nothing more is told is of the former: that of the latter has a name of its own. A supervisor who was not rung for
    it otherwise is an agent like others, of whom it is told that they have gone."""
    ends = event.type in (EventType.CONNECTION_CLEARED, EventType.FAILED) and event.leg_id is None
    taker = listeners.of(contact, event.agent) if ends and event.agent is not None else None
    if taker is None or not (taker.taking and taker.inside and taker.rung):
        return event
    others = [leg.id.split("#")[0] for leg in contact.call.legs if leg.agent == taker.by]
    rung = next((each for each in reversed(others) if each != taker.leg), f"agent:{taker.by}")
    return msgspec.structs.replace(event, leg_id=rung)


def told(work: Work, contact: Contact, event: CallEvent) -> Contact:
    """A supervisor's phone has answered, or they have gone. The end of a phone by which they were in the call before
    does not end what they are in it by now, or rung for."""
    if supervisors_phones.apart(contact, event):
        return supervisors_phones.told(work, contact, event)
    by = event.details.get("supervisor")
    if not isinstance(by, str) or event.type not in (EventType.SUPERVISOR_JOINED, EventType.SUPERVISOR_LEFT):
        return contact
    listener = listeners.of(contact, by)
    if event.type == EventType.SUPERVISOR_LEFT:
        contact = letting_out.gone(work, contact, by, event.leg_id)
    contact = supervisors_phones.known_by(contact, by, event.leg_id)
    work.store.put_contact(contact)
    if event.type == EventType.SUPERVISOR_LEFT and (ended := _let_go(contact, by, event.leg_id)):
        contact = contact.with_(listened=tuple(each for each in contact.listened if each != ended))
        work.store.put_contact(contact)
        return contact
    if listener is None or supervisors_phones.by_earlier_leg(contact, listener, event):
        contact = supervisors_phones.answered_before(contact, by, event)
        work.store.put_contact(contact)
        return contact
    contact = under_way.supervised(contact, listener.by)
    if event.type == EventType.SUPERVISOR_LEFT:
        contact = listeners.without(contact, listener.by)
        contact = listeners.gone(contact, listener, event.at) if listener.inside else contact
        contact = listeners.noted(work, contact, "call.listen_ended", listener, audited=False)
        return _given_up(work, contact, listener, event)
    leg = (listener.leg if listener.inside else event.leg_id) or listener.unnamed
    contact = contact.with_(listened=tuple(each for each in contact.listened if each != leg))
    inside = msgspec.structs.replace(listener, inside=True, leg=leg, until=0.0, earlier=None)
    contact = listeners.noted(work, listeners.put(contact, inside), "call.listen_begun", inside, audited=False)
    if inside.taking and not listener.inside:
        return _taken(work, contact, inside, event)
    return contact


def come_before(work: Work, contact: Contact, event: CallEvent) -> Contact:
    """Who is told first to have handed the caller on has come before that, whenever it is told."""
    if not supervisors_phones.handed_on_first(contact, event):
        return contact
    came = {"type": EventType.SUPERVISOR_JOINED, "agent": None, "details": {"supervisor": event.agent}}
    return told(work, contact, msgspec.structs.replace(event, **came))


def _let_go(contact: Contact, by: str, leg_id: str | None) -> str | None:
    """Of which earlier leg of a supervisor this is the end; None where it is of what they are in the call by. One who
    was not in it yet when they were let go has a leg without a name."""
    listener = listeners.of(contact, by)
    if listener is not None and listener.inside and leg_id in (None, listener.leg):
        return None
    return next((each for each in (leg_id, f"supervisor:{by}") if each in contact.listened), None)


def last_left(
    work: Work, contact: Contact, consult: Consult | None, *, transferred: bool = False, served: bool = False
) -> Contact:
    """What becomes of a caller whose last agent has left, who may have had a consultation: they are with whoever was
    consulted outside, or with a supervisor who has them, or whom one has left them to; else see
    `contacts.after_agents_left`."""
    taken = under_way.taken_over(contact) or contact.sent_away or supervisors_phones.left_to_somebody(contact)
    if taken:  # whatever an agent has asked for before they were dropped
        contact = contact.with_(transfer=None)
    away = transferred or taken or consulting.hands_over_outside(consult)
    left_to = consulting.outside(contact, consult) if not (transferred or taken) else None
    contact = contact.with_(left_to=left_to)
    if not taken:
        contact, away = handed_on.sent(contact, away)
    return alone(work, contacts.after_agents_left(work, contact, away, served))


def drop(work: Work, contact: Contact, agent_id: str) -> None:
    """Order an agent off the call. The platform knows one who has taken it over as the supervisor whom it let in, and
    nothing of an agent of that name."""
    taker = _taker(contact, agent_id)
    if taker is None:
        work.order(OrderType.CANCEL, contact, agent_id)
    else:
        work.order(OrderType.STOP_LISTENING, contact, agent=listeners.phone(taker))


def released(work: Work, contact: Contact, agent_id: str) -> Contact:
    """Order an agent off the call who to the floor has left it at once; a supervisor is watched until they have."""
    taker = _taker(contact, agent_id)
    drop(work, contact, agent_id)
    return contact if taker is None else letting_out.ordered(work, contact, taker)


def hang_up(work: Work, contact: Contact, agent_id: str, stays: bool) -> None:
    """Order what an agent asks for who hangs up: that they leave, where the caller `stays` or a supervisor has them;
    else the end of the call, or of their part in it where they are not the only one. Raises AskedAlready where that is
    under way."""
    taker = _taker(contact, agent_id)
    going = {agent_id, *under_way.dropped(contact)}
    has_taken = any(each.taking and each.inside and each.by not in going for each in contact.listeners)
    others = bool(under_way.staying(contact, agent_id)) or any(
        leg.party is Party.OTHER and leg.state in TALKING for leg in contact.call.legs
    )
    leaves = stays or has_taken or (taker is not None and others)
    kind = OrderType.CANCEL if leaves else OrderType.DISCONNECT
    under_way.must_be_new(work, contact, kind, agent_id)
    if others or has_taken:
        holding.taken_back(work, contact, (agent_id,))
    if leaves:
        drop(work, contact, agent_id)
    else:
        work.order(kind, contact, agent_id)
    under_way.given(work, contact, kind, agent_id)


def alone(work: Work, contact: Contact, inside: bool = False) -> Contact:
    """The agents have left before the phone of the supervisor was answered who wanted the call: it is rung no longer,
    since the caller waits again, or is elsewhere. Who is `inside` goes where the switch has queued them."""
    for listener in contact.listeners:
        if listener.taking and (inside or not listener.inside):
            contact = _let_out(work, contact, listener)
    return contact


def _let_out(work: Work, contact: Contact, listener: Listener) -> Contact:
    contact = under_way.supervised(listeners.let_go(contact, listener.by), listener.by)
    contact = listeners.noted(work, contact, "call.listen_ended", listener, audited=False)
    work.order(OrderType.STOP_LISTENING, contact, agent=listeners.phone(listener))
    return letting_out.ordered(work, contact, listener) if listener.inside else contact


def order_failed(work: Work, contact: Contact, failure: c.OrderFailed) -> None:
    """The switch did not let a supervisor in: unless they are inside already, or an earlier order of theirs may still
    ring their phone, they do not listen."""
    left = (_after_failure(each, failure.order_id, work.now) for each in contact.listeners)
    kept = tuple(each for each in left if each is not None)
    if kept != contact.listeners:
        work.store.put_contact(contact.with_(listeners=kept))


def _after_failure(listener: Listener, order: int, now: float) -> Listener | None:
    """What is left of a supervisor's wishes when an order was given up."""
    earlier = listener.earlier
    if listener.inside:
        return listener
    if listener.order == order:
        return _may_ring(earlier, now)
    gone = earlier is not None and earlier.order == order
    return msgspec.structs.replace(listener, earlier=None) if gone else listener


def _may_ring(known: Listener | None, now: float) -> Listener | None:
    """The first wish of a supervisor by the order of which their phone may ring."""
    if known is None or known.until <= now:
        return None
    return _may_ring(known.earlier, now) or msgspec.structs.replace(known, earlier=None)


def not_let_out(work: Work, contact: Contact, failure: c.OrderFailed) -> None:
    """The switch did not let a supervisor out who had taken the call and hung up beside others: they are still on it,
    and it is not closed for that."""
    contact = letting_out.failed(work, contact, failure)
    if contact.close_at is not None and not under_way.closing(contact):
        work.store.put_contact(contact.with_(close_at=None))


def _let_in(work: Work, contact: Contact, known: Listener | None, listener: Listener, kind: str) -> Contact:
    """Ask the switch to let a supervisor in, or to change what they are in the call for. Raises AskedAlready where just
    that is under way."""
    if known is not None and msgspec.structs.replace(known, order=0, until=0.0, earlier=None) == listener:
        under_way.must_be_new(work, contact, OrderType.LISTEN, listener.by)
    contact = listeners.noted(work, letting_out.without(contact, listener.by), kind, listener)
    to = listener.to or contact.agents[-1]
    work.order(OrderType.LISTEN, contact, mode=listener.mode, to={"agent": to}, agent=listeners.phone(listener))
    contact = under_way.supervised(contact, listener.by)
    seconds = under_way.HARMLESS_SECONDS if listener.inside else party.RING_SECONDS["agent"] + party.GRACE_SECONDS
    earlier = _may_ring(known, work.now) if not listener.inside else None
    listener = msgspec.structs.replace(listener, order=work.seq, until=work.now + seconds, earlier=earlier)
    contact = listeners.put(contact, listener)
    return under_way.given(work, contact, OrderType.LISTEN, listener.by, seconds=seconds)


def _taken(work: Work, contact: Contact, listener: Listener, event: CallEvent | None) -> Contact:
    """The agents leave, of which the platform tells, or is known to have lost it when their time is over; so does a
    supervisor from outside who has taken the call before, and nobody comes whom they have invited or are consulting. A
    supervisor who is an agent serves the contact: to the call it is their leg that answered, and no other that they may
    have had."""
    holding.taken_back(work, contact, contact.agents)
    contact = _unconsulted(work, contact.with_(transfer=None))
    for other in contact.listeners:
        if other.taking and other.inside and other.by not in (listener.by, *contact.agents):
            contact = _let_out(work, contact, other)
    for agent_id in contact.agents:
        drop(work, contact, agent_id)
        closing = contact.with_(close_at=work.now + contacts.END_SECONDS)
        contact = under_way.given(work, closing, OrderType.CANCEL, listener.by, leaves=agent_id)
    for invite in contact.invited:
        contact = _uninvited(work, contact, invite.agent)
    contact = _as_agent(work, contact, listener, EventType.ESTABLISHED, event)
    return contacts.engage(work, contact, listener.by) if contact.call.answered_by(listener.by) else contact


def _uninvited(work: Work, contact: Contact, agent_id: str) -> Contact:
    """The phone of an agent who was invited stops ringing."""
    if agent_id not in (each.agent for each in contact.invited):
        return contact
    work.order(OrderType.CANCEL, contact, agent_id)
    return party.uninvite(work, _off(work, contact, agent_id), agent_id, TAKEN)


def _tell_others(work: Work, before: Contact) -> None:
    """Tell the agents on the call who has come to it or is not invited any more, where no event brings it to them."""
    after = work.contact(before.id)
    if (before.agents, before.invited) == (after.agents, after.invited):
        return
    came = tuple(each for each in after.agents if each not in before.agents)
    if came:
        work.tell_contact("contact.updated", after, came, profile=work.profile(after))
    work.tell_contact("contact.updated", after, before.agents)


def _unconsulted(work: Work, contact: Contact) -> Contact:
    """Whoever is being consulted goes, and the caller is off hold, to hear who has them now."""
    consult = contact.consult
    if consult is None:
        return contact
    work.order(OrderType.RECONNECT, contact, consult.by, to=party.address(work, consult))
    contact = _off(work, contact, consult.agent) if consult.agent is not None else contact
    return party.let_go(work, contact, TAKEN)


def _off(work: Work, contact: Contact, agent_id: str) -> Contact:
    return contact.with_(call=take_off(contact.call, agent_id, contact.platform_time(work.now)))


def _given_up(work: Work, contact: Contact, listener: Listener, event: CallEvent) -> Contact:
    """The supervisor who had taken the call has hung up; a caller whom nobody else has waits again, unless it is told
    yet that they are elsewhere."""
    if not (listener.taking and listener.inside):
        if listener.inside and listener.mode == JOIN and not any(each.inside for each in contact.listeners):
            comfort.resume(work, contact)
        return work.store.contacts[contact.id]
    has = contact.sent_away and contact.ending is None
    if has and not under_way.taken_over(contact) and not supervisors_phones.left_to_somebody(contact):
        requeue_at = work.now + contacts.REQUEUE_SECONDS if not contact.agents else contact.requeue_at
        contact = contact.with_(sent_away=False, requeue_at=requeue_at)
    work.store.put_contact(contact)
    return _as_agent(work, contact, listener, EventType.CONNECTION_CLEARED, event)


def _as_agent(work: Work, contact: Contact, listener: Listener, kind: str, event: CallEvent | None) -> Contact:
    known = contact.agents if kind == EventType.CONNECTION_CLEARED else work.store.config.agents
    if listener.by not in known:  # they may have become an agent, or be one no longer, since they took the call
        return contact
    at = event.at if event is not None else contact.platform_time(work.now)
    call, by = contact.call, listener.by
    if kind == EventType.ESTABLISHED:
        leg_id = listener.leg or listener.unnamed
        call = take_over(call, by, leg_id, at)
        if listener.held:  # as a supervisor, by the same phone
            at = max(at, listener.held_at)
            hold = CallEvent(source=call.source, type=EventType.HELD, call_id=call.id, at=at, agent=by, leg_id=leg_id)
            call = take(call, hold)
    else:
        call = take(
            call, CallEvent(source=call.source, type=kind, call_id=call.id, at=at, agent=by, leg_id=listener.leg)
        )
    contact = contact.with_(call=call)
    work.store.put_contact(contact)
    return contact


def _wished(known: Listener | None, by: str, address: str, **wish: Any) -> Listener:
    """What a supervisor asks to be in the call for, who may be inside already."""
    if known is None:
        return Listener(by=by, address=address, **wish)
    wish["rung"] = known.rung or wish.get("rung", False)
    wish |= {"held": known.held, "held_at": known.held_at}
    return Listener(by=by, address=address, inside=known.inside, leg=known.leg, **wish)


def _taker(contact: Contact, agent_id: str) -> Listener | None:
    """As which supervisor an agent is on the call, if it is as one that they are on it."""
    listener, leg = listeners.of(contact, agent_id), contact.call.leg_of(agent_id)
    if listener is None or not (listener.taking and listener.inside) or leg is None or leg.ended:
        return None
    return listener if leg.id.split("#")[0] == listener.leg else None


def _inside(known: Listener | None) -> bool:
    return known is not None and known.inside


def _address(work: Work, contact: Contact, known: Listener | None, command: c.Listen | c.TakeCall) -> str:
    """The phone from which they come into the call, or are in it already. Raises Conflict where it cannot be rung."""
    own = known.address if known is not None else work.address(command.by)
    address = command.address or own
    if address is None:
        raise Conflict("Say from which phone: you are not in the call, and no agent.", accepted=["address"])
    if not _inside(known):
        phones.must_reach(work, address, contact.call.source)
    return address
