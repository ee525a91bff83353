"""Agents' phones, as platforms tell of them. Where no platform tells, nothing is kept from anybody."""

from collections.abc import Collection, Iterable
from typing import Any

from app.agents.presence import AgentState, PresenceEvent
from app.core.errors import Conflict
from app.floor import commands as c
from app.floor.call_control import contacts, party
from app.floor.memory.entities import Contact, ContactState, LiveAgent, Phone
from app.floor.memory.reasons import GONE, why_gone
from app.floor.memory.store import Store
from app.floor.memory.work import Work
from app.floor.queue import callbacks
from app.floor.queue.offers import take_back
from app.routing.engine.capacity import VOICE
from app.telephony.events import NOT_THERE, OrderType, PhoneWord


def phone_state(work: Work, command: c.PhoneState) -> dict[str, Any]:
    """A platform tells of a phone: whose agent it is follows."""
    known = work.store.phones.get(command.address)
    words = dict(known.words) if known is not None else {}
    words[command.source] = command.state
    _keep(work, command.address, words)
    agent_id = work.store.by_address.get(command.address)
    if agent_id is not None:
        _follow(work, agent_id)
    phone = work.store.phones.get(command.address)
    return {"address": command.address, "phone": phone.word if phone is not None else None, "agent": agent_id}


def must_be_there(work: Work, agent: LiveAgent, source: str | None = None) -> None:
    """Raise Conflict where no call (of `source`, or at all) can be put through to the agent."""
    phone = work.store.phones.get(work.address(agent.id) or "")
    if phone is not None and (work.store.phone_gone(agent) or source in agent.away):
        raise _not_there(phone, f" of agent {agent.id}", source, state=str(agent.state))


def must_reach(work: Work, address: str, source: str) -> None:
    """Raise Conflict where no call of `source` can be put through to the phone at this address, whose-ever it is."""
    phone = work.store.phones.get(address)
    if phone is not None and (phone.word in NOT_THERE or source in phone.away):
        raise _not_there(phone, "", source)


def look_anew(work: Work, people: Collection[str] | None = None) -> None:
    """The records have changed, of these people or (None) of anybody, and of sources: those that are gone say nothing
    any more, and phones may be somebody else's."""
    for address, phone in list(work.store.phones.items()):
        if not phone.words.keys() <= work.store.config.sources.keys():  # also one that spoke after it was gone
            words = {source: word for source, word in phone.words.items() if source in work.store.config.sources}
            _keep(work, address, words)
            people = None
    if people is not None:
        _look_at(work, [key for key in work.store.agents if key in people] + _owners(work, people))
        return
    owners = [owner for address in work.store.phones if (owner := work.store.by_address.get(address)) is not None]
    _look_at(work, [*work.store.agents, *owners])


def _owners(work: Work, people: Collection[str]) -> list[str]:
    """Those of them at whose address there is a phone of which something was told."""
    records = (work.store.config.agents.get(key) for key in sorted(people))
    return [record.id for record in records if record is not None and record.address in work.store.phones]


def _look_at(work: Work, people: Iterable[str]) -> None:
    for agent_id in dict.fromkeys(people):
        _follow(work, agent_id)
        if work.store.phone_gone(work.store.agent(agent_id)):  # also where they take calls only from now on
            _gone(work, work.store.agent(agent_id))


def check_phones(store: Store) -> None:
    """Raise AssertionError unless every agent knows of their phone, and nobody is ready without it."""
    for agent in store.agents.values():
        word, away = _said(store, agent.id)
        assert agent.phone is word, f"{agent.id} takes their phone for {agent.phone}; it is {word}"
        assert agent.away == away, f"{agent.id} takes their phone for away at {agent.away}; it is at {away}"
        ready = agent.state is AgentState.READY
        assert not (ready and store.phone_gone(agent)), f"{agent.id} is ready, but their phone is not there"


def _not_there(phone: Phone, whose: str, source: str | None, **facts: str) -> Conflict:
    """Why a phone cannot be rung: it has not signed on, or there is none at its address."""
    word = phone.words.get(source or "", phone.word)
    lacking = phone.said_by(PhoneWord.MISSING)
    if word is PhoneWord.MISSING:
        at = str(source) if source in lacking else " and ".join(lacking)
        detail = f"There is no endpoint {phone.address} at {at}, so the phone{whose} cannot be rung."
        accepted = [f"an endpoint {phone.address} at {at}", "the address of a phone that is there"]
    else:
        at = f" at {source}" if source is not None else ""
        detail = f"The phone {phone.address}{whose} is not registered{at}, so it cannot be rung."
        accepted = [f"register the phone{at}"]
    return Conflict(detail, **facts, reason=why_gone(word), accepted=accepted)


def _keep(work: Work, address: str, words: dict[str, PhoneWord]) -> None:
    said: dict[str, PhoneWord] = {source: word for source, word in words.items() if word is not PhoneWord.UNKNOWN}
    phone = Phone(address, said) if said else None
    if phone != work.store.phones.get(address):
        work.store.put_phone(address, phone)


def _said(store: Store, agent_id: str) -> tuple[PhoneWord | None, tuple[str, ...]]:
    """Of an agent's phone: all in one word, and the sources where it is away."""
    record = store.config.agents.get(agent_id)
    phone = store.phones.get(record.address) if record is not None else None
    return (phone.word, phone.away) if phone is not None else (None, ())


def _follow(work: Work, agent_id: str) -> None:
    before = work.store.agent(agent_id)
    word, away = _said(work.store, agent_id)
    agent = before.with_(phone=word, away=away)
    if agent == before:
        return
    work.store.put_agent(agent)
    if agent.phone is before.phone:
        _left(work, agent, set(away) - set(before.away))
        return
    if work.store.phone_gone(agent):
        _gone(work, agent)
    elif agent.phone is not None:
        _back(work, agent)
    if (after := work.store.agent(agent_id)).state is before.state:
        work.tell_agent_state(after)


def _gone(work: Work, agent: LiveAgent) -> None:
    """Nothing can be put through to them any more: what was about to be goes to somebody else at once. Who talks goes
    on talking; the platform says when that is over."""
    why = why_gone(agent.phone)
    if agent.state is AgentState.READY or (agent.state is AgentState.NOT_READY and agent.reason in GONE):
        work.move(agent.id, PresenceEvent.MAKE_NOT_READY, reason=why)
    if agent.offer is not None and (offered := work.contact(agent.offer)).channel == VOICE:
        event = PresenceEvent.MISS if agent.state is AgentState.RESERVED else None
        changes = {"reason": why} if event is not None else {}
        take_back(work, offered, why, event, agent=agent.id, **changes)
    for key in agent.contacts:
        _not_connected(work, work.contact(key), agent.id, why)


def _left(work: Work, agent: LiveAgent, sources: set[str]) -> None:
    """Their phone is still somewhere, but these sources cannot ring it any more: their callers go to others."""
    for key in filter(None, (agent.offer, *agent.contacts)):
        contact = work.contact(key)
        if contact.call.source not in sources or contact.channel != VOICE:
            continue
        why = why_gone(work.store.phones[work.address(agent.id) or ""].words[contact.call.source])
        if key == agent.offer:
            take_back(work, contact, why, agent=agent.id)
        elif rung(contact, agent.id):
            work.order(OrderType.CANCEL, contact, agent.id)
            take_back(work, contact, why)
        else:
            party.spare(work, contact, agent.id, why)


def rung(contact: Contact, agent_id: str) -> bool:
    """Whether the agent's phone is rung for a contact that they have accepted."""
    ringing = contact.state is ContactState.CONNECTING and not contact.call.answered_by(agent_id)
    return ringing and contact.offer is not None and contact.offer.agent == agent_id


def _not_connected(work: Work, contact: Contact, agent_id: str, why: str) -> None:
    if contact.channel != VOICE or party.spare(work, contact, agent_id, why, missed=True):
        return
    if contact.state is not ContactState.CONNECTING or contact.call.answered_by(agent_id):
        return
    if rung(contact, agent_id):
        work.order(OrderType.CANCEL, contact, agent_id)
        contacts.connect_failed(work, contact, why)
    elif contact.promised:
        work.order(OrderType.CANCEL, contact, agent_id)
        callbacks.put_back(work, contact, why)


def _back(work: Work, agent: LiveAgent) -> None:
    """Who was made not ready by their phone only is ready again: they have chosen nothing else since, and a phone that
    starts anew, or a network that blinks, must not cost the floor an agent who does not look at the screen."""
    if agent.after in GONE:
        agent = agent.with_(after=None)
        work.store.put_agent(agent)
    if agent.state is AgentState.NOT_READY and agent.reason in GONE and agent.connected:
        work.move(agent.id, PresenceEvent.MAKE_READY, after=None)
