"""After-call work: it is ended by the agent, by time or by what comes next, and what it added is kept."""

from typing import Any

from app.core.errors import Conflict, Invalid, one_of
from app.customers.cards import without_card_numbers
from app.floor import commands as c
from app.floor.memory.effects import Amend
from app.floor.memory.entities import Contact
from app.floor.memory.work import Work
from app.routing.estimate import handled


def finish(work: Work, command: c.FinishWrapUp) -> dict[str, Any]:
    """After-call work is done: keep code and note, of card numbers only the last digits, and take contacts again."""
    agent = work.store.agent(command.agent_id)
    if agent.wrap_up != command.contact_id:
        raise Conflict(
            f"Agent {agent.id} is not wrapping up contact {command.contact_id}.",
            state=str(agent.state),
            wrap_up=agent.wrap_up,
        )
    codes = work.store.config.wrap_up_codes
    if command.code is not None and command.code not in codes:
        raise Invalid(
            f"Unknown wrap-up code {command.code!r}.",
            faults=[{"where": "code", "what": "unknown wrap-up code", "accepted": one_of(sorted(codes))}],
        )
    note = None if command.note is None else without_card_numbers(command.note)
    settle(work, agent.id, command.code, note)
    work.free(agent.id)
    return work.agent_body(agent.id)


def settle(work: Work, agent_id: str, code: str | None = None, note: str | None = None) -> None:
    """Keep what wrap-up added; the agent's next state is the caller's business."""
    agent = work.store.agent(agent_id)
    contact = work.store.contacts.get(agent.wrap_up or "")
    spent = round(max(0.0, work.now - agent.since), 3)
    work.store.put_agent(agent.with_(wrap_up=None, wrap_up_until=None))
    if contact is None:
        return
    _remember_handling(work, contact, agent_id, spent)
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
    keep_or_drop(work, contact)


def keep_or_drop(work: Work, contact: Contact) -> None:
    """Keep a contact that is over as long as somebody wraps it up."""
    if contact.wrapping:
        work.store.put_contact(contact)
    elif contact.id in work.store.contacts:
        work.store.drop_contact(contact.id)


def _remember_handling(work: Work, contact: Contact, agent_id: str, wrap_up: float) -> None:
    leg = contact.call.leg_of(agent_id)
    if leg is not None and contact.queue is not None:
        flow = handled(work.store.flows.get(contact.queue), leg.talk_seconds + leg.hold_seconds + wrap_up)
        work.store.put_in(work.store.flows, contact.queue, flow)
