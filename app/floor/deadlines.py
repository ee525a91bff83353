"""What happens by itself when its time has come. Deadlines are fields of entities, so they survive a restart."""

from itertools import takewhile
from typing import Any

from app.agents.presence import PresenceEvent
from app.floor import callbacks, contacts, on_calls, on_presence, queueing
from app.floor.commands import Expire
from app.floor.entities import Contact, ContactState
from app.floor.offers import take_back
from app.floor.placing import stepped
from app.floor.store import ENDED_MEMORY_SECONDS, sweep_at
from app.floor.work import Work
from app.telephony.events import OrderType


def expire(work: Work, command: Expire) -> dict[str, Any]:
    """Everything that is due happens, earliest deadline first; what one of them changes the next one sees."""
    while due := [each for each in work.store.due(work.now) if _asked(command, each[2])]:
        for _, kind, key in due:
            if kind == "contact":
                _contact(work, key)
            else:
                _agent(work, key)
    _forget_ended(work)
    return {}


def _asked(command: Expire, key: str) -> bool:
    return key not in command.without and command.only in (None, key)


def _contact(work: Work, contact_id: str) -> None:
    contact, now = work.store.contacts.get(contact_id), work.now
    if contact is None:
        return
    waits = contact.state is ContactState.WAITING
    if contact.offer is not None and contact.offer.expires_at <= now:
        _offer_expires(work, contact)
    elif _due(contact.requeue_at, now):
        queueing.enter_queue(work, contact.noted(now, "contact.returned"), contact.queue)
    elif waits and _due(contact.loosens_at, now):
        work.store.put_contact(stepped(work, contact))
    elif waits and _due(contact.again_at, now):
        work.store.put_contact(contact.with_(missed_by=(), again_at=None))
    elif waits and _due(contact.overflow_at, now):
        queueing.look_at_overflow(work, contact)
    elif _due(contact.close_at, now):
        _close(work, contact)
    elif contact.ended_at is None and sweep_at(contact) <= now:
        on_calls.sweep(work, contact, "no end received")


def _offer_expires(work: Work, contact: Contact) -> None:
    assert contact.offer is not None
    if contact.state is not ContactState.OFFERED:
        work.order(OrderType.CANCEL, contact, contact.offer.agent)
        contacts.connect_failed(work, contact, "phone_not_answered")
        return
    for each in contact.offers:
        late = work.store.contacts[contact.id]
        take_back(work, late, "expired", PresenceEvent.MISS, agent=each.agent, reason="no_answer")


def _close(work: Work, contact: Contact) -> None:
    if not callbacks.put_back(work, contact):
        on_calls.sweep(work, contact, "no answer from the platform")


def _due(instant: float | None, now: float) -> bool:
    return instant is not None and instant <= now


def _agent(work: Work, agent_id: str) -> None:
    agent = work.store.agent(agent_id)
    if agent.wrap_up_until is not None and agent.wrap_up_until <= work.now:
        contacts.settle_wrap_up(work, agent_id)
        work.free(agent_id)
    agent = work.store.agent(agent_id)
    if agent.silent_at is not None and agent.silent_at <= work.now:
        on_presence.silence(work, agent_id)


def _forget_ended(work: Work) -> None:
    """Insertion order is order of ending, so the old ones stand in front."""
    ended = work.store.ended
    old = takewhile(lambda key: ended[key].ended_at + ENDED_MEMORY_SECONDS <= work.now, ended)
    for key in list(old):
        work.store.put_in(ended, key, None)
