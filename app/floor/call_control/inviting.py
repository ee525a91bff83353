"""Conference: a colleague who is invited is busy with the contact from then on, sees who it is, and is on it once their
phone has answered. Until then they do not serve it; where they do not come they are free again, without wrap-up.
"""

from typing import Any

from app.calls.call import take_off
from app.floor import commands as c
from app.floor.call_control import contacts, party
from app.floor.call_control.destinations import destination, must_be_free, talking
from app.floor.memory import under_way, views
from app.floor.memory.entities import Contact
from app.floor.memory.parts import Invite
from app.floor.memory.reasons import NOT_ANSWERED, why_not_reached
from app.floor.memory.work import Work
from app.telephony.events import CallEvent, OrderType

UNREACHED = "conference_failed"


def conference(work: Work, command: c.Conference) -> dict[str, Any]:
    """Ask the switch to add a colleague or a number to the call."""
    contact, to = talking(work, command, "conference"), command.to
    under_way.must_be_new(work, contact, OrderType.CONFERENCE, command.agent_id, to)
    destination(work, contact, to, command.agent_id, "agent", "number")
    if to.agent is not None:
        must_be_free(work, contact, to.agent, "added to the call")
    seconds = party.RING_SECONDS["number" if to.agent is None else "agent"]
    until = seconds + party.GRACE_SECONDS
    rung = {"number": to.number} if to.agent is None else {"agent": to.agent, "address": work.address(to.agent)}
    work.order(OrderType.CONFERENCE, contact, command.agent_id, to=rung, ring_seconds=seconds)
    contact = contact.noted(work.now, "conference.asked", agent=command.agent_id, to=to.agent or to.number)
    contact = under_way.given(work, contact, OrderType.CONFERENCE, command.agent_id, to, until)
    if to.agent is not None:
        known = tuple(leg.id for leg in contact.call.legs)
        order = contact.under_way[-1].order
        made = Invite(agent=to.agent, by=command.agent_id, order=order, due_at=work.now + until, known=known)
        contact = contact.with_(invited=(*contact.invited, made))
        work.store.put_contact(contact)
        contacts.occupy(work, contact.id, to.agent)
        work.tell_contact("contact.invited", contact, (to.agent,), by=command.agent_id, profile=work.profile(contact))
    return {"contact": views.contact_view(contact)}


def decline(work: Work, contact: Contact, agent_id: str) -> None:
    """The invited agent does not wish to come: their phone stops ringing."""
    work.order(OrderType.CANCEL, contact, agent_id)
    party.tell_over(work, party.uninvite(work, contact, agent_id, "declined"))


def followed(work: Work, contact: Contact, event: CallEvent) -> Contact:
    """Whose phone was not answered does not come."""
    for invite in contact.invited:
        leg = party.new_leg(contact, invite.known, invite.agent)
        if leg.ended if leg is not None else party.not_reached_again(contact, invite.known, invite.agent, event):
            reason = why_not_reached(event.cause)
            contact = party.uninvite(work, contact, invite.agent, reason, missed=reason == NOT_ANSWERED)
    return contact


def times_out(work: Work, contact: Contact) -> None:
    """The platform has not said in time what became of an invited agent: they are let go."""
    for invite in contact.invited:
        if invite.due_at <= work.now:
            work.order(OrderType.CANCEL, contact, invite.agent)
            call = take_off(contact.call, invite.agent, contact.platform_time(work.now))
            contact = contact.with_(call=call)
            contact = party.uninvite(work, contact, invite.agent, NOT_ANSWERED, missed=True)
            party.tell_over(work, contact)


def order_failed(work: Work, contact: Contact, failure: c.OrderFailed) -> None:
    """The switch did not ring whom it should add."""
    for invite in contact.invited:
        if invite.order == failure.order_id:
            contact = party.uninvite(work, contact, invite.agent, UNREACHED)
            party.tell_over(work, contact)
