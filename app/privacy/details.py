"""Contacts that are kept without who they were with: looked through once, in the order in which they ended."""

from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import WriteSession
from app.privacy.ageing import Aged
from app.privacy.family import Contact
from app.privacy.kinds import DETAILS
from app.privacy.models import RetentionPolicy
from app.privacy.scrubbing import scrub

_HAS_DETAILS = "(from_raw is not null or note is not null or call_id <> id::text)"
_NOT_HELD = "(customer_id = any(cast(:held as uuid[]))) is not true"

_SINCE = text("select done_until from retention_policies where kind = :kind")

# those that ended at the same instant as the last one of a batch are looked at with it, so a place is an instant
_NEXT = text(f"""
    with page as (
        select ended_at from interactions
        where ended_at < :cutoff and (cast(:since as timestamptz) is null or ended_at > :since)
        order by ended_at limit :most
    )
    select i.id, i.started_at, i.ended_at, {_NOT_HELD} and {_HAS_DETAILS} as goes
    from interactions i
    where i.ended_at <= (select max(ended_at) from page) and i.ended_at >= (select min(ended_at) from page)""")  # noqa: S608

# contacts of customers who were held when their time came
_HELD_BEFORE = text(f"""
    select i.id, i.started_at, i.ended_at from interactions i
    where i.customer_id = any(array(select f from legal_holds h cross join lateral customer_family(h.customer_id) f))
      and {_NOT_HELD} and i.ended_at < :cutoff and {_HAS_DETAILS} limit :most""")  # noqa: S608 - constants

_COUNT = text(f"""
    select count(*) from interactions where ended_at < :cutoff and {_NOT_HELD} and {_HAS_DETAILS}
      and (cast(:since as timestamptz) is null or ended_at > :since)""")  # noqa: S608 - constants


async def forget_details(session: WriteSession, of: Aged, most: int) -> tuple[int, bool]:
    """Take the details out of the next contacts that are older; of how many, and whether there may be more."""
    since = await _since(session)
    given = {"cutoff": of.cutoff, "held": of.held, "most": most}
    rows = (await session.execute(_NEXT, {**given, "since": since})).all()
    if not rows:
        late = [Contact(*row) for row in await session.execute(_HELD_BEFORE, given)]
        await scrub(session, late, None)
        return len(late), bool(late)
    going = [Contact(row.id, row.started_at, row.ended_at) for row in rows if row.goes]
    await scrub(session, going, None)
    latest = max(row.ended_at for row in rows)
    await session.execute(update(RetentionPolicy).where(RetentionPolicy.kind == DETAILS).values(done_until=latest))
    return len(going), True


async def count_details(session: AsyncSession, of: Aged) -> int:
    """How many contacts would lose their details."""
    given = {"cutoff": of.cutoff, "held": of.held, "since": await _since(session)}
    return int(await session.scalar(_COUNT, given) or 0)


async def _since(session: AsyncSession) -> datetime | None:
    since: datetime | None = await session.scalar(_SINCE, {"kind": DETAILS})
    return since
