"""What a platform's event does to the floor."""

import msgspec

from app.calls.call import close, open_call, take, take_off
from app.calls.leg import LegState
from app.floor import recordings
from app.floor.call_control import (
    consulting,
    contacts,
    dialling,
    ending,
    inviting,
    party,
    sent_elsewhere,
    supervisors_phones,
)
from app.floor.commands import Recognised, TakeEvent
from app.floor.flow import comfort, dialled_numbers, playing
from app.floor.handlers import agents_legs, audience
from app.floor.memory import under_way
from app.floor.memory.effects import AnsweredLate
from app.floor.memory.entities import WAITS, Contact, ContactState, EndedCall
from app.floor.memory.reasons import why_not_reached
from app.floor.memory.work import Work
from app.floor.queue import callbacks, stays
from app.floor.queue.offers import take_back
from app.floor.queue.placing import placed
from app.floor.supervision import supervising
from app.routing.engine.capacity import VOICE
from app.telephony.events import CallEvent, EventType

CLOCK_TOLERANCE = 300.0
"""How far a platform's clock may be from ours (as the signature allows)."""

LATEST = 86_400.0
"""How long before a call was first told of anything may have happened in it. A call all of which is older, as after an
outage, keeps its own times."""

MOST_BONUS = 86_400.0
"""A platform may move a contact by up to a day of waiting, forward or back."""

TAKES_ORDERS = (EventType.OFFERED, EventType.DIGITS, EventType.SCRIPT_DONE, EventType.SCRIPT_LOST)
"""Events with which a platform asks what to do next, and does what the answer says."""

_ENTRY_DETAILS = ("leg_id", "agent", "cause", "queue")


def take_event(work: Work, command: TakeEvent) -> dict[str, object]:
    """Apply one event. Answers with the contact it belongs to; nothing a platform says is ever refused."""
    event = _in_our_words(work, command.event)
    key = (event.source, event.call_id)
    contact = work.store.contacts.get(work.store.calls.get(key, ""))
    event = _in_our_time(event, contact, work.now)
    ended = _ended(work, command)
    if contact is None and ended is not None and not _is_new_call(event, ended):
        return _straggler(work, command, event, ended)
    if contact is not None and contact.state is ContactState.WRAP_UP:
        ended = ended or EndedCall(contact.id, contact.arrived_at, work.now, contact.call.said_at)
        if not _is_new_call(event, ended):
            return _straggler(work, command, event, ended)
        contact = None
    attempt = callbacks.of_attempt(work, contact, event)
    if attempt is not None:
        work.happened(event.type, command.raw, attempt.id)
        return {"contact_id": attempt.id, "instructions": []}
    before = contact
    contact = _open(work, command, event) if before is None else _told(work, before, event)
    contact = _recognised(work, contact, command.caller)
    contact = _weighed(work, contact, event)
    contact = dialling.at_the_phone(work, contact, event)
    work.happened(event.type, command.raw, contact.id)
    work.store.put_contact(contact)
    if before is None:
        work.tell_contact("contact.opened", contact)
    news = before is None or before.call.legs != contact.call.legs
    if event.type == EventType.CALLBACK_REQUESTED:
        callbacks.ask_callback(work, contact, _text(event.details.get("number")))
        contact = work.store.contacts[contact.id]
    if event.type in TAKES_ORDERS:
        work.replies_to = contact.id
    _follow(work, contact, event, news)
    audience.tell_change(work, before, contact.id)
    return {"contact_id": contact.id, **_orders(work)}


def _orders(work: Work) -> dict[str, object]:
    if work.reply is None:
        return {"instructions": []}
    told = msgspec.to_builtins(work.reply)
    return {"script": told["number"], "instructions": told["instructions"]}


def sweep(work: Work, contact: Contact, detail: str) -> None:
    """Close a call whose end did not come, and say so. What is known ends with the last thing that was said."""
    contact = contact.noted(work.now, "contact.swept", detail=detail)
    ending.end_contact(work, contact, close(contact.call, contact.call.said_at, detail), "swept")


def sweep_agent(work: Work, contact: Contact, agent_id: str, detail: str) -> None:
    """An agent has hung up, or was dropped, and the platform does not say so; whoever else has the caller, a colleague
    or a supervisor from outside, goes on talking to them."""
    call = take_off(contact.call, agent_id, contact.platform_time(work.now))
    contact = contact.noted(work.now, "agent.swept", agent=agent_id, detail=detail)
    contact = contacts.leave(work, contact.with_(call=call), agent_id)
    work.store.put_contact(contact)
    consult, contact = contact.consult, consulting.parted(work, contact, agent_id)
    if not contact.agents:
        contact = supervising.last_left(work, contact, consult)
    party.tell_over(work, contact)


def _in_our_time(event: CallEvent, contact: Contact | None, now: float) -> CallEvent:
    """What cannot have happened when it is said to, in time to come or a day before a call of today, happens now: else
    somebody would have talked for years, and a later call of the same id would be taken for the old one."""
    early = contact is not None and event.at < contact.arrived_at - LATEST < contact.call.said_at
    return msgspec.structs.replace(event, at=now) if early or event.at > now + CLOCK_TOLERANCE else event


def _in_our_words(work: Work, event: CallEvent) -> CallEvent:
    """With the agent's id for the address of their phone, and under a name that none of the floor's own events has:
    whoever reads the log or a timeline goes by the name alone, so no platform may speak in the floor's."""
    agent, kind = event.agent, event.type
    if agent is not None and agent not in work.store.config.agents:
        agent = work.store.by_address.get(agent, agent)
    if not kind.startswith("call."):
        kind = f"call.other:{kind}"
    if (agent, kind) == (event.agent, event.type):
        return event
    return msgspec.structs.replace(event, agent=agent, type=kind)


def _ended(work: Work, command: TakeEvent) -> EndedCall | None:
    known = work.store.ended.get((command.event.source, command.event.call_id))
    caller = command.caller
    if known is None and caller is not None and caller.ended_contact is not None:
        ended_at = caller.ended_at or 0.0
        known = EndedCall(caller.ended_contact, caller.ended_started_at or 0.0, ended_at, ended_at + CLOCK_TOLERANCE)
    return known


def _is_new_call(event: CallEvent, ended: EndedCall) -> bool:
    """Some platforms use a call id again: an offer made after the end of the old call is a new one."""
    return event.type == EventType.OFFERED and event.at > ended.said_at


def _straggler(work: Work, command: TakeEvent, event: CallEvent, ended: EndedCall) -> dict[str, object]:
    work.happened(event.type, command.raw, ended.contact)
    work.add_entry(ended.contact, ended.started_at, event.at, event.type, late=True, **_details(event))
    recordings.told_late(work, ended.contact, event)
    talked = ended.said_at - event.at
    if event.type == EventType.ESTABLISHED and event.agent in work.store.config.agents and talked > 0:
        work.effects.append(
            AnsweredLate(
                contact=ended.contact,
                started_at=ended.started_at,
                agent=event.agent,
                said_at=ended.said_at,
                talk_seconds=round(talked, 3),
            )
        )
    return {"contact_id": ended.contact, "instructions": []}


def _open(work: Work, command: TakeEvent, event: CallEvent) -> Contact:
    contact = Contact(
        id=command.contact_id,
        call=open_call(event),
        arrived_at=work.now,
        heard_at=work.now,
        platform_at=event.at,
        channel=_text(event.details.get("channel")) or VOICE,
    )
    return contact.noted(event.at, event.type, **_details(event))


def _recognised(work: Work, contact: Contact, caller: Recognised | None) -> Contact:
    """With what the look-up found, once; a number that comes late still counts, and moves a waiting caller up."""
    if caller is None or contact.customer is not None or contact.candidates:
        return contact
    if caller.profile is not None:
        work.store.put_profile(contact.id, caller.profile)
    contact = contact.with_(
        customer=caller.customer,
        candidates=caller.candidates,
        preferred_agent=caller.preferred_agent,
        last_agent=caller.last_agent,
    )
    return placed(work, contact) if contact.state is ContactState.WAITING else contact


def _weighed(work: Work, contact: Contact, event: CallEvent) -> Contact:
    """With the seconds of waiting that the platform gives this very contact, for instance after its own menu."""
    given = event.details.get("bonus_seconds")
    if isinstance(given, bool) or not isinstance(given, int | float) or not abs(given) <= MOST_BONUS:
        return contact
    contact = contact.with_(own_bonus=float(given))
    return placed(work, contact) if contact.state is ContactState.WAITING else contact


def _told(work: Work, contact: Contact, event: CallEvent) -> Contact:
    event = supervising.attributed(contact, consulting.attributed(contact, event))
    contact = supervising.come_before(work, contact, event)
    if supervisors_phones.apart(contact, event):
        return contact.heard(event.at, work.now).noted(event.at, event.type, **_details(event))
    contact = recordings.told(work, contact, event).heard(event.at, work.now).with_(call=take(contact.call, event))
    return under_way.told(contact, event).noted(event.at, event.type, **_details(event))


def _details(event: CallEvent) -> dict[str, object]:
    """What the timeline shows of an event; the event log has all of it."""
    told: dict[str, object] = {key: value for key, value in event.details.items() if _short(value) and key != "late"}
    return told | {name: getattr(event, name) for name in _ENTRY_DETAILS}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _short(value: object) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 500)


def _follow(work: Work, contact: Contact, event: CallEvent, news: bool) -> None:
    """Bring the contact to where its call is now."""
    if contact.call.over:
        call = contact.call
        if call.cleared_at is None:
            call = close(call, call.said_at, event.cause or "customer left")
        consulting.caller_gone(work, contact, event)
        ending.end_contact(work, playing.left(work, contact), call)
        return
    contact = agents_legs.joined(work, supervising.told(work, contact, event), event, news)
    contact = agents_legs.left(work, contact, event, news)
    contact = inviting.followed(work, consulting.followed(work, contact, event), event)
    if news and agents_legs.not_connected(contact, event):
        if contact.close_at is None:
            contacts.connect_failed(work, contact, why_not_reached(event.cause))
        else:  # the agent hung up before their phone was answered: no fault of the phone
            take_back(work, under_way.not_closing(contact), "declined")
        return
    said = playing.said(event)
    if event.type == EventType.SCRIPT_LOST:
        _say_again(work, contact)
    elif said is not None and contact.in_flow:
        playing.feed(work, contact, said)
    elif said is not None and contact.state in WAITS:
        comfort.heard(work, contact, said)
    elif playing.not_reached(contact, event):
        contact = supervising.alone(work, contact, inside=True)
        if contact.ending == playing.TRANSFERRED:
            playing.back_to_queue(work, contact)
        else:
            comfort.give_back(work, contact.noted(work.now, "transfer.failed", said=event.details["transfer"]))
    else:
        _queue(work, contact, event, news)


def _say_again(work: Work, contact: Contact) -> None:
    """The platform has lost what it was carrying out: a flow goes on as if nothing had come of it."""
    if contact.flow is not None and contact.in_flow:
        if contact.flow.state.request is None:
            playing.time_out(work, contact)
    elif contact.state in WAITS:
        comfort.resume(work, contact)


def _queue(work: Work, contact: Contact, event: CallEvent, news: bool) -> None:
    """The platform's own queue event names a queue; else the dialled number chooses it, once."""
    queues = work.store.config.queues
    if event.type == EventType.TRANSFERRED:
        sent_elsewhere.told(work, contact, event, news)
        return
    if contact.ending is not None or contact.in_flow:
        return
    if event.type == EventType.QUEUED and _queued_now(contact):
        queue = event.queue if event.queue in queues else contact.queue
        if queue in contact.overflowed:
            return
        if queue is not None and (contact.state is ContactState.ARRIVING or queue != contact.queue):
            alone = supervising.alone(work, contact, inside=True)
            stays.enter_queue(work, stays.leave_visit(work, alone, "flowed_out"), queue)
            return
    if contact.state is not ContactState.ARRIVING or contact.queued_at is not None or contact.served_by:
        return
    if contact.call.direction != "inbound":
        return
    flow, chosen = dialled_numbers.chosen(work, contact.call)
    if flow is not None and contact.flow is None and playing.begin(work, contact, flow):
        return
    if chosen in queues:
        stays.enter_queue(work, contact, chosen)


def _queued_now(contact: Contact) -> bool:
    """Whether the switch holds the customer in a queue, and nobody else has them."""
    leg = contact.call.customer
    waiting = contact.state in (ContactState.ARRIVING, ContactState.WAITING)
    return waiting and leg is not None and leg.state is LegState.QUEUED
