"""Agents come, go, and say whether they take contacts. What does not fit the present state is refused, naming it."""

from typing import Any

from app.agents.presence import AgentState, PresenceEvent
from app.core.errors import Conflict
from app.floor import commands as c
from app.floor.call_control import contacts, party, phones, wrap_up
from app.floor.memory.entities import Contact, LiveAgent
from app.floor.memory.work import Work
from app.floor.queue.offers import BUSY, take_back
from app.telephony.events import OrderType

SILENT_SECONDS = 45.0
"""An agent of whom nothing was heard for so long is gone."""

LOST = "connection_lost"

GONE = "agent_inactive"
"""Why a colleague who was to join a call, or to be consulted about it, does not."""

HELD = (AgentState.RESERVED, AgentState.BUSY, AgentState.WORKING_AFTER_CALL)
"""States in which something can follow "after this contact"."""


def connect(work: Work, command: c.Connect) -> dict[str, Any]:
    """A socket said hello. Logs on as not ready; never makes anybody ready."""
    work.known(command.agent_id)
    agent = work.store.agent(command.agent_id)
    if agent.state is AgentState.LOGGED_OFF:
        work.move(
            agent.id,
            PresenceEvent.LOG_ON,
            reason="logged_on",
            connected=True,
            silent_at=None,
            idle_since=work.now,
        )
    elif not agent.connected or agent.silent_at is not None:
        work.store.put_agent(agent.with_(connected=True, silent_at=None))
        if not agent.connected:
            work.tell_agent_state(work.store.agent(agent.id))
    return {}


def disconnect(work: Work, command: c.Disconnect) -> dict[str, Any]:
    """The last socket is gone: from 45 s after it was last heard, the agent is."""
    agent = work.store.agent(command.agent_id)
    if agent.state is not AgentState.LOGGED_OFF:
        work.store.put_agent(agent.with_(silent_at=max(command.last_heard + SILENT_SECONDS, work.now)))
    return {}


def silence(work: Work, agent_id: str) -> None:
    """Nothing was heard from an agent for too long: nothing more is offered; a talking agent stays on the call."""
    agent = work.store.agent(agent_id).with_(connected=False, silent_at=None)
    work.store.put_agent(agent)
    if agent.state is AgentState.RESERVED:
        _return_offer(work, agent.id, LOST, PresenceEvent.LOSE_CONNECTION, reason=LOST)
    elif agent.offer is not None:
        take_back(work, work.contact(agent.offer), LOST, agent=agent.id)
    elif agent.state is AgentState.READY:
        work.move(agent_id, PresenceEvent.LOSE_CONNECTION, reason=LOST)
    work.tell_agent_state(work.store.agent(agent_id))


def give_time_to_come_back(work: Work) -> None:
    """A process has become the owner, and nobody's socket is connected to it yet: whoever was here has 45 s."""
    contacts.give_time(work)
    for agent in list(work.store.agents.values()):
        if agent.state is not AgentState.LOGGED_OFF and agent.connected and agent.silent_at is None:
            work.store.put_agent(agent.with_(silent_at=work.now + SILENT_SECONDS))


def resumed(work: Work, command: c.Resumed) -> dict[str, Any]:
    """After an outage nobody is blamed for what they could not do."""
    contacts.give_time(work)
    return {}


def dismiss_former(work: Work) -> None:
    """Log off agents who were made inactive. One who talks is left to finish, but nothing new reaches them: neither
    what is on offer to them nor what their phone rings for."""
    for agent_id in [key for key in work.store.agents if key not in work.store.config.agents]:
        agent = work.store.agent(agent_id)
        if agent.state is AgentState.BUSY:
            for key in filter(None, (agent.offer, *agent.contacts)):
                _spared(work, work.contact(key), agent_id)
        elif agent.state is not AgentState.LOGGED_OFF:
            log_off(work, c.LogOff(agent_id=agent_id))


def _spared(work: Work, contact: Contact, agent_id: str) -> None:
    if work.store.agent(agent_id).offer == contact.id:
        take_back(work, contact, BUSY, agent=agent_id)
    elif phones.rung(contact, agent_id):
        work.order(OrderType.CANCEL, contact, agent_id)
        take_back(work, contact, BUSY)
    else:
        party.spare(work, contact, agent_id, GONE)


def ready(work: Work, command: c.Ready) -> dict[str, Any]:
    """The agent takes contacts from now on."""
    work.known(command.agent_id)
    agent = work.store.agent(command.agent_id)
    if command.after_contact and agent.state in HELD:
        return _afterwards(work, agent, None)
    if not agent.connected:
        raise Conflict("No socket of this agent is connected.", state=str(agent.state), accepted=["connect first"])
    phones.must_be_there(work, agent)
    if agent.wrap_up is not None:
        wrap_up.settle(work, agent.id)
    return work.agent_body(work.move(agent.id, PresenceEvent.MAKE_READY, after=None).id)


def not_ready(work: Work, command: c.NotReady) -> dict[str, Any]:
    """The agent takes no contacts from now on; what is on offer to them goes to somebody else."""
    agent = work.store.agent(command.agent_id)
    if command.after_contact and agent.state in HELD:
        return _afterwards(work, agent, command.reason)
    if agent.state is AgentState.RESERVED:
        _return_offer(work, agent.id, "not_ready", PresenceEvent.MAKE_NOT_READY, reason=command.reason)
    else:
        if agent.wrap_up is not None:
            wrap_up.settle(work, agent.id)
        work.move(agent.id, PresenceEvent.MAKE_NOT_READY, reason=command.reason, after=None)
    return work.agent_body(agent.id)


def _afterwards(work: Work, agent: LiveAgent, reason: str | None) -> dict[str, Any]:
    """What the agent will be once nothing holds them any more; None is ready."""
    if agent.after != reason:
        work.store.put_agent(agent.with_(after=reason))
        work.tell_agent_state(work.store.agent(agent.id))
    return work.agent_body(agent.id)


def log_off(work: Work, command: c.LogOff) -> dict[str, Any]:
    """The agent leaves the floor."""
    agent = work.store.agent(command.agent_id)
    if agent.state is AgentState.RESERVED:
        _return_offer(work, agent.id, "logged_off", PresenceEvent.LOG_OFF, silent_at=None)
    else:
        if agent.wrap_up is not None:
            wrap_up.settle(work, agent.id)
        work.move(agent.id, PresenceEvent.LOG_OFF, silent_at=None)
    return work.agent_body(agent.id)


def _return_offer(work: Work, agent_id: str, why: str, event: PresenceEvent, **changes: Any) -> None:
    contact = work.contact(work.store.agent(agent_id).offer or "")
    take_back(work, contact, why, event, agent=agent_id, **changes)
