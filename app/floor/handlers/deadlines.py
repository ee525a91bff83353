"""What happens by itself when its time has come. Deadlines are fields of entities, so they survive a restart."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any

from app.agents.presence import PresenceEvent
from app.floor.call_control import consulting, contacts, inviting, wrap_up
from app.floor.commands import Expire
from app.floor.flow import comfort, playing
from app.floor.handlers import on_calls, on_presence
from app.floor.memory import under_way
from app.floor.memory.due import Deadline, sweep_at
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.reasons import NOT_ANSWERED
from app.floor.memory.store import ENDED_MEMORY_SECONDS
from app.floor.memory.work import Work
from app.floor.queue import callbacks, stays
from app.floor.queue.offers import take_back
from app.floor.queue.placing import stepped
from app.floor.supervision import letting_out
from app.telephony.events import OrderType

MOST_TURNS = 100
"""So many things may be due of one contact or agent in the same instant, and more."""

SILENT = "no answer from the platform"
Happens = Callable[[Work, Contact], None]


def expire(work: Work, command: Expire) -> dict[str, Any]:
    """Everything that is due happens, earliest deadline first; what one of them changes the next one sees. Raises
    RuntimeError where one stays due whatever happens."""
    came = Counter[Deadline]()
    while due := [each for each in work.store.due(work.now) if _asked(command, each[2])]:
        for deadline in due:
            _, kind, key = deadline
            came[deadline] += 1
            if came[deadline] > MOST_TURNS:  # else it would be due for ever, and the whole floor stand still
                raise RuntimeError(f"what is due of {kind} {key} stays due")
            if kind == "contact":
                _contact(work, key)
            else:
                _agent(work, key)
    _forget_ended(work)
    return {}


def _asked(command: Expire, key: str) -> bool:
    return key not in command.without and command.only in (None, key)


def _contact(work: Work, contact_id: str) -> None:
    contact = work.store.contacts.get(contact_id)
    if contact is None:
        return
    for when, happens in _timers(contact):
        if when is not None and when <= work.now:
            happens(work, contact)
            return


def _timers(contact: Contact) -> Iterator[tuple[float | None, Happens]]:
    """What may be due, the most urgent first; `Store` sets its timer for the earliest."""
    if contact.offer is not None:
        yield contact.offer.expires_at, _offer_expires
    if contact.consult is not None:
        yield contact.consult.due_at, consulting.times_out
    if contact.invited:
        yield min(each.due_at for each in contact.invited), inviting.times_out
    if contact.leaving:
        yield min(each.until for each in contact.leaving), letting_out.times_out
    yield contact.requeue_at, _returns
    if contact.in_flow and contact.flow is not None:
        yield contact.flow.due_at, playing.time_out
    if contact.state is ContactState.WAITING:
        yield contact.loosens_at, _loosens
        yield contact.again_at, _forgives
        yield contact.overflow_at, stays.look_at_overflow
        yield contact.speaks_at, comfort.speak
    yield contact.close_at, _close
    if contact.ended_at is None:
        yield sweep_at(contact), _sweep


def _returns(work: Work, contact: Contact) -> None:
    stays.enter_queue(work, contact.noted(work.now, "contact.returned"), contact.queue)
    comfort.resume(work, work.store.contacts[contact.id])


def _loosens(work: Work, contact: Contact) -> None:
    work.store.put_contact(stepped(work, contact))


def _forgives(work: Work, contact: Contact) -> None:
    work.store.put_contact(contact.with_(missed_by=(), again_at=None))


def _sweep(work: Work, contact: Contact) -> None:
    on_calls.sweep(work, contact, "no end received")


def _offer_expires(work: Work, contact: Contact) -> None:
    """Ring no answer (RONA): the agent has missed it, the caller waits on."""
    assert contact.offer is not None
    if contact.state is not ContactState.OFFERED:
        work.order(OrderType.CANCEL, contact, contact.offer.agent)
        contacts.connect_failed(work, contact, NOT_ANSWERED)
        return
    for each in contact.offers:
        late = work.store.contacts[contact.id]
        take_back(work, late, "expired", PresenceEvent.MISS, agent=each.agent, reason="no_answer")


def _close(work: Work, contact: Contact) -> None:
    if callbacks.put_back(work, contact):
        return
    if gone := under_way.hung_up(contact):
        for agent_id in gone:
            on_calls.sweep_agent(work, work.store.contacts[contact.id], agent_id, SILENT)
        return
    away = contact.sent_away and contact.ending != playing.TRANSFERRED
    if away or under_way.only_leaving(contact):  # they may still be there, and nobody has them
        why = {} if contact.ending is None else {"reason": contact.ending}
        work.order(OrderType.DISCONNECT, contact, **why)
    on_calls.sweep(work, contact, SILENT)


def _agent(work: Work, agent_id: str) -> None:
    agent = work.store.agent(agent_id)
    if agent.wrap_up_until is not None and agent.wrap_up_until <= work.now:
        wrap_up.settle(work, agent_id)
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
