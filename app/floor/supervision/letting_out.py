"""Supervisors who are in a call and were ordered out of it for somebody else, until the platform says that they have
gone. To the floor they have left at once; where the platform loses the order it is given once more, since they still
hear the caller, and a refusal is written down, so that it shows who may still be there."""

import msgspec

from app.floor.call_control import contacts
from app.floor.commands import OrderFailed
from app.floor.memory.entities import Contact
from app.floor.memory.parts import Listener
from app.floor.memory.work import Work
from app.telephony.events import OrderType

NOT_TAKEN = "the platform did not let them out"
SILENT = "no answer from the platform"


def ordered(work: Work, contact: Contact, listener: Listener) -> Contact:
    """Remember that the last order lets this supervisor out."""
    awaited = msgspec.structs.replace(listener, order=work.seq, until=work.now + contacts.END_SECONDS)
    contact = without(contact, listener.by)
    contact = contact.with_(leaving=(*contact.leaving, awaited))
    work.store.put_contact(contact)
    return contact


def without(contact: Contact, by: str) -> Contact:
    """The contact without waiting for a supervisor to go: they have, or are to come in anew."""
    kept = tuple(each for each in contact.leaving if each.by != by)
    return contact if kept == contact.leaving else contact.with_(leaving=kept)


def gone(work: Work, contact: Contact, by: str, leg_id: str | None) -> Contact:
    """The platform says that a supervisor has gone: not yet by what they are to leave, where it names an earlier leg
    of theirs."""
    if any(each.by == by and (leg_id is None or each.leg in (leg_id, each.unnamed)) for each in contact.leaving):
        contact = without(contact, by)
        work.store.put_contact(contact)
    return contact


def times_out(work: Work, contact: Contact) -> None:
    """The platform has not said in time that they have gone: order it once more."""
    for each in contact.leaving:
        if each.until <= work.now:
            contact = _swept(work, contact, each, SILENT)
            work.order(OrderType.STOP_LISTENING, contact, agent={"id": each.by, "address": each.address})


def failed(work: Work, contact: Contact, failure: OrderFailed) -> Contact:
    """The order was given up. What is refused once would be refused again."""
    for each in contact.leaving:
        if each.order == failure.order_id:
            contact = _swept(work, contact, each, NOT_TAKEN)
    return contact


def _swept(work: Work, contact: Contact, listener: Listener, detail: str) -> Contact:
    contact = without(contact, listener.by).noted(work.now, "supervisor.swept", by=listener.by, detail=detail)
    work.store.put_contact(contact)
    return contact
