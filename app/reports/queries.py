"""Counting, read-only: stays in queues by where they began, handled contacts by where they arrived.

Each row is counted in exactly one interval, which depends on nothing but the row: two reports never disagree.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.interactions.models import AT_HOME
from app.reports.metrics import Counts

STAY = timedelta(days=31)
"""No contact lives longer. Months before are left out; the tables are split by the contact's arrival."""

SKEW = timedelta(days=1)
"""More than a contact's arrival can lie behind its entry into a queue, however the clocks differ."""

Found = Sequence[RowMapping]
"""Rows of a queue, the number of the interval, from 1, and some of the counts."""

Cells = dict[tuple[str, int], Counts]
"""Counts by queue and by the number of the interval, from 0."""


class Rules(NamedTuple):
    """A queue and the seconds its metrics are measured by; the name is None if the queue has been removed."""

    queue: str
    name: str | None
    service_level_seconds: float
    short_abandon_seconds: float


REMOVED = Rules("", None, 20.0, 5.0)
"""What the stays in a queue that has been removed since are measured by."""


async def queue_rules(session: AsyncSession, queues: Sequence[str] | None) -> list[Rules]:
    """The queues there are, or those of the named ones that there are, by id."""
    found = await session.execute(_RULES, {"queues": queues})
    return [Rules(*row) for row in found]


async def count_stays(
    session: AsyncSession,
    edges: Sequence[datetime],
    queues: Sequence[str] | None,
    rules: Sequence[Rules],
    otherwise: Rules,
) -> Found:
    """What happened to the stays that began in each interval; a queue without rules is measured by `otherwise`."""
    parameters = {
        **_scope(edges, queues),
        "at_home": list(AT_HOME),
        "rules": msgspec.json.encode([rule._asdict() for rule in rules]).decode(),
        "target": otherwise.service_level_seconds,
        "short": otherwise.short_abandon_seconds,
    }
    return (await session.execute(_STAYS, parameters)).mappings().all()


async def count_handled(session: AsyncSession, edges: Sequence[datetime], queues: Sequence[str] | None) -> Found:
    """The handling of the answered contacts that arrived in each interval, booked on the queue of their record."""
    return (await session.execute(_HANDLED, _scope(edges, queues))).mappings().all()


def cells(found: Found) -> Cells:
    """What was found, cell by cell."""
    return {
        (row["queue_id"], row["slot"] - 1): Counts(**{k: v for k, v in row.items() if k not in ("queue_id", "slot")})
        for row in found
    }


def _scope(edges: Sequence[datetime], queues: Sequence[str] | None) -> dict[str, Any]:
    start, end = edges[0], edges[-1]
    return {
        "starts": list(edges[:-1]),
        "since": start,
        "until": end,
        "arrived_since": start - STAY,
        "arrived_until": end + SKEW,
        "queues": queues,
    }


_RULES = text("""
    select id, name, service_level_seconds, short_abandon_seconds from queues
    where cast(:queues as text[]) is null or id = any(cast(:queues as text[]))
    order by id""")

_STAYS = text(
    """
    with rules as (
        select * from jsonb_to_recordset(cast(:rules as jsonb))
            as r(queue text, service_level_seconds float8, short_abandon_seconds float8)
    )
    select v.queue_id, width_bucket(v.entered_at, cast(:starts as timestamptz[])) as slot,
        count(*) filter (where v.outcome = 'answered') as answered,
        count(*) filter (where v.outcome = 'abandoned') as abandoned,
        count(*) filter (where v.outcome not in ('answered', 'abandoned') and not {at_home}) as flowed_out,
        count(*) filter (where v.outcome = 'called_back') as called_back,
        count(*) filter (where v.outcome = 'callback_failed') as callbacks_failed,
        count(*) filter (where v.outcome = 'answered'
            and v.wait_seconds <= coalesce(r.service_level_seconds, :target)) as answered_in_target,
        count(*) filter (where v.outcome = 'abandoned'
            and v.wait_seconds <= coalesce(r.service_level_seconds, :target)) as abandoned_in_target,
        count(*) filter (where v.outcome = 'abandoned'
            and v.wait_seconds <= coalesce(r.short_abandon_seconds, :short)) as abandoned_short,
        coalesce(sum(v.wait_seconds) filter (where v.outcome = 'answered'), 0) as wait_answered_seconds,
        coalesce(max(v.wait_seconds) filter (where not {at_home}), 0) as longest_wait_seconds,
        count(*) filter (where {predicted}) as predicted,
        coalesce(sum(v.estimated_wait_seconds - v.wait_seconds) filter (where {predicted}), 0)
            as prediction_error_seconds,
        coalesce(sum(abs(v.estimated_wait_seconds - v.wait_seconds)) filter (where {predicted}), 0)
            as prediction_miss_seconds
    from queue_visits v left join rules r on r.queue = v.queue_id
    where v.entered_at >= :since and v.entered_at < :until
        and v.started_at >= :arrived_since and v.started_at < :arrived_until
        and (cast(:queues as text[]) is null or v.queue_id = any(cast(:queues as text[])))
    group by v.queue_id, slot""".replace(
        "{predicted}", "v.outcome = 'answered' and v.estimated_wait_seconds is not null"
    ).replace("{at_home}", "v.outcome = any(cast(:at_home as text[]))")
)

_HANDLED = text("""
    select i.queue_id, width_bucket(i.started_at, cast(:starts as timestamptz[])) as slot,
        count(*) as handled,
        sum(i.talk_seconds) as talk_seconds,
        sum(i.hold_seconds) as hold_seconds,
        sum(i.wrap_up_seconds) as wrap_up_seconds
    from interactions i
    where i.outcome = 'answered' and i.queue_id is not null
        and i.started_at >= :since and i.started_at < :until and i.ended_at >= :since
        and (cast(:queues as text[]) is null or i.queue_id = any(cast(:queues as text[])))
    group by i.queue_id, slot""")
