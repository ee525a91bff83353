"""Callers whom the switch has sent to somebody of whom it does not tell, as it says itself."""

from app.calls.leg import Party
from app.floor import contacts, on_flow, supervisors_phones
from app.floor.entities import Contact
from app.floor.work import Work
from app.telephony.events import CallEvent


def told(work: Work, contact: Contact, event: CallEvent, news: bool) -> None:
    """A transfer is told of a caller whom nobody has; whether it is `news` to the legs of the call."""
    if _long_past(contact, event, news):
        return
    close_at = None if contact.ending == on_flow.TRANSFERRED else contact.close_at  # what was asked for is done
    away = on_flow.out_of_flow(contact).with_(requeue_at=None, sent_away=True, close_at=close_at)
    work.store.put_contact(away if event.agent else contacts.handed_over(work, away))


def _long_past(contact: Contact, event: CallEvent, news: bool) -> bool:
    """Whether it was known before that an agent, or a supervisor, has left the caller to somebody else, or others have
    had the caller since: it says nothing of where they are by now."""
    since = (
        leg
        for leg in contact.call.legs
        if leg.party is not Party.CUSTOMER and leg.ended and leg.began > event.at and leg.agent != event.agent
    )
    told = [each for each in contact.timeline if (each.kind, each.at) == (event.type, event.at)]
    again = sum(each.data.get("agent") == event.agent for each in told) > 1  # it has its line already
    had = event.agent is not None and any(leg.talk_seconds + leg.hold_seconds > 0 for leg in since)
    return again or had or not (news or supervisors_phones.apart(contact, event))
