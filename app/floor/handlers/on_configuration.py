"""A changed configuration is obeyed at once, also by what was on the floor before: whoever waits is judged anew."""

from collections.abc import Collection
from typing import Any

from app.floor import commands as c
from app.floor.call_control import phones
from app.floor.configuration.changes import Changes, both, changes
from app.floor.configuration.config import FloorConfig
from app.floor.flow import playing
from app.floor.handlers import on_presence
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.work import Work
from app.floor.queue import overflow, placing, stays
from app.floor.queue.offers import BUSY, take_back
from app.routing.engine.capacity import free_channels
from app.routing.overflow.rules import When


def configure(work: Work, command: c.Configure) -> dict[str, Any]:
    """A new configuration: indexes follow, who waits is placed anew, who was removed is logged off. Of whoever is in
    another team it is told, and of what they have: who watches a team sees them come and go.

    The configuration itself is not undone with its batch; it is what the records say. What is done of it is done for
    what differs from the configuration that was obeyed before. For everything where that is not known, or where others
    came between, whose batch was undone or which raised: who has come meanwhile stands by those.
    """
    store = work.store
    was, obeyed = store.config, store.obeyed
    before = obeyed or command.before or was
    changed = changes(was, command.config)
    store.follow(command.config, changed)
    if before is not was:
        changed = both(changed, changes(before, command.config))
    if obeyed is was:
        _obey(work, changed)
    else:
        _obey_anew(work, changed.queues)
    _tell_teams(work, (before, was), changed.people)
    return {}


def take_over(work: Work, command: c.TakeOver) -> dict[str, Any]:
    """A process has become the owner: whoever was here has time to come back, and what was changed in the records while
    nobody owned the floor is obeyed, too."""
    on_presence.give_time_to_come_back(work)
    playing.ask_again(work)
    _obey_anew(work)
    return {}


def _tell_teams(work: Work, before: Collection[FloorConfig], changed: Collection[str]) -> None:
    now = work.store.config
    here = [key for key in changed if now.person(key)]
    moved = {key for key in here if any(_team(each, key) != _team(now, key) for each in before)}
    if not moved:
        return
    for agent_id in sorted(moved):
        work.tell_agent_state(work.store.agent(agent_id))
    for contact in work.store.contacts.values():
        if contact.ended_at is None and (whose := sorted(moved.intersection(_people(contact)))):
            work.tell_contact("contact.updated", contact, tuple(whose))


def _team(config: FloorConfig, agent_id: str) -> str | None:
    """Theirs, or None also of whom there is not yet."""
    record = config.person(agent_id)
    return record.team if record is not None else None


def _people(contact: Contact) -> tuple[str | None, ...]:
    """The agents whom it concerns now."""
    offered, invited = (each.agent for each in contact.offers), (each.agent for each in contact.invited)
    return (*contact.agents, *offered, *invited, contact.consult.agent if contact.consult is not None else None)


def _obey_anew(work: Work, queues: Collection[str] = ()) -> None:
    """Whatever was obeyed before; of these queues it is known that they have changed."""
    _place(work, None)
    _relieve(work, None)
    phones.look_anew(work)
    on_presence.dismiss_former(work)
    _reconsider(work, None, queues)
    for agent_id in work.store.agents:
        work.store.touched_agents[agent_id] = None
    work.store.put_obeyed()


def _obey(work: Work, changed: Changes) -> None:
    """For thousands who stand as they stood nothing is done, nor written; they are only asked whether somebody whose
    wait has changed is for them now (`match`)."""
    _place(work, changed)
    _relieve(work, changed)
    phones.look_anew(work, None if changed.sources else changed.people)
    on_presence.dismiss_former(work)
    _reconsider(work, changed, changed.queues)
    for agent_id in sorted(changed.people & work.store.agents.keys()):
        work.store.touched_agents[agent_id] = None
    work.store.configured = True
    work.store.put_obeyed()


def _place(work: Work, changed: Changes | None) -> None:
    for contact in list(work.store.contacts.values()):
        concerned = contact.state is ContactState.WAITING and _concerned(contact, changed)
        if concerned and (placed := placing.placed(work, contact)) != contact:
            work.store.put_contact(placed)


def _concerned(contact: Contact, changed: Changes | None) -> bool:
    """Whether anything has changed that says where it stands and what it requires there."""
    if changed is None or contact.queue in changed.queues:
        return True
    tier = contact.customer.tier if contact.customer is not None else None
    return tier in changed.tiers or any(agent in changed.people for agent, _ in contact.wishes)


def _relieve(work: Work, changed: Changes | None) -> None:
    """Take back what is on offer to agents who take no such contact any more, beside those that they have."""
    store = work.store
    for agent_id in sorted(store.agents if changed is None else changed.people & store.agents.keys()):
        agent, record = store.agents[agent_id], store.config.agents.get(agent_id)
        if record is None or agent.offer is None:
            continue
        contact = store.contacts[agent.offer]
        if contact.channel not in free_channels(record.capacity, record.blending, store.channels_of(agent)):
            take_back(work, contact, BUSY, agent=agent_id)


def _reconsider(work: Work, changed: Changes | None, queues: Collection[str]) -> None:
    """Look at who waits by the old rules, and at who came back to the line by what was done for the new ones. Who
    thinks about a callback is not hurried, unless it is their queue that is another one now."""
    deserted = _where_somebody_must_be(work.store.config) if changed is not None and changed.people else ()
    for waiting in work.store.waiting():
        contact = work.store.contacts[waiting.id]
        returned = contact.id in work.store.touched_contacts
        looked_at = returned or _concerned(contact, changed) or contact.queue in deserted
        if not looked_at or (contact.queue not in queues and overflow.thinks(work, contact)):
            continue
        if contact.state is ContactState.WAITING:
            stays.look_at_overflow(work, contact)


def _where_somebody_must_be(config: FloorConfig) -> frozenset[str]:
    """The queues that send their callers on when nobody is logged on who could take them."""
    return frozenset(
        key for key, rules in config.queues.items() if any(rule.when is When.NO_AGENT for rule in rules.overflow)
    )
