"""Many customers at once, set-based: for imports and for seeds."""

from collections.abc import Sequence
from itertools import chain
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.customers.numbers import storable
from app.customers.search import tokens
from app.customers.service import NewCustomer, distinct_numbers, kept_rules

BATCH = 2000

_UPSERT = text("""
    insert into customers (id, external_id, name, latin_name, tier_id, language, preferred_agent, attributes, search)
    select r.* from jsonb_to_recordset(cast(:rows as jsonb)) as r(
        id uuid, external_id text, name text, latin_name text, tier text, language text,
        preferred_agent text, attributes jsonb, search text[])
    order by external_id
    on conflict (external_id) do update set
        name = excluded.name, latin_name = excluded.latin_name, tier_id = excluded.tier_id,
        language = excluded.language, preferred_agent = excluded.preferred_agent, attributes = excluded.attributes,
        search = excluded.search, active = true, version = customers.version + 1, updated_at = now()
    where (customers.name, customers.latin_name, customers.tier_id, customers.language, customers.preferred_agent,
           customers.attributes, customers.search, customers.active)
        is distinct from (excluded.name, excluded.latin_name, excluded.tier_id, excluded.language,
           excluded.preferred_agent, excluded.attributes, excluded.search, true)
    returning id""")
_IDS = text("select external_id, id from customers where external_id = any(cast(:external_ids as text[]))")
_DROP_NUMBERS = text("""
    delete from customer_numbers n where n.customer_id = any(cast(:ids as uuid[])) and not exists (
        select from jsonb_to_recordset(cast(:rows as jsonb)) as r(customer_id uuid, raw text)
        where r.customer_id = n.customer_id and r.raw = n.raw)
    returning n.customer_id""")
_UPSERT_NUMBERS = text("""
    insert into customer_numbers (customer_id, raw, e164, label)
    select r.* from jsonb_to_recordset(cast(:rows as jsonb)) as r(customer_id uuid, raw text, e164 text, label text)
    on conflict (customer_id, raw) do update set e164 = excluded.e164, label = excluded.label
    where (customer_numbers.e164, customer_numbers.label) is distinct from (excluded.e164, excluded.label)
    returning customer_id""")
_RAISE_VERSIONS = text(
    "update customers set version = version + 1, updated_at = now() where id = any(cast(:ids as uuid[]))"
)


async def upsert_many(session: AsyncSession, customers: Sequence[NewCustomer], default_region: str) -> list[UUID]:
    """Make the customers, or bring those whose external id is known to exactly this state; return their ids in order.

    Numbers are replaced. What does not differ is not touched and keeps its version; if an external id comes twice,
    the later one counts. Raises UnknownTier, UnknownAgent.
    """
    ids: list[UUID] = []
    for start in range(0, len(customers), BATCH):
        ids += await _upsert_batch(session, customers[start : start + BATCH], default_region)
    return ids


async def _upsert_batch(session: AsyncSession, batch: Sequence[NewCustomer], default_region: str) -> list[UUID]:
    fresh = [new.id or UUID(new_id()) for new in batch]
    last = {new.external_id or str(made): (made, new) for made, new in zip(fresh, batch, strict=True)}
    async with kept_rules(session, None, {new.tier for new in batch}, {new.preferred_agent for new in batch}):
        touched = await _returned(session, _UPSERT, rows=[_row(made, new) for made, new in last.values()])
    known: dict[str, UUID] = {
        row.external_id: row.id
        for row in await session.execute(_IDS, {"external_ids": [new.external_id for new in batch if new.external_id]})
    }
    ids = [known.get(new.external_id or "", made) for made, new in zip(fresh, batch, strict=True)]
    final = {known.get(key, made): new for key, (made, new) in last.items()}
    numbers = list(chain.from_iterable(_number_rows(key, new, default_region) for key, new in final.items()))
    dropped = await _returned(session, _DROP_NUMBERS, rows=numbers, ids=list(final))
    written = await _returned(session, _UPSERT_NUMBERS, rows=numbers)
    if only_numbers := (dropped | written) - touched:
        await session.execute(_RAISE_VERSIONS, {"ids": sorted(only_numbers)})
    return ids


async def _returned(session: AsyncSession, statement: Any, *, rows: Any, **parameters: Any) -> set[UUID]:
    """Run a statement on rows given as one JSON document; the ids that it returns."""
    given = {"rows": msgspec.json.encode(rows).decode(), **parameters}
    return set((await session.execute(statement, given)).scalars())


def _row(made: UUID, new: NewCustomer) -> dict[str, Any]:
    return {
        "id": made,
        "external_id": new.external_id,
        "name": storable(new.name),
        "latin_name": new.latin_name,
        "tier": new.tier,
        "language": new.language,
        "preferred_agent": new.preferred_agent,
        "attributes": new.attributes,
        "search": tokens(new.name, new.latin_name),
    }


def _number_rows(customer_id: UUID, new: NewCustomer, default_region: str) -> list[dict[str, Any]]:
    return [
        {"customer_id": customer_id, "raw": number.raw, "e164": number.e164, "label": label}
        for number, label in distinct_numbers(new.numbers, default_region)
    ]
