"""Who is one person for an erasure, and which contacts are theirs."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import phonenumbers
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Unavailable
from app.customers.models import Customer
from app.customers.numbers import normalise
from app.customers.record.whole import survivor_of
from app.db.engine import WriteSession

ATTEMPTS = 5

# provisional customers are nothing but a number that has called: where nobody else is known by it, they are the same
_MEMBERS = text("""
    with family as (
        select id from customers where id = :root
        union all select id from customers where merged_into = :root
    ), own as (
        select distinct e164, raw from customer_numbers where customer_id in (select id from family)
    ), holders as (
        select own.e164, own.raw, o.id, coalesce(o.merged_into, o.id) as root
        from own join customer_numbers n on n.e164 = own.e164 join customers o on o.id = n.customer_id
        union
        select own.e164, own.raw, o.id, coalesce(o.merged_into, o.id)
        from own join customer_numbers n on own.e164 is null and n.e164 is null and n.raw = own.raw
        join customers o on o.id = n.customer_id
    ), strangers as (
        select h.e164, h.raw, h.id, c.provisional from holders h join customers c on c.id = h.root
        where h.id not in (select id from family)
    )
    select id from family
    union
    select s.id from strangers s where not exists (
        select from strangers k where not k.provisional and (k.e164, k.raw) is not distinct from (s.e164, s.raw))""")
_NUMBERS = text("""
    select distinct n.raw, n.e164, exists (
        select from customer_numbers k where k.customer_id <> all(cast(:members as uuid[]))
          and (k.e164 = n.e164 or (n.e164 is null and k.e164 is null and k.raw = n.raw))) as shared
    from customer_numbers n where n.customer_id = any(cast(:members as uuid[]))""")
_CONTACTS = text("""
    select id, started_at, ended_at from interactions where customer_id = any(cast(:customers as uuid[]))""")
_UNKNOWN = text("""
    select id, started_at, ended_at, direction, from_raw, to_raw from interactions
    where customer_id is null and regexp_replace(
        coalesce(case direction when 'outbound' then to_raw else from_raw end, ''), '[^0-9]', '', 'g')
        like any(cast(:patterns as text[]))""")


_OF_OTHERS = text("""
    select i.id, i.started_at, i.ended_at from interactions i
    where i.customer_id = any(array(
        select coalesce(o.merged_into, o.id) from customer_numbers own
        join customer_numbers n on n.e164 = own.e164 join customers o on o.id = n.customer_id
        where own.customer_id = any(cast(:members as uuid[])) and n.customer_id <> all(cast(:members as uuid[]))
        union
        select coalesce(o.merged_into, o.id) from customer_numbers own
        join customer_numbers n on own.e164 is null and n.e164 is null and n.raw = own.raw
        join customers o on o.id = n.customer_id
        where own.customer_id = any(cast(:members as uuid[])) and n.customer_id <> all(cast(:members as uuid[]))))""")


class Contact(NamedTuple):
    """A contact that has ended."""

    id: UUID
    started_at: datetime
    ended_at: datetime


class Family(NamedTuple):
    """`members` are one person: who was asked for, whoever was merged with them, and provisional records of nobody but
    them. `contacts` are theirs. `shared` ones are of a number that others have too: those of these others, and those of
    whom it is not known whose they are; the customer may be told there as one of several who were meant."""

    root: UUID
    members: list[UUID]
    contacts: list[Contact]
    shared: list[Contact]


async def locked_family(session: WriteSession, customer_id: UUID, region: str) -> Family:
    """The family of a customer, whichever of them is named, locked until the commit. Raises CustomerNotFound,
    Unavailable (somebody merges them at this moment)."""
    members: list[UUID] = []
    for _ in range(ATTEMPTS):
        root = await survivor_of(session, customer_id)
        found = sorted(await session.scalars(_MEMBERS, {"root": root}))
        if found == members:
            contacts, shared = await _contacts(session, members, region)
            return Family(root, members, contacts, shared)
        members = found  # locked in the order in which merging locks
        await session.execute(
            select(Customer.id).where(Customer.id.in_(members)).order_by(Customer.id).with_for_update()
        )
    raise Unavailable(f"Customer {customer_id} is being merged; try again.")


async def contacts_of(session: AsyncSession, customers: Sequence[UUID]) -> list[Contact]:
    """The contacts that carry one of these ids."""
    return [Contact(*row) for row in await session.execute(_CONTACTS, {"customers": list(customers)})]


async def _contacts(session: AsyncSession, members: list[UUID], region: str) -> tuple[list[Contact], list[Contact]]:
    """Their own, and those without a customer that were of their numbers: several had them, or nobody was sure."""
    shared = [Contact(*row) for row in await session.execute(_OF_OTHERS, {"members": members})]
    own = await contacts_of(session, members)
    numbers = {(row.e164 or row.raw): row.shared for row in await session.execute(_NUMBERS, {"members": members})}
    patterns = [f"%{_significant(number)}%" for number in numbers]
    for row in await session.execute(_UNKNOWN, {"patterns": patterns}) if patterns else ():
        raw = row.to_raw if row.direction == "outbound" else row.from_raw
        read = normalise(raw, region)
        whose = numbers.get(read.e164 or read.raw)
        if whose is not None:
            (shared if whose else own).append(Contact(row.id, row.started_at, row.ended_at))
    return own, shared


def _significant(number: str) -> str:
    """The digits that every way of writing a number has."""
    if number.startswith("+"):
        return str(phonenumbers.parse(number).national_number)
    return "".join(char for char in number if char in "0123456789") or "none"
