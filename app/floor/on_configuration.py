"""A changed configuration is obeyed at once, also by what was on the floor before: whoever waits is judged anew."""

from typing import Any

from app.floor import commands as c
from app.floor import on_flow, on_presence, phones, placing, queueing
from app.floor.config import FloorConfig
from app.floor.entities import Contact, ContactState
from app.floor.offers import BUSY, take_back
from app.floor.work import Work


def configure(work: Work, command: c.Configure) -> dict[str, Any]:
    """A new configuration: indexes follow, who waits is placed anew, who was removed is logged off. Of whoever is in
    another team it is told, and of what they have: who watches a team sees them come and go.

    The configuration itself is not undone with its batch; it is what the records say.
    """
    before = command.before or work.store.config
    work.store.reindex(command.config)
    _obey(work)
    _tell_teams(work, before)
    return {}


def take_over(work: Work, command: c.TakeOver) -> dict[str, Any]:
    """A process has become the owner: whoever was here has time to come back, and what was changed in the records while
    nobody owned the floor is obeyed, too."""
    on_presence.give_time_to_come_back(work)
    on_flow.ask_again(work)
    _obey(work)
    return {}


def _tell_teams(work: Work, before: FloorConfig) -> None:
    now = work.store.config
    people = {*before.agents, *before.former, *now.agents}
    moved = {key for key in people if now.person(key) and _team(before, key) != _team(now, key)}
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


def _obey(work: Work) -> None:
    for contact in list(work.store.contacts.values()):
        if contact.state is ContactState.WAITING and (placed := placing.placed(work, contact)) != contact:
            work.store.put_contact(placed)
    _reconsider(work)
    phones.look_anew(work)
    on_presence.dismiss_former(work)
    for agent_id in work.store.agents:
        work.store.touched_agents[agent_id] = None


def _reconsider(work: Work) -> None:
    """Look at what stands by the old rules: who waits, and what is on offer on a channel no longer taken."""
    for contact in list(work.store.contacts.values()):
        for each in contact.offers if contact.state is ContactState.OFFERED else ():
            record = work.store.config.agents.get(each.agent)
            if record is not None and contact.channel not in dict(record.capacity):
                take_back(work, work.store.contacts[contact.id], BUSY, agent=each.agent)
    for waiting in work.store.waiting():
        if (contact := work.store.contacts[waiting.id]).state is ContactState.WAITING:
            queueing.look_at_overflow(work, contact)
