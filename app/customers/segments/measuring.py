"""What must be known of customers to judge them, of a page of them by a few statements: what they hold, how they were
in contact, what they used. Those who were merged into a customer count for them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.feeds.columns.amounts import exponent
from app.customers.segments.facts import Facts
from app.customers.segments.turns import in_turns
from app.customers.segments.words import Asks
from app.customers.usage.measuring import Asked, measure

REACH = timedelta(days=731)
"""How far back the last contact is looked for."""

DAY = 86_400.0

# an override counts whatever its origin's rank is; a tier that a higher source has set stays, too
_CUSTOMERS = """
    select c.id, c.version, c.kind, c.tier_id, c.language, c.segments, c.computed_segments, c.created_at,
           {attributes} as attributes,
           coalesce(coalesce(c.origins ->> 'tier_id', case when c.tier_id is not null then c.source end)
                    = any(cast(:blocking as text[])), false)
           or exists (select from tier_overrides o where o.customer_id = c.id and o.ended_at is null) as kept
    from customers c
    where c.id = any(cast(:ids as uuid[])) and c.active and c.merged_into is null and not c.provisional"""
_WITH = text(_CUSTOMERS.replace("{attributes}", "c.attributes"))
_WITHOUT = text(_CUSTOMERS.replace("{attributes}", "cast(null as jsonb)"))
_OVERRIDDEN = text("""
    select id, customer_id, segment, member, made_by, reason, until from segment_overrides
    where customer_id = any(cast(:ids as uuid[])) and ended_at is null""")
_MERGED = text("select id, merged_into from customers where merged_into = any(cast(:ids as uuid[]))")


class Overridden(NamedTuple):
    """Whether somebody has put a customer into a segment or out of it, and who, why and until when."""

    member: bool
    evidence: dict[str, Any]


class Known(NamedTuple):
    """A customer as they were read: of what version, in what tier and segments by rules. `kept`: their tier is not for
    rules to change. `overridden` are segments that somebody has put them into or out of."""

    version: int
    tier: str | None
    segments: tuple[str, ...]
    kept: bool
    facts: Facts
    overridden: Mapping[str, Overridden] = {}


async def known_of(
    session: AsyncSession, ids: Collection[UUID], asks: Asks, blocking: Sequence[str], now: datetime
) -> dict[UUID, Known]:
    """What rules ask of the customers, of those who are active, known and stand for themselves. `blocking` are the
    sources whose word about a tier rules do not overwrite."""
    statement = _WITH if asks.attributes else _WITHOUT
    rows = (await session.execute(statement, {"ids": list(ids), "blocking": list(blocking)})).all()
    roots = {row.id: row.id for row in rows}
    members = dict(roots)
    if roots:
        members |= {row.id: row.merged_into for row in await session.execute(_MERGED, {"ids": list(roots)})}
    held = await _holdings(session, members, asks, now.date()) if asks.holdings else {}
    reached = await _contacts(session, members, asks, now)
    put = await _overridden(session, list(roots))
    used = await measure(session, [Asked(customer, now) for customer in roots], asks.usage)
    found = {}
    async for row in in_turns(rows):
        holding = held.get(row.id, _NOTHING)
        contacts, recency = reached.get(row.id, ({}, {}))
        facts = Facts(
            customer=_customer(row, asks.customer, holding, now.date()),
            attributes=row.attributes or {},
            holdings=holding.counts,
            balances=holding.balances,
            contacts=contacts,
            recency=recency,
            usage=used.get(Asked(row.id, now), {}),
        )
        found[row.id] = Known(
            row.version, row.tier_id, tuple(row.computed_segments), row.kept, facts, put.get(row.id, {})
        )
    return found


async def _overridden(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, dict[str, Overridden]]:
    found: dict[UUID, dict[str, Overridden]] = defaultdict(dict)
    for row in await session.execute(_OVERRIDDEN, {"ids": list(ids)}):
        told = {"override": str(row.id), "by": row.made_by, "reason": row.reason, "until": row.until.isoformat()}
        found[row.customer_id][row.segment] = Overridden(row.member, told)
    return found


class _Held(NamedTuple):
    """Open holdings by kind, their balances, the kinds there are, and when the first of all was opened."""

    counts: dict[str, int]
    balances: dict[tuple[str, str], float]
    kinds: frozenset[str]
    first: date | None


_NOTHING = _Held({}, {}, frozenset(), None)


def _customer(row: Any, asked: frozenset[str], held: _Held, today: date) -> dict[str, Any]:
    found = {
        "kind": row.kind,
        "tier": row.tier_id or "",
        "language": row.language or "",
        "segments": row.segments,
    }
    if "holds" in asked:
        found["holds"] = sorted(held.kinds)
    if "relation_days" in asked:
        made = row.created_at.date()
        found["relation_days"] = max(0, (today - (made if held.first is None else min(held.first, made))).days)
    born = _date(row.attributes.get("birth_date")) if "age" in asked else None
    if born is not None and born <= today:
        found["age"] = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return found


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


async def _holdings(session: AsyncSession, members: Mapping[UUID, UUID], asks: Asks, today: date) -> dict[UUID, _Held]:
    kinds, amounts = sorted(asks.held), sorted(asks.balances)
    given: dict[str, Any] = {"ids": list(members), "today": today}
    given |= {f"kind{place}": kind for place, kind in enumerate(kinds)}
    for place, (kind, currency) in enumerate(amounts):
        given |= {f"of{place}": kind, f"in{place}": currency}
    units = [10.0 ** _decimals(currency) for _, currency in amounts]
    found: dict[UUID, _Held] = {}
    for customer, open_kinds, first, *numbers in await session.execute(_holdings_of(len(kinds), len(amounts)), given):
        counts = dict(zip(kinds, numbers, strict=False))
        minors = numbers[len(kinds) :]
        balances = {key: (minor or 0.0) / unit for key, minor, unit in zip(amounts, minors, units, strict=True)}
        one = _Held(counts, balances, frozenset(open_kinds or ()), first)
        root = members[customer]
        found[root] = _together(found[root], one) if root in found else one
    return found


def _together(one: _Held, other: _Held) -> _Held:
    """What two who were merged hold."""
    return _Held(
        {kind: count + other.counts[kind] for kind, count in one.counts.items()},
        {key: amount + other.balances[key] for key, amount in one.balances.items()},
        one.kinds | other.kinds,
        min((each for each in (one.first, other.first) if each is not None), default=None),
    )


@lru_cache
def _holdings_of(kinds: int, amounts: int) -> TextClause:
    """Of each customer one row: what is added up here need not be read."""
    counts = "".join(
        f", count(*) filter (where open and (:kind{place} = '' or kind = :kind{place}))" for place in range(kinds)
    )
    sums = "".join(
        f", sum(minor) filter (where open and currency = :in{place} and (:of{place} = '' or kind = :of{place}))"
        for place in range(amounts)
    )
    return text(f"""
        select customer_id, array_agg(distinct kind) filter (where open), min(opened_on){counts}{sums}
        from (select h.customer_id, h.kind, h.opened_on, h.closed_on is null or h.closed_on > :today as open,
                     b.balance ->> 'currency' as currency,
                     case when jsonb_typeof(b.balance -> 'minor') = 'number'
                          then cast(b.balance ->> 'minor' as float8) end as minor
              from customer_holdings h cross join lateral (select h.details -> 'balance') as b(balance)
              where h.customer_id = any(cast(:ids as uuid[]))) each_of
        group by 1""")  # noqa: S608 - of numbers


@lru_cache
def _decimals(currency: str) -> int:
    try:
        return exponent(currency)
    except ValueError:  # rules may ask for what is no currency
        return 2


async def _contacts(
    session: AsyncSession, members: Mapping[UUID, UUID], asks: Asks, now: datetime
) -> dict[UUID, tuple[dict[tuple[str, float], int], dict[str, float]]]:
    windows = sorted(asks.contacts)
    if not windows and not asks.recency:
        return {}
    since = [now - timedelta(seconds=seconds) for seconds in windows]
    given: dict[str, Any] = {f"since{place}": each for place, each in enumerate(since)}
    given |= {"ids": list(members), "until": now, "oldest": min([*since, *([now - REACH] if asks.recency else [])])}
    found: dict[UUID, tuple[dict[tuple[str, float], int], dict[str, float]]] = defaultdict(lambda: ({}, {}))
    for customer, channel, last, *counts in await session.execute(_contacts_of(len(windows)), given):
        contacts, recency = found[members[customer]]
        days = (now - last).total_seconds() / DAY
        for key in (channel, ""):
            recency[key] = min(days, recency.get(key, days))
            for seconds, count in zip(windows, counts, strict=True):
                contacts[key, seconds] = contacts.get((key, seconds), 0) + count
    return found


@lru_cache
def _contacts_of(windows: int) -> TextClause:
    """In which the customer was reached: what they began, and what was answered."""
    counts = "".join(f", count(*) filter (where i.started_at > :since{place})" for place in range(windows))
    return text(f"""
        select i.customer_id, i.channel, max(i.started_at){counts}
        from interactions i
        where i.customer_id = any(cast(:ids as uuid[])) and i.started_at > :oldest and i.started_at <= :until
          and (i.direction = 'inbound' or i.outcome = 'answered')
        group by 1, 2""")  # noqa: S608 - of a number
