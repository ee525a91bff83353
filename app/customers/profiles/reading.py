"""Reading a profile in one statement; where that fails or is late, part by part, so that a broken part costs itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import asyncpg
import msgspec
import structlog
from prometheus_client import Counter

from app.customers.masking import Sight
from app.customers.profiles import composing
from app.customers.profiles.masked import seen
from app.customers.profiles.parts import Part
from app.db.errors import meaning
from app.db.pool import fetch_apart

log = structlog.get_logger(__name__)

MISSING = Counter("callfloor_profile_parts_unavailable", "Parts of profiles that could not be told.", ["part"])

WHOLE_SECONDS = 0.5
"""How long the one statement may take before its parts are asked for one by one."""

CORE_SECONDS = 2.0
"""How long it may then take to tell who it is, without which there is no profile."""

REST_SECONDS, LONGEST_REST = 5.0, 60.0
"""How long a part that failed is not asked for; twice as long each time that it fails again."""

Statement = Callable[[tuple[Part, ...]], str]
"""Makes the statement that reads some parts."""

of_customer: Statement = lru_cache(maxsize=64)(composing.of_customer)


@lru_cache
def of_number(column: str) -> Statement:
    """The statements that look up a number in this column."""
    return lru_cache(maxsize=64)(lambda parts: composing.of_number(column, parts))


class Trouble(msgspec.Struct):
    """Why a part is not asked for at present, until when (epoch seconds), and how often it has failed."""

    why: str
    until: float
    times: int


class Found(msgspec.Struct, frozen=True):
    """The row that told who it is, and each part: its JSON, or why it is not there."""

    row: Any
    parts: Mapping[str, str]
    unavailable: tuple[str, ...] = ()


class Parts:
    """Reads parts and remembers which of them are in trouble, so that only one read in a while waits for those."""

    def __init__(self) -> None:
        self.failures = 0
        """How often a part could not be read."""
        self._trouble: dict[str, Trouble] = {}

    async def read(
        self, database: Any, statement: Statement, given: Sequence[Any], parts: tuple[Part, ...], now: float
    ) -> Found | None:
        """What the statement tells, with as many of the parts as can be had; None where it tells of nobody.

        `given` are the statement's parameters. Raises what the driver raises where the database is away, or does not
        even tell who it is.
        """
        asked = self._well(parts, now)
        try:
            row = await fetch_apart(database, statement(asked), *given, seconds=WHOLE_SECONDS)
        except (TimeoutError, asyncpg.PostgresError) as error:
            _raise_if_away(error)
            log.warning("a profile is read part by part", error=_why(error, WHOLE_SECONDS))
            row, told = await self._apart(database, statement, given, asked, now)
        else:
            if row is None:
                return None
            told = {part.name: row[part.name] or part.empty for part in asked}
            self._recovered(asked)
        if row is None:
            return None
        missing = tuple(part.name for part in parts if part.name in self._trouble)
        return Found(row, told | {name: _unavailable(self._trouble[name].why) for name in missing}, missing)

    async def _apart(
        self, database: Any, statement: Statement, given: Sequence[Any], parts: Iterable[Part], now: float
    ) -> tuple[Any, dict[str, str]]:
        row = await fetch_apart(database, statement(()), *given, seconds=CORE_SECONDS)
        told: dict[str, str] = {}
        if row is None or row["customer_id"] is None:
            return row, {part.name: part.empty for part in parts}
        for part in parts:
            try:
                own = (row["customer_id"], *given[1:4])
                found = await fetch_apart(database, of_customer((part,)), *own, seconds=part.seconds)
                told[part.name] = part.empty if found is None else found[part.name] or part.empty
                self._trouble.pop(part.name, None)
            except (TimeoutError, asyncpg.PostgresError) as error:
                _raise_if_away(error)
                self._failed(part, error, now)
        return row, told

    def _well(self, parts: tuple[Part, ...], now: float) -> tuple[Part, ...]:
        """Those parts that are asked for now."""
        if not self._trouble:
            return parts
        return tuple(part for part in parts if part.name not in self._trouble or self._trouble[part.name].until <= now)

    def _failed(self, part: Part, error: Exception, now: float) -> None:
        before = self._trouble.get(part.name)
        times = before.times + 1 if before else 0
        self.failures += 1
        rest = min(REST_SECONDS * 2**times, LONGEST_REST)
        self._trouble[part.name] = Trouble(_why(error, part.seconds), now + rest, times)
        MISSING.labels(part.name).inc()
        log.error("a part of a profile is unavailable", part=part.name, rest_seconds=rest, error=repr(error))

    def _recovered(self, parts: Iterable[Part]) -> None:
        if self._trouble:
            for part in parts:
                self._trouble.pop(part.name, None)


def assembled(parts: Iterable[Part], given: Mapping[str, str], sight: Sight, **others: str) -> bytes:
    """The profile as JSON for somebody with this sight: each part under its name, in the part that it is told in;
    `others` are told, too."""
    told = {name: seen(sight, name, text) for name, text in given.items()}
    inner: dict[str, str] = {}
    for part in parts:
        if part.within is not None:
            inner[part.within] = inner.get(part.within, "") + f',"{part.name}":{told[part.name]}'
    pairs = []
    for part in parts:
        if part.within is None:
            text = told[part.name]
            if part.name in inner and text != part.empty:
                text = text[:-1] + inner[part.name] + "}"
            pairs.append(f'"{part.name}":{text}')
    pairs += [f'"{name}":{text}' for name, text in others.items()]
    return ("{" + ",".join(pairs) + "}").encode()


def _raise_if_away(error: Exception) -> None:
    if not isinstance(error, TimeoutError) and meaning(error) is not None:
        raise error


def _why(error: Exception, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"it took longer than {seconds:g} seconds"
    return f"the database could not tell it ({type(error).__name__})"


def _unavailable(why: str) -> str:
    return msgspec.json.encode({"unavailable": why}).decode()
