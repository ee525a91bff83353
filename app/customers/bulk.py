"""Many customers at once, set-based: for imports and for seeds."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.customers.names.search import tokens
from app.customers.numbers import storable
from app.customers.record.attributes import faults_of
from app.customers.record.declared_attributes import AttributeUnfit, definitions
from app.customers.service import NewCustomer, kept_rules, number_rows

BATCH = 2000

_UPSERT = text("""
    insert into customers (id, external_id, name, latin_name, tier_id, language, preferred_agent, kind,
                           relationship_manager, segments, attributes, search)
    select r.* from jsonb_to_recordset(cast(:rows as jsonb)) as r(
        id uuid, external_id text, name text, latin_name text, tier text, language text, preferred_agent text,
        kind text, relationship_manager text, segments text[], attributes jsonb, search text[])
    order by external_id
    on conflict (external_id) do update set
        name = excluded.name, latin_name = excluded.latin_name, tier_id = excluded.tier_id,
        language = excluded.language, preferred_agent = excluded.preferred_agent, kind = excluded.kind,
        relationship_manager = excluded.relationship_manager, segments = excluded.segments,
        attributes = excluded.attributes, search = excluded.search, active = true,
        version = customers.version + 1, updated_at = now()
    where (customers.name, customers.latin_name, customers.tier_id, customers.language, customers.preferred_agent,
           customers.kind, customers.relationship_manager, customers.segments, customers.attributes, customers.active)
        is distinct from (excluded.name, excluded.latin_name, excluded.tier_id, excluded.language,
           excluded.preferred_agent, excluded.kind, excluded.relationship_manager, excluded.segments,
           excluded.attributes, true)
    returning id""")
_IDS = text("select external_id, id from customers where external_id = any(cast(:external_ids as text[]))")
_GIVEN = """jsonb_to_recordset(cast(:rows as jsonb)) as r(
    customer_id uuid, raw text, e164 text, label text, extension text, shared boolean, source text,
    valid_from timestamptz, valid_until timestamptz)"""
_KEPT = "e164, label, extension, shared, source, valid_from, valid_until"
# the version is raised before the numbers are written, so that what they become is told under the new one
_RAISE_VERSIONS = text(f"""
    with given as materialized (select * from {_GIVEN}), different as (
        select g.customer_id from given g where not exists (
            select from customer_numbers n where n.customer_id = g.customer_id and n.raw = g.raw
            and (n.{_KEPT.replace(", ", ", n.")}) is not distinct from (g.{_KEPT.replace(", ", ", g.")}))
        union
        select n.customer_id from customer_numbers n where n.customer_id = any(cast(:ids as uuid[])) and not exists (
            select from given g where g.customer_id = n.customer_id and g.raw = n.raw))
    update customers c set version = version + 1, updated_at = now() from different d
    where c.id = d.customer_id and not c.id = any(cast(:touched as uuid[]))
    returning c.id""")  # noqa: S608 - made of the constants above
_DROP_NUMBERS = text("""
    delete from customer_numbers n where n.customer_id = any(cast(:ids as uuid[])) and not exists (
        select from jsonb_to_recordset(cast(:rows as jsonb)) as r(customer_id uuid, raw text)
        where r.customer_id = n.customer_id and r.raw = n.raw)
    returning n.customer_id""")
_UPSERT_NUMBERS = text(f"""
    insert into customer_numbers (customer_id, raw, {_KEPT})
    select customer_id, raw, {_KEPT} from {_GIVEN}
    on conflict (customer_id, raw) do update set
        ({_KEPT}) = row(excluded.{_KEPT.replace(", ", ", excluded.")})
    where (customer_numbers.{_KEPT.replace(", ", ", customer_numbers.")})
        is distinct from (excluded.{_KEPT.replace(", ", ", excluded.")})
    returning customer_id""")  # noqa: S608 - made of the constants above


async def upsert_many(session: AsyncSession, customers: Sequence[NewCustomer], default_region: str) -> list[UUID]:
    """Make the customers, or bring those whose external id is known to exactly this state; return their ids in order.

    Numbers are replaced. What does not differ is not touched and keeps its version; if an external id comes twice,
    the later one counts. Raises UnknownTier, UnknownAgent, AttributeUnfit.
    """
    declared = await definitions(session)
    wrong = [fault for place, new in enumerate(customers) for fault in faults_of(declared, new.attributes, f"{place}")]
    if wrong:
        raise AttributeUnfit(f"{len(wrong)} attribute(s) are not what they may be.", faults=wrong)
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
    numbers = [
        {"customer_id": key, **row} for key, new in final.items() for row in number_rows(new.numbers, default_region)
    ]
    await _returned(session, _RAISE_VERSIONS, rows=numbers, ids=list(final), touched=list(touched))
    await _returned(session, _DROP_NUMBERS, rows=numbers, ids=list(final))
    await _returned(session, _UPSERT_NUMBERS, rows=numbers)
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
        "kind": new.kind,
        "relationship_manager": new.relationship_manager,
        "segments": new.segments,
        "attributes": new.attributes,
        "search": tokens(new.name, new.latin_name),
    }
