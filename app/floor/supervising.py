"""Supervisors in a call: they listen, whisper to an agent, join, and take the call over; from any phone.

Agents are not told who listens. Every act is in the contact's timeline and in the audit log.
"""

from typing import Any

import msgspec

from app.calls.call import take
from app.core.errors import Conflict
from app.floor import commands as c
from app.floor import contacts, party, phones, under_way, views
from app.floor.effects import Audited
from app.floor.entities import Contact, ContactState, Listener
from app.floor.work import Work, wrong_contact_state
from app.telephony.events import CallEvent, EventType, OrderType

JOIN = "join"


def listen(work: Work, command: c.Listen) -> dict[str, Any]:
    """Let a supervisor into a call, or change what they are in it for."""
    contact = work.contact(command.contact_id)
    if contact.state is not ContactState.ACTIVE:
        raise wrong_contact_state(contact, "listen to", "a call that an agent is on")
    coached = command.to or contact.agents[-1]
    if coached not in contact.agents:
        raise Conflict(f"{coached} is not on this call.", contact_id=contact.id, accepted=list(contact.agents))
    known = _listener(contact, command.by)
    address = _address(work, contact, known, command)
    listener = Listener(by=command.by, address=address, mode=command.mode, to=coached, inside=_inside(known))
    contact = _let_in(work, contact, known, listener, "call.listened")
    return {"contact": views.contact_view(contact)}


def stop_listening(work: Work, command: c.StopListening) -> dict[str, Any]:
    """A supervisor leaves the call."""
    contact = work.contact(command.contact_id)
    listener = _listener(contact, command.by)
    if listener is None or listener.taking:
        raise wrong_contact_state(contact, "stop listening", "a call that you listen to")
    contact = under_way.supervised(_without(contact, command.by), command.by)
    contact = _noted(work, contact, "call.listen_stopped", listener)
    work.order(OrderType.STOP_LISTENING, contact, agent=_phone(listener))
    return {"contact": views.contact_view(contact)}


def take_call(work: Work, command: c.TakeCall) -> dict[str, Any]:
    """A supervisor joins the call; once their phone has answered, the agents on it are dropped."""
    contact = work.contact(command.contact_id)
    if contact.state is not ContactState.ACTIVE or contact.consult is not None or command.by in contact.agents:
        raise wrong_contact_state(contact, "take over", "a call that others are on, and nobody is consulted about")
    known = _listener(contact, command.by)
    address = _address(work, contact, known, command)
    taking = Listener(by=command.by, address=address, mode=JOIN, inside=_inside(known), taking=True)
    contact = _let_in(work, contact, known, taking, "call.taken_over")
    if taking.inside:
        _taken(work, contact, taking, None)
    return {"contact": views.contact_view(work.contact(contact.id))}


def told(work: Work, contact: Contact, event: CallEvent) -> Contact:
    """A supervisor's phone has answered, or they have gone."""
    by = event.details.get("supervisor")
    listener = _listener(contact, by) if isinstance(by, str) else None
    if listener is None or event.type not in (EventType.SUPERVISOR_JOINED, EventType.SUPERVISOR_LEFT):
        return contact
    contact = under_way.supervised(contact, listener.by)
    if event.type == EventType.SUPERVISOR_LEFT:
        contact = _noted(work, _without(contact, listener.by), "call.listen_ended", listener, audited=False)
        return _given_up(work, contact, listener, event)
    inside = msgspec.structs.replace(listener, inside=True)
    contact = _noted(work, _with(contact, inside), "call.listen_begun", inside, audited=False)
    if inside.taking and not listener.inside:
        return _taken(work, contact, inside, event)
    return contact


def outside_takes(work: Work, contact: Contact) -> bool:
    """Whether a supervisor who is no agent has the caller, so that they wait for nobody."""
    known = work.store.config.agents
    return any(each.taking and each.inside and each.by not in known for each in contact.listeners)


def order_failed(work: Work, contact: Contact, failure: c.OrderFailed) -> None:
    """The switch did not let a supervisor in: unless they are inside already, they do not listen."""
    kept = tuple(each for each in contact.listeners if each.inside or each.order not in (0, failure.order_id))
    if kept != contact.listeners:
        work.store.put_contact(contact.with_(listeners=kept))


def _let_in(work: Work, contact: Contact, known: Listener | None, listener: Listener, kind: str) -> Contact:
    """Ask the switch to let a supervisor in, or to change what they are in the call for. Raises AskedAlready where just
    that is under way."""
    if known is not None and msgspec.structs.replace(known, order=0) == listener:
        under_way.must_be_new(work, contact, OrderType.LISTEN, listener.by)
    contact = _noted(work, contact, kind, listener)
    to = listener.to or contact.agents[-1]
    work.order(OrderType.LISTEN, contact, mode=listener.mode, to={"agent": to}, agent=_phone(listener))
    contact = under_way.supervised(contact, listener.by)
    contact = _with(contact, msgspec.structs.replace(listener, order=work.seq))
    seconds = under_way.HARMLESS_SECONDS if listener.inside else party.RING_SECONDS["agent"] + party.GRACE_SECONDS
    return under_way.given(work, contact, OrderType.LISTEN, listener.by, seconds=seconds)


def _taken(work: Work, contact: Contact, listener: Listener, event: CallEvent | None) -> Contact:
    """The agents leave, and nobody whom they have invited comes. A supervisor who is an agent serves the contact: to
    the call it is their leg that answered."""
    for agent_id in (*contact.agents, *(each.agent for each in contact.invited)):
        work.order(OrderType.CANCEL, contact, agent_id)
    for invite in contact.invited:
        contact = party.uninvite(work, contact, invite.agent, "taken")
    contact = _as_agent(work, contact, listener, EventType.ESTABLISHED, event)
    return contacts.engage(work, contact, listener.by) if contact.call.answered_by(listener.by) else contact


def _given_up(work: Work, contact: Contact, listener: Listener, event: CallEvent) -> Contact:
    """The supervisor who had taken the call has hung up; a caller whom nobody else has waits again."""
    if not (listener.taking and listener.inside):
        return contact
    if listener.by not in work.store.config.agents and contact.sent_away and not contact.agents:
        contact = contact.with_(sent_away=False, requeue_at=work.now)
    work.store.put_contact(contact)
    return _as_agent(work, contact, listener, EventType.CONNECTION_CLEARED, event)


def _as_agent(work: Work, contact: Contact, listener: Listener, kind: str, event: CallEvent | None) -> Contact:
    if listener.by not in work.store.config.agents:
        return contact
    at = event.at if event is not None else contact.call.said_at + max(0.0, work.now - contact.heard_at)
    call = contact.call
    leg = CallEvent(source=call.source, type=kind, call_id=call.id, at=at, agent=listener.by)
    contact = contact.with_(call=take(call, leg))
    work.store.put_contact(contact)
    return contact


def _listener(contact: Contact, by: str) -> Listener | None:
    return next((each for each in contact.listeners if each.by == by), None)


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


def _phone(listener: Listener) -> dict[str, str]:
    return {"id": listener.by, "address": listener.address}


def _with(contact: Contact, listener: Listener) -> Contact:
    return contact.with_(listeners=(*_without(contact, listener.by).listeners, listener))


def _without(contact: Contact, by: str) -> Contact:
    return contact.with_(listeners=tuple(each for each in contact.listeners if each.by != by))


def _noted(work: Work, contact: Contact, kind: str, listener: Listener, *, audited: bool = True) -> Contact:
    """Keep who did what, and tell supervisors."""
    said = {"by": listener.by, "mode": listener.mode, "to": listener.to}
    contact = contact.noted(work.now, kind, **said)
    work.store.put_contact(contact)
    work.tell("contact.supervised", {"contact_id": contact.id, "act": kind.removeprefix("call."), **said}, contact.id)
    if audited:
        after = {key: value for key, value in said.items() if key != "by" and value is not None}
        work.effects.append(
            Audited(who=listener.by, action=kind, thing=contact.id, after=after | {"address": listener.address})
        )
    return contact
