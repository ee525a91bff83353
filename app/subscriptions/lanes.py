"""The SQL of delivery: who delivers to whom, what is due, and what came of it. Each statement commits by itself."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import text

from app.db.engine import Sessions
from app.subscriptions.posting import Message

# the clock of leases is the database's: processes on several machines read the same one
_WAITING = text("""
    select s.id from webhook_subscriptions s
    where not s.paused and exists (
        select from webhook_deliveries d
        where d.subscription_id = s.id and d.status = 'pending' and d.next_at <= :now)
    order by s.id""")

_LEASE = text("""
    with leased as (
        insert into webhook_lanes (subscription_id, owner, until)
        select id, :owner, clock_timestamp() + make_interval(secs => :lease)
        from webhook_subscriptions where id = :id and not paused
        on conflict (subscription_id) do update set owner = excluded.owner, until = excluded.until
        where webhook_lanes.owner = excluded.owner or webhook_lanes.until < clock_timestamp()
        returning subscription_id)
    select s.id, s.url, s.secrets from webhook_subscriptions s join leased l on l.subscription_id = s.id""")

_RELEASE = text("delete from webhook_lanes where subscription_id = :id and owner = :owner")

# of each subject the oldest only: what came before it is still under way
_DUE = text("""
    select d.id, d.attempts, d.subject, e.id as event_id, e.type, e.at, e.data::text as data
    from webhook_deliveries d join webhook_events e on e.id = d.event_id
    where d.subscription_id = :id and d.status = 'pending' and d.next_at <= :now and not exists (
        select from webhook_deliveries before
        where before.subscription_id = d.subscription_id and before.subject = d.subject
          and before.status = 'pending' and before.id < d.id)
    order by d.id limit :most""")

_SETTLE = text("""
    update webhook_deliveries d
    set status = u.status, attempts = d.attempts + 1, next_at = u.next_at, last_status = u.answered,
        last_error = u.error, settled_at = case when u.status <> 'pending' then cast(:now as timestamptz) end
    from unnest(cast(:ids as bigint[]), cast(:attempts as int[]), cast(:statuses as text[]),
                cast(:next_at as timestamptz[]), cast(:answered as int[]), cast(:errors as text[]))
         as u (id, attempts, status, next_at, answered, error)
    where d.id = u.id and d.status = 'pending' and d.attempts = u.attempts""")

_PAUSE = text("update webhook_subscriptions set paused = true, paused_because = :why where id = :id and not paused")


class Lane(msgspec.Struct, frozen=True):
    """A subscription as its deliveries need it."""

    id: str
    url: str
    secrets: list[str]


class Due(msgspec.Struct, frozen=True):
    """A delivery whose time has come, after so many `attempts` in vain."""

    id: int
    attempts: int
    subject: str
    message: Message


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt led to; `next_at` counts while the status is pending."""

    due: Due
    status: str
    next_at: datetime
    answered: int | None
    error: str | None


class Lanes:
    """For one process, which is called `owner`."""

    def __init__(self, sessions: Sessions, owner: str, lease: float) -> None:
        self._sessions = sessions
        self._owner = owner
        self._lease = lease

    async def waiting(self, now: datetime) -> list[str]:
        """The subscriptions for which something is due."""
        async with self._sessions.read() as session:
            return list(await session.scalars(_WAITING, {"now": now}))

    async def lease(self, subscription: str) -> Lane | None:
        """Deliver for the next seconds; None where another process does, or nobody may."""
        async with self._sessions.write() as session:
            given = {"id": subscription, "owner": self._owner, "lease": self._lease}
            row = (await session.execute(_LEASE, given)).first()
        return None if row is None else Lane(row.id, row.url, row.secrets)

    async def release(self, subscription: str) -> None:
        """Leave it to whoever comes next."""
        async with self._sessions.write() as session:
            await session.execute(_RELEASE, {"id": subscription, "owner": self._owner})

    async def due(self, subscription: str, now: datetime, most: int) -> list[Due]:
        """Up to `most` deliveries of different subjects, the oldest first."""
        async with self._sessions.read() as session:
            rows = await session.execute(_DUE, {"id": subscription, "now": now, "most": most})
            return [
                Due(row.id, row.attempts, row.subject, Message(UUID(str(row.event_id)), row.type, row.at, row.data))
                for row in rows
            ]

    async def settle(self, settled: Sequence[Settled], now: datetime) -> None:
        """Keep what came of attempts; one that was replayed meanwhile begins anew."""
        columns = {
            "ids": [each.due.id for each in settled],
            "attempts": [each.due.attempts for each in settled],
            "statuses": [each.status for each in settled],
            "next_at": [each.next_at for each in settled],
            "answered": [each.answered for each in settled],
            "errors": [each.error for each in settled],
        }
        async with self._sessions.write() as session:
            await session.execute(_SETTLE, {"now": now, **columns})

    async def pause(self, subscription: str, why: str) -> None:
        """Send nothing more there until somebody says so."""
        async with self._sessions.write() as session:
            await session.execute(_PAUSE, {"id": subscription, "why": why})
