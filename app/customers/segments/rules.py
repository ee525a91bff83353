"""A set of rules: tiers in order, segments, and scores by quintiles. What is wrong with one, and what it asks. Pure."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from app.core.wire import fault
from app.customers.segments.words import Asks, Condition, asks_of, condition_faults, read, samples

MOST_WINDOWS = 40
_SCORE = re.compile(r"[a-z][a-z0-9_]{0,31}")
TOLD_BY_FEEDS = ("birth_date", "household", "company")
"""Attributes that feeds tell as texts, whether they are declared or not."""


class TierRule(msgspec.Struct, frozen=True):
    """Whoever it holds for, and no rule before it, is of the tier; None: of no tier."""

    id: str
    tier: str | None
    condition: str


class SegmentRule(msgspec.Struct, frozen=True):
    """Whoever it holds for belongs to the segment `id`."""

    id: str
    name: str
    condition: str


class Score(msgspec.Struct, frozen=True):
    """From 1 to 5: in which fifth of all customers one stands by the number `of`, 5 being the highest."""

    id: str
    of: str


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """All rules of a set. Who fits no rule of tiers keeps the tier. A set may have no rules: then nobody is moved, and
    everybody leaves the segments that rules have given."""

    tiers: tuple[TierRule, ...] = ()
    segments: tuple[SegmentRule, ...] = ()
    scores: tuple[Score, ...] = ()

    @property
    def conditions(self) -> list[Condition]:
        """All conditions and scores, read."""
        rules = [read(tier.condition) for tier in self.tiers] + [read(segment.condition) for segment in self.segments]
        return rules + [read(score.of) for score in self.scores]

    @property
    def asks(self) -> Asks:
        """What must be known of customers."""
        return asks_of(self.conditions)


def rules_of(kept: Mapping[str, Any]) -> Rules:
    """The rules as they are kept."""
    return msgspec.convert(kept, Rules)


def rules_faults(rules: Rules, tiers: Collection[str], attributes: Mapping[str, str]) -> list[dict[str, str]]:
    """Everything that is wrong with rules, where `tiers` are known and `attributes` declared (with their types)."""
    found = [*_doubles(rules), *_of_tiers(rules, tiers), *_of_scores(rules, attributes)]
    known = samples({**dict.fromkeys(TOLD_BY_FEEDS, "text"), **attributes}, tuple(score.id for score in rules.scores))
    for part in ("tiers", "segments"):
        for place, rule in enumerate(getattr(rules, part)):
            found += condition_faults(rule.condition, known, "flag", f"body.{part}.{place}.condition")
    if not found:
        windows = len(rules.asks.usage) + len(rules.asks.contacts)
        if windows > MOST_WINDOWS:
            found.append(fault("body", f"looks at {windows} windows", f"at most {MOST_WINDOWS}"))
    return found


def _of_scores(rules: Rules, attributes: Mapping[str, str]) -> Iterator[dict[str, str]]:
    known = samples({**dict.fromkeys(TOLD_BY_FEEDS, "text"), **attributes}, ())
    del known["score"]
    for place, score in enumerate(rules.scores):
        if not _SCORE.fullmatch(score.id):
            yield fault(f"body.scores.{place}.id", f"{score.id!r} is no name of a score", "a-z, 0-9 and _, as in CEL")
        yield from condition_faults(score.of, known, "number", f"body.scores.{place}.of")


def _of_tiers(rules: Rules, tiers: Collection[str]) -> Iterator[dict[str, str]]:
    for place, rule in enumerate(rules.tiers):
        if rule.tier is not None and rule.tier not in tiers:
            there = ", ".join(sorted(tiers)) or "none yet"
            yield fault(f"body.tiers.{place}.tier", f"{rule.tier!r} is no tier", f"null or a tier: {there}")


def _doubles(rules: Rules) -> Iterator[dict[str, str]]:
    for part in ("tiers", "segments", "scores"):
        counts = Counter(each.id for each in getattr(rules, part))
        for place, each in enumerate(getattr(rules, part)):
            if counts[each.id] > 1:
                yield fault(f"body.{part}.{place}.id", f"{each.id!r} is there {counts[each.id]} times", "each id once")
