"""Recording calls: by the rule of the queue, or as an agent or a supervisor asks for it, and never a secret.

A contact's recordings stand as they were ordered to from the order on; one that the platform does not take is taken
back, and who asked is told. The platform itself ends a recording with its call.
"""

from collections.abc import Callable
from typing import Any

from app.calls import recording as life
from app.calls.recording import ACCEPTED, Do, Recording, RecordingState
from app.core.errors import Conflict
from app.floor.commands import OrderFailed, Record
from app.floor.memory import views
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.work import Work, wrong_contact_state
from app.routing.engine.capacity import VOICE
from app.telephony.events import CallEvent, EventType, OrderType

LONGEST_SECONDS = 7 * 86_400.0
"""What a platform says of a longer recording is not believed."""

BECAUSE_SECRET = "secret"  # noqa: S105 - why it is paused


def record(work: Work, command: Record) -> dict[str, Any]:
    """Start, pause, resume or stop the recording of a call, as an agent on it or a supervisor asks."""
    contact = work.contact(command.contact_id)
    _may_ask(contact, command)
    last = contact.recordings[-1] if contact.recordings else None
    state = last.state if last is not None else None
    accepted = ACCEPTED[state]
    if last is not None and last.for_secret:
        accepted = ("stop",)
    if command.do not in accepted:
        raise _refusal(contact, command.do, last, accepted)
    if command.do == "start":
        contact = _start(work, contact, by=command.by, agent=command.agent_id)
    else:
        assert last is not None, "only a start is accepted where there is no recording"
        contact = _change(work, contact, last, command.do, by=command.by, agent=command.agent_id)
    work.store.put_contact(contact)
    work.tell_contact("contact.updated", contact)
    return {"recording": views.recording_view(contact.recordings[-1])}


def engaged(work: Work, contact: Contact, agent_id: str) -> Contact:
    """An agent has the contact: it is recorded from here on where its queue says so. Once a queue, so that what
    somebody stopped stays so; again, where the platform had failed."""
    rules = work.store.config.queues.get(contact.queue or "")
    if rules is None or rules.record != "on" or contact.channel != VOICE:
        return contact
    if any(each.live or _by_rule(each, contact.queue) for each in contact.recordings):
        return contact
    contact = _start(work, contact, queue=contact.queue, agent=agent_id)
    work.store.put_contact(contact)
    return contact


def while_keyed(work: Work, contact: Contact, secret: bool) -> Contact:
    """The contact with its recording paused as long as a secret is asked for, and going on afterwards. A pause that
    somebody asked for stays."""
    last = contact.recordings[-1] if contact.recordings else None
    if last is None or not last.live:
        return contact
    if secret and last.state is RecordingState.RECORDING:
        return _change(work, contact, last, "pause", secret=True)
    if not secret and last.for_secret:
        return _change(work, contact, last, "resume")
    return contact


def told(work: Work, contact: Contact, event: CallEvent) -> Contact:
    """The contact with what the platform says of one of its recordings; of any other nothing is known."""
    found = next((each for each in contact.recordings if each.id == event.details.get("recording")), None)
    if found is None:
        return contact
    if event.type == EventType.RECORDING_READY:
        return _put(contact, life.ready(found, work.now, _seconds(event.details.get("seconds"))))
    if event.type == EventType.RECORDING_FAILED:
        return _put(contact, life.failed(found))
    return contact


def told_late(work: Work, contact_id: str, event: CallEvent) -> None:
    """The platform says it after the end of the call, which is usual: whoever wraps up sees it."""
    contact = work.store.contacts.get(contact_id)
    after = contact and told(work, contact, event)
    if contact is not None and after is not None and after != contact:
        work.store.put_contact(after)
        work.tell_contact("contact.updated", after, after.wrapping)


def over(work: Work, contact: Contact) -> Contact:
    """The contact at the end of its call: so is what was recorded of it."""
    for each in contact.recordings:
        if each.live:
            contact = _put(contact, life.stopped(each, work.now))
    return contact


def order_failed(work: Work, contact: Contact, failure: OrderFailed) -> None:
    """The platform did not take an order: the recording stands as before it. Where it would not pause for a secret it
    is to stop altogether."""
    for each in contact.recordings:
        corrected = life.without(each, failure.order_id)
        if corrected == each or (corrected.live and not _may_live(contact, each)):
            continue
        secret = any(pause.secret and pause.order == failure.order_id for pause in each.pauses)
        contact = _put(contact, corrected)
        if secret and corrected.live and contact.ended_at is None:
            contact = _change(work, contact, corrected, "stop")
    if contact != work.store.contacts.get(contact.id):
        work.store.put_contact(contact)
        work.tell_contact("contact.updated", contact, contact.wrapping if contact.ended_at else ())


def _may_ask(contact: Contact, command: Record) -> None:
    wish = f"{command.do} the recording"
    if command.agent_id is not None:
        if contact.state is not ContactState.ACTIVE or command.agent_id not in contact.agents:
            raise wrong_contact_state(contact, wish, "an active call that you are on")
    elif contact.ended_at is not None or (command.do == "start" and contact.state is not ContactState.ACTIVE):
        raise wrong_contact_state(contact, wish, "a call that an agent is on")


def _refusal(contact: Contact, do: Do, last: Recording | None, accepted: tuple[Do, ...]) -> Conflict:
    if last is not None and last.for_secret:
        why = "it is paused while the caller keys a secret, and goes on by itself"
    elif last is None:
        why = "nothing is recorded of it"
    else:
        why = f"its recording is {last.state}"
    return Conflict(
        f"Cannot {do} the recording of contact {contact.id}: {why}.",
        state="none" if last is None else str(last.state),
        contact_id=contact.id,
        accepted=list(accepted),
    )


def _start(
    work: Work, contact: Contact, *, by: str | None = None, queue: str | None = None, agent: str | None = None
) -> Contact:
    key = f"{contact.id}.{len(contact.recordings) + 1}"
    work.order(OrderType.RECORD, contact, agent, do="start", recording=key)
    made = Recording(id=key, started_at=work.now, order=work.seq, by=by, queue=queue)
    contact = contact.with_(recordings=(*contact.recordings, made))
    return contact.noted(work.now, "recording.started", recording=key, by=by, queue=queue)


_CHANGES: dict[Do, tuple[str, Callable[..., Recording]]] = {
    "pause": ("recording.paused", life.paused),
    "resume": ("recording.resumed", life.resumed),
    "stop": ("recording.stopped", life.stopped),
}


def _change(
    work: Work,
    contact: Contact,
    found: Recording,
    do: Do,
    *,
    by: str | None = None,
    agent: str | None = None,
    secret: bool = False,
) -> Contact:
    kind, change = _CHANGES[do]
    because = BECAUSE_SECRET if by is None else None
    work.order(OrderType.RECORD, contact, agent, do=do, recording=found.id)
    more = {"secret": True} if secret else {}
    contact = _put(contact, change(found, work.now, work.seq, **more))
    return contact.noted(work.now, kind, recording=found.id, by=by, because=because)


def _put(contact: Contact, changed: Recording) -> Contact:
    kept = (changed if each.id == changed.id else each for each in contact.recordings)
    return contact.with_(recordings=tuple(kept))


def _may_live(contact: Contact, each: Recording) -> bool:
    """Not where its call is over, nor beside a later one: a stop that was not taken then changes nothing."""
    return contact.ended_at is None and each == contact.recordings[-1]


def _by_rule(each: Recording, queue: str | None) -> bool:
    return each.by is None and each.queue == queue and each.outcome is not RecordingState.FAILED


def _seconds(given: object) -> float | None:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= LONGEST_SECONDS:
        return None
    return float(given)
