"""Usage of a feed: its events arrive as those do that are sent one by one. None is ever changed."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import SteadyClock, utc
from app.core.errors import Invalid
from app.customers.feeds.columns.checking import CellFault
from app.customers.feeds.tables.usage_rows import event_of, unknown
from app.customers.feeds.tables.writer import Numbered, Origin, Turn, Written, at_once
from app.customers.usage.arriving import arrive
from app.customers.usage.given import GivenEvent
from app.db.engine import WriteSession

# as those who send events are known by: the leading system's id, else that of the source
_KNOWN = text("""
    select external_id from customers where external_id = any(cast(:keys as text[]))
    union select external_id from customer_external_ids
    where system = :source and external_id = any(cast(:keys as text[]))""")


class UsageIsNew(Invalid):
    """A feed of usage was told to make nothing new."""

    code = "usage-is-new"


class _Sorted(NamedTuple):
    events: list[tuple[int, GivenEvent]]
    faults: dict[int, CellFault]


class UsageWriter:
    """See `app.customers.feeds.tables.writer.Writer`. Raises UsageIsNew where nothing new may be made."""

    def __init__(self, origin: Origin) -> None:
        if origin.only_known:
            raise UsageIsNew("Events are only ever added; accepted: a feed of usage without only_known.")
        self._origin = origin
        self._clock = SteadyClock(lambda: 0.0, origin.now.timestamp())

    async def faults(self, session: AsyncSession, rows: Sequence[Numbered]) -> dict[int, CellFault]:
        """Events of nobody known, too old or too large, with whole card numbers."""
        keys = list({row.customer for _, row in rows})
        known = set(await session.scalars(_KNOWN, {"keys": keys, "source": self._origin.source}))
        strangers = {number: unknown(row) for number, row in rows if row.customer not in known}
        return strangers | (await self._sorted(rows)).faults

    async def write(self, session: WriteSession, rows: Sequence[Numbered], turn: Turn = at_once) -> Written:
        """Keep the events that there are not, and hold the rules against them."""
        await turn()
        events, faults = await self._sorted(rows)
        by_number = dict(rows)
        # the clock of the run goes on: a sweep that has passed meanwhile must not miss what comes now
        arrived = await arrive(session, self._origin.source, events, utc(self._clock()))
        made = kept = 0
        for each in arrived.stored:
            if each.root is None:
                faults[each.line] = unknown(by_number[each.line])
            else:
                kept += 1
                made += each.fresh
        return Written(made, 0, kept - made, 0, faults)

    async def _sorted(self, rows: Sequence[Numbered]) -> _Sorted:
        return await asyncio.to_thread(_judged, rows, utc(self._clock()))


def _judged(rows: Sequence[Numbered], now: datetime) -> _Sorted:
    """Which rows are good. This takes a while, and no call must wait for it."""
    found = _Sorted([], {})
    for number, row in rows:
        event = event_of(row, now)
        if isinstance(event, CellFault):
            found.faults[number] = event
        else:
            found.events.append((number, event))
    return found
