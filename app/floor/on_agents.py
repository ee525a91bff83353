"""What agents ask of the floor. A request that does not fit the present state is refused with that state named."""

from typing import Any

from app.agents.presence import AgentState, PresenceEvent
from app.calls.call import open_call
from app.core.errors import Conflict, Invalid, NotFound
from app.floor import commands as c
from app.floor import contacts, views
from app.floor.entities import Contact, ContactState, Offer
from app.floor.offers import take_back
from app.floor.work import Work, wrong_contact_state
from app.telephony.events import CallEvent, OrderType

SILENT_SECONDS = 45.0
"""An agent of whom nothing was heard for so long is gone."""

LOST = "connection_lost"


def connect(work: Work, command: c.Connect) -> dict[str, Any]:
    """A socket said hello. Logs on as not ready; never makes anybody ready."""
    _known(work, command.agent_id)
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
    else:
        if agent.state is AgentState.READY:
            work.move(agent_id, PresenceEvent.LOSE_CONNECTION, reason=LOST)
    work.tell_agent_state(work.store.agent(agent_id))


def take_over(work: Work, command: c.TakeOver) -> dict[str, Any]:
    """A process has become the owner: whoever was here has 45 s to come back."""
    for agent in list(work.store.agents.values()):
        if agent.state is not AgentState.LOGGED_OFF and agent.connected and agent.silent_at is None:
            work.store.put_agent(agent.with_(silent_at=work.now + SILENT_SECONDS))
    return {}


def ready(work: Work, command: c.Ready) -> dict[str, Any]:
    """The agent takes contacts from now on."""
    _known(work, command.agent_id)
    agent = work.store.agent(command.agent_id)
    if not agent.connected:
        raise Conflict("No socket of this agent is connected.", state=str(agent.state), accepted=["connect first"])
    if agent.wrap_up is not None:
        contacts.settle_wrap_up(work, agent.id)
    return _state(work, work.move(agent.id, PresenceEvent.MAKE_READY, after=None).id)


def not_ready(work: Work, command: c.NotReady) -> dict[str, Any]:
    """The agent takes no contacts from now on; what is on offer to them goes to somebody else."""
    agent = work.store.agent(command.agent_id)
    if agent.state is AgentState.RESERVED:
        _return_offer(work, agent.id, "not_ready", PresenceEvent.MAKE_NOT_READY, reason=command.reason)
    else:
        if agent.wrap_up is not None:
            contacts.settle_wrap_up(work, agent.id)
        work.move(agent.id, PresenceEvent.MAKE_NOT_READY, reason=command.reason)
    return _state(work, agent.id)


def log_off(work: Work, command: c.LogOff) -> dict[str, Any]:
    """The agent leaves the floor."""
    agent = work.store.agent(command.agent_id)
    if agent.state is AgentState.RESERVED:
        _return_offer(work, agent.id, "logged_off", PresenceEvent.LOG_OFF, silent_at=None)
    else:
        if agent.wrap_up is not None:
            contacts.settle_wrap_up(work, agent.id)
        work.move(agent.id, PresenceEvent.LOG_OFF, silent_at=None)
    return _state(work, agent.id)


def accept(work: Work, command: c.AcceptOffer) -> dict[str, Any]:
    """Take the offered contact: the switch connects the agent's phone."""
    contact = _offered(work, command, "accept")
    until = work.now + contacts.CONNECT_SECONDS
    contact = contact.with_(state=ContactState.CONNECTING, offer=Offer(command.agent_id, until))
    work.store.put_contact(contact.noted(work.now, "offer.accepted", agent=command.agent_id))
    contacts.occupy(work, contact.id, command.agent_id)
    work.order(OrderType.CONNECT, contact, command.agent_id)
    return {"contact": views.contact_view(contact)}


def decline(work: Work, command: c.DeclineOffer) -> dict[str, Any]:
    """Refuse the offered contact; the queue says whether that keeps the agent ready."""
    contact = _offered(work, command, "decline")
    rules = work.store.config.queues.get(contact.queue or "")
    if rules is None or rules.decline_keeps_ready:
        take_back(work, contact, "declined")
    else:
        take_back(work, contact, "declined", PresenceEvent.MISS, reason="declined")
    return _state(work, command.agent_id)


def hold(work: Work, command: c.Hold) -> dict[str, Any]:
    """Ask the switch to put the caller on hold; the switch's own event makes it so."""
    contact = _talking(work, command, "hold")
    if contact.call.held:
        raise Conflict(f"Contact {contact.id} is on hold already.", state="held", accepted=["call.retrieve"])
    work.order(OrderType.HOLD, contact, command.agent_id)
    return {}


def retrieve(work: Work, command: c.Retrieve) -> dict[str, Any]:
    """Ask the switch to take the caller back from hold."""
    contact = _talking(work, command, "retrieve")
    if not contact.call.held:
        raise Conflict(f"Contact {contact.id} is not on hold.", state=str(contact.state), accepted=["call.hold"])
    work.order(OrderType.RETRIEVE, contact, command.agent_id)
    return {}


def transfer(work: Work, command: c.Transfer) -> dict[str, Any]:
    """Hand the caller over: to a queue, to a colleague who is ready, or to a number."""
    contact = _talking(work, command, "transfer")
    _destination(work, command.to, command.agent_id)
    contact = contact.with_(transfer=command.to)
    work.store.put_contact(
        contact.noted(work.now, "transfer.asked", agent=command.agent_id, to=_destination_text(command.to))
    )
    work.order(OrderType.TRANSFER, contact, command.agent_id, to=command.to)
    return {}


def conference(work: Work, command: c.Conference) -> dict[str, Any]:
    """Ask the switch to add a colleague or a number to the call."""
    contact = _talking(work, command, "conference")
    if command.to.queue is not None:
        raise _bad_destination("a conference takes an agent or a number, not a queue")
    _destination(work, command.to, command.agent_id)
    to: dict[str, Any] = {"number": command.to.number}
    if command.to.agent is not None:
        to = {"agent": command.to.agent, "address": work.address(command.to.agent)}
    work.order(OrderType.CONFERENCE, contact, command.agent_id, to=to)
    return {}


def hang_up(work: Work, command: c.HangUp) -> dict[str, Any]:
    """Ask the switch to end the call."""
    contact = work.contact(command.contact_id)
    mine = command.agent_id in contact.agents or (
        contact.state is ContactState.CONNECTING
        and contact.offer is not None
        and contact.offer.agent == command.agent_id
    )
    if not mine or contact.ended_at is not None:
        raise wrong_contact_state(contact, "hang up", "a call that you are on")
    work.order(OrderType.DISCONNECT, contact, command.agent_id)
    return {}


def dial(work: Work, command: c.Dial) -> dict[str, Any]:
    """Place an outbound call for an agent who is free. The call's id is ours, so its events find it."""
    _known(work, command.agent_id)
    agent = work.store.agent(command.agent_id)
    if agent.state not in (AgentState.READY, AgentState.NOT_READY, AgentState.WORKING_AFTER_CALL):
        raise Conflict(
            f"Cannot dial while {agent.state}.",
            state=str(agent.state),
            accepted=["ready", "not_ready", "working_after_call"],
        )
    source = _source(work, command.source)
    event = CallEvent(
        source=source,
        type="call.dialled",
        call_id=command.contact_id,
        at=work.now,
        direction="outbound",
        to=command.to,
    )
    contact = Contact(
        id=command.contact_id,
        call=open_call(event),
        arrived_at=work.now,
        heard_at=work.now,
        state=ContactState.CONNECTING,
        customer=command.caller.customer if command.caller else None,
        candidates=command.caller.candidates if command.caller else (),
        agents=(agent.id,),
    )
    if command.caller is not None and command.caller.profile is not None:
        work.store.put_profile(contact.id, command.caller.profile)
    work.store.put_contact(contact.noted(work.now, "call.dialled", agent=agent.id, to=command.to))
    contacts.occupy(work, contact.id, agent.id)
    work.tell_contact("contact.opened", contact)
    work.order(OrderType.DIAL, contact, agent.id, to=command.to)
    return {"contact": views.contact_view(contact)}


def finish_wrap_up(work: Work, command: c.FinishWrapUp) -> dict[str, Any]:
    """After-call work is done: keep code and note, and take contacts again."""
    agent = work.store.agent(command.agent_id)
    if agent.wrap_up != command.contact_id:
        raise Conflict(
            f"Agent {agent.id} is not wrapping up contact {command.contact_id}.",
            state=str(agent.state),
            wrap_up=agent.wrap_up,
        )
    codes = work.store.config.wrap_up_codes
    if command.code is not None and command.code not in codes:
        raise Invalid(
            f"Unknown wrap-up code {command.code!r}.",
            faults=[{"where": "code", "what": "unknown wrap-up code", "accepted": sorted(codes)}],
        )
    contacts.settle_wrap_up(work, agent.id, command.code, command.note)
    after_wrap_up(work, agent.id)
    return _state(work, agent.id)


def after_wrap_up(work: Work, agent_id: str) -> None:
    """Wrap-up has ended, by the agent or by its limit."""
    work.free(agent_id)


def _state(work: Work, agent_id: str) -> dict[str, Any]:
    return {"agent": views.agent_view(work.store.config, work.store.agent(agent_id))}


def _known(work: Work, agent_id: str) -> None:
    if agent_id not in work.store.config.agents:
        raise NotFound(f"No agent {agent_id}.", agent_id=agent_id)


def _offered(work: Work, command: c.ContactCommand, wish: str) -> Contact:
    contact = work.store.contacts.get(command.contact_id)
    offer = contact.offer if contact is not None and contact.state is ContactState.OFFERED else None
    if contact is None or offer is None or offer.agent != command.agent_id:
        agent = work.store.agent(command.agent_id)
        raise Conflict(
            f"Cannot {wish}: contact {command.contact_id} is not on offer to {agent.id}; the offer may have expired.",
            state=str(agent.state),
            contact_state=str(contact.state) if contact else "ended",
            contact_id=command.contact_id,
        )
    return contact


def _talking(work: Work, command: c.ContactCommand, wish: str) -> Contact:
    contact = work.contact(command.contact_id)
    if contact.state is not ContactState.ACTIVE or command.agent_id not in contact.agents:
        raise wrong_contact_state(contact, wish, "an active call that you are on")
    return contact


def _destination(work: Work, to: c.Destination, own: str) -> None:
    given = [name for name in ("queue", "agent", "number") if getattr(to, name)]
    if len(given) != 1:
        raise _bad_destination(f"exactly one of queue, agent, number is needed; given: {', '.join(given) or 'none'}")
    if to.queue is not None and to.queue not in work.store.config.queues:
        raise _bad_destination(f"unknown queue {to.queue!r}", sorted(work.store.config.queues))
    if to.agent is None:
        return
    _known(work, to.agent)
    state = work.store.agent(to.agent).state
    if to.agent == own or state is not AgentState.READY:
        raise Conflict(f"Agent {to.agent} cannot take the call now.", state=str(state), accepted=["ready"])


def _destination_text(to: c.Destination) -> str:
    return next(f"{name}:{value}" for name in ("queue", "agent", "number") if (value := getattr(to, name)))


def _bad_destination(what: str, accepted: list[str] | None = None) -> Invalid:
    fault = {"where": "to", "what": what, "accepted": accepted or ["queue", "agent", "number"]}
    return Invalid(f"Bad destination: {what}.", faults=[fault])


def _source(work: Work, asked: str | None) -> str:
    sources = sorted(work.store.config.sources)
    if asked is None and len(sources) == 1:
        return sources[0]
    if asked not in sources:
        fault = {"where": "source", "what": "which telephone platform is to dial", "accepted": sources}
        raise Invalid("Name the telephone platform that is to dial.", faults=[fault])
    return asked


def _return_offer(work: Work, agent_id: str, why: str, event: PresenceEvent, **changes: Any) -> None:
    contact = work.contact(work.store.agent(agent_id).offer or "")
    take_back(work, contact, why, event, **changes)
