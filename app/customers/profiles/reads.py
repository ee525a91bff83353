"""Writing down who has read what of a customer. A read is noted in memory after it has been answered, and many are
written at once a moment later: a reader never waits for it.

What that costs: a process that is killed loses the reads of its last quarter of a second. One that stops in order
writes all of them, or tells in the log how many the database has not taken in time. None is lost while the database is
away: they wait, and when too many do, reading is refused.
"""

import asyncio
from collections import deque
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from prometheus_client import Counter
from sqlalchemy import ARRAY, Text, Uuid, bindparam, select, text, tuple_
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import Clock, utc
from app.core.errors import Unavailable
from app.core.tasks import begin
from app.customers.profiles.models import ProfileRead
from app.customers.record.whole import members_of, survivor_of
from app.db.engine import Sessions

log = structlog.get_logger(__name__)

LIMIT = 10_000
"""So many reads may wait to be written."""

CHUNK = 1_000
PAUSE_SECONDS = 0.25
RETRY_SECONDS = 1.0
LAST_SECONDS = 1.0
"""How long the end of the server may take for the reads that are left; it waits little longer for all of its tasks."""

LOST = Counter("callfloor_profile_reads_lost", "Screen pops that were not written down, because too many reads waited.")

# who is on a contact stands in its state; a contact that has left the floor by now is in nobody's hand
_WRITE = text("""
    insert into profile_reads (at, who, role, customer_id, what, contact_id, in_hand, why)
    select r.at, r.who, r.role, r.customer_id, r.what, r.contact_id,
           r.what = 'pop' or coalesce(jsonb_exists((l.state -> 'agents')::jsonb, r.who), false), r.why
    from unnest(:at, :who, :role, :customer_id, :what, :contact_id, :why)
         with ordinality as r (at, who, role, customer_id, what, contact_id, why, place)
    left join live_contacts l on l.id = r.contact_id
    order by r.place""").bindparams(
    bindparam("at", type_=ARRAY(TIMESTAMP(timezone=True))),
    bindparam("customer_id", type_=ARRAY(Uuid())),
    bindparam("contact_id", type_=ARRAY(Uuid())),
    *(bindparam(name, type_=ARRAY(Text())) for name in ("who", "role", "what", "why")),
)


class ReadsBehind(Unavailable):
    """Too many reads wait to be written down; nothing is shown that could not be."""

    code = "reads-behind"


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody (`who`, a login or a key) has read `what` of a customer, because of a contact or for a reason."""

    at: datetime
    who: str
    role: str
    customer_id: UUID
    what: str
    contact_id: UUID | None = None
    why: str | None = None


class ReadLog:
    """Takes reads at once and writes them soon. `run` must run beside it."""

    def __init__(self, sessions: Sessions, clock: Clock, limit: int = LIMIT) -> None:
        self._sessions = sessions
        self._clock = clock
        self._limit = limit
        self._waiting: deque[Read] = deque()
        self._noted = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def check(self) -> None:
        """Raises ReadsBehind where no more can be noted."""
        if len(self._waiting) >= self._limit:
            raise ReadsBehind("Too many reads wait to be written down. Try again shortly.", retry_after=5)

    def note(
        self, who: str, role: str, customer_id: UUID, what: str, contact_id: UUID | None = None, why: str | None = None
    ) -> None:
        """Note a read that has just been answered; `check` comes before it."""
        read = Read(
            at=utc(self._clock()),
            who=who,
            role=role,
            customer_id=customer_id,
            what=what,
            contact_id=contact_id,
            why=why,
        )
        self._waiting.append(read)
        self._noted.set()

    def note_pop(self, agent: str, customer_id: UUID, contact_id: UUID) -> None:
        """Note a screen pop, which waits for nobody: where too many reads wait, the log of the server has it."""
        if len(self._waiting) >= self._limit:
            LOST.inc()
            log.error(
                "a screen pop was not written down", agent=agent, customer=str(customer_id), contact=str(contact_id)
            )
            return
        self.note(agent, "agent", customer_id, "pop", contact_id)

    async def run(self) -> None:
        """Write what is noted until cancelled, and then what is left, as far as the database takes it."""
        writing: asyncio.Task[None] | None = None
        try:
            while True:
                await self._noted.wait()
                await asyncio.sleep(PAUSE_SECONDS)
                writing = begin("writing of reads", self.flush())
                try:
                    # apart: over a database that stands still it would not break off when it is cancelled
                    await asyncio.shield(writing)
                except Exception as error:
                    log.error("reads could not be written down yet", waiting=len(self), error=repr(error))
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            await self._end(writing)

    async def _end(self, writing: asyncio.Task[None] | None) -> None:
        """Write what is left after what is being written; what is not written in time is told as lost."""
        last = begin("last of the reads", self._rest(writing))
        try:
            await asyncio.wait([last], timeout=LAST_SECONDS)
        finally:  # cancelled again, too: nobody waits any longer
            if self._waiting:
                error = last.exception() if last.done() and not last.cancelled() else None
                told = "the database does not answer" if error is None else repr(error)
                log.error("reads are lost with this process", reads=len(self), error=told)
            for task in (last, writing):
                if task is not None:
                    task.cancel()

    async def _rest(self, writing: asyncio.Task[None] | None) -> None:
        if writing is not None:
            await asyncio.wait([writing])
        await self.flush()

    async def flush(self) -> None:
        """Write everything that has been noted. Raises Unavailable; nothing is lost then."""
        while self._waiting:
            batch = [self._waiting[place] for place in range(min(CHUNK, len(self._waiting)))]
            await self._write(batch)
            for _ in batch:
                self._waiting.popleft()
        self._noted.clear()

    async def _write(self, batch: list[Read]) -> None:
        columns: dict[str, Any] = {name: [getattr(read, name) for read in batch] for name in Read.__struct_fields__}
        async with self._sessions.write() as session:
            await session.execute(_WRITE, columns)


async def reads_of(
    session: AsyncSession, customer_id: UUID, limit: int, before: tuple[datetime, int] | None
) -> list[ProfileRead]:
    """Up to `limit` reads of the customer and those merged into them, the newest first, older than `before` (at, id).
    Raises CustomerNotFound."""
    members = await members_of(session, await survivor_of(session, customer_id))
    rows = ProfileRead
    query = select(rows).where(rows.customer_id.in_(members))
    if before is not None:
        # the first condition lets the database leave whole months alone
        query = query.where(rows.at <= before[0], tuple_(rows.at, rows.id) < before)
    return list(await session.scalars(query.order_by(rows.at.desc(), rows.id.desc()).limit(limit)))
