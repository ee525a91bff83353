"""Id and card numbers of customers, found by a keyed hash so that the numbers themselves are not kept. Pure but for
the two functions with a session."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import record as tell
from app.auth.service import instance_secret
from app.core.wire import fault
from app.customers.errors import CustomerNotFound, IdentifierTaken
from app.customers.models import Customer, CustomerIdentifier
from app.db.engine import WriteSession

IdentifierKind = Literal["id_number", "card_number"]
KEY = "identifier-key"
SHOWN, SHOWN_OF = 4, 10
"""So many last digits are kept of a number that has at least so many."""

_NOISE = re.compile(r"[\s./-]+")


class GivenIdentifier(msgspec.Struct, frozen=True):
    """A number as somebody gave it."""

    kind: IdentifierKind
    value: str


def normal(kind: IdentifierKind, value: str) -> str:
    """A number without what only groups it. On a telephone the X of an id number is keyed as a star."""
    bare = _NOISE.sub("", value).upper()
    return bare.replace("*", "X") if kind == "id_number" else bare


def digest(key: bytes, kind: IdentifierKind, value: str) -> bytes:
    """By what a number is found: nobody without the key can tell a number from it, or try all numbers."""
    return hmac.new(key, f"{kind}:{normal(kind, value)}".encode(), hashlib.sha256).digest()


async def identifiers_of(session: AsyncSession, customer_id: UUID) -> Sequence[CustomerIdentifier]:
    """The id and card numbers of a customer, as far as they are kept. Raises `CustomerNotFound`."""
    if await session.get(Customer, customer_id) is None:
        raise CustomerNotFound(customer_id)
    query = select(CustomerIdentifier).where(CustomerIdentifier.customer_id == customer_id)
    return (await session.scalars(query.order_by(CustomerIdentifier.id))).all()


async def replace_identifiers(
    session: WriteSession, customer_id: UUID, given: Iterable[GivenIdentifier]
) -> Sequence[CustomerIdentifier]:
    """Let the customer have these id and card numbers and no others. Raises `CustomerNotFound`, `IdentifierTaken`."""
    if await session.get(Customer, customer_id, with_for_update=True) is None:
        raise CustomerNotFound(customer_id)
    key = await instance_secret(session, KEY)
    before = await identifiers_of(session, customer_id)
    wanted = {(each.kind, digest(key, each.kind, each.value)): each for each in given}
    await session.execute(delete(CustomerIdentifier).where(CustomerIdentifier.customer_id == customer_id))
    await _ensure_free(session, list(wanted))
    rows = [
        CustomerIdentifier(customer_id=customer_id, kind=kind, digest=hashed, ending=_ending(each))
        for (kind, hashed), each in wanted.items()
    ]
    session.add_all(rows)
    try:
        await session.flush()
    except IntegrityError as error:  # somebody gave it to another customer at this moment
        raise _taken([0]) from error
    told = {"before": _shown(before), "after": _shown(rows)}
    await tell(session, "customer.identifiers_set", "customer", str(customer_id), **told)
    return rows


async def _ensure_free(session: WriteSession, wanted: list[tuple[IdentifierKind, bytes]]) -> None:
    hashes = [hashed for _, hashed in wanted]
    query = select(CustomerIdentifier.kind, CustomerIdentifier.digest).where(CustomerIdentifier.digest.in_(hashes))
    held = {(row.kind, row.digest) for row in await session.execute(query)}
    taken = [place for place, each in enumerate(wanted) if each in held]
    if taken:
        raise _taken(taken)


def _taken(places: list[int]) -> IdentifierTaken:
    found = [
        fault(f"body.identifiers.{place}.value", "belongs to another customer", "a number of this customer")
        for place in places
    ]
    return IdentifierTaken("An id or card number belongs to another customer.", faults=found)


def _ending(given: GivenIdentifier) -> str:
    value = normal(given.kind, given.value)
    return value[-SHOWN:] if len(value) >= SHOWN_OF else ""


def _shown(rows: Iterable[CustomerIdentifier]) -> dict[str, list[str]]:
    return {"identifiers": [f"{row.kind} …{row.ending}" for row in rows]}
