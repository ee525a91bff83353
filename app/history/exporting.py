"""All that is kept of one customer, told at once: as JSON for other systems, as PDF for people.

It is read in one snapshot, some rows at a time, and written into a file that has no name: one that fails is an error
and no half of a file, and the database does not wait for whoever reads slowly. Who asks, and why, is in the audit log
before anything is read.
"""

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import BinaryIO, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import record
from app.customers.record.whole import members_of, survivor_of
from app.db.engine import Sessions, WriteSession
from app.history.sections import SECTIONS, Section

AT_ONCE = 500
Columns = Mapping[str, str]
"""The columns of a table, with their types."""

_COLUMNS = text("""
    select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a
    join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = current_schema() and c.relname = any(:tables) and a.attnum > 0 and not a.attisdropped
    order by c.relname, a.attnum""")


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What an export is about: of whom (`members`: with those who were merged into them), when, by whom and why."""

    customer_id: UUID
    members: list[UUID]
    exported_at: datetime
    exported_by: str | None
    reason: str


class Writer(Protocol):
    """A file in the making. It is told things in this order; it may work long, and knows no database."""

    media_type: str

    def begin(self, head: Head) -> None:
        """Once, before all."""

    def section(self, section: Section, columns: Columns) -> None:
        """Before the rows of a section."""

    def rows(self, rows: list[str]) -> None:
        """Some rows, each a JSON object."""

    def end_section(self) -> None:
        """After the rows of a section."""

    def end(self) -> None:
        """Once, after all."""


async def note_export(
    session: WriteSession, customer_id: UUID, form: str, reason: str, by: str | None, now: datetime
) -> Head:
    """Write into the audit log who takes all that is known of the customer, and why. Raises CustomerNotFound."""
    root = await survivor_of(session, customer_id)
    members = await members_of(session, root)
    after = {"format": form, "reason": reason, "asked_for": str(customer_id)}
    await record(session, "customer.exported", "customer", str(root), after=after)
    return Head(customer_id=root, members=members, exported_at=now, exported_by=by, reason=reason)


async def export(sessions: Sessions, head: Head, form: Callable[[BinaryIO], Writer]) -> tuple[BinaryIO, str]:
    """The export as a writer of `app.history.forms` writes it: a file of no name, at its beginning, and its media
    type. The caller closes it."""
    file: BinaryIO = await asyncio.to_thread(tempfile.TemporaryFile)
    try:
        writer = await asyncio.to_thread(form, file)
        async with sessions.snapshot() as session:
            await write(session, head, writer)
        await asyncio.to_thread(file.seek, 0)
    except BaseException:
        file.close()
        raise
    return file, writer.media_type


async def write(session: AsyncSession, head: Head, writer: Writer) -> None:
    """Tell a writer all sections; its work is done in a thread, so that others are served meanwhile."""
    settings = dict.fromkeys(("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"), "off")
    await session.execute(select(*(func.set_config(name, value, True) for name, value in settings.items())))
    columns: dict[str, dict[str, str]] = {}
    for table, column, kind in await session.execute(_COLUMNS, {"tables": [section.table for section in SECTIONS]}):
        columns.setdefault(table, {})[column] = kind
    await asyncio.to_thread(writer.begin, head)
    for section in SECTIONS:
        await asyncio.to_thread(writer.section, section, columns[section.table])
        given = {"members": head.members, "left_out": list(section.left_out)}
        rows = await session.stream_scalars(text(section.sql).execution_options(yield_per=AT_ONCE), given)
        async for some in rows.partitions(AT_ONCE):
            await asyncio.to_thread(writer.rows, list(some))
        await asyncio.to_thread(writer.end_section)
    await asyncio.to_thread(writer.end)
