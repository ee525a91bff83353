"""Who is told what has changed of a contact by an event of its call."""

import msgspec

from app.floor.memory import views
from app.floor.memory.effects import Happened
from app.floor.memory.entities import Contact
from app.floor.memory.work import Work

_SHOWS = ("contact.queued", "contact.offered")


def tell_change(work: Work, before: Contact | None, contact_id: str) -> None:
    """Tell the agents who see the contact what has changed of it, or where none does, the floor; whoever does not know
    the caller gets the profile."""
    after = work.store.contacts.get(contact_id)
    if after is None or after.ended_at is not None:
        return
    still_offered = before is not None and before.offers == after.offers and after.offer is not None
    audience = after.agents or (_met(after) if still_offered else ())
    if not audience:
        _tell_floor(work, before, after)
        return
    named = before is None or (before.customer, before.candidates) != (after.customer, after.candidates)
    if before is not None and not named and _looks(before) == _looks(after):
        return
    strangers = tuple(key for key in audience if named or key not in _met(before))
    if strangers:
        profile = msgspec.Raw(work.store.profiles.get(contact_id, b"null"))
        work.tell_contact("contact.updated", after, strangers, profile=profile)
    if others := tuple(key for key in audience if key not in strangers):
        work.tell_contact("contact.updated", after, others)


def _tell_floor(work: Work, before: Contact | None, after: Contact) -> None:
    """Those who watch the floor see a contact that no agent sees, as a caller whom a supervisor has; unless they are
    shown it by what has just become of it."""
    shown = any(isinstance(each, Happened) and each.type in _SHOWS for each in work.effects)
    if before is not None and not shown and _looks(before) != _looks(after):
        work.tell_contact("contact.updated", after)


def _looks(contact: Contact) -> tuple[object, ...]:
    parties = contact.agents, contact.consult, contact.invited
    return contact.state, contact.call.legs, contact.recordings, views.held(contact), *parties


def _met(contact: Contact | None) -> tuple[str, ...]:
    """The agents who have been told of the contact: those on it, and the one to whom it is on offer."""
    if contact is None:
        return ()
    return (*contact.agents, *(each.agent for each in contact.offers))
