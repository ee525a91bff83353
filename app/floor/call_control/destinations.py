"""The call that an agent is on, and where it may go."""

from app.agents.presence import AgentState
from app.core.errors import Conflict, Invalid, one_of
from app.floor import commands as c
from app.floor.call_control import phones
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.work import Work, wrong_contact_state
from app.telephony.dialable import has_digit


def talking(work: Work, command: c.ContactCommand, wish: str) -> Contact:
    """The contact that the agent talks to, and about which nobody is being consulted; raises Conflict."""
    contact = work.contact(command.contact_id)
    if contact.state is not ContactState.ACTIVE or command.agent_id not in contact.agents:
        raise wrong_contact_state(contact, wish, "an active call that you are on")
    if contact.consult is not None:
        accepted = ["call.complete_transfer", "call.reconnect"]
        raise Conflict(f"Cannot {wish}: a consultation is going on.", contact_id=contact.id, accepted=accepted)
    return contact


def destination(work: Work, contact: Contact, to: c.Destination, own: str, *kinds: str) -> None:
    """Raise Invalid or Conflict unless the call may go there, which is one of `kinds`: it stays with its platform, so
    that has to reach a colleague's phone."""
    given = [name for name in ("queue", "agent", "number") if getattr(to, name)]
    if len(given) != 1:
        raise _bad(f"exactly one of {', '.join(kinds)} is needed; given: {', '.join(given) or 'none'}", kinds)
    if given[0] not in kinds:
        raise _bad(f"it takes {' or '.join(kinds)}, not a {given[0]}", kinds)
    if to.queue is not None and to.queue not in work.store.config.queues:
        raise _bad(f"unknown queue {to.queue!r}", tuple(sorted(work.store.config.queues)))
    if to.number is not None and not has_digit(to.number):
        raise _bad(f"{to.number!r} is no number", ("a telephone number",))
    if to.agent is None:
        return
    work.known(to.agent)
    state = work.store.agent(to.agent).state
    if to.agent == own or state is not AgentState.READY:
        raise Conflict(f"Agent {to.agent} cannot take the call now.", state=str(state), accepted=["ready"])
    phones.must_be_there(work, work.store.agent(to.agent), contact.call.source)


def must_be_free(work: Work, contact: Contact, agent_id: str, wish: str) -> None:
    """Raise Conflict unless a colleague can be rung for the call now."""
    if work.store.engine.ready.find(agent_id) is None or agent_id in contact.agents:
        agent = work.store.agent(agent_id)
        detail = f"Agent {agent_id} cannot be {wish} now: not connected, or on another call."
        raise Conflict(detail, state=str(agent.state), phone=agent.phone, accepted=[str(AgentState.READY)])


def _bad(what: str, accepted: tuple[str, ...]) -> Invalid:
    fault = {"where": "to", "what": what, "accepted": one_of(accepted)}
    return Invalid(f"Bad destination: {what}.", faults=[fault])
