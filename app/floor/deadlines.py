"""What happens by itself when its time has come. Deadlines are fields of entities, so they survive a restart."""

from itertools import takewhile
from typing import Any

from app.agents.presence import PresenceEvent
from app.floor import contacts, on_calls, on_presence
from app.floor.commands import Expire
from app.floor.entities import ContactState
from app.floor.offers import take_back
from app.floor.store import ENDED_MEMORY_SECONDS, SWEEP_SECONDS
from app.floor.work import Work
from app.telephony.events import OrderType


def expire(work: Work, command: Expire) -> dict[str, Any]:
    """Everything that is due happens, earliest deadline first; what one of them changes the next one sees."""
    while due := work.store.due(work.now):
        for _, kind, key in due:
            if kind == "contact":
                _contact(work, key)
            else:
                _agent(work, key)
    _forget_ended(work)
    return {}


def _contact(work: Work, contact_id: str) -> None:
    contact = work.store.contacts.get(contact_id)
    if contact is None:
        return
    if contact.offer is not None and contact.offer.expires_at <= work.now:
        if contact.state is ContactState.OFFERED:
            take_back(work, contact, "expired", PresenceEvent.MISS, reason="no_answer")
        else:
            work.order(OrderType.CANCEL, contact, contact.offer.agent)
            contacts.connect_failed(work, contact, "phone_not_answered")
    elif contact.requeue_at is not None and contact.requeue_at <= work.now:
        contacts.enter_queue(work, contact.noted(work.now, "contact.returned"), contact.queue)
    elif contact.close_at is not None and contact.close_at <= work.now:
        on_calls.sweep(work, contact, "no answer from the platform")
    elif contact.ended_at is None and contact.heard_at + SWEEP_SECONDS <= work.now:
        on_calls.sweep(work, contact, "no end received")


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
