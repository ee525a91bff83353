"""A changed configuration is obeyed at once, also by what was on the floor before: whoever waits is judged anew."""

from typing import Any

from app.floor import commands as c
from app.floor import on_flow, on_presence, phones, placing, queueing, supervising, under_way
from app.floor.entities import ContactState
from app.floor.offers import BUSY, take_back
from app.floor.work import Work


def configure(work: Work, command: c.Configure) -> dict[str, Any]:
    """A new configuration: indexes follow, who waits is placed anew, who was removed is logged off.

    The configuration itself is not undone with its batch; it is what the records say.
    """
    work.store.reindex(command.config)
    _obey(work)
    return {}


def take_over(work: Work, command: c.TakeOver) -> dict[str, Any]:
    """A process has become the owner: whoever was here has time to come back, and what was changed in the records while
    nobody owned the floor is obeyed, too. So is what an older version did not keep."""
    on_presence.give_time_to_come_back(work)
    _drop_anew(work)
    on_flow.ask_again(work)
    _obey(work)
    return {}


def _drop_anew(work: Work) -> None:
    """Drop those agents again from whom a supervisor has taken the call where it is not kept that they were: nothing
    would end their part in it if the platform has lost that. Who has come since the supervisor did stays."""
    for contact in list(work.store.contacts.values()):
        dropped = under_way.dropped(contact)
        agents = contact.agents
        for taker in [each.by for each in contact.listeners if each.taking and each.inside][-1:]:
            before = agents[: agents.index(taker)] if taker in agents else agents
            supervising.drop_all(work, contact, [each for each in before if each not in dropped], taker)


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
