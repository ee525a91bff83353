"""What a platform tells of the phone by which a supervisor is in a call, as it would of an agent's."""

from app.floor.entities import Contact, Listener
from app.telephony.events import CallEvent, EventType

_AT_THE_PHONE = (EventType.HELD, EventType.RETRIEVED, EventType.TRANSFERRED)


def whose(contact: Contact, event: CallEvent) -> Listener | None:
    """The supervisor who is in the call by the leg of the event."""
    return next((each for each in contact.listeners if (each.by, each.leg) == (event.agent, event.leg_id)), None)


def apart(contact: Contact, event: CallEvent) -> bool:
    """Whether a supervisor has done this at their phone who is not on the call as an agent by it, or by now has left
    it: to the legs of the call nothing has happened. Else whoever presses hold would be taken for an agent on the call,
    and an agent's caller for one on hold."""
    if event.type not in _AT_THE_PHONE or event.leg_id is None:
        return False
    if whose(contact, event) is None:
        return event.leg_id in contact.listened
    return all(leg.id.split("#")[0] != event.leg_id for leg in contact.call.legs)
