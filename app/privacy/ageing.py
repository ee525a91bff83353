"""What is too old of one kind of record, and who is held back from it."""

import re
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import Clock, utc
from app.db.partitions import month_of, months_of, partition_name
from app.privacy.family import contacts_of
from app.privacy.holds import held_customers
from app.privacy.kinds import Months, Rows

_PARAMETER = re.compile(r"(?<!:):([a-z_]+)")


class Aged(NamedTuple):
    """Records from before `cutoff`, as of `now`, but for what belongs to those who are `held`, and their contacts."""

    now: datetime
    cutoff: datetime
    held: list[UUID]
    held_contacts: list[UUID]

    def given(self, statement: str) -> dict[str, Any]:
        """The parameters that a statement asks for."""
        every = {
            "cutoff": self.cutoff,
            "month": month_of(self.cutoff),
            "held": self.held,
            "held_contacts": self.held_contacts,
        }
        return {name: every[name] for name in _PARAMETER.findall(statement) if name in every}


async def aged(session: AsyncSession, days: int, clock: Clock) -> Aged:
    """What is older than so many days by the clock and by the database's: where they differ, by the one that is behind.
    A clock that runs ahead lets nothing go too early."""
    present = min(utc(clock()), await session.scalar(text("select clock_timestamp()")))
    held = await held_customers(session, present)
    contacts = [each.id for each in await contacts_of(session, held)] if held else []
    return Aged(present, present - timedelta(days=days), held, contacts)


async def months_over(session: AsyncSession, part: Months, cutoff: datetime) -> list[datetime]:
    """The months of a table that are older as a whole."""
    months = await months_of(await session.connection(), part.table)
    return [month for month in months if month_of(month, 1) <= cutoff]


async def holds_any(session: AsyncSession, part: Months, month: datetime, of: Aged) -> bool:
    """Whether a month has rows that are held."""
    if not of.held:
        return False
    statement = f"select exists (select from {partition_name(part.table, month)} where {part.held})"  # noqa: S608
    return bool(await session.scalar(text(statement), of.given(statement)))


async def count(session: AsyncSession, part: Months | Rows, month: datetime | None, of: Aged) -> int:
    """How many rows would go: of a month, or of all."""
    statement = f"select count(*) from {source_of(part, month)} where {due_in(part)}"  # noqa: S608 - constants
    return int(await session.scalar(text(statement), of.given(statement)) or 0)


def source_of(part: Months | Rows, month: datetime | None) -> str:
    """The table that rows go from: the month's own."""
    return part.table if month is None else f"{partition_name(part.table, month)} as {part.table}"


def due_in(part: Months | Rows) -> str:
    """Which rows go."""
    due = part.due if isinstance(part, Rows) else "true"
    return f"{due} and ({part.held}) is not true"
