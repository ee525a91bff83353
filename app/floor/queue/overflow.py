"""Contacts that their queue does not take, or not for longer: looked at when one enters, when one comes back from an
agent who has not taken it, when a time comes, when agents leave. What is done is told, with what was measured against
which limit."""

from app.floor.memory import views
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.store import required
from app.floor.memory.work import Work
from app.floor.queue.placing import closed
from app.routing.engine.decision import Decision
from app.routing.engine.requirement import Selection
from app.routing.estimate import Reach, ahead_of, estimate
from app.routing.overflow.rules import Do, OverflowRule, Situation, When, chosen, next_wait
from app.telephony.events import OrderType

OVERFLOW = "overflow"

ANSWER_SECONDS = 30.0
"""How long a caller may think about whether they would rather be called back."""

MESSAGE_SECONDS = 120.0
VOICEMAIL_SECONDS = 900.0
"""By when a call that was turned away has ended; where the platform does not say so, it is closed all the same."""

READY = 0.0
"""The predicted wait where an agent is ready."""


def due_at(work: Work, contact: Contact) -> float | None:
    """When the contact must be looked at next: a limit of waiting is reached, or its queue closes."""
    rules = work.store.config.queues.get(contact.queue or "")
    if rules is None or contact.entered_at is None:
        return None
    wait = next_wait(rules.overflow, contact.entered_at, work.now) if not contact.promised else None
    change = rules.hours.next_change(work.now) if rules.hours is not None else None
    due = [] if wait is None else [wait]
    due += [] if change is None else [change.instant]
    return min(due, default=None)


def again_at(work: Work, contact: Contact) -> float | None:
    """When a contact that comes back to the line must be looked at: at once where a rule applies to it by now. What has
    changed while an agent was asked nobody has looked at."""
    if thinks(work, contact):
        return contact.overflow_at
    return work.now if rule_for(work, contact, entering=False) is not None else due_at(work, contact)


def thinks(work: Work, contact: Contact) -> bool:
    """Whether the caller may be thinking about whether they would rather be called back, and is looked at when the time
    for that is over: who is to be looked at then for something else has had it, or has been looked at meanwhile."""
    due = contact.thinks_until
    return due is not None and due == contact.overflow_at and work.now < due


def rule_for(work: Work, contact: Contact, entering: bool) -> OverflowRule | None:
    """The rule of its queue that applies to a waiting contact now, if any does. None applies to who waits at home for a
    callback; to who is promised one and has not hung up yet only what is done when the queue closes."""
    rules = work.store.config.queues.get(contact.queue or "")
    if rules is None or contact.promised or not (rules.overflow or rules.hours):
        return None
    listed = rules.overflow
    if contact.callback_to is not None:
        listed = tuple(rule for rule in listed if rule.when is When.CLOSED)
    been = (*contact.overflowed, contact.queue or "")
    now = situation(work, contact, estimates=entering)
    return chosen(listed, now, been, asked=contact.callback_asked, entering=entering)


def situation(work: Work, contact: Contact, *, estimates: bool) -> Situation:
    """What the rules look at. An estimate costs more than all the rest, and counts only for who enters."""
    logged_on = work.store.logged_on
    line = work.store.lines.get(contact.queue or "", {})
    others = len(line) - (contact.id in line)
    return Situation(
        open=not closed(work, contact),
        agents_logged_on=any(logged_on.anyone(step.wanted) for step in contact.steps),
        length=others,
        since=contact.entered_at if contact.entered_at is not None else work.now,
        now=work.now,
        estimated_wait=predicted(work, contact) if estimates else None,
    )


def predicted(work: Work, contact: Contact) -> float | None:
    """How long the contact will still wait, as far as that can be told (seconds)."""
    if contact.queue is None:
        return None
    engine, line = work.store.engine, work.store.lines.get(contact.queue, {})
    ahead = ahead_of(engine.line, contact.place, line)
    if not ahead and engine.ready.best(required(contact), Selection.LONGEST_IDLE, contact.missed_by, 1)[0]:
        return READY
    told = estimate(work.store.flows.get(contact.queue), ahead, _reach(work, contact), work.now)
    return None if told is None else round(told, 1)


def _reach(work: Work, contact: Contact) -> list[Reach]:
    count, entered = work.store.engine.duty.count, contact.entered_at or work.now
    later = contact.steps[contact.step + 1 :]
    return [
        Reach(0.0, count(contact.wanted)),
        *(Reach(max(0.0, entered + step.after_seconds - work.now), count(step.wanted)) for step in later),
    ]


def tell(work: Work, contact: Contact, rule: OverflowRule) -> None:
    """Record the decision, with what was measured."""
    measured = situation(work, contact, estimates=rule.when is When.ESTIMATED_WAIT).measure(rule.when)
    why = Decision(
        rule=OVERFLOW,
        step=contact.step,
        waited_seconds=round(work.now - (contact.queued_at or work.now), 3),
        because=str(rule.when),
        measured=round(measured, 3) if rule.when not in (When.CLOSED, When.NO_AGENT) else 0.0,
        limit=rule.at,
        to=f"{rule.do}:{rule.queue}" if rule.do is Do.QUEUE else str(rule.do),
    )
    work.tell("contact.overflowed", {"contact": views.contact_view(contact), "why": why}, contact.id)


def ask_for_callback(work: Work, contact: Contact) -> Contact:
    """Let the platform ask the caller whether they would rather be called back; they wait on meanwhile, and no other
    rule is followed until they have had time to answer."""
    work.order(OrderType.OFFER_CALLBACK, contact, queue=contact.queue)
    until = work.now + ANSWER_SECONDS
    return contact.with_(callback_asked=True, overflow_at=until, thinks_until=until)


def turn_away(work: Work, contact: Contact, rule: OverflowRule) -> Contact:
    """A message, or the mailbox: the contact does not wait any more; its end comes from the platform."""
    ending = "voicemail" if rule.do is Do.VOICEMAIL else "closed" if rule.when is When.CLOSED else "turned_away"
    if rule.do is Do.VOICEMAIL:
        work.order(OrderType.VOICEMAIL, contact, queue=contact.queue, message=rule.message)
    else:
        work.order(OrderType.DISCONNECT, contact, message=rule.message, reason=ending)
    seconds = VOICEMAIL_SECONDS if rule.do is Do.VOICEMAIL else MESSAGE_SECONDS
    return contact.with_(
        state=ContactState.ARRIVING, offer=None, ending=ending, sent_away=True, close_at=work.now + seconds
    )
