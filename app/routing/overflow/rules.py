"""When a queue does not take a contact, or not for longer, and what becomes of it then: rules as values."""

from enum import StrEnum

import msgspec


class When(StrEnum):
    """What a rule looks at. `length` counts those who wait already; `wait` and `estimated_wait` are seconds."""

    CLOSED = "closed"
    NO_AGENT = "no_agent"
    LENGTH = "length"
    WAIT = "wait"
    ESTIMATED_WAIT = "estimated_wait"


class Do(StrEnum):
    """What is done: send to another queue, offer to be called back, take a message, say something and hang up."""

    QUEUE = "queue"
    CALLBACK = "callback"
    VOICEMAIL = "voicemail"
    MESSAGE = "message"


class OverflowRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rule of a queue; the first that applies is followed. `at` is the limit of length, wait and estimated wait."""

    when: When
    do: Do
    at: float = 0.0
    queue: str | None = None
    message: str | None = None


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules look at: the queue, and the contact, which has waited in it since `since` (epoch seconds)."""

    open: bool
    agents_logged_on: bool
    length: int
    since: float
    now: float
    estimated_wait: float | None = None

    def measure(self, when: When) -> float:
        """The number that a rule compares with its limit."""
        if when is When.LENGTH:
            return self.length
        return self.now - self.since if when is When.WAIT else self.estimated_wait or 0.0


CLOSED = OverflowRule(when=When.CLOSED, do=Do.MESSAGE)
"""What is done where a closed queue has nothing else to do: nobody is kept waiting for nobody."""


def applies(rule: OverflowRule, now: Situation, entering: bool) -> bool:
    """Whether a rule takes effect. Limits are reached, not exceeded; an estimate that is not known reaches none.

    Length and estimated wait say whether a queue takes one more, so they count for a contact that is `entering`.
    """
    match rule.when:
        case When.CLOSED:
            return not now.open
        case When.NO_AGENT:
            return not now.agents_logged_on
        case When.WAIT:
            return now.since + rule.at <= now.now  # as the timer is set, so that it never goes off for nothing
        case When.LENGTH:
            return entering and now.length >= rule.at
        case When.ESTIMATED_WAIT:
            return entering and now.estimated_wait is not None and now.estimated_wait >= rule.at


def chosen(
    rules: tuple[OverflowRule, ...], now: Situation, been: tuple[str, ...], *, asked: bool, entering: bool
) -> OverflowRule | None:
    """The first rule that applies. None leads back to a queue where the contact has `been`, and nobody is `asked` twice
    whether they would like to be called back."""
    for rule in (*rules, CLOSED):
        if rule.do is Do.QUEUE and rule.queue in been:
            continue
        if rule.do is Do.CALLBACK and asked:
            continue
        if applies(rule, now, entering):
            return rule
    return None


def next_wait(rules: tuple[OverflowRule, ...], since: float, now: float) -> float | None:
    """The instant from which the next limit of waiting applies to a contact that waits since `since`."""
    limits = (since + rule.at for rule in rules if rule.when is When.WAIT)
    return min((instant for instant in limits if instant > now), default=None)
