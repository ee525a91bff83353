"""Letting records go whose time is over: whole months where a table has them, else some thousand rows at a time. Each
step is a transaction of its own that writes into the log what went, so it may break off anywhere."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

import asyncpg
import structlog
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import Clock
from app.core.errors import Unavailable
from app.db.engine import Sessions, WriteSession
from app.db.errors import causes
from app.db.partitions import drop_month, partition_name
from app.privacy.ageing import Aged, aged, count, due_in, holds_any, months_over, source_of
from app.privacy.details import forget_details
from app.privacy.former import FIRST, erase_former, next_former
from app.privacy.kinds import CUSTOMERS, DETAILS, Kind, Months, Rows
from app.privacy.models import RetentionRun
from app.privacy.policies import policies
from app.privacy.turns import apart_from_erasures

log = structlog.get_logger(__name__)

LOCK = 0x43464C52  # "CFLR": one process lets go at a time
BATCH = 5_000
PAGE = 200


class Went(NamedTuple):
    """What a step let go."""

    rows: int
    months: tuple[str, ...] = ()


class Step:
    """One run of one kind: each of its steps adds to the same line of the log."""

    def __init__(self, sessions: Sessions, kind: Kind, days: int, clock: Clock, region: str) -> None:
        self._sessions, self._kind, self._days, self._clock = sessions, kind, days, clock
        self._region = region
        self._id: UUID = uuid4()

    async def run(self) -> Went:
        """Let go of all that is over; what it came to. Ends early where another process is at it."""
        rows, months = 0, list[str]()
        if self._kind.name == DETAILS:
            return await self._details()
        if self._kind.name in CUSTOMERS:
            return await self._former()
        for part in self._kind.parts:
            for went in await (self._months(part) if isinstance(part, Months) else self._rows(part, None)):
                rows += went.rows
                months += went.months
        return Went(rows, tuple(months))

    async def _details(self) -> Went:
        rows, more = 0, True
        while more:
            async with self._sessions.write() as session:
                if not await _in_turn(session):
                    break
                of = await aged(session, self._days, self._clock)
                done, more = await forget_details(session, of, BATCH // 5)
                await self._note(session, of, Went(done))
            rows += done
        return Went(rows)

    async def _former(self) -> Went:
        """Customers, one a transaction: an erasure is long enough."""
        erased, after = 0, FIRST
        while True:
            async with self._sessions.read() as session:
                of = await aged(session, self._days, self._clock)
                found = await next_former(session, self._kind.name, of, after, PAGE)
            for customer in found:
                async with self._sessions.write() as session:
                    if not await _alone(session):
                        return Went(erased)
                    went = Went(await erase_former(session, customer, self._days, of, self._region))
                    await self._note(session, of, went)
                erased += went.rows
            if len(found) < PAGE:
                return Went(erased)
            after = found[-1]

    async def _months(self, part: Months) -> list[Went]:
        async with self._sessions.read() as session:
            over = await months_over(session, part, (await aged(session, self._days, self._clock)).cutoff)
        found = []
        for month in over:
            dropped = await self._drop(part, month)
            found += await self._rows(part, month) if dropped is None else [dropped]
        return found

    async def _drop(self, part: Months, month: datetime) -> Went | None:
        """Drop a month; None where rows of it are held. One that others are reading is left to the next run."""
        try:
            async with self._sessions.write() as session:
                if not await _in_turn(session):
                    return Went(0)
                # nobody is held from here to the commit
                await session.execute(text("lock table legal_holds in share mode"))
                of = await aged(session, self._days, self._clock)
                if await holds_any(session, part, month, of):
                    return None
                went = Went(await count(session, part, month, of), (partition_name(part.table, month),))
                await drop_month(await session.connection(), part.table, month)
                await self._note(session, of, went)
                return went
        except DBAPIError as error:
            if not any(isinstance(cause, asyncpg.LockNotAvailableError) for cause in causes(error)):
                raise
            log.warning("a month waits to be dropped, others use its table", table=part.table, month=f"{month:%Y-%m}")
            return Went(0)

    async def _rows(self, part: Months | Rows, month: datetime | None) -> list[Went]:
        found: list[Went] = []
        while True:
            async with self._sessions.write() as session:
                if not await _in_turn(session):
                    return found
                of = await aged(session, self._days, self._clock)
                went = Went(await _delete(session, part, month, of))
                await self._note(session, of, went)
            found.append(went)
            if went.rows < BATCH:
                return found

    async def _note(self, session: WriteSession, of: Aged, went: Went) -> None:
        if not went.rows and not went.months:
            return
        new = insert(RetentionRun).values(
            id=self._id,
            at=func.clock_timestamp(),
            kind=self._kind.name,
            cutoff=of.cutoff,
            rows=went.rows,
            months=list(went.months),
        )
        more = {"rows": RetentionRun.rows + went.rows, "months": RetentionRun.months + list(went.months)}
        await session.execute(new.on_conflict_do_update(index_elements=["id"], set_=more))


async def retain(sessions: Sessions, clock: Clock, region: str) -> dict[str, Went]:
    """Let go of everything that the policies say; what went, by kind."""
    async with sessions.read() as session:
        wanted = [(policy.kind, policy.days) for policy in await policies(session) if policy.days is not None]
    went = {kind.name: await Step(sessions, kind, days, clock, region).run() for kind, days in wanted}
    return {name: each for name, each in went.items() if each.rows or each.months}


async def keep_retaining(sessions: Sessions, clock: Clock, region: str, every: float = 3600.0) -> None:
    """Let go every hour until cancelled. A failure is logged; the next hour tries again."""
    while True:
        try:
            for kind, went in (await retain(sessions, clock, region)).items():
                log.info("records went whose time was over", kind=kind, rows=went.rows, months=went.months)
        except Unavailable as error:
            log.warning("records whose time is over wait for the database", error=str(error))
        except Exception:
            log.exception("records whose time is over could not go")
        await asyncio.sleep(every)


async def runs(session: AsyncSession, limit: int, before: tuple[datetime, UUID] | None) -> Sequence[RetentionRun]:
    """Up to `limit` runs by which something went, the newest first, older than `before` (at, id)."""
    query = select(RetentionRun).order_by(RetentionRun.at.desc(), RetentionRun.id.desc()).limit(limit)
    if before is not None:
        older = (RetentionRun.at < before[0]) | ((RetentionRun.at == before[0]) & (RetentionRun.id < before[1]))
        query = query.where(older)
    return (await session.scalars(query)).all()


async def _alone(session: WriteSession) -> bool:
    return bool(await session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))))


async def _in_turn(session: WriteSession) -> bool:
    if not await _alone(session):
        return False
    await apart_from_erasures(session)
    return True


async def _delete(session: WriteSession, part: Months | Rows, month: datetime | None, of: Aged) -> int:
    source = source_of(part, month)
    statement = (
        f"delete from {source} where ctid = any(array("  # noqa: S608 - constants
        f"select ctid from {source} where {due_in(part)} limit {BATCH} for update skip locked))"
    )
    await session.execute(select(func.set_config("callfloor.erasing", "on", True)))  # the audit log lets go, too
    return int(getattr(await session.execute(text(statement), of.given(statement)), "rowcount", 0))
