"""What rules must still be held against, as rows: they are taken in the transaction that looks, so that each is looked
at once whoever stops in between. The request that brought events looks at its own; what it has left is caught up with.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text

from app.customers.usage.alerting import alert, take_turns
from app.customers.usage.looking import PAGE, Arrival, Looked, look, pages
from app.customers.usage.measuring import Asked
from app.customers.usage.watching import matches_each, watched
from app.db.engine import WriteSession

GRACE = timedelta(minutes=1)
"""So long new events are left to the request that brought them."""

_REMEMBER = text("""
    insert into usage_looks (customer_id, kind, instants, due_at)
    select g.customer_id, g.kind, cast(g.instants as timestamptz[]), :due_at
    from unnest(cast(:customers as uuid[]), cast(:kinds as text[]), cast(:instants as text[]))
         as g(customer_id, kind, instants)
    returning id""")
_TAKE = """
    with taken as (
        delete from usage_looks where id in ({which}) returning id, customer_id, rule_id, kind, instants
    )
    select t.id, coalesce(c.merged_into, c.id) as root, t.rule_id, t.kind, t.instants
    from taken t left join customers c on c.id = t.customer_id"""
_TAKE_GIVEN = text(_TAKE.format(which="select unnest(cast(:ids as bigint[]))"))
_TAKE_DUE = text(
    _TAKE.format(
        which="""select id from usage_looks where due_at <= :now
                 order by due_at, id limit :page for update skip locked"""
    )
)


async def remember(session: WriteSession, arrivals: Sequence[Arrival], now: datetime) -> list[list[int]]:
    """Keep that these events must be looked at, as far as any rule asks for them; by what ids, in pages."""
    kinds = {kind for rule in await watched(session) for kind in rule.condition.kinds}
    found = []
    for page in pages([each for each in arrivals if each.kind in kinds]):
        given = {
            "customers": [each.customer_id for each in page],
            "kinds": [each.kind for each in page],
            "instants": ["{" + ",".join(at.isoformat() for at in each.instants) + "}" for each in page],
            "due_at": now + GRACE,
        }
        found.append(list(await session.scalars(_REMEMBER, given)))
    return found


async def look_at(session: WriteSession, ids: Sequence[int], now: datetime) -> Looked:
    """Look at these, as far as nobody has."""
    rows = await session.execute(_TAKE_GIVEN, {"ids": list(ids)})
    arrivals = [Arrival(row.root, row.kind, row.instants) for row in rows if row.root is not None]
    return await look(session, arrivals, now)


async def look_at_due(session: WriteSession, now: datetime) -> Looked | None:
    """Look at a page of what is due, None where nothing is that nobody else is at."""
    rows = (await session.execute(_TAKE_DUE, {"now": now, "page": PAGE})).all()
    if not rows:
        return None
    rows = [row for row in rows if row.root is not None]
    await take_turns(session, {row.root for row in rows})  # all at once: two that do it by parts could deadlock
    arrivals = [Arrival(row.root, row.kind, row.instants) for row in rows if row.kind is not None]
    again: dict[str | None, set[Asked]] = defaultdict(set)
    for row in rows:
        if row.kind is None:
            again[row.rule_id].add(Asked(row.root, now))
    found = await look(session, arrivals, now)
    if again:
        wanted = [(rule, sorted(again[None] | again[rule.rule_id])) for rule in await watched(session)]
        alerted = await alert(session, await matches_each(session, wanted), now, news=False)
        found = found.and_(Looked(*alerted))
    return found
