"""What follows an order that was given up: nobody waits for what will not come."""

from collections.abc import Callable

import msgspec

from app.calls.call import close
from app.floor import recordings
from app.floor.call_control import consulting, contacts, ending, inviting
from app.floor.commands import OrderFailed
from app.floor.flow import comfort, playing
from app.floor.handlers.on_calls import sweep, sweep_agent
from app.floor.memory import under_way
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.work import Work
from app.floor.queue import callbacks
from app.floor.queue.offers import BUSY, take_back
from app.floor.supervision import supervising
from app.telephony.events import OrderType

NOT_TAKEN = "the platform did not take the hang-up"


def order_failed(work: Work, command: OrderFailed) -> dict[str, object]:
    """A switch command was given up: say so to the agent, and let a caller who should have been connected wait on."""
    contact = work.store.contacts.get(command.contact_id)
    data = {
        "contact_id": command.contact_id,
        "order_id": command.order_id,
        "order": command.order_type,
        "detail": command.detail,
    }
    work.tell("command.failed", data, command.contact_id, command.agent_id)
    if contact is None:
        return {}
    meant = _meant(contact, command)
    passed = meant.order_type in (OrderType.DISCONNECT, OrderType.CANCEL) and _passed(contact, meant)
    contact = under_way.failed(contact, command.order_id)
    contact = contact.noted(work.now, "command.failed", order=command.order_type, detail=command.detail)
    work.store.put_contact(contact)
    follows = _FOLLOWS.get(meant.order_type)
    if follows is not None and not passed:
        follows(work, contact, meant)
    return {}


def _meant(contact: Contact, command: OrderFailed) -> OrderFailed:
    """What was given up, as of an agent where one was to be dropped: who has taken the call over is let out as the
    supervisor that the platform knows them for."""
    agent_id = under_way.dropped_by(contact, command.order_id)
    if agent_id is None:
        return command
    return msgspec.structs.replace(command, order_type=OrderType.CANCEL, agent_id=agent_id)


def _no_connection(work: Work, contact: Contact, command: OrderFailed) -> None:
    expected = contact.offer is not None and contact.offer.agent == command.agent_id
    if contact.state is not ContactState.CONNECTING or not expected:
        return
    if command.attempts:
        contacts.connect_failed(work, contact, "connect_failed")
    else:  # it was never sent, for a while nobody could act: the phone is not to blame
        take_back(work, contact, BUSY)


def _no_mailbox(work: Work, contact: Contact, command: OrderFailed) -> None:
    if contact.ended_at is None:
        work.order(OrderType.DISCONNECT, contact, reason="voicemail_failed")


def _not_dialled(work: Work, contact: Contact, command: OrderFailed) -> None:
    if contact.state is ContactState.CONNECTING and not callbacks.put_back(work, contact):
        ending.end_contact(work, contact, close(contact.call, contact.call.said_at, "dial failed"), "failed")


def _passed(contact: Contact, command: OrderFailed) -> bool:
    """Whether the call has gone on since that hang-up was asked for, as one of an agent who has left it: whoever talks
    to the caller now has asked for no end."""
    if contact.close_at is None:
        return True
    talking = command.agent_id is not None or bool(contact.agents)
    return talking and not under_way.awaited(contact, command.order_id)


def _not_hung_up(work: Work, contact: Contact, command: OrderFailed) -> None:
    """The call is over to us, or, where somebody else has the caller, that agent's part in it."""
    if contact.ended_at is None and not _left(work, contact, command):
        sweep(work, contact, NOT_TAKEN)


def _not_dropped(work: Work, contact: Contact, command: OrderFailed) -> None:
    """So is the part of an agent who was to leave the call; where nobody else has the caller, they do, unless they have
    hung up themselves. A phone that rings is no part in it."""
    if command.agent_id not in contact.agents or _left(work, contact, command):
        return
    if contact.close_at is not None and not under_way.closing(contact):
        work.order(OrderType.DISCONNECT, contact)
        sweep(work, contact, NOT_TAKEN)


def _left(work: Work, contact: Contact, command: OrderFailed) -> bool:
    """End an agent's part in a call in which somebody else has the caller; False where nobody has."""
    agent_id, others = command.agent_id, len(contact.agents) > 1 or under_way.taken_over(contact)
    if agent_id not in contact.agents or not others:
        return False
    sweep_agent(work, contact, agent_id, NOT_TAKEN)
    return True


def _not_transferred(work: Work, contact: Contact, command: OrderFailed) -> None:
    if contact.ended_at is None:
        work.store.put_contact(contact.with_(transfer=None, transfer_by=None))


def _not_said(work: Work, contact: Contact, command: OrderFailed) -> None:
    """The caller does not hear what they should: whatever that was, they are not left in silence."""
    script = command.script
    if script is None or script.number != contact.last_script or contact.ended_at is not None:
        return  # something newer has been said since
    if command.refused and contact.flow is not None and not contact.in_flow:
        playing.alert(work, contact, f"the platform refused script {script.number}: {command.detail}")
    if contact.agents:
        return
    if contact.in_flow:
        if command.refused:  # else the flow's own time limit goes on with it
            playing.refused(work, contact, script.number, command.detail)
    elif contact.ending == playing.TRANSFERRED:
        playing.back_to_queue(work, contact)
    elif contact.ending is not None:
        work.order(OrderType.DISCONNECT, contact, reason="script_failed")
    else:
        comfort.not_heard(work, contact, script, command.refused)


_FOLLOWS: dict[str, Callable[[Work, Contact, OrderFailed], None]] = {
    OrderType.CONNECT: _no_connection,
    OrderType.VOICEMAIL: _no_mailbox,
    OrderType.DIAL: _not_dialled,
    OrderType.DISCONNECT: _not_hung_up,
    OrderType.CANCEL: _not_dropped,
    OrderType.TRANSFER: _not_transferred,
    OrderType.SCRIPT: _not_said,
    OrderType.CONSULT: consulting.order_failed,
    OrderType.CONFERENCE: inviting.order_failed,
    OrderType.COMPLETE_TRANSFER: consulting.order_failed,
    OrderType.RECONNECT: consulting.order_failed,
    OrderType.LISTEN: supervising.order_failed,
    OrderType.STOP_LISTENING: supervising.not_let_out,
    OrderType.RECORD: recordings.order_failed,
}
