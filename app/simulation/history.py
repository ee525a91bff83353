"""Reading what was recorded of a queue's day. The one module of this room that is not pure: read-only SQL.

A stay counts where it began, so a contact that came before midnight belongs to the day before. A callback is no
arrival and waits at home: the caller's own stay before it counts, its own does not. Agents are known by
what they answered: whoever answered is taken to have been there from the first answer to the end of the last wrap-up,
for this queue alone.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.interactions.models import AT_HOME
from app.simulation.fitting import INTERVAL_SECONDS, Day, Rules, TierRule, fitted
from app.simulation.scenario import Scenario

STAY = timedelta(days=31)
"""No contact lives longer. Months before are left out; the tables are split by the contact's arrival."""

SKEW = timedelta(days=1)
"""More than a contact's arrival can lie behind its entry into a queue, however the clocks differ."""


async def recorded_scenario(session: AsyncSession, queue: str, day: date, zone: ZoneInfo) -> Scenario:
    """The scenario that a queue's day was, by its own zone's midnights. Raises NothingRecorded."""
    return fitted(await recorded_day(session, queue, day, zone))


async def recorded_day(session: AsyncSession, queue: str, day: date, zone: ZoneInfo) -> Day:
    """What was recorded of a queue between two midnights."""
    since, until = (_midnight(each, zone) for each in (day, day + timedelta(days=1)))
    scope = {
        "queue": queue,
        "since": since,
        "until": until,
        "arrived_since": since - STAY,
        "arrived_until": until + SKEW,
        "width": INTERVAL_SECONDS,
        "at_home": list(AT_HOME),
    }
    arrivals = {(row.tier_id, row.slot): row.contacts for row in await session.execute(_ARRIVALS, scope)}
    waits = (await session.execute(_WAITS, scope)).one()
    services = (await session.execute(_SERVICES, scope)).one()
    rules = (await session.execute(_RULES, {"queue": queue})).one_or_none()
    return Day(
        queue=queue,
        named=f"{day} ({zone.key})",
        length=(until - since).total_seconds(),
        arrivals=arrivals,
        waited=waits.waited,
        abandoned=waits.abandoned,
        services=(services.handled, services.mean, services.deviation),
        presence=[(row.first, row.last) for row in await session.execute(_PRESENCE, scope)],
        rules=Rules(*rules) if rules else Rules(),
        tiers={row.id: TierRule(row.bonus_seconds, row.rank) for row in await session.execute(_TIERS)},
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


_ARRIVALS = text("""
    select v.tier_id, floor(extract(epoch from v.entered_at - cast(:since as timestamptz)) / :width)::int as slot,
        count(*) as contacts
    from queue_visits v
    where v.queue_id = :queue and v.entered_at >= :since and v.entered_at < :until
        and v.started_at >= :arrived_since and v.started_at < :arrived_until
        and v.outcome <> all(cast(:at_home as text[]))
    group by v.tier_id, slot order by v.tier_id, slot""")

_WAITS = text("""
    select coalesce(sum(v.wait_seconds), 0)::float8 as waited,
        count(*) filter (where v.outcome = 'abandoned') as abandoned
    from queue_visits v
    where v.queue_id = :queue and v.entered_at >= :since and v.entered_at < :until
        and v.started_at >= :arrived_since and v.started_at < :arrived_until
        and v.outcome <> all(cast(:at_home as text[]))""")

_SERVICES = text("""
    select count(*) as handled,
        coalesce(avg(i.talk_seconds + i.hold_seconds + i.wrap_up_seconds), 0)::float8 as mean,
        coalesce(stddev_samp(i.talk_seconds + i.hold_seconds + i.wrap_up_seconds), 0)::float8 as deviation
    from interactions i
    where i.queue_id = :queue and i.outcome = 'answered'
        and i.started_at >= :since and i.started_at < :until and i.ended_at >= :since""")

_PRESENCE = text("""
    select min(extract(epoch from i.started_at - cast(:since as timestamptz)) + i.wait_seconds)::float8 as first,
        max(extract(epoch from i.ended_at - cast(:since as timestamptz)) + i.wrap_up_seconds)::float8 as last
    from interactions i
    where i.queue_id = :queue and i.outcome = 'answered' and i.agent_id is not null
        and i.started_at >= :since and i.started_at < :until and i.ended_at >= :since
    group by i.agent_id order by first, last""")

_RULES = text("""
    select selection, strict_tiers, service_level_seconds, short_abandon_seconds from queues where id = :queue""")

_TIERS = text("select id, bonus_seconds, rank from tiers")
