"""Who may be meant: customers who share something with what is known, each with reasons and a score, none chosen."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Text, and_, cast, func, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, defer

from app.customers.duplicates.scoring import CROWD, Facts, HeldNumber, Probe, Reason, weigh
from app.customers.models import Customer, CustomerNumber
from app.customers.names.likeness import alike, near
from app.customers.numbers import extension_of, normalise
from app.customers.record.finding import CustomerRecord, with_numbers
from app.customers.record.whole import survivor_of
from app.customers.record_models import CustomerEmail, CustomerExternalId

LOOKED_AT = 200
"""Of each way of looking, at most so many are weighed; of a name that more have, more must be known."""
LEADING = ""
"""Under this name the id in the leading system stands beside those of other systems."""

_HOLDERS = f"""
    select g.key, (select count(distinct few.customer_id) from (
        select customer_id from {{table}} where {{same}} limit {CROWD + 1}) few) as holders
    from unnest(cast(:given as text[])) g(key)"""  # noqa: S608 - a constant
_HOLDERS_E164 = text(_HOLDERS.replace("{table}", "customer_numbers").replace("{same}", "e164 = g.key"))
_HOLDERS_RAW = text(_HOLDERS.replace("{table}", "customer_numbers").replace("{same}", "raw = g.key and e164 is null"))
_HOLDERS_EMAIL = text(_HOLDERS.replace("{table}", "customer_emails").replace("{same}", "address = g.key"))


class Match(NamedTuple):
    """A customer who may be meant, how likely (0 to 1), and why."""

    customer: CustomerRecord
    score: float
    reasons: list[Reason]


class Matches(NamedTuple):
    """Who may be meant, the likeliest first; `more` says that somebody was left out, for want of reasons to choose."""

    matches: list[Match]
    more: bool


async def candidates(session: AsyncSession, probe: Probe, default_region: str, limit: int = 20) -> Matches:
    """Who may be meant by what is known of somebody."""
    return await _candidates(session, _facts(probe, default_region), limit)


async def duplicates_of(session: AsyncSession, customer_id: UUID, limit: int = 20) -> Matches:
    """Who may be the same as a customer. Raises CustomerNotFound."""
    survivor = await survivor_of(session, customer_id)
    return await _candidates(session, (await facts_of(session, [survivor]))[survivor], limit)


async def facts_of(session: AsyncSession, customers: Collection[UUID]) -> dict[UUID, Facts]:
    """What the records of surviving customers say, with everything of those merged into them."""
    rows = select(Customer.id, Customer.merged_into, Customer.name, Customer.latin_name, Customer.kind)
    rows = rows.add_columns(Customer.external_id, Customer.provisional)
    everybody = or_(Customer.id.in_(customers), Customer.merged_into.in_(customers))
    members = (await session.execute(rows.where(everybody).order_by(Customer.id))).all()
    roots = {row.id: row.merged_into or row.id for row in members}
    numbers, emails, ids = await _parts(session, roots)
    found, of_root = {}, defaultdict(list)
    for row in members:
        of_root[roots[row.id]].append(row)
    for root, own in of_root.items():
        named = [row for row in own if not row.provisional]  # a provisional name is but a number
        leading = [(LEADING, row.external_id) for row in own if row.external_id is not None]
        found[root] = Facts(
            id=root,
            names=tuple(dict.fromkeys(name for row in named for name in (row.name, row.latin_name) if name)),
            kind=next((row.kind for row in named if row.id == root), None),
            numbers=tuple(numbers.get(root, ())),
            emails=tuple(emails.get(root, ())),
            external_ids=(*leading, *ids.get(root, ())),
        )
    return found


async def holders_of(session: AsyncSession, facts: Collection[Facts]) -> dict[str, int]:
    """How many customers have each number and e-mail address, counted no further than matters."""
    keys = sorted({number.key for each in facts for number in each.numbers})
    addresses = sorted({address for each in facts for address in each.emails})
    found: dict[str, int] = {}
    for query, given in ((_HOLDERS_E164, keys), (_HOLDERS_RAW, keys), (_HOLDERS_EMAIL, addresses)):
        for row in await session.execute(query, {"given": given}):
            found[row.key] = max(row.holders, found.get(row.key, 0))
    return found


async def _candidates(session: AsyncSession, known: Facts, limit: int) -> Matches:
    found: set[UUID] = set()
    more = False
    for query in _ways(known):
        rows = list(await session.scalars(query.limit(LOOKED_AT + 1)))
        more = more or len(rows) > LOOKED_AT
        found.update(rows[:LOOKED_AT])
    found.discard(known.id or UUID(int=0))
    facts = await facts_of(session, found)
    holders = await holders_of(session, [known])
    weighed = [(each, *weigh(known, each, holders)) for each in facts.values()]
    best = sorted((each for each in weighed if each[1] > 0), key=lambda each: (-each[1], str(each[0].id)))
    shown = best[:limit]
    records = await _records(session, [each.id for each, _, _ in shown if each.id is not None])
    matches = [Match(records[each.id], score, reasons) for each, score, reasons in shown if each.id in records]
    return Matches(matches, more or len(best) > limit)


def _ways(known: Facts) -> list[Select[Any]]:
    """Queries for the ids of surviving customers, one for each thing by which somebody can be found."""
    ways: list[Select[Any]] = []
    keys = [number.key for number in known.numbers]
    if keys:
        ways.append(_who(CustomerNumber, CustomerNumber.e164.in_(keys)))
        ways.append(_who(CustomerNumber, and_(CustomerNumber.raw.in_(keys), CustomerNumber.e164.is_(None))))
    if known.emails:
        ways.append(_who(CustomerEmail, CustomerEmail.address.in_(known.emails)))
    elsewhere = [pair for pair in known.external_ids if pair[0] != LEADING]
    if elsewhere:
        pair = tuple_(CustomerExternalId.system, CustomerExternalId.external_id)
        ways.append(_who(CustomerExternalId, pair.in_(elsewhere)))
    leading = [external_id for system, external_id in known.external_ids if system == LEADING]
    survivor = func.coalesce(Customer.merged_into, Customer.id)
    if leading:
        ways.append(select(survivor).where(Customer.external_id.in_(leading)))
    for look in (alike, near):
        if sought := [tokens for name in known.names for tokens in look(name)]:
            found = or_(*(Customer.search.op("@>")(cast(tokens, ARRAY(Text))) for tokens in sought))
            ways.append(select(survivor).where(found))
    return ways


def _who(part: Any, condition: ColumnElement[bool]) -> Select[Any]:
    holder = aliased(Customer)
    survivor = func.coalesce(holder.merged_into, holder.id)
    return select(survivor).distinct().join(part, part.customer_id == holder.id).where(condition)


async def _records(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, CustomerRecord]:
    query = select(Customer).options(defer(Customer.search)).where(Customer.id.in_(ids))
    records = await with_numbers(session, (await session.scalars(query)).all())
    return {record.customer.id: record for record in records}


async def _parts(
    session: AsyncSession, roots: dict[UUID, UUID]
) -> tuple[dict[UUID, list[HeldNumber]], dict[UUID, list[str]], dict[UUID, list[tuple[str, str]]]]:
    numbers: dict[UUID, list[HeldNumber]] = {}
    emails: dict[UUID, list[str]] = {}
    ids: dict[UUID, list[tuple[str, str]]] = {}
    for number in await session.scalars(select(CustomerNumber).where(CustomerNumber.customer_id.in_(roots))):
        key, bounds = number.e164 or number.raw, (number.valid_from, number.valid_until)
        held = HeldNumber(key, number.extension, number.shared, *bounds)
        numbers.setdefault(roots[number.customer_id], []).append(held)
    for email in await session.scalars(select(CustomerEmail).where(CustomerEmail.customer_id.in_(roots))):
        emails.setdefault(roots[email.customer_id], []).append(email.address)
    for known in await session.scalars(select(CustomerExternalId).where(CustomerExternalId.customer_id.in_(roots))):
        ids.setdefault(roots[known.customer_id], []).append((known.system, known.external_id))
    return numbers, emails, ids


def _facts(probe: Probe, default_region: str) -> Facts:
    read = [(normalise(raw, default_region), extension_of(raw)) for raw in probe.numbers]
    leading = [] if probe.external_id is None else [(LEADING, probe.external_id)]
    return Facts(
        names=probe.names,
        kind=probe.kind,
        numbers=tuple(HeldNumber(number.e164 or number.raw, ext) for number, ext in read if number.matchable),
        emails=probe.emails,
        external_ids=(*leading, *probe.external_ids),
    )
