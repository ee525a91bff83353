"""What every feed has in common when its rows are written."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.feeds.columns.checking import CellFault
from app.db.engine import WriteSession

Numbered = tuple[int, Any]
"""The number of a row in its file, and its record."""

Turn = Callable[[], Awaitable[None]]
"""Waits until all rows before are committed. Of a file, later rows may be written before that."""


async def at_once() -> None:
    """The turn of whoever writes alone."""


class Overtaken(Exception):
    """What rows were sorted by was no longer so when they were written: they must be written again."""


class Origin(NamedTuple):
    """For whom rows are written: the source, the fields that it tells, the sources whose word counts more, and the
    instant of the run. In `bulk` what can be made afterwards is left for then."""

    source: str
    told: frozenset[str]
    blocking: tuple[str, ...]
    only_known: bool
    now: datetime
    bulk: bool = False


class Written(NamedTuple):
    """What rows became: counts of records, of fields that a higher source has set, and the faults that only the
    database knew, by the numbers of their rows."""

    made: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: int = 0
    faults: Mapping[int, CellFault] = MappingProxyType({})


class Writer(Protocol):
    """Writes the rows of one feed, some at a time, each id at most once in them. The caller's session commits."""

    async def faults(self, session: AsyncSession, rows: Sequence[Numbered]) -> dict[int, CellFault]:
        """What only the database knows to be wrong with rows; nothing is written."""

    async def write(self, session: WriteSession, rows: Sequence[Numbered], turn: Turn = at_once) -> Written:
        """Let the records be what the rows say; whatever has to do with rows before waits for its `turn`."""
