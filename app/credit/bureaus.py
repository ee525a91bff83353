"""Bureaus as records: which there are, and how each is asked."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.addresses import meant
from app.credit.errors import BureauUnknown, NoBureau, unfit
from app.credit.facts import KNOWN, is_fact
from app.credit.models import CreditBureau
from app.credit.port import Bureau
from app.db.engine import WriteSession
from app.db.rows import in_order


def how(row: CreditBureau) -> Bureau:
    """How the bureau is asked."""
    return msgspec.convert({"id": row.id, **row.how}, Bureau)


async def bureaus(session: AsyncSession, limit: int, after: str | None) -> Sequence[CreditBureau]:
    """Bureaus in order of their id, those after `after`."""
    return (await session.scalars(in_order(CreditBureau, limit, after))).all()


async def set_up(session: WriteSession, given: Bureau, name: str, active: bool) -> CreditBureau:
    """Make the bureau, or make it otherwise; a `url` that comes back as it was shown stays. Raises BureauUnfit, or
    Invalid for another address with stars in it."""
    _ensure_fit(given)
    found = await session.get(CreditBureau, given.id, with_for_update=True)
    told = msgspec.to_builtins(given)
    del told["id"]
    told["url"] = meant(given.url, None if found is None else how(found).url, "body.url")
    return await session.merge(CreditBureau(id=given.id, name=name, active=active, how=told))


async def remove(session: WriteSession, bureau_id: str) -> None:
    """Ask it no more; what it has said stays. Raises BureauUnknown."""
    found = await session.get(CreditBureau, bureau_id)
    if found is None:
        raise BureauUnknown(f"There is no credit bureau {bureau_id!r}.")
    await session.delete(found)


async def chosen(session: AsyncSession, bureau_id: str | None) -> Bureau:
    """The bureau of that id, or the only one there is. Raises BureauUnknown, NoBureau."""
    query = select(CreditBureau).where(CreditBureau.active).order_by(CreditBureau.id)
    there = {row.id: row for row in await session.scalars(query)}
    if bureau_id is not None:
        if bureau_id not in there:
            raise BureauUnknown(f"There is no credit bureau {bureau_id!r} that is active.")
        return how(there[bureau_id])
    if not there:
        raise NoBureau("No credit bureau is set up; an administrator does that (PUT /api/v1/credit-bureaus/{id}).")
    if len(there) > 1:
        raise NoBureau(f"Say in `bureau` which one to ask: {', '.join(there)}.", bureaus=list(there))
    return how(next(iter(there.values())))


def _ensure_fit(given: Bureau) -> None:
    for field, fact in given.sends.items():
        if not is_fact(fact):
            raise unfit(f"body.sends.{field}", "is no fact of a customer or a question", KNOWN)
    if given.score_at is None and given.standing_at is None:
        raise unfit("body.score_at", "is missing, and so is standing_at", "a JSON Pointer into the answer")
    if given.standing_at is None and not any(least <= given.lowest for least in (given.bands or {}).values()):
        accepted = f"a standing for every score, the first from {given.lowest:g} or less, such as {{'poor': 0}}"
        raise unfit("body.bands", "names no standing for the lowest scores, and standing_at is missing", accepted)
    if given.lowest >= given.highest:
        raise unfit("body.highest", "is not above lowest", f"more than {given.lowest:g}")
