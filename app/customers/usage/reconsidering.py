"""Late events may show that an alert was wrong: the card that seemed unused had been used. One that nobody has taken
yet is over then."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from app.customers.usage.measuring import Asked
from app.customers.usage.watching import Watched, matches_each
from app.db.engine import WriteSession

_OPEN = text("""
    with given as materialized (
        select * from unnest(cast(:ids as uuid[]), cast(:since as timestamptz[])) as g(root, since)
    ), members as (
        select root, root as id, since from given
        union all select g.root, c.id, g.since from given g join customers c on c.merged_into = g.root
    )
    select a.id, a.rule_id, m.root, a.matched_at from members m join customer_alerts a on a.customer_id = m.id
    where a.state = 'open' and a.matched_at >= m.since and a.rule_id = any(cast(:rules as text[]))""")
_DISPROVE = text("""
    with disproved as (
        update customer_alerts set state = 'expired', closed_at = :now
        where id = any(cast(:ids as uuid[])) and state = 'open' returning id, owner
    )
    insert into customer_alert_entries (alert_id, at, who, act, state, owner)
    select id, :now, null, 'disproved', 'expired', owner from disproved""")


async def reconsider(
    session: WriteSession, rules: Sequence[Watched], since: Mapping[UUID, datetime], now: datetime
) -> int:
    """Hold open alerts against what is known now of the instant at which they matched, for customers of whom events of
    `since` or later have come; how many are over. Only of rules that events can make false."""
    falsifiable = [rule for rule in rules if rule.condition.crossings]
    if not falsifiable:
        return 0
    given = {"ids": list(since), "since": list(since.values()), "rules": [rule.rule_id for rule in falsifiable]}
    alerts = (await session.execute(_OPEN, given)).all()
    of_rule = {rule.rule_id: (rule, list[Asked]()) for rule in falsifiable}
    for row in alerts:
        of_rule[row.rule_id][1].append(Asked(row.root, row.matched_at))
    found = await matches_each(session, list(of_rule.values()))
    hold = {(match.rule_id, match.customer_id, match.matched_at) for match in found}
    gone = [row.id for row in alerts if (row.rule_id, row.root, row.matched_at) not in hold]
    if gone:
        await session.execute(_DISPROVE, {"ids": gone, "now": now})
    return len(gone)
