"""Opening alerts of what rules found, many at once: one is live of a rule and a customer, and what holds again counts
there."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from app.customers.usage.models import LIVE
from app.customers.usage.watching import Match
from app.db.engine import WriteSession

SHARDS = 256
LOCKS = 0x55534147  # "USAG"

_TAKE_TURNS = text("""
    select pg_advisory_xact_lock(:space, shard) from (
        select distinct abs(hashtext(id::text) % :shards) as shard from unnest(cast(:ids as uuid[])) as g(id) order by 1
    ) shards""")
_ALERT = text(f"""
    with present as (
        select cast(:now as timestamptz) as now
    ), matched as materialized (
        select * from unnest(cast(:rules as text[]), cast(:customers as uuid[]), cast(:instants as timestamptz[]),
                             cast(:evidence as text[])) with ordinality
                 as m(rule_id, customer_id, matched_at, evidence, place)
    ), members as materialized (
        select place, rule_id, customer_id as id from matched
        union all select m.place, m.rule_id, c.id from matched m join customers c on c.merged_into = m.customer_id
    ), live as materialized (
        select m.place, a.id from members m
        join customer_alerts a on a.rule_id = m.rule_id and a.customer_id = m.id and a.{LIVE}
    ), grown as (
        update customer_alerts a set count = a.count + 1, matched_at = greatest(a.matched_at, m.matched_at),
            evidence = case when m.matched_at >= a.matched_at then cast(m.evidence as jsonb) else a.evidence end
        from live l join matched m using (place) where :news and a.id = l.id and a.{LIVE} returning a.id
    ), quiet as materialized (
        select b.place, max(a.closed_at) + make_interval(secs => r.quiet_seconds) as until
        from members b join usage_rules r on r.id = b.rule_id and r.enabled
        join customer_alerts a on a.rule_id = b.rule_id and a.customer_id = b.id cross join present
        where a.closed_at > present.now - make_interval(secs => r.quiet_seconds) group by b.place, r.quiet_seconds
    ), hushed as (
        insert into usage_looks (customer_id, rule_id, due_at)
        select c.id, m.rule_id, q.until from quiet q join matched m using (place)
        join customers c on c.id = m.customer_id
        where not exists (select from live l where l.place = m.place)
        on conflict (rule_id, customer_id) where rule_id is not null do nothing
    ), opened as (
        insert into customer_alerts (customer_id, rule_id, severity, owner, opened_at, matched_at, due_at, expires_at,
                                     evidence)
        select c.id, r.id, r.severity, coalesce(r.owner, c.preferred_agent), present.now, m.matched_at,
               present.now + make_interval(secs => r.due_seconds),
               present.now + make_interval(secs => r.expire_seconds), cast(m.evidence as jsonb)
        from matched m join usage_rules r on r.id = m.rule_id and r.enabled join customers c on c.id = m.customer_id
        cross join present
        where not exists (select from live l where l.place = m.place)
          and not exists (select from quiet q where q.place = m.place)
        order by r.id, c.id
        on conflict (rule_id, customer_id) where {LIVE} do nothing
        returning id, owner
    ), written as (
        insert into customer_alert_entries (alert_id, at, who, act, state, owner)
        select id, now, null, 'opened', 'open', owner from opened cross join present
    )
    select (select count(*) from opened) as opened, (select count(*) from grown) as grown""")  # noqa: S608 - constants


class Alerted(NamedTuple):
    """How many alerts were opened, and how many that were live counted once more."""

    opened: int = 0
    grown: int = 0


async def take_turns(session: WriteSession, customers: Collection[UUID]) -> None:
    """Until the commit, nobody else looks at these customers. Who looks after that sees what was written before, so of
    two batches that together make a rule hold the second finds it."""
    await session.execute(_TAKE_TURNS, {"space": LOCKS, "shards": SHARDS, "ids": list(customers)})


async def alert(session: WriteSession, found: Sequence[Match], now: datetime, *, news: bool = True) -> Alerted:
    """Open an alert for each match, or count it where one is live, if it is `news` and not a second look at what was
    there. In the quiet time after one nothing is opened: at its end the rule is held once more."""
    if not found:
        return Alerted()
    given = {
        "rules": [match.rule_id for match in found],
        "customers": [match.customer_id for match in found],
        "instants": [match.matched_at for match in found],
        "evidence": [msgspec.json.encode(match.evidence).decode() for match in found],
        "now": now,
        "news": news,
    }
    return Alerted(*(await session.execute(_ALERT, given)).one())
