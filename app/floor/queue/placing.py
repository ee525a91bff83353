"""Where a contact stands in the waiting line and what it requires there, by its queue's rules and its customer."""

from app.floor.configuration.config import LooserStep, QueueRules
from app.floor.memory.entities import Contact
from app.floor.memory.work import Work
from app.routing.engine.requirement import Requirement, Step, step_at, with_language
from app.routing.engine.steps import both, steps_of

UNTIERED = 0.0, 0


def placed(work: Work, contact: Contact) -> Contact:
    """The contact with the steps, the bonus and the precedence that its queue and its customer give it now."""
    config = work.store.config
    rules = config.queues.get(contact.queue or "")
    tier = config.tiers.get((contact.customer.tier if contact.customer else None) or "")
    bonus, rank = (tier.bonus, tier.rank) if tier else UNTIERED
    known = tuple(wish for wish in contact.wishes if wish[0] in config.agents)
    there = held(work, contact)
    return stepped(
        work,
        there.with_(
            bonus=(rules.bonus if rules else 0.0) + bonus + contact.own_bonus,
            precedence=-rank if rules is not None and rules.strict_tiers else 0,
            steps=steps_of(known, both(_queue_steps(rules, contact), contact.own_steps)),
            step=0,
        ),
    )


def closed(work: Work, contact: Contact) -> bool:
    """Whether the contact's queue is not served now."""
    rules = work.store.config.queues.get(contact.queue or "")
    return rules is not None and rules.hours is not None and not rules.hours.open_at(work.now)


def held(work: Work, contact: Contact) -> Contact:
    """The contact, kept from agents if it is a callback and nobody is to be rung now."""
    return contact.with_(held=contact.promised and closed(work, contact))


def stepped(work: Work, contact: Contact) -> Contact:
    """The contact on the step that its time of waiting has brought it to."""
    step = step_at(contact.steps, contact.entered_at or work.now, work.now)
    return contact if step == contact.step else contact.with_(step=step)


def wishes(work: Work, contact: Contact, rules: QueueRules | None) -> tuple[tuple[str, float], ...]:
    """The agents whom a contact that enters a queue waits for first, and for how long: their own, then the last one.

    Only those on duty: nobody waits for somebody who is not there.
    """
    if rules is None:
        return ()
    asked = ((contact.preferred_agent, rules.preferred_seconds), (contact.last_agent, rules.last_agent_seconds))
    wished: dict[str, float] = {}
    for agent, seconds in asked:
        kind = work.store.engine.duty.kind(agent) if agent is not None and seconds > 0 else None
        if agent is not None and kind is not None and contact.call.source not in kind.away:
            wished.setdefault(agent, seconds)
    return tuple(wished.items())


def _queue_steps(rules: QueueRules | None, contact: Contact) -> tuple[Step, ...]:
    if rules is None:
        return (Step(0.0, Requirement(channel=contact.channel)),)
    language = (contact.customer.language if contact.customer else None) or rules.default_language
    looser = (Step(step.after_seconds, _wanted(step, contact, language)) for step in rules.steps)
    return (Step(0.0, _wanted(rules, contact, language)), *looser)


def _wanted(asked: QueueRules | LooserStep, contact: Contact, language: str | None) -> Requirement:
    return Requirement(
        skills=with_language(asked.requires, language, asked.language_level),
        one_of=asked.one_of,
        agents=asked.agents,
        teams=asked.teams,
        excluded=asked.excluded,
        channel=contact.channel,
    )
