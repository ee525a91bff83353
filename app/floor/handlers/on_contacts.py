"""What agents do with contacts. What does not fit the present state is refused, with that state named."""

from typing import Any

from app.agents.presence import AgentState, PresenceEvent
from app.calls.call import open_call
from app.core.errors import Conflict, Invalid, one_of
from app.customers.cards import without_card_numbers
from app.floor import commands as c
from app.floor.call_control import consulting, contacts, inviting, phones
from app.floor.call_control.destinations import destination, talking
from app.floor.memory import under_way, views
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.work import Work, wrong_contact_state
from app.floor.queue.offers import offered, take_back
from app.floor.supervision import supervising
from app.telephony.events import CallEvent, OrderType
from app.telephony.numbers import has_digit


def decline(work: Work, command: c.DeclineOffer) -> dict[str, Any]:
    """Refuse the offered contact; the queue says whether that keeps the agent ready."""
    contact = offered(work, command, "decline")
    rules = work.store.config.queues.get(contact.queue or "")
    if rules is None or rules.decline_keeps_ready:
        take_back(work, contact, "declined", agent=command.agent_id)
    else:
        take_back(work, contact, "declined", PresenceEvent.MISS, agent=command.agent_id, reason="declined")
    return work.agent_body(command.agent_id)


def hold(work: Work, command: c.Hold) -> dict[str, Any]:
    """Ask the switch to put the caller on hold; the switch's own event makes it so."""
    contact = talking(work, command, "hold")
    if contact.call.held:
        raise Conflict(f"Contact {contact.id} is on hold already.", state="held", accepted=["call.retrieve"])
    under_way.once(work, contact, OrderType.HOLD, command.agent_id)
    return {}


def retrieve(work: Work, command: c.Retrieve) -> dict[str, Any]:
    """Ask the switch to take the caller back from hold."""
    contact = talking(work, command, "retrieve")
    if not contact.call.held:
        raise Conflict(f"Contact {contact.id} is not on hold.", state=str(contact.state), accepted=["call.hold"])
    under_way.once(work, contact, OrderType.RETRIEVE, command.agent_id)
    return {}


def transfer(work: Work, command: c.Transfer) -> dict[str, Any]:
    """Hand the caller over: to a queue, to a colleague who is ready, or to a number."""
    contact = talking(work, command, "transfer")
    under_way.must_be_new(work, contact, OrderType.TRANSFER, command.agent_id, command.to)
    destination(work, contact, command.to, command.agent_id, "queue", "agent", "number")
    contact = contact.with_(transfer=command.to, transfer_by=command.agent_id)
    contact = contact.noted(work.now, "transfer.asked", agent=command.agent_id, to=command.to.text)
    under_way.once(work, contact, OrderType.TRANSFER, command.agent_id, command.to, to=command.to)
    return {}


def hang_up(work: Work, command: c.HangUp) -> dict[str, Any]:
    """Ask the switch to end the call; before their phone has answered, the agent leaves the caller to somebody else."""
    contact = work.contact(command.contact_id)
    if contact.consult is not None and command.agent_id in (contact.consult.by, contact.consult.agent):
        return consulting.hang_up(work, contact, command.agent_id)
    if command.agent_id in (each.agent for each in contact.invited):
        inviting.decline(work, contact, command.agent_id)
        return {}
    connecting = contact.state is ContactState.CONNECTING and contact.offer is not None
    if connecting and contact.offer is not None and contact.offer.agent == command.agent_id:
        work.order(OrderType.CANCEL, contact, command.agent_id)
        take_back(work, contact, "declined")
        return {}
    if command.agent_id not in contact.agents or contact.ended_at is not None:
        raise wrong_contact_state(contact, "hang up", "a call that you are on")
    last = not under_way.staying(contact, command.agent_id)
    asked = contact.survey is not None and last  # then the caller stays for a moment
    closing = contact.with_(close_at=work.now + contacts.END_SECONDS)
    supervising.hang_up(work, closing, command.agent_id, stays=asked)
    return {}


def dial(work: Work, command: c.Dial) -> dict[str, Any]:
    """Place an outbound call for an agent who is free. The call's id is ours, so its events find it."""
    work.known(command.agent_id)
    agent = work.store.agent(command.agent_id)
    if agent.state not in (AgentState.READY, AgentState.NOT_READY, AgentState.WORKING_AFTER_CALL):
        raise Conflict(
            f"Cannot dial while {agent.state}.",
            state=str(agent.state),
            accepted=["ready", "not_ready", "working_after_call"],
        )
    phones.must_be_there(work, agent)
    if not has_digit(command.to):
        fault = {"where": "to", "what": f"{command.to!r} is no number", "accepted": "a telephone number"}
        raise Invalid("This cannot be dialled.", faults=[fault])
    source = which_source(work, command.source, agent.away)
    phones.must_be_there(work, agent, source)
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
        close_at=work.now + contacts.DIAL_SECONDS,
        customer=command.caller.customer if command.caller else None,
        candidates=command.caller.candidates if command.caller else (),
        agents=(agent.id,),
    )
    if command.caller is not None and command.caller.profile is not None:
        work.store.put_profile(contact.id, command.caller.profile)
    work.store.put_contact(contact.noted(work.now, "call.dialled", agent=agent.id, to=command.to))
    contacts.occupy(work, contact.id, agent.id)
    work.tell_contact("contact.opened", contact, profile=work.profile(contact))
    work.order(OrderType.DIAL, contact, agent.id, to=command.to)
    return {"contact": views.contact_view(contact)}


def finish_wrap_up(work: Work, command: c.FinishWrapUp) -> dict[str, Any]:
    """After-call work is done: keep code and note, of card numbers only the last digits, and take contacts again."""
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
            faults=[{"where": "code", "what": "unknown wrap-up code", "accepted": one_of(sorted(codes))}],
        )
    note = None if command.note is None else without_card_numbers(command.note)
    contacts.settle_wrap_up(work, agent.id, command.code, note)
    work.free(agent.id)
    return work.agent_body(agent.id)


def which_source(work: Work, asked: str | None, away: tuple[str, ...] = ()) -> str:
    """The platform that is to dial: the one that is asked for, or the only one, other than those where the agent's
    phone is `away`. Raises Invalid."""
    sources = sorted(work.store.config.sources)
    reached = [source for source in sources if source not in away] or sources
    if asked is None and len(reached) == 1:
        return reached[0]
    if asked not in sources:
        what = "which telephone platform is to dial"
        fault = {"where": "source", "what": what, "accepted": one_of(sources)}
        raise Invalid("Name the telephone platform that is to dial.", faults=[fault])
    return asked
