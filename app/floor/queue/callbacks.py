"""Callback in line: a caller hangs up and keeps their place; the agent whose turn it is calls them back."""

from uuid import UUID, uuid5

from app.agents.presence import PresenceEvent
from app.calls.call import TALKING, Call, open_call
from app.calls.leg import LegState
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.reasons import FAILED
from app.floor.memory.work import Work
from app.floor.queue.offers import BUSY, opened_visit, take_back
from app.floor.queue.placing import placed
from app.floor.queue.stays import enter_queue, look_at_overflow
from app.telephony.dialable import has_digit
from app.telephony.events import CallEvent

UNRUNG = (LegState.INITIATED,)
"""Where the customer's leg stands before their phone has rung."""


def ask_callback(work: Work, contact: Contact, number: str | None) -> None:
    """The caller will hang up and keep their place; one who is served before that needs none."""
    number = number or contact.call.from_
    dialable = number is not None and has_digit(number)
    if contact.callback_to is None and dialable and contact.state in (ContactState.WAITING, ContactState.OFFERED):
        noted = contact.noted(work.now, "callback.asked", number=number)
        work.store.put_contact(noted.with_(callback_to=number, callback_asked=True))


def open_callback(work: Work, contact: Contact) -> None:
    """A contact of its own for the callback, at the place that the caller has kept. One request makes one callback."""
    assert contact.callback_to is not None
    if promised_already(work, contact) is not None:
        return
    key = str(uuid5(UUID(contact.id), "callback"))
    profile = work.store.profiles.get(contact.id)
    if profile is not None:
        work.store.put_profile(key, profile)
    callback = Contact(
        id=key,
        call=not_dialled(work, key, contact.call.source, contact.callback_to),
        arrived_at=work.now,
        heard_at=work.now,
        customer=contact.customer,
        candidates=contact.candidates,
        preferred_agent=contact.preferred_agent,
        last_agent=contact.last_agent,
        queue=contact.queue,
        queued_at=contact.queued_at,
        own_bonus=contact.own_bonus,
        entered_at=contact.entered_at,
        wishes=contact.wishes,
        missed_by=contact.missed_by,
        again_at=contact.again_at,
        callback_of=contact.id,
    )
    work.tell_contact("contact.opened", callback)
    enter_queue(work, callback, contact.queue)


def put_back(work: Work, contact: Contact, reason: str = FAILED) -> bool:
    """A callback whose customer was never rung goes back to its place: what failed was not their doing. Tells whether
    it was one; not where a supervisor has ended it. An agent whose phone was not answered is told that the offer is
    over, as of any other contact."""
    customer = contact.call.customer
    if not contact.promised or contact.ending is not None or (customer is not None and customer.state not in UNRUNG):
        return False
    dialled = contact.agents
    waiting = contact.with_(
        state=ContactState.WAITING,
        call=not_dialled(work, _next_attempt(contact), contact.call.source, contact.call.to),
        agents=(),
        under_way=(),
        close_at=None,
        requeue_at=None,
        missed_by=tuple(dict.fromkeys((*contact.missed_by, *dialled))),
    )
    waiting = placed(work, opened_visit(work, waiting)).noted(work.now, "callback.put_back")
    work.store.put_contact(waiting)
    for agent_id in dialled:
        left = tuple(key for key in work.store.agent(agent_id).contacts if key != contact.id)
        if left:
            work.store.put_agent(work.store.agent(agent_id).with_(contacts=left))
        else:
            if (other := work.store.agent(agent_id).offer) is not None:  # a chat beside the call
                take_back(work, work.contact(other), BUSY, agent=agent_id)
            work.move(agent_id, PresenceEvent.MISS, contacts=(), offer=None, reason=reason)
        if not _picked_up(contact, agent_id):
            work.tell("offer.withdrawn", {"contact_id": contact.id, "reason": reason}, contact.id, agent_id)
    look_at_overflow(work, work.store.contacts[contact.id])
    return True


def _picked_up(contact: Contact, agent_id: str) -> bool:
    """Whether the agent had answered their phone, so that the offer was not gone without them."""
    leg = contact.call.leg_of(agent_id)
    return leg is not None and (leg.state in TALKING or leg.talked)


def of_attempt(work: Work, contact: Contact | None, event: CallEvent) -> Contact | None:
    """The callback that an event tells of (`contact`, or by the call's id) where it is about an attempt that is over or
    has not begun: nobody is on the line."""
    if contact is not None:
        waits = contact.promised and contact.state in (ContactState.WAITING, ContactState.OFFERED)
        return contact if waits else None
    contact = work.store.contacts.get(event.call_id.partition(".")[0])
    if contact is None or contact.callback_of is None or contact.call.source != event.source:
        return None
    return contact if contact.call.id != event.call_id else None


def promised_already(work: Work, contact: Contact) -> Contact | None:
    """The callback from this queue that this caller already has and has not had yet."""
    held = work.store.contacts.values()
    return next((x for x in held if x.promised and x.queue == contact.queue and _same_caller(x, contact)), None)


def _same_caller(callback: Contact, contact: Contact) -> bool:
    """By the customer where both are known: many people may stand behind one number."""
    if callback.customer is not None and contact.customer is not None:
        return callback.customer.id == contact.customer.id
    return callback.customer is contact.customer and callback.call.to == contact.callback_to


def _next_attempt(contact: Contact) -> str:
    """An id of its own for each attempt to dial, so that what comes late of one is not taken for news of the next."""
    _, dot, number = contact.call.id.partition(".")
    return f"{contact.id}.{int(number) + 1 if dot else 2}"


def not_dialled(work: Work, key: str, source: str, number: str | None) -> Call:
    """The call as it is before anybody is rung; its id is the contact's own, at the first attempt."""
    event = CallEvent(source=source, type="call.callback", call_id=key, at=work.now, direction="outbound", to=number)
    return open_call(event)
