"""The ways of a contact across the floor: into a queue, to an agent, away from one, and to its end."""

from app.agents.presence import AgentState, PresenceEvent
from app.calls.call import Call
from app.calls.leg import LegState
from app.core.instants import to_millisecond
from app.floor.effects import Amend, EndContact
from app.floor.entities import Contact, ContactState, EndedCall, Offer, Visit
from app.floor.offers import BUSY, DEFAULT_OFFER_SECONDS, offer_by_name, opened_visit, release, take_back
from app.floor.work import Work
from app.routing.requirement import requirement
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


def enter_queue(work: Work, contact: Contact, queue_id: str | None, agent: str | None = None) -> None:
    """Let a contact wait in a queue (None: for anybody), offered to `agent` first if they are ready.

    Its original arrival is kept, so whoever returns stands where they stood.
    """
    waiting = contact.with_(
        state=ContactState.WAITING,
        queue=queue_id,
        queued_at=contact.queued_at if contact.queued_at is not None else work.now,
        transfer=None,
        requeue_at=None,
        sent_away=False,
        missed_by=(),
    )
    waiting = placed(work, waiting).noted(work.now, "contact.queued", queue=queue_id, agent=agent)
    work.store.put_contact(waiting)
    work.tell_contact("contact.queued", waiting)
    if agent is None or not offer_by_name(work, waiting, agent):
        work.store.put_contact(opened_visit(work, waiting))


def placed(work: Work, contact: Contact) -> Contact:
    """The contact with the requirement and the bonus that its queue and its customer give it."""
    rules = work.store.config.queues.get(contact.queue or "")
    language = (contact.customer.language if contact.customer else None) or (rules.default_language if rules else None)
    tier = contact.customer.tier if contact.customer else None
    return contact.with_(
        bonus=(rules.bonus if rules else 0.0) + work.store.config.tiers.get(tier or "", 0.0),
        wanted=requirement(rules.requires if rules else (), language, rules.language_level if rules else 0),
    )


def leave_visit(work: Work, contact: Contact, outcome: str, agent: str | None = None) -> Contact:
    """The contact with its stay in the present queue closed, if one is open."""
    if not contact.visits or contact.visits[-1].left_at is not None:
        return contact
    last = contact.visits[-1]
    closed = Visit(queue=last.queue, entered_at=last.entered_at, left_at=work.now, outcome=outcome, agent=agent)
    return contact.with_(visits=(*contact.visits[:-1], closed))


def engage(work: Work, contact: Contact, agent_id: str) -> Contact:
    """An agent is connected to the contact, whoever decided so: Callfloor, the agent or the switch."""
    if contact.offer is not None and contact.offer.agent != agent_id:
        if contact.state is ContactState.CONNECTING:
            work.order(OrderType.CANCEL, contact, contact.offer.agent)
        release(work, contact, contact.offer.agent, "taken")
    contact = leave_visit(work, contact, "answered", agent_id).with_(
        state=ContactState.ACTIVE,
        offer=None,
        requeue_at=None,
        close_at=None,
        sent_away=False,
        agents=contact.agents if agent_id in contact.agents else (*contact.agents, agent_id),
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
        settle_wrap_up(work, agent_id)
        agent = work.store.agent(agent_id)
    if agent.offer not in (None, contact_id):
        take_back(work, work.contact(agent.offer or ""), BUSY)
        agent = work.store.agent(agent_id)
    away = (agent.reason or "logged_on") if agent.state in AWAY else agent.after
    work.move(agent_id, PresenceEvent.ENGAGE, offer=None, after=away, contacts=(*agent.contacts, contact_id))


def leave(work: Work, contact: Contact, agent_id: str) -> Contact:
    """An agent's part in a contact is over; they wrap it up unless they have another contact."""
    contact = contact.with_(agents=tuple(key for key in contact.agents if key != agent_id))
    agent = work.store.agent(agent_id)
    left = tuple(key for key in agent.contacts if key != contact.id)
    if left or agent.state is not AgentState.BUSY:
        work.store.put_agent(agent.with_(contacts=left))
        return contact
    if agent_id not in contact.served_by:
        work.free(agent_id, contacts=(), offer=None)
        return contact
    rules = work.store.config.queues.get(contact.queue or "")
    limit = rules.wrap_up_seconds if rules else DEFAULT_WRAP_UP_SECONDS
    contact = contact.with_(wrapping=(*contact.wrapping, agent_id))
    work.move(
        agent_id,
        PresenceEvent.FINISH,
        contacts=(),
        idle_since=work.now,
        wrap_up=contact.id,
        wrap_up_until=work.now + limit,
    )
    return contact


def settle_wrap_up(work: Work, agent_id: str, code: str | None = None, note: str | None = None) -> None:
    """Keep what wrap-up added; the agent's next state is the caller's business."""
    agent = work.store.agent(agent_id)
    contact = work.store.contacts.get(agent.wrap_up or "")
    spent = round(max(0.0, work.now - agent.since), 3)
    work.store.put_agent(agent.with_(wrap_up=None, wrap_up_until=None))
    if contact is None:
        return
    wrapping = tuple(key for key in contact.wrapping if key != agent_id)
    contact = contact.with_(wrapping=wrapping)
    if contact.ended_at is None:
        noted = contact.noted(work.now, "wrap_up", agent=agent_id, seconds=spent, code=code, note=note)
        work.store.put_contact(
            noted.with_(
                wrap_up_seconds=contact.wrap_up_seconds + spent,
                wrap_up_code=code or contact.wrap_up_code,
                note=note or contact.note,
            )
        )
        return
    work.effects.append(
        Amend(
            contact=contact.id,
            started_at=contact.arrived_at,
            at=work.now,
            agent=agent_id,
            wrap_up_seconds=spent,
            code=code,
            note=note,
        )
    )
    _keep_or_drop(work, contact)


def after_agents_left(work: Work, contact: Contact, transferred: bool) -> Contact:
    """What becomes of a caller whose last agent has gone while they are still there.

    They wait for whom they were transferred to. Only where the switch itself says that it `transferred` them elsewhere
    are they not ours to queue. Whom we called ourselves is hung up on: nobody is there to talk to them.
    """
    to = contact.transfer
    contact = contact.with_(state=ContactState.ARRIVING, transfer=None, sent_away=transferred)
    if to is not None and (to.queue or to.agent):
        enter_queue(work, contact, to.queue or contact.queue, to.agent)
        return work.store.contacts[contact.id]
    if not transferred and contact.call.direction == "inbound":
        contact = contact.with_(requeue_at=work.now + REQUEUE_SECONDS)
    elif not transferred:
        work.order(OrderType.DISCONNECT, contact)
        contact = contact.with_(close_at=work.now + END_SECONDS)
    work.store.put_contact(contact)
    return contact


def give_time(work: Work) -> None:
    """Let open offers, ringing phones and asked-for ends run their whole time again: for a while nobody could act."""
    for contact in list(work.store.contacts.values()):
        offer, close_at = contact.offer, contact.close_at
        if offer is not None:
            rules = work.store.config.queues.get(contact.queue or "")
            until = work.now + (rules.offer_seconds if rules else DEFAULT_OFFER_SECONDS)
            offer = Offer(offer.agent, max(offer.expires_at, until))
        if close_at is not None:
            close_at = max(close_at, work.now + END_SECONDS)
        if (offer, close_at) != (contact.offer, contact.close_at):
            work.store.put_contact(contact.with_(offer=offer, close_at=close_at))


def connect_failed(work: Work, contact: Contact, reason: str) -> None:
    """The agent's phone did not take the accepted contact: the caller waits on, the agent is told to look to it."""
    take_back(work, contact, reason, PresenceEvent.MISS, reason=reason)


def end_contact(work: Work, contact: Contact, call: Call, cause: str | None = None) -> None:
    """The contact is over: free everybody, write the interaction, remember the call."""
    if contact.offer is not None:
        release(work, contact, contact.offer.agent, "caller_gone")
    agents = contact.agents
    contact = leave_visit(work, contact.with_(call=call), "swept" if cause == "swept" else "abandoned")
    for agent_id in agents:
        contact = leave(work, contact, agent_id)
    outcome = cause or _outcome(contact)
    contact = contact.with_(
        state=ContactState.WRAP_UP, offer=None, requeue_at=None, close_at=None, ended_at=work.now, agents=()
    )
    contact = contact.noted(work.now, "contact.ended", outcome=outcome, cause=call.cause)
    work.effects.append(EndContact(contact, outcome))
    work.tell_contact("contact.ended", contact.with_(agents=agents), outcome=outcome)
    said_at = to_millisecond(max(leg.since for leg in call.legs)) if call.legs else work.now
    ended = EndedCall(contact.id, contact.arrived_at, work.now, said_at)
    work.store.put_in(work.store.ended, (call.source, call.id), ended)
    _keep_or_drop(work, contact)


def _outcome(contact: Contact) -> str:
    if contact.served_by:
        return "answered"
    if contact.visits:
        return "abandoned"
    failed = contact.call.direction == "outbound" or any(leg.state is LegState.FAILED for leg in contact.call.legs)
    return "failed" if failed else "unrouted"


def _keep_or_drop(work: Work, contact: Contact) -> None:
    if contact.wrapping:
        work.store.put_contact(contact)
    elif contact.id in work.store.contacts:
        work.store.drop_contact(contact.id)
