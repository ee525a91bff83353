"""What is left to do of an erasure after its commit: the audio of recordings, and whatever was written late by what had
looked the customer up before. Driven by rows, so a process that dies leaves it to the next one."""

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, text

from app.core.clock import Clock, utc
from app.core.errors import Unavailable
from app.customers.models import Customer
from app.db.engine import Sessions, WriteSession
from app.privacy.family import contacts_of
from app.privacy.models import Erasure, ErasureRest
from app.privacy.scrubbing import scrub
from app.privacy.turns import among_erasures
from app.recordings.archive import Archive

log = structlog.get_logger(__name__)

AGAIN = timedelta(minutes=10)
MOST = 50

_LIVE = text("select exists (select from live_contacts where customer_id = :customer)")
_LATE = (
    "delete from usage_event_ids where (source, event_id) in "
    "(select source, event_id from usage_events where customer_id = :customer)",
    "delete from usage_events where customer_id = :customer",
    "delete from dues where customer_id = :customer",
    "delete from pin_attempts where subject = 'customer:' || cast(cast(:customer as uuid) as text)",
    "delete from customer_versions where customer_id = :customer",
    "delete from profile_reads where customer_id = :customer",
)
_LETTING_GO = text("select set_config('callfloor.erasing', :on, true)")

# a platform may bring its audio long after the call
_BROUGHT_LATE = text("""
    update recordings r set retain_until = :now, deleted_by = e.who, deleted_because = 'erasure', sha256 = ''
    from erasures e join interactions i on i.customer_id = e.subject
    where e.at > :since and r.contact_id = i.id and r.deleted_at is null and r.deleted_because is null""")
_TO_GO = text("""
    select exists (select from recordings where deleted_because = 'erasure' and deleted_at is null
                   and retain_until <= :now)""")
_FINISHED = text("""
    update erasures e set finished_at = :now
    where finished_at is null and not exists (select from erasure_rests where erasure_id = e.id)
      and not exists (select from interactions i join recordings r on r.contact_id = i.id
                      where i.customer_id = e.subject and r.deleted_at is null)""")

BROUGHT = timedelta(days=7)


async def finish(sessions: Sessions, archive: Archive, now: datetime) -> int:
    """Do what is due; how many customers were looked after once more."""
    async with sessions.write() as session:
        looked = await _rests(session, now)
        await session.execute(_BROUGHT_LATE, {"now": now, "since": now - BROUGHT})
        to_go = await session.scalar(_TO_GO, {"now": now})
    if to_go:
        await archive.expire()
    async with sessions.write() as session:
        await session.execute(_FINISHED, {"now": now})
    return looked


async def keep_erasing(sessions: Sessions, archive: Archive, clock: Clock, every: float = 30.0) -> None:
    """Look every half minute until cancelled. A failure is logged; the next look tries again."""
    while True:
        try:
            while await finish(sessions, archive, utc(clock())) == MOST:
                pass
        except Unavailable as error:
            log.warning("what is left of erasures waits", error=str(error))
        except Exception:
            log.exception("what is left of erasures could not be done")
        await asyncio.sleep(every)


async def _rests(session: WriteSession, now: datetime) -> int:
    due = select(ErasureRest).where(ErasureRest.due_at <= now).order_by(ErasureRest.due_at).limit(MOST)
    rests = (await session.scalars(due.with_for_update(skip_locked=True))).all()
    for rest in rests:
        if await session.scalar(_LIVE, {"customer": rest.customer_id}):
            rest.due_at = now + AGAIN
            continue
        await _look_after(session, rest)
        await session.delete(rest)
    return len(rests)


async def _look_after(session: WriteSession, rest: ErasureRest) -> None:
    """Whoever was made under the id again, by nothing that we know of, is let alone."""
    if await session.get(Customer, rest.customer_id) is not None:
        return
    await among_erasures(session)
    subject = await session.scalar(select(Erasure.subject).where(Erasure.id == rest.erasure_id))
    assert subject is not None
    # those of the erasure itself again: an order to the platform may still have been on its way
    contacts = await contacts_of(session, [rest.customer_id, subject])
    await scrub(session, contacts, subject)
    await session.execute(_LETTING_GO, {"on": "on"})
    for statement in _LATE:
        await session.execute(text(statement), {"customer": rest.customer_id})
    await session.execute(_LETTING_GO, {"on": ""})
