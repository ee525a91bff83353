"""What of a configuration differs from an earlier one: the floor does anew what hangs on that, and nothing else.

Reading keeps the values of rows that are as they were (`reading.py` beside this), so most are found to be the same
without a look into them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.floor.configuration.config import FloorConfig


class Changes(NamedTuple):
    """The ids of what was added, removed or changed. `people` are agents and former ones, also who went from the one to
    the other; `sources` says that there are others than before, `addresses` that a phone may be somebody else's."""

    people: frozenset[str]
    queues: frozenset[str]
    tiers: frozenset[str]
    sources: bool
    addresses: bool


def changes(before: FloorConfig, now: FloorConfig) -> Changes:
    """What differs."""
    people = _differing(before.agents, now.agents) | _differing(before.former, now.former)
    return Changes(
        people=people,
        queues=_differing(before.queues, now.queues),
        tiers=_differing(before.tiers, now.tiers),
        sources=before.sources.keys() != now.sources.keys(),
        addresses=any(_reached(before, key) != _reached(now, key) for key in people),
    )


def both(one: Changes, other: Changes) -> Changes:
    """What differs from either of two."""
    return Changes(
        people=one.people | other.people,
        queues=one.queues | other.queues,
        tiers=one.tiers | other.tiers,
        sources=one.sources or other.sources,
        addresses=one.addresses or other.addresses,
    )


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> frozenset[str]:
    if before is now:
        return frozenset()
    found = {key for key, value in now.items() if (was := before.get(key)) is not value and was != value}
    return frozenset(found | (before.keys() - now.keys()))


def _reached(config: FloorConfig, key: str) -> tuple[str | None, bool, str | None]:
    """Where somebody is reached as an agent, whether by telephone, and where as a former one."""
    agent, former = config.agents.get(key), config.former.get(key)
    rung = agent is not None and agent.needs_phone
    return agent.address if agent else None, rung, former.address if former else None
