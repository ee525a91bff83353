"""Whether an id that is told anew belonged to somebody who was erased. Their ids are kept as keyed hashes only."""

import hashlib
import hmac
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.models import InstanceSecret
from app.customers.erased_models import ErasedKey
from app.customers.errors import CustomerErased

KEY = "erasure-key"
CUSTOMER = "customer"
EXTERNAL_ID = "external_id"

Kept = tuple[str, str]
"""What an id is (`CUSTOMER`, `EXTERNAL_ID`, or `of_system`), and the id."""


def of_system(system: str) -> str:
    """The kind of an id that another system gave."""
    return f"id.{system}"


def digest(key: bytes, kind: str, value: str) -> bytes:
    """By what an id is found again: without the key nobody can tell an id from it, or try all of them."""
    return hmac.new(key, f"{kind}\0{value}".encode(), hashlib.sha256).digest()


async def anybody_erased(session: AsyncSession) -> bool:
    """Whether anybody ever was."""
    return await session.scalar(select(ErasedKey.digest).limit(1)) is not None


async def erased_among(session: AsyncSession, wanted: Collection[Kept]) -> dict[Kept, UUID]:
    """Those of the ids that were erased, each with its erasure. Costs a look where nobody ever was."""
    if not wanted or not await anybody_erased(session):
        return {}
    key = await session.scalar(select(InstanceSecret.value).where(InstanceSecret.name == KEY))
    if key is None:
        return {}
    digests = {digest(key, *each): each for each in wanted}
    query = select(ErasedKey.digest, ErasedKey.erasure_id).where(ErasedKey.digest.in_(digests))
    return {digests[row.digest]: row.erasure_id for row in await session.execute(query)}


async def ensure_not_erased(session: AsyncSession, external_id: str | None, *others: Kept) -> None:
    """Raises CustomerErased if the id in the leading system, or one of others, was erased."""
    wanted = [*others] if external_id is None else [(EXTERNAL_ID, external_id), *others]
    for (_, value), erasure in (await erased_among(session, wanted)).items():
        raise CustomerErased(value, erasure)
