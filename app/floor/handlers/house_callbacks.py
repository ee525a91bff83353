"""A callback that nobody waited for: somebody is to be called for a reason of the house, such as an alert."""

from typing import Any

from app.core.errors import Conflict, Invalid
from app.core.wire import fault
from app.floor.call_control.dialling import which_source
from app.floor.commands import OpenCallback
from app.floor.memory import views
from app.floor.memory.entities import Contact
from app.floor.memory.work import Work
from app.floor.queue.callbacks import not_dialled, promised_already
from app.floor.queue.stays import enter_queue
from app.telephony.dialable import has_digit


def open_callback(work: Work, command: OpenCallback) -> dict[str, Any]:
    """Let a contact wait in the queue as from now, by which whoever's turn it is dials the customer. Asked for again
    under the same id it is the same callback."""
    known = work.store.contacts.get(command.contact_id)
    if known is None and any(each.contact == command.contact_id for each in work.store.ended.values()):
        raise Conflict(f"The callback {command.contact_id} is over.", contact_id=command.contact_id)
    if known is None:
        known = _opened(work, command)
    return {"contact": views.contact_view(work.store.contacts.get(known.id, known))}


def _opened(work: Work, command: OpenCallback) -> Contact:
    queues = work.store.config.queues
    faults = []
    if command.queue not in queues:
        faults.append(fault("queue", f"there is no queue {command.queue!r}", ", ".join(sorted(queues)) or "none yet"))
    if not has_digit(command.number):
        faults.append(fault("number", f"{command.number!r} is no number", "a telephone number"))
    if faults:
        raise Invalid("The customer cannot be called back like this.", faults=faults)
    caller = command.caller
    contact = Contact(
        id=command.contact_id,
        call=not_dialled(work, command.contact_id, which_source(work, command.source), command.number),
        arrived_at=work.now,
        heard_at=work.now,
        customer=caller.customer if caller else None,
        preferred_agent=caller.preferred_agent if caller else None,
        last_agent=caller.last_agent if caller else None,
        queue=command.queue,
        callback_to=command.number,
        callback_of=command.because_of,
    )
    other = promised_already(work, contact)
    if other is not None:
        raise Conflict(f"They are promised a callback already, {other.id}.", contact_id=other.id)
    if caller is not None and caller.profile is not None:
        work.store.put_profile(contact.id, caller.profile)
    contact = contact.with_(callback_to=None).noted(work.now, "callback.opened", by=command.by)
    work.tell_contact("contact.opened", contact)
    enter_queue(work, contact, command.queue)
    return contact
