"""The supervisors of a contact: who they are, and keeping what becomes of them."""

import msgspec

from app.floor.memory.effects import Audited
from app.floor.memory.entities import Contact
from app.floor.memory.parts import MOST_LISTENED, Listener
from app.floor.memory.work import Work


def of(contact: Contact, by: str) -> Listener | None:
    """As whom this supervisor is in the call, or is rung for it."""
    return next((each for each in contact.listeners if each.by == by), None)


def put(contact: Contact, listener: Listener) -> Contact:
    """The contact with a supervisor as they are now."""
    return contact.with_(listeners=(*without(contact, listener.by).listeners, listener))


def without(contact: Contact, by: str) -> Contact:
    """The contact without a supervisor of whom it is told that they have gone."""
    return contact.with_(listeners=tuple(each for each in contact.listeners if each.by != by))


def let_go(contact: Contact, by: str) -> Contact:
    """The contact without a supervisor, whom the floor lets go before the switch says that they have left."""
    going = of(contact, by)
    if going is None:
        return contact
    return without(contact, by).with_(listened=(*contact.listened, going.leg or going.unnamed)[-MOST_LISTENED:])


def gone(contact: Contact, listener: Listener, at: float) -> Contact:
    """The contact with one more supervisor who was in it until this instant of the platform's clock: what else has
    happened until then may be told later."""
    left = msgspec.structs.replace(listener, until=at, earlier=None)
    return contact.with_(gone=(*contact.gone, left)[-MOST_LISTENED:])


def phone(listener: Listener) -> dict[str, str]:
    """The supervisor in an order."""
    return {"id": listener.by, "address": listener.address}


def noted(work: Work, contact: Contact, kind: str, listener: Listener, *, audited: bool = True) -> Contact:
    """Keep who did what, and tell supervisors."""
    said = {"by": listener.by, "mode": listener.mode, "to": listener.to}
    contact = contact.noted(work.now, kind, **said)
    work.store.put_contact(contact)
    work.tell("contact.supervised", {"contact_id": contact.id, "act": kind.removeprefix("call."), **said}, contact.id)
    if audited:
        after = {key: value for key, value in said.items() if key != "by" and value is not None}
        work.effects.append(
            Audited(who=listener.by, action=kind, thing=contact.id, after=after | {"address": listener.address})
        )
    return contact
