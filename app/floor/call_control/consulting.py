"""Attended transfer, in CSTA's words: Consultation Call, Transfer Call, Reconnect Call.

While an agent consults, the caller is on hold; the consulted colleague is on the contact without serving it. They serve
it once the first agent has left, by command or by hanging up. Whatever else ends the consultation leaves the caller
with the first agent, or waiting at their old place.
"""

from typing import Any

import msgspec

from app.calls.call import TALKING, take_off
from app.calls.leg import Party
from app.core.errors import Conflict
from app.floor import commands as c
from app.floor.call_control import contacts, party
from app.floor.call_control.destinations import destination, must_be_free, talking
from app.floor.memory import under_way, views
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.parts import Consult
from app.floor.memory.reasons import NOT_ANSWERED, why_not_reached
from app.floor.memory.work import Work, wrong_contact_state
from app.telephony.events import CallEvent, EventType, OrderType

OVER, RECONNECTED, COMPLETED, LEFT = "consult_over", "reconnect", "complete", "leave"
UNREACHED = "consult_failed"


def consult(work: Work, command: c.ConsultCall) -> dict[str, Any]:
    """Ask the switch to hold the caller and to ring a colleague or a number for the agent."""
    contact = talking(work, command, "consult")
    to = command.to
    destination(work, contact, to, command.agent_id, "agent", "number")
    if to.agent is not None:
        must_be_free(work, contact, to.agent, "consulted")
    seconds = party.RING_SECONDS["number" if to.agent is None else "agent"]
    made = Consult(
        by=command.agent_id,
        agent=to.agent,
        number=to.number,
        known=tuple(leg.id for leg in contact.call.legs),
        due_at=work.now + seconds + party.GRACE_SECONDS,
    )
    contact = contact.with_(consult=made)
    contact = contact.noted(work.now, "consult.asked", agent=command.agent_id, to=to.agent or to.number)
    work.store.put_contact(contact)
    if to.agent is not None:
        contacts.occupy(work, contact.id, to.agent)
        work.tell_contact("contact.consulted", contact, (to.agent,), by=command.agent_id, profile=work.profile(contact))
    work.order(OrderType.CONSULT, contact, command.agent_id, to=party.address(work, made), ring_seconds=seconds)
    contact = contact.with_(consult=msgspec.structs.replace(made, order=work.seq))
    work.store.put_contact(contact)
    return {"contact": views.contact_view(contact)}


def complete(work: Work, command: c.CompleteTransfer) -> dict[str, Any]:
    """Ask the switch to join the caller and the consulted party; the agent leaves."""
    contact, consult = _consulting(work, command, "complete the transfer")
    if not consult.answered:
        raise Conflict(
            "The consulted party has not answered yet.", state="ringing", accepted=["call.reconnect", "wait for them"]
        )
    if consult.asked == RECONNECTED:  # the caller would be left to somebody who is being dropped
        raise Conflict(
            "You have asked for the caller back, and the consulted party is being let go.",
            state="reconnecting",
            accepted=["wait until they have gone, and consult them again"],
        )
    if consult.asked == LEFT:
        raise Conflict(
            "The consulted colleague has hung up.",
            state="leaving",
            accepted=["call.reconnect", "wait until they have gone"],
        )
    contact = _asked(work, contact, consult, COMPLETED, None)
    to = party.address(work, consult)
    contact = under_way.once(work, contact, OrderType.COMPLETE_TRANSFER, command.agent_id, to=to)
    return {"contact": views.contact_view(contact)}


def reconnect(work: Work, command: c.ReconnectCall) -> dict[str, Any]:
    """Ask the switch to drop the consulted party and to give the caller back; they may just have gone by themselves."""
    contact = work.contact(command.contact_id)
    if contact.consult is None and contact.call.held:
        under_way.once(work, talking(work, command, "reconnect"), OrderType.RETRIEVE, command.agent_id)
        return {"contact": views.contact_view(contact)}
    contact, consult = _consulting(work, command, "reconnect")
    contact = _asked(work, contact, consult, RECONNECTED, work.now + contacts.END_SECONDS)
    to = party.address(work, consult)
    contact = under_way.once(work, contact, OrderType.RECONNECT, command.agent_id, to=to)
    return {"contact": views.contact_view(contact)}


def hang_up(work: Work, contact: Contact, agent_id: str) -> dict[str, Any]:
    """The consulted agent leaves, or declines; from the one who consults it would be unclear who is to hear them go."""
    consult = contact.consult
    assert consult is not None
    if agent_id != consult.agent:
        accepted = ["call.complete_transfer", "call.reconnect"]
        raise Conflict("A consultation is going on: say what is to become of the caller.", accepted=accepted)
    contact = _asked(work, contact, consult, LEFT, work.now + contacts.END_SECONDS)
    under_way.once(work, contact, OrderType.CANCEL, agent_id)
    return {}


def attributed(contact: Contact, event: CallEvent) -> CallEvent:
    """Hold and its end belong to the agent who consults, where the platform tells them of nobody."""
    held = event.type in (EventType.HELD, EventType.RETRIEVED) and event.agent is None and event.leg_id is None
    if contact.consult is None or not held:
        return event
    return msgspec.structs.replace(event, agent=contact.consult.by)


def joined(work: Work, contact: Contact) -> Contact:
    """The consulted party has answered: a colleague is on the contact, and serves it only once it is theirs."""
    consult, leg = contact.consult, party.leg_of(contact)
    if consult is None or consult.answered or leg is None or leg.state not in TALKING:
        return contact
    agents = contact.agents if consult.agent is None else (*contact.agents, consult.agent)
    due_at = consult.due_at if consult.asked is not None else None
    answered = msgspec.structs.replace(consult, answered=True, due_at=due_at)
    contact = contact.with_(consult=answered, agents=agents)
    work.store.put_contact(contact)
    return contact


def parted(work: Work, contact: Contact, agent_id: str, kind: str = EventType.CONNECTION_CLEARED) -> Contact:
    """An agent has left the contact: the one who consults, which hands it over once the other has answered, or the
    consulted one."""
    consult = contact.consult
    if consult is None or agent_id not in (consult.by, consult.agent):
        return contact
    if agent_id == consult.agent:
        return party.let_go(work, contact, OVER)
    if consult.answered and not _taken_back(consult):
        return _completed(work, contact, consult)
    if kind != EventType.TRANSFERRED:  # else the switch itself has handed the caller over while the phone rings
        work.order(OrderType.RECONNECT, contact, consult.by, to=party.address(work, consult))
    return party.let_go(work, contact, OVER)


def hands_over_outside(consult: Consult | None) -> bool:
    """Whether a caller whose agent leaves is with somebody outside."""
    return consult is not None and consult.answered and consult.number is not None and not _taken_back(consult)


def _taken_back(consult: Consult) -> bool:
    """Whether the agent has asked for the caller back from a number, of the end of which it may be told only after
    theirs; a colleague is on the call until then."""
    return consult.number is not None and consult.asked == RECONNECTED


def followed(work: Work, contact: Contact, event: CallEvent) -> Contact:
    """The consulted party was not reached, or has gone: the caller is on hold until the agent takes them back."""
    consult, leg = contact.consult, party.leg_of(contact)
    if consult is None:
        return _left_alone(work, contact)
    again = leg is None and party.not_reached_again(contact, consult.known, consult.agent, event)
    if not again and (leg is None or not leg.ended):
        return contact
    came = consult.answered or event.type == EventType.TRANSFERRED  # whoever has gone so has come before
    reason = OVER if came or consult.asked else why_not_reached(event.cause)
    missed = reason == NOT_ANSWERED and consult.agent is not None
    return party.let_go(work, contact, reason, missed=missed)


def _left_alone(work: Work, contact: Contact) -> Contact:
    """The consulted number had gone before the agent who seemed to leave the caller to it, and that is told only now:
    nobody has the caller."""
    number = next((leg for leg in contact.call.legs if leg.id == contact.left_to), None)
    away = contact.sent_away and contact.state is ContactState.ARRIVING and contact.ending is None
    if number is None or not number.ended or not away:
        return contact
    agents = (leg for leg in contact.call.legs if leg.party is Party.AGENT and leg.talked)  # others were only rung
    left_at = max((leg.since for leg in agents), default=number.since)
    others = any(leg.party is Party.OTHER and leg.state in TALKING for leg in contact.call.legs)
    if number.since >= left_at or others:
        return contact
    return contacts.after_agents_left(work, contact.with_(left_to=None), False)


def had_since(contact: Contact, agent_id: str | None, at: float) -> bool:
    """Whether a colleague whom this agent had consulted, and whose end is told already, was on the call after the agent
    had left it at this instant of the platform's clock: the caller was left to them."""
    lines = (each.data for each in contact.timeline if each.kind == "consult.asked")
    asked = {each.get("to") for each in lines if each.get("agent") == agent_id}
    return any(leg.agent in asked and leg.ended and leg.talked and leg.since > at for leg in contact.call.legs)


def outside(contact: Contact, consult: Consult | None) -> str | None:
    """The leg of the number with whom a caller is whom it `hands_over_outside`."""
    if consult is None or not hands_over_outside(consult):
        return None
    leg = party.new_leg(contact, consult.known, None)
    return leg.id if leg is not None else None


def caller_gone(work: Work, contact: Contact, event: CallEvent) -> None:
    """The caller has hung up while two others talk about them: nothing is left to talk about."""
    if contact.consult is not None and event.type != EventType.CLEARED:
        work.order(OrderType.DISCONNECT, contact, reason="caller_gone")


def times_out(work: Work, contact: Contact) -> None:
    """The platform has not said in time what became of the consulted party: they are let go."""
    consult = contact.consult
    assert consult is not None
    work.order(OrderType.CANCEL, contact, consult.agent, to=party.address(work, consult))
    if consult.agent is not None:
        contact = contact.with_(call=take_off(contact.call, consult.agent, contact.platform_time(work.now)))
    missed = not consult.answered and consult.asked is None and consult.agent is not None
    party.let_go(work, contact, NOT_ANSWERED if missed else OVER, missed=missed)


def order_failed(work: Work, contact: Contact, failure: c.OrderFailed) -> None:
    """The switch did not do what was asked about a consultation: it stands as before, or has not begun. What was asked
    about an earlier one says nothing of this."""
    consult = contact.consult
    if consult is None or failure.order_id < consult.order:
        return
    if failure.order_type == OrderType.CONSULT:
        party.let_go(work, contact, UNREACHED)
    else:
        _asked(work, contact, consult, None, None if consult.answered else consult.due_at)


def _consulting(work: Work, command: c.ContactCommand, wish: str) -> tuple[Contact, Consult]:
    contact = work.contact(command.contact_id)
    if contact.state is not ContactState.ACTIVE or contact.consult is None:
        raise wrong_contact_state(contact, wish, "a consultation of yours (call.consult)")
    if contact.consult.by != command.agent_id:
        raise Conflict(f"The consultation is {contact.consult.by}'s.", contact_id=contact.id, accepted=["call.hang_up"])
    return contact, contact.consult


def _asked(work: Work, contact: Contact, consult: Consult, what: str | None, due_at: float | None) -> Contact:
    contact = contact.with_(consult=msgspec.structs.replace(consult, asked=what, due_at=due_at))
    work.store.put_contact(contact)
    return contact


def _completed(work: Work, contact: Contact, consult: Consult) -> Contact:
    if consult.asked != COMPLETED:
        work.order(OrderType.COMPLETE_TRANSFER, contact, consult.by, to=party.address(work, consult))
    contact = under_way.consulted(contact).with_(consult=None)
    contact = contact.noted(work.now, "consult.completed", agent=consult.by, to=consult.agent or consult.number)
    work.store.put_contact(contact)
    return contact if consult.agent is None else contacts.engage(work, contact, consult.agent)
