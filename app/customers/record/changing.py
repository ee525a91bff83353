"""What every change of a customer begins with: the row, locked, of the version that was read. The caller's session
commits."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.errors import CustomerMerged, CustomerNotFound, SourceClaimed, SourceNotOfKey, VersionConflict
from app.customers.models import Customer
from app.db.base import Base

Values = Mapping[str, Any]
Sources = Collection[str] | None
"""The sources that whoever writes may name: None any, as other systems and administrators; none at all as others who
serve customers; else those that an API key is bound to."""


async def claimed(session: AsyncSession, customer_id: UUID, version: int | None = None) -> Customer:
    """The customer, locked until the commit, so that two writers of one version cannot both win; without `version`
    whatever it is. Raises CustomerNotFound, CustomerMerged, VersionConflict."""
    customer = await session.get(Customer, customer_id, with_for_update=True, populate_existing=True)
    if customer is None:
        raise CustomerNotFound(customer_id)
    if customer.merged_into is not None:
        raise CustomerMerged(customer_id, customer.merged_into)
    if version is not None and customer.version != version:
        raise VersionConflict(version, customer.version)
    return customer


async def raise_version(session: AsyncSession, customer: Customer) -> None:
    """Count a change. Before parts are written, so that what they become is told under the new version."""
    customer.version += 1
    customer.updated_at = func.now()
    await session.flush()


def ensure_may_name(where: str, sources: Iterable[str | None], claims: Sources) -> None:
    """That `claims` has all sources that are named at a place of the request, such as `body.numbers`; None names
    people, as whom a key that is bound to sources does not speak. Raises SourceClaimed, and SourceNotOfKey where it has
    others."""
    if claims is None:
        return
    told = set(sources)
    named = sorted(one for one in told if one and one not in claims)
    if claims and (named or None in told):
        raise SourceNotOfKey(where, named, claims, unnamed=None in told)
    if named:
        raise SourceClaimed(where, named)


async def replace_parts(
    session: AsyncSession,
    customer: Customer,
    model: type[Base],
    key: Collection[str],
    wanted: Sequence[Values],
    *,
    claims: Sources = None,
    told_by: str = "source",
) -> bool:
    """Let the customer have these parts of a kind and no others; whether that changed anything.

    Parts with equal values of the columns `key` are the same part: it is changed only in what differs, and keeps its
    place before new ones. Every row of `wanted` names the same columns. What is new or different has, in the column
    `told_by`, none but sources of `claims`; raises SourceClaimed, SourceNotOfKey.
    """
    table = model.__table__
    query = select(table).where(table.c.customer_id == customer.id)
    present = [dict(row) for row in (await session.execute(query)).mappings()]
    held = {tuple(row[name] for name in key): row for row in present}
    given = {tuple(values[name] for name in key): values for values in wanted}
    gone = [row for place, row in held.items() if place not in given]
    new = [values for place, values in given.items() if place not in held]
    other = [
        (held[place], values) for place, values in given.items() if place in held and _differs(held[place], values)
    ]
    if not (gone or new or other):
        return False
    written = [*new, *(values for _, values in other)]
    if claims:  # a key of a source takes away nothing that another one tells; people may
        written += [*gone, *(row for row, _ in other)]
    where = "body." + model.__tablename__.removeprefix("customer_")
    ensure_may_name(where, (values.get(told_by) for values in written), claims)
    await raise_version(session, customer)
    own = list(table.primary_key)
    for row in gone:
        await session.execute(delete(model).where(*(column == row[column.name] for column in own)))
    for row, values in other:
        await session.execute(update(model).where(*(column == row[column.name] for column in own)).values(**values))
    if new:
        await session.execute(insert(model), [{"customer_id": customer.id, **values} for values in new])
    return True


def _differs(row: Values, values: Values) -> bool:
    return any(row[name] != value for name, value in values.items())
