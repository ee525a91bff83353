"""The steps of one contact's requirement: first those whom it would like, then what its queue asks for, ever looser."""

from app.routing.engine.requirement import Requirement, Step, sorted_skills


def steps_of(wishes: tuple[tuple[str, float], ...], queue: tuple[Step, ...]) -> tuple[Step, ...]:
    """`wishes` are agents and for how many seconds each alone is waited for, in order; `queue` the queue's own steps.

    A wished-for agent needs no skills: they know the customer. The queue's steps count from the end of the wishes, so
    that a wish only ever delays the loosening and never turns it back.
    """
    steps, at = [], 0.0
    first = queue[0].wanted if queue else Requirement()
    for agent, seconds in wishes:
        if seconds > 0 and agent not in first.excluded:
            steps.append(Step(at, Requirement(agents=(agent,), channel=first.channel)))
            at += seconds
    return (*steps, *(Step(at + step.after_seconds, step.wanted) for step in queue))


def both(queue: tuple[Step, ...], own: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps that require what both require: `own` is what the contact itself asks for besides its queue."""
    if not own:
        return queue
    times = sorted({step.after_seconds for step in (*queue, *own)})
    return tuple(Step(at, _together(_at(queue, at), _at(own, at))) for at in times)


def _at(steps: tuple[Step, ...], at: float) -> Requirement:
    return next((step.wanted for step in reversed(steps) if step.after_seconds <= at), Requirement())


def _together(one: Requirement, other: Requirement) -> Requirement:
    levels = dict(one.skills)
    for skill, level in other.skills:
        levels[skill] = max(level, levels.get(skill, 0))
    return Requirement(
        skills=sorted_skills(levels),
        one_of=(*one.one_of, *other.one_of),
        agents=_common(one.agents, other.agents),
        teams=_common(one.teams, other.teams),
        excluded=tuple(dict.fromkeys((*one.excluded, *other.excluded))),
        channel=one.channel,
    )


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Names that both admit; where that is nobody, what the contact asks for goes before what the queue does."""
    if not one or not other:
        return one or other
    return tuple(name for name in other if name in one) or other
