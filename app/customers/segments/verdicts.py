"""What rules say of one customer. Where a rule cannot be told (a value is missing, something is divided by nothing),
what it would decide stays as it is: nobody loses a tier for lack of data. Pure."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from math import isnan
from statistics import quantiles
from typing import Any, NamedTuple

from app.core.expressions.reading import ExpressionFailed, evaluate
from app.customers.segments.facts import Facts, functions_of, variables_of
from app.customers.segments.rules import Rules, TierRule
from app.customers.segments.words import Condition, read

Boundaries = Mapping[str, Sequence[float]]


class Untold(NamedTuple):
    """A rule that could not be told, and why not."""

    rule: str
    why: str


class Verdict(NamedTuple):
    """`by` is the rule that gives the tier (None: none does, or that cannot be told); `segments` all they belong to."""

    by: TierRule | None
    segments: tuple[str, ...]
    untold: tuple[Untold, ...]


def verdict(rules: Rules, facts: Facts, present: Sequence[str]) -> Verdict:
    """What the rules say of a customer who is in the segments `present` now."""
    untold: list[Untold] = []
    by = _tier(rules, facts, untold)
    segments = []
    for rule in rules.segments:
        held = _held_or_noted(read(rule.condition), facts, f"segment {rule.id}", untold)
        if held or (held is None and rule.id in present):
            segments.append(rule.id)
    return Verdict(by, tuple(sorted(segments)), tuple(untold))


def scored(rules: Rules, facts: Facts, boundaries: Boundaries) -> Facts:
    """The facts with the scores that can be told."""
    if not rules.scores:
        return facts
    found = {}
    for score in rules.scores:
        number = number_of(read(score.of), facts)
        if number is not None and score.id in boundaries:
            found[score.id] = 1 + bisect_left(boundaries[score.id], number)
    return facts._replace(score=found)


def number_of(condition: Condition, facts: Facts) -> float | None:
    """The number that an expression gives; None: it cannot be told."""
    try:
        value = float(_evaluated(condition, facts))
    except (ExpressionFailed, TypeError, ValueError):
        return None
    return None if isnan(value) else value


def held(condition: Condition, facts: Facts) -> bool | None:
    """Whether a condition holds; None: that cannot be told."""
    return _held_or_noted(condition, facts, "", [])


def boundaries_of(numbers: Sequence[float]) -> list[float]:
    """What parts numbers into five groups of one size; those that are equal are of one group, the lower."""
    return quantiles(numbers, n=5, method="inclusive") if len(numbers) > 1 else []


def _tier(rules: Rules, facts: Facts, untold: list[Untold]) -> TierRule | None:
    for rule in rules.tiers:
        held = _held_or_noted(read(rule.condition), facts, f"tier {rule.id}", untold)
        if held is None:  # those after it give lower tiers, and it may hold
            return None
        if held:
            return rule
    return None


def _held_or_noted(condition: Condition, facts: Facts, rule: str, untold: list[Untold]) -> bool | None:
    try:
        return _evaluated(condition, facts) is True
    except ExpressionFailed as error:
        untold.append(Untold(rule, str(error)))
        return None


def _evaluated(condition: Condition, facts: Facts) -> Any:
    return evaluate(condition.source, variables_of(facts, condition), functions_of(facts, condition.uses))
