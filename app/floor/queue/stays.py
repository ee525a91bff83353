"""A contact's stay in a queue: into it, on to elsewhere where the queue does not take it, and out of it."""

from typing import Any

import msgspec

from app.calls.leg import LegState
from app.floor.commands import TellWait
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.work import Work, wrong_contact_state
from app.floor.queue import overflow
from app.floor.queue.offers import offer_by_name, opened_visit
from app.floor.queue.placing import held, placed, wishes
from app.routing.estimate import Because, Entry, announce, entered_service, hung_up
from app.routing.overflow.rules import Do, When
from app.telephony.events import EventType


def enter_queue(work: Work, contact: Contact, queue_id: str | None, agent: str | None = None) -> None:
    """Let a contact wait in a queue (None: for anybody), offered to `agent` first if they are ready.

    Its original arrival is kept, so whoever returns stands where they stood.
    """
    returns = contact.entered_at is not None and queue_id == contact.queue
    waiting = contact.with_(
        state=ContactState.WAITING,
        queue=queue_id,
        entered_at=contact.entered_at if returns else work.now,
        wishes=contact.wishes if returns else wishes(work, contact, work.store.config.queues.get(queue_id or "")),
        queued_at=contact.queued_at if contact.queued_at is not None else work.now,
        transfer=None,
        requeue_at=None,
        sent_away=False,
        handed_on=None,
        missed_by=contact.missed_by if contact.promised else (),
        again_at=contact.again_at if contact.promised else None,
        told_wait=contact.told_wait if returns else None,
        told_at=contact.told_at if returns else None,
    )
    waiting = placed(work, waiting)
    waiting = waiting.with_(
        estimated_wait=overflow.predicted(work, waiting), overflow_at=overflow.due_at(work, waiting)
    )
    waiting = waiting.noted(work.now, "contact.queued", queue=queue_id, agent=agent)
    work.store.put_contact(waiting)
    work.tell_contact("contact.queued", waiting)
    if agent is None or not offer_by_name(work, waiting, agent):
        waiting = opened_visit(work, waiting)
        work.store.put_contact(waiting)
        look_at_overflow(work, waiting, entering=not returns)


def look_at_overflow(work: Work, contact: Contact, entering: bool = False) -> None:
    """Do with a waiting contact what its queue's rules say of the present situation; look again when a time comes."""
    rule = overflow.rule_for(work, contact, entering)
    if rule is None:
        stays = held(work, contact.with_(overflow_at=overflow.due_at(work, contact)))
        if stays != work.store.contacts.get(contact.id):  # else thousands would be written for nothing
            work.store.put_contact(stays)
        return
    overflow.tell(work, contact, rule)
    contact = contact.noted(work.now, "contact.overflowed", because=str(rule.when), to=rule.queue or str(rule.do))
    if rule.do is Do.QUEUE:
        been = (*contact.overflowed, contact.queue or "")
        enter_queue(work, leave_visit(work, contact, "overflowed").with_(overflowed=been), rule.queue)
    elif rule.do is Do.CALLBACK:
        work.store.put_contact(overflow.ask_for_callback(work, contact))
    else:
        away = overflow.turn_away(work, contact, rule)
        work.store.put_contact(leave_visit(work, away, away.ending or "overflowed"))


def look_at_deserted(work: Work) -> None:
    """Where agents have left, nobody waits for them by name any more, and those for whom nobody is left may have
    somewhere else to go; who thinks about a callback has their time."""
    store = work.store
    if gone := store.left_duty:
        for contact in [store.contacts[key] for key in store.wishing]:
            if any(agent in gone for agent, _ in contact.wishes):
                left = tuple(wish for wish in contact.wishes if wish[0] not in gone)
                store.put_contact(placed(work, contact.with_(wishes=left)))
    if not store.logged_off:
        return
    for queue_id, rules in store.config.queues.items():
        if any(rule.when is When.NO_AGENT for rule in rules.overflow):
            for contact in store.waiting(queue_id):
                if not overflow.thinks(work, contact):
                    look_at_overflow(work, store.contacts[contact.id])


def tell_wait(work: Work, command: TellWait) -> dict[str, Any]:
    """What a waiting contact is told now: its place in the queue, and how long it will still take.

    What was told last counts down; it counts up only where higher tiers have come in before it since then. What is told
    is kept with the contact, and in its timeline where it is more than the clock's work.
    """
    contact = work.contact(command.contact_id)
    if contact.state is not ContactState.WAITING:
        raise wrong_contact_state(contact, "predict the wait", "a contact that waits")
    entered_at = contact.entered_at or work.now
    said, said_at = contact.estimated_wait, entered_at
    if contact.told_at is not None:
        said, said_at = contact.told_wait, contact.told_at
    ahead = [each for each in work.store.waiting(contact.queue) if each.place < contact.place]
    overtaken = sum(1 for each in ahead if (each.queued_at or 0.0) > said_at)
    now = announce(said, said_at, work.now, overflow.predicted(work, contact), overtaken)
    if now.because in (Because.PREDICTED, Because.OVERTAKEN):
        contact = contact.noted(work.now, "wait.told", seconds=now.seconds, because=str(now.because))
    work.store.put_contact(contact.with_(told_wait=now.seconds, told_at=work.now))
    return {
        "contact_id": contact.id,
        "queue": contact.queue,
        "position": 1 + len(ahead),
        "overtaken_by": overtaken,
        "waited_seconds": round(work.now - entered_at, 3),
        "estimated_wait_seconds": now.seconds,
        "because": str(now.because),
        "estimated_at_entry_seconds": contact.estimated_wait,
    }


def queued_since(contact: Contact, at: float) -> bool:
    """Whether the switch has put the caller into a queue at this instant of its clock, or later, and they are in it."""
    leg = contact.call.customer
    if leg is None or leg.state is not LegState.QUEUED:
        return False
    # also into the next one, which moves nothing
    told = (mark.at for mark in leg.marks if mark.kind == EventType.QUEUED)
    return max((leg.since, *told)) >= at


def served(work: Work, contact: Contact, agent_id: str) -> Contact:
    """The contact out of its queue, since an agent has it; the queue remembers how long that took."""
    if contact.promised:  # at home they have not waited on the line, so neither report nor prediction counts them
        return leave_visit(work, contact, "called_back", agent_id)
    if contact.visits and contact.visits[-1].left_at is None:
        visit = contact.visits[-1]
        line = work.store.lines.get(visit.queue, {})
        entry = Entry(
            waited=work.now - visit.entered_at,
            at=work.now,
            lined=visit.estimated_wait != overflow.READY,
            agents=work.store.engine.duty.count(contact.steps[-1].wanted if contact.steps else contact.wanted),
            left=len(line) - (contact.id in line),
        )
        work.store.put_in(work.store.flows, visit.queue, entered_service(work.store.flows.get(visit.queue), entry))
    return leave_visit(work, contact, "answered", agent_id).with_(callback_to=None)


def leave_visit(work: Work, contact: Contact, outcome: str, agent: str | None = None) -> Contact:
    """The contact with its stay in the present queue closed, if one is open."""
    if not contact.visits or contact.visits[-1].left_at is not None:
        return contact
    last = contact.visits[-1]
    if outcome == "abandoned":
        flow = hung_up(work.store.flows.get(last.queue), work.now - last.entered_at)
        work.store.put_in(work.store.flows, last.queue, flow)
    closed = msgspec.structs.replace(last, left_at=work.now, outcome=outcome, agent=agent)
    return contact.with_(visits=(*contact.visits[:-1], closed))
