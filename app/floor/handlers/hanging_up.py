"""Hanging up by command: what it means hangs on what the agent has to do with the contact."""

from typing import Any

from app.floor import commands as c
from app.floor.call_control import consulting, contacts, inviting
from app.floor.memory import under_way
from app.floor.memory.entities import ContactState
from app.floor.memory.work import Work, wrong_contact_state
from app.floor.queue.offers import take_back
from app.floor.supervision import supervising
from app.telephony.events import OrderType


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
