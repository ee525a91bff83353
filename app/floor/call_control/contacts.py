"""The ways of a contact across the floor: to an agent, away from one, and what becomes of a caller who is left."""

import msgspec

from app.agents.presence import AgentState, PresenceEvent
from app.floor import recordings
from app.floor.call_control import party, wrap_up
from app.floor.flow.comfort import given_time
from app.floor.flow.playing import begin, out_of_flow
from app.floor.memory import listeners, under_way
from app.floor.memory.entities import Contact, ContactState
from app.floor.memory.parts import Offer
from app.floor.memory.work import Work
from app.floor.queue.callbacks import put_back
from app.floor.queue.offers import BUSY, DEFAULT_OFFER_SECONDS, release, take_back
from app.floor.queue.stays import enter_queue, served
from app.telephony.events import OrderType

REQUEUE_SECONDS = 5.0
"""How long a caller whose agent's leg dropped may be alone before they wait again, at their old place."""

END_SECONDS = 15.0
"""How long after it was asked to hang up the platform may take to say that it did."""

DIAL_SECONDS = 180.0
"""How long an outbound call may ring."""

CONNECT_SECONDS = 30.0
"""How long the phone of an agent who accepted may take to answer."""

DEFAULT_WRAP_UP_SECONDS = 30.0
AWAY = (AgentState.NOT_READY, AgentState.LOGGED_OFF)


def engage(work: Work, contact: Contact, agent_id: str) -> Contact:
    """An agent is connected to the contact, whoever decided so: Callfloor, the agent or the switch."""
    return recordings.engaged(work, connected(work, contact, agent_id), agent_id)


def connected(work: Work, contact: Contact, agent_id: str) -> Contact:
    """As `engage`, of an agent who may have left already: the caller is not recorded for them."""
    for other in contact.offers:
        if other.agent == agent_id:
            continue
        if contact.state is ContactState.CONNECTING:
            work.order(OrderType.CANCEL, contact, other.agent)
        release(work, contact, other.agent, "taken")
    contact = under_way.not_closing(out_of_flow(served(work, contact, agent_id))).with_(
        state=ContactState.ACTIVE,
        offer=None,
        also=(),
        requeue_at=None,
        sent_away=False,
        left_to=None,
        ending=None,
        agents=contact.agents if agent_id in contact.agents else (*contact.agents, agent_id),
        invited=tuple(each for each in contact.invited if each.agent != agent_id),
        served_by=contact.served_by if agent_id in contact.served_by else (*contact.served_by, agent_id),
    )
    work.store.put_contact(contact)
    occupy(work, contact.id, agent_id)
    return contact


def occupy(work: Work, contact_id: str, agent_id: str) -> None:
    """Make an agent busy with a contact; another contact that was on offer to them waits on."""
    agent = work.store.agent(agent_id)
    if contact_id in agent.contacts:
        return
    if agent.wrap_up is not None:
        wrap_up.settle(work, agent_id)
        agent = work.store.agent(agent_id)
    if agent.offer not in (None, contact_id):
        take_back(work, work.contact(agent.offer or ""), BUSY, agent=agent_id)
        agent = work.store.agent(agent_id)
    away = (agent.reason or "logged_on") if agent.state in AWAY else agent.after
    work.move(agent_id, PresenceEvent.ENGAGE, offer=None, after=away, contacts=(*agent.contacts, contact_id))


def leave(work: Work, contact: Contact, agent_id: str) -> Contact:
    """An agent's part in a contact is over; they wrap it up unless they have another contact."""
    contact = contact.with_(agents=tuple(key for key in contact.agents if key != agent_id))
    contact = under_way.left(contact, agent_id)
    others = contact.agents and not under_way.nobody_stays(contact)
    if others and contact.transfer_by == agent_id:  # others have the caller: they have only left
        contact = contact.with_(transfer=None, transfer_by=None)
    taker, leg = listeners.of(contact, agent_id), contact.call.leg_of(agent_id)
    if taker is not None and taker.taking and taker.inside:
        until = leg.since if leg is not None and leg.ended else contact.platform_time(work.now)
        contact = listeners.gone(listeners.let_go(contact, agent_id), taker, until)
    agent = work.store.agent(agent_id)
    left = tuple(key for key in agent.contacts if key != contact.id)
    if left or agent.state is not AgentState.BUSY:
        work.store.put_agent(agent.with_(contacts=left))
        work.tell_agent_state(work.store.agent(agent_id))
        return contact
    if agent.offer is not None:
        take_back(work, work.contact(agent.offer), BUSY, agent=agent_id)
    if agent_id not in contact.served_by:
        work.free(agent_id, contacts=(), offer=None)
        return contact
    rules = work.store.config.queues.get(contact.queue or "")
    limit = rules.wrap_up_seconds if rules else DEFAULT_WRAP_UP_SECONDS
    former = agent_id not in work.store.config.agents  # they may not be able to sign in to end it
    limited = rules is None or rules.wrap_up_ends == "automatic" or former
    contact = contact.with_(wrapping=(*contact.wrapping, agent_id))
    work.move(
        agent_id,
        PresenceEvent.FINISH,
        contacts=(),
        idle_since=work.now,
        wrap_up=contact.id,
        wrap_up_until=work.now + limit if limited else None,
    )
    return contact


def after_agents_left(work: Work, contact: Contact, transferred: bool, served: bool = False) -> Contact:
    """What becomes of a caller whose last agent has gone while they are still there.

    They wait for whom they were transferred to, which is noted of who asked for it, since many platforms only say that
    the agent's leg is over; else they are asked how it was, where their flow has said so and they were `served` to the
    end.

    Only where the switch itself says that it `transferred` them elsewhere are they not ours to queue. Whom we called
    ourselves is hung up on: nobody is there to talk to them.
    """
    to = contact.transfer
    for invite in contact.invited:  # nobody is left whom they could join
        work.order(OrderType.CANCEL, contact, invite.agent)
        contact = party.uninvite(work, contact, invite.agent, "agent_gone")
    contact = contact.with_(state=ContactState.ARRIVING, transfer=None, sent_away=transferred)
    if to is not None and (to.queue or to.agent):
        contact = contact.noted(work.now, "transfer.completed", agent=contact.transfer_by, to=to.queue or to.agent)
        contact = contact.with_(transfer_by=None)
        enter_queue(work, contact, to.queue or contact.queue, to.agent)
        return work.store.contacts[contact.id]
    if put_back(work, contact):
        return work.store.contacts[contact.id]
    if contact.close_at is not None:  # a supervisor ends the call: they wait for nobody
        work.store.put_contact(contact)
        return contact
    asked = contact.survey is not None and served and to is None and not transferred
    if asked and contact.survey is not None and begin(work, contact.with_(survey=None), contact.survey):
        return work.store.contacts[contact.id]
    if not transferred and contact.call.direction == "inbound":
        contact = contact.with_(requeue_at=work.now + REQUEUE_SECONDS)
    elif not transferred:
        work.order(OrderType.DISCONNECT, contact)
        contact = contact.with_(close_at=work.now + END_SECONDS)
    work.store.put_contact(contact)
    return contact


def handed_over(work: Work, contact: Contact) -> Contact:
    """The caller is at the number to which the agent who has left had asked to send them, by a platform that does not
    name the agent."""
    if contact.transfer_by is None or contact.ending is not None:
        return contact
    return contact.noted(work.now, "transfer.completed", agent=contact.transfer_by).with_(transfer_by=None)


def put_down(work: Work, contact: Contact) -> Contact:
    """The last agent has put their phone down on a caller who is still there: that ends the call."""
    work.order(OrderType.DISCONNECT, contact)
    contact = contact.with_(requeue_at=None, close_at=work.now + END_SECONDS)
    work.store.put_contact(contact)
    return contact


def give_time(work: Work) -> None:
    """Let open offers, ringing phones and asked-for ends run their whole time again: for a while nobody could act."""
    for contact in list(work.store.contacts.values()):
        rules = work.store.config.queues.get(contact.queue or "")
        until = work.now + (rules.offer_seconds if rules else DEFAULT_OFFER_SECONDS)
        longer = tuple(Offer(each.agent, max(each.expires_at, until)) for each in contact.offers)
        close_at = contact.close_at
        if close_at is not None:
            close_at = max(close_at, work.now + END_SECONDS)
        if contact.consult is not None and contact.consult.due_at is not None:
            due_at = max(contact.consult.due_at, work.now + CONNECT_SECONDS)
            contact = contact.with_(consult=msgspec.structs.replace(contact.consult, due_at=due_at))
            work.store.put_contact(contact)
        if contact.invited:
            longer_rung = (max(each.due_at, work.now + CONNECT_SECONDS) for each in contact.invited)
            given_them = zip(contact.invited, longer_rung, strict=True)
            contact = contact.with_(
                invited=tuple(msgspec.structs.replace(each, due_at=due_at) for each, due_at in given_them)
            )
            work.store.put_contact(contact)
        if contact.leaving:
            until = work.now + END_SECONDS
            longer_left = (msgspec.structs.replace(each, until=max(each.until, until)) for each in contact.leaving)
            contact = contact.with_(leaving=tuple(longer_left))
            work.store.put_contact(contact)
        if contact.in_flow and contact.flow is not None and contact.flow.due_at is not None:
            due_at = max(contact.flow.due_at, work.now + contact.flow.state.wait_seconds)
            contact = contact.with_(flow=msgspec.structs.replace(contact.flow, due_at=due_at))
            work.store.put_contact(contact)
        given = contact.with_(offer=longer[0] if longer else None, also=longer[1:], close_at=close_at)
        given = given_time(given, work.now + END_SECONDS)
        if given != contact:
            work.store.put_contact(given)


def connect_failed(work: Work, contact: Contact, reason: str) -> None:
    """The agent's phone did not take the accepted contact: the caller waits on, the agent is told to look to it."""
    take_back(work, contact, reason, PresenceEvent.MISS, reason=reason)
