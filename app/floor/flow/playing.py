"""A caller in a flow: each event is a step of it, and what comes of a step is done here.

The interpreter decides; the floor keeps the state with the contact, answers or orders the script, sets the deadline,
hands requests out, and takes the caller when the flow is over.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from app.floor import recordings
from app.floor.commands import FlowAnswered
from app.floor.flow.world import world
from app.floor.memory.effects import Ask
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.parts import Comfort, FlowRun
from app.floor.memory.work import Work
from app.floor.queue.overflow import MESSAGE_SECONDS, VOICEMAIL_SECONDS
from app.floor.queue.stays import enter_queue
from app.ivr.language.flow import Flow
from app.ivr.language.pacing import about
from app.ivr.language.phrases import APOLOGY, spoken
from app.ivr.playing.interpreter import step
from app.ivr.playing.state import (
    AnyAction,
    AnyEvent,
    Finished,
    HungUp,
    Keyed,
    NoInput,
    Refused,
    Said,
    ScriptDone,
    Started,
    Step,
    TimedOut,
    ToCallback,
    ToHangUp,
    ToQueue,
    ToTransfer,
    ToVoicemail,
    Verified,
    begun,
)
from app.telephony.events import CallEvent, EventType
from app.telephony.instructions import Collect, Enqueue, Say, Script

MOST_SAID = 1000
"""Characters of what was said or keyed that are looked at."""

_FINISHED: dict[str, Finished] = {"terminator": "terminator", "timeout": "timeout"}

SELF_SERVED = "self_served"
LEFT_IN_FLOW = "left_in_flow"
TRANSFERRED = "transferred"


def begin(work: Work, contact: Contact, flow_id: str) -> bool:
    """Let a flow have the caller, in the versions that are published now. False where there is no such flow."""
    book = work.store.config.flows
    flow = book.versions.get((flow_id, book.current.get(flow_id, 0)))
    if flow is None:
        return False
    state = msgspec.structs.replace(begun(flow), script=contact.last_script)
    if contact.flow is not None:  # a survey after the call goes on in the language of before
        before = contact.flow.state
        language = before.language if before.language in flow.languages else state.language
        state = msgspec.structs.replace(state, language=language)
    secret = contact.flow.secret if contact.flow is not None else ()
    run = FlowRun(flow=flow_id, versions=dict(book.current), state=state, secret=secret)
    contact = contact.with_(flow=run, state=ContactState.ARRIVING, sent_away=False, requeue_at=None)
    work.store.put_contact(contact.noted(work.now, "flow.started", flow=flow_id, version=book.current[flow_id]))
    feed(work, work.store.contacts[contact.id], Started())
    return True


def feed(work: Work, contact: Contact, event: AnyEvent) -> None:
    """Take one step of the contact's flow."""
    run = contact.flow
    assert run is not None
    flow, others = _flows(work, run)
    if flow is None:
        _lost(work, contact)
        return
    _follow(work, contact, step(flow, run.state, event, world(work, contact), others))


def time_out(work: Work, contact: Contact) -> None:
    """Nothing has come of the present script for too long."""
    assert contact.flow is not None
    feed(work, contact, TimedOut(contact.flow.state.script))


def refused(work: Work, contact: Contact, script: int, detail: str) -> None:
    """The platform will never play the present script: a fault of the flow."""
    feed(work, contact, Refused(script=script, detail=detail))


def alert(work: Work, contact: Contact, detail: str) -> None:
    """Tell the operator that something about a flow is wrong."""
    run = contact.flow
    assert run is not None
    told = {"contact_id": contact.id, "flow": run.flow, "version": run.versions.get(run.flow), "detail": detail}
    work.tell("flow.alert", told, contact.id)


def out_of_flow(contact: Contact) -> Contact:
    """The contact without its flow having the caller any more: somebody else has."""
    if contact.flow is None or contact.flow.state.over:
        return contact
    over = msgspec.structs.replace(contact.flow.state, waiting="over", wait_seconds=0.0, request=None, secrets={})
    return contact.with_(flow=msgspec.structs.replace(contact.flow, state=over, due_at=None))


def left(work: Work, contact: Contact) -> Contact:
    """The caller has hung up while a flow had them: the contact as it is then."""
    if contact.flow is None or not contact.in_flow:
        return contact
    flow, others = _flows(work, contact.flow)
    if flow is None:
        return contact
    end = step(flow, contact.flow.state, HungUp(), world(work, contact), others)
    return _noted(work, contact, end).with_(flow=_run(work, contact.flow, end), ending=contact.ending or LEFT_IN_FLOW)


def answered(work: Work, command: FlowAnswered) -> dict[str, Any]:
    """What a flow had asked for has come; it may be late, or for a call that is over."""
    contact = work.store.contacts.get(command.contact_id)
    if contact is None or not contact.in_flow:
        return {"taken": False}
    event, caller = command.event, command.caller
    found = isinstance(event, Verified) and event.outcome == "found" and caller is not None
    if found and caller is not None and caller.customer is not None:
        if caller.profile is not None:
            work.store.put_profile(contact.id, caller.profile)
        contact = contact.with_(
            customer=caller.customer,
            candidates=(),
            preferred_agent=caller.preferred_agent,
            last_agent=caller.last_agent,
            verified=True,
        )
        work.store.put_contact(contact)
    feed(work, contact, event)
    return {"taken": True}


def ask_again(work: Work) -> None:
    """A process has become the owner: what flows wait for was asked by another one, whose answer may never come."""
    for contact in work.store.contacts.values():
        if contact.in_flow and contact.flow is not None and contact.flow.state.request is not None:
            work.effects.append(Ask(contact=contact.id, request=contact.flow.state.request))


def _flows(work: Work, run: FlowRun) -> tuple[Flow | None, Mapping[str, Flow]]:
    versions = work.store.config.flows.versions
    mine = {key: flow for key, number in run.versions.items() if (flow := versions.get((key, number))) is not None}
    return mine.pop(run.flow, None), mine


def _follow(work: Work, contact: Contact, it: Step) -> None:
    if it.late or contact.flow is None:
        return
    run = _run(work, contact.flow, it)
    secret = any(isinstance(each, Collect) and each.secret for each in it.instructions)
    if secret:
        run = msgspec.structs.replace(run, secret=(*run.secret, it.state.script))
    contact = _noted(work, contact, it).with_(flow=run)
    if it.instructions or it.request is not None or it.action is not None:
        contact = recordings.while_keyed(work, contact, secret)
    work.store.put_contact(contact)
    if it.alert is not None:
        alert(work, contact, it.alert)
    if it.script is not None:
        work.instruct(contact, it.script)
    if it.request is not None:
        work.effects.append(Ask(contact=contact.id, request=it.request))
    if it.action is not None:
        _end(work, contact, it.action, about(it.instructions))


def _run(work: Work, run: FlowRun, it: Step) -> FlowRun:
    due_at = None if it.wait_seconds is None else work.now + it.wait_seconds
    return msgspec.structs.replace(run, state=it.state, due_at=due_at)


def _noted(work: Work, contact: Contact, it: Step) -> Contact:
    for note in it.notes:
        contact = contact.noted(work.now, note.kind, node=note.node, **note.data)
    return contact


def _end(work: Work, contact: Contact, action: AnyAction, spoken: float) -> None:
    match action:
        case ToQueue():
            _to_queue(work, contact, action, spoken)
        case ToCallback():
            _to_callback(work, contact, action)
        case ToVoicemail():
            queue = _known(work, action.queue)
            _goes(work, contact.with_(queue=queue), "voicemail", VOICEMAIL_SECONDS)
        case ToTransfer(number=number) if number is not None:
            _goes(work, contact, TRANSFERRED, MESSAGE_SECONDS)
        case ToTransfer():
            enter_queue(work, contact, _known(work, action.queue or _fallback(work, contact)), action.agent)
        case ToHangUp():
            _goes(work, contact, "closed" if action.reason == "closed" else SELF_SERVED, MESSAGE_SECONDS)


def _to_queue(work: Work, contact: Contact, action: ToQueue, spoken: float) -> None:
    """What is said to who waits comes after what is `spoken` (seconds) on the way into the queue, and does not cut it
    off."""
    heard_all = work.now + spoken
    comfort = Comfort(
        music=action.music,
        announce=action.announce,
        callback=action.callback,
        told_at=None if action.announce is None else heard_all + max(1.0, action.announce.first_seconds),
        offered_at=None if action.callback is None else heard_all + action.callback.after_seconds,
    )
    waits = contact.with_(
        own_steps=action.steps,
        own_bonus=contact.own_bonus + action.bonus,
        comfort=comfort if action.announce or action.callback or action.music else None,
        survey=action.survey,
    )
    enter_queue(work, waits, _known(work, action.queue))


def _to_callback(work: Work, contact: Contact, action: ToCallback) -> None:
    """The place in the line is theirs from now on; the callback comes to be when they are off the line."""
    promised = contact.with_(
        queue=_known(work, action.queue),
        queued_at=contact.queued_at if contact.queued_at is not None else work.now,
        entered_at=work.now,
        callback_to=action.number,
        callback_asked=True,
    )
    promised = promised.noted(work.now, "callback.asked", number=action.number)
    _goes(work, promised, "callback", MESSAGE_SECONDS)


def _goes(work: Work, contact: Contact, ending: str, seconds: float) -> None:
    """The platform does the rest; where it does not say that it has, the call is closed all the same."""
    work.store.put_contact(contact.with_(ending=ending, sent_away=True, close_at=work.now + seconds))


def away(contact: Contact) -> bool:
    """Whether a flow, or an agent, has sent the caller to somebody else, whom they talk to or wait for by now."""
    return contact.sent_away and contact.state is ContactState.ARRIVING and contact.ending in (None, TRANSFERRED)


def not_reached(contact: Contact, event: CallEvent) -> bool:
    """Whether this event says that nobody answered at the number to which a flow, or an agent, had sent the caller."""
    said = event.details.get("transfer")
    return away(contact) and event.type == EventType.SCRIPT_DONE and said not in (None, "completed", "answered")


def back_to_queue(work: Work, contact: Contact) -> None:
    """The number that a flow sent the caller to was not reached: they are not left alone."""
    _apologise(work, contact.with_(ending=None, sent_away=False, close_at=None), _known(work, _fallback(work, contact)))


def _apologise(work: Work, contact: Contact, queue: str | None) -> None:
    """Something went wrong: the caller is told so, and waits for somebody."""
    assert contact.flow is not None
    state = contact.flow.state
    over = msgspec.structs.replace(state, waiting="over", request=None, secrets={}, script=state.script + 1)
    contact = contact.with_(flow=msgspec.structs.replace(contact.flow, state=over, due_at=None))
    contact = recordings.while_keyed(work, contact, secret=False)
    text, language = spoken(APOLOGY, state.language)
    work.instruct(
        contact,
        Script(number=over.script, instructions=(Say(text=text, language=language), Enqueue(queue=queue or ""))),
    )
    enter_queue(work, contact, queue)


def _known(work: Work, queue: str | None) -> str | None:
    """The queue, or anybody's where it has been removed since the flow was published."""
    return queue if queue in work.store.config.queues else None


def _fallback(work: Work, contact: Contact) -> str | None:
    flow = _flows(work, contact.flow)[0] if contact.flow is not None else None
    return flow.fallback_queue if flow is not None else None


def _lost(work: Work, contact: Contact) -> None:
    """The version that the call began with is gone: whoever can takes the caller."""
    assert contact.flow is not None
    alert(work, contact, f"version {contact.flow.versions.get(contact.flow.flow)} of the flow is gone")
    rules = work.store.config.sources.get(contact.call.source)
    _apologise(work, contact, _known(work, rules.default_queue if rules else None))


def said(event: CallEvent) -> Keyed | Said | NoInput | ScriptDone | None:
    """What a platform's event says to a flow, if it says anything: `script` in its details tells to which script."""
    script = event.details.get("script")
    number = script if isinstance(script, int) and not isinstance(script, bool) else -1
    if event.type == EventType.SCRIPT_DONE:
        return ScriptDone(number)
    if event.type != EventType.DIGITS:
        return None
    details = event.details
    speech, confidence = details.get("speech"), details.get("confidence")
    if isinstance(speech, str) and speech:
        sure = float(confidence) if isinstance(confidence, int | float) else 1.0
        return Said(script=number, text=speech[:MOST_SAID], confidence=sure)
    ref, length = details.get("secret_ref"), details.get("length")
    if isinstance(ref, str) and isinstance(length, int) and length > 0:
        return Keyed(script=number, secret_ref=ref, length=length)
    digits = details.get("digits")
    if not isinstance(digits, str) or not digits:
        return NoInput(number)
    finished = details.get("finished")
    return Keyed(script=number, digits=digits[:MOST_SAID], finished=_FINISHED.get(str(finished), "length"))
