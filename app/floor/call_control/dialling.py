"""Calls that agents dial: by command, or at their phones themselves, where they are followed like the others."""

from typing import Any

from app.agents.presence import AgentState
from app.calls.call import open_call
from app.core.errors import Conflict, Invalid, one_of
from app.floor import commands as c
from app.floor.call_control import contacts, phones
from app.floor.memory import views
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.work import Work
from app.telephony.dialable import has_digit
from app.telephony.events import CallEvent, EventType, OrderType


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


def at_the_phone(work: Work, contact: Contact, event: CallEvent) -> Contact:
    """The contact with the agent who has dialled it: busy from now on, and on it once the customer answers."""
    agent_id = event.agent
    if event.type != EventType.OFFERED or agent_id is None or agent_id not in work.store.config.agents:
        return contact
    fresh = contact.state is ContactState.ARRIVING and not contact.agents and not contact.served_by
    if not fresh or contact.call.direction != "outbound" or contact.call.over:
        return contact
    contact = contact.with_(
        state=ContactState.CONNECTING,
        agents=(agent_id,),
        close_at=work.now + contacts.DIAL_SECONDS,
        sent_away=False,
    )
    contact = contact.noted(work.now, "call.dialled", agent=agent_id, to=contact.call.to, at="phone")
    work.store.put_contact(contact)
    contacts.occupy(work, contact.id, agent_id)
    return contact
