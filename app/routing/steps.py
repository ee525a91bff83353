"""The steps of one contact's requirement: first those whom it would like, then what its queue asks for, ever looser."""

from app.routing.requirement import Requirement, Step


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
