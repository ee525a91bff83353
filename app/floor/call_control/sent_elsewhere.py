"""Callers whom the switch has sent to somebody of whom it does not tell, as it says itself."""

from app.calls.leg import Party
from app.floor.call_control import consulting, contacts, handed_on, supervisors_phones
from app.floor.flow import playing
from app.floor.memory import under_way
from app.floor.memory.entities import WAITS, Contact, ContactState
from app.floor.memory.work import Work
from app.floor.queue import stays
from app.telephony.events import CallEvent


def told(work: Work, contact: Contact, event: CallEvent, news: bool) -> None:
    """A transfer is told; whether it is `news` to the legs of the call. A caller whom nobody has is where it has sent
    them. So is one who waits, or whose agents are all dropped, where a supervisor had them who has gone; and one who
    waits because an agent's phone was taken for not answered. Other agents, and whoever they leave to somebody else,
    are told of otherwise, or in time."""
    alone, waits = contact.state is ContactState.ARRIVING, contact.state in WAITS
    left = supervisors_phones.apart(contact, event) if waits else _left_to_nobody(contact)
    had = left and supervisors_phones.had(contact, event.agent, event.at, taking=not waits)
    if not (alone or had or (waits and _missed(contact, event))) or _long_past(contact, event, news):
        return
    if handed_on.to_us(contact, event):
        return
    if waits:
        if not (_talked_since(contact, event) or stays.queued_since(contact, event.at)):
            supervisors_phones.out_of_queue(work, contact)
        return
    close_at = None if contact.ending == playing.TRANSFERRED else contact.close_at  # what was asked for is done
    away = playing.out_of_flow(contact).with_(requeue_at=None, sent_away=True, left_to=None, close_at=close_at)
    work.store.put_contact(away if event.agent else contacts.handed_over(work, away))


def _left_to_nobody(contact: Contact) -> bool:
    """Whether nobody stays on the call, nor does the caller go to a queue or an agent of ours by an order."""
    to = contact.transfer
    return under_way.nobody_stays(contact) and (to is None or to.number is not None)


def _missed(contact: Contact, event: CallEvent) -> bool:
    """Whether this is of an agent who is held to have missed the contact, and never had it before."""
    missed = event.agent in contact.missed_by and event.agent not in contact.served_by
    return missed and not contact.promised


def _talked_since(contact: Contact, event: CallEvent) -> bool:
    """Whether another agent has talked to the caller after that, who waits for one."""
    agents = (leg for leg in contact.call.legs if leg.party is Party.AGENT and leg.agent != event.agent)
    return any(leg.since > event.at and leg.talked for leg in agents)


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
    taken = supervisors_phones.taken_since(contact, event.agent, event.at)
    had = event.agent is not None and (any(leg.talked for leg in since) or taken)
    had = had or consulting.had_since(contact, event.agent, event.at)
    return again or had or not (news or supervisors_phones.apart(contact, event))
