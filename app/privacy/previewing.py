"""What would go by the policies, before anything does."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import Clock
from app.db.partitions import partition_name
from app.privacy.ageing import aged, count, holds_any, months_over
from app.privacy.details import count_details
from app.privacy.former import count_former
from app.privacy.kinds import CUSTOMERS, DETAILS, Kind, Months
from app.privacy.policies import ensure_safe, policies


class Going(NamedTuple):
    """Rows of a table, or of a month of it, that would go; `dropped`: the month as a whole."""

    table: str
    rows: int
    dropped: bool


class Preview(NamedTuple):
    """What would go of a kind: everything from before `cutoff`, but for what is held."""

    kind: str
    days: int
    cutoff: datetime
    going: list[Going]


async def preview(
    session: AsyncSession, clock: Clock, kind: Kind | None = None, days: int | None = None
) -> list[Preview]:
    """Of all kinds that have a policy; or of one, by its policy or by other `days`. Raises PolicyUnsafe."""
    if kind is not None and days is not None:
        ensure_safe(kind, days)
    found = []
    for policy in await policies(session):
        wanted = days if days is not None else policy.days
        if wanted is not None and kind in (None, policy.kind):
            found.append(await _of(session, policy.kind, wanted, clock))
    return found


async def _of(session: AsyncSession, kind: Kind, days: int, clock: Clock) -> Preview:
    of = await aged(session, days, clock)
    going = []
    if kind.name == DETAILS:
        going.append(Going("interactions", await count_details(session, of), dropped=False))
    if kind.name in CUSTOMERS:
        going.append(Going("customers", await count_former(session, kind.name, of), dropped=False))
    for part in kind.parts:
        if not isinstance(part, Months):
            going.append(Going(part.table, await count(session, part, None, of), dropped=False))
            continue
        for month in await months_over(session, part, of.cutoff):
            whole = not await holds_any(session, part, month, of)
            going.append(Going(partition_name(part.table, month), await count(session, part, month, of), dropped=whole))
    return Preview(kind.name, days, of.cutoff, [each for each in going if each.rows or each.dropped])
