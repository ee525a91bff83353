"""Reading recordings, and what is known of the contact that one belongs to."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import WriteSession
from app.recordings.errors import RecordingUnknown
from app.recordings.models import Recording

# one statement, so one moment: a contact is live until the commit that makes it an interaction
_CONTACT = text("""
    SELECT to_timestamp((state ->> 'arrived_at')::float8) AS started_at, state ->> 'queue' AS queue, customer_id,
           ARRAY(SELECT jsonb_array_elements_text(coalesce(state::jsonb -> 'served_by', '[]'))) AS agents
    FROM live_contacts WHERE id = :id
    UNION ALL
    SELECT started_at, queue_id, customer_id,
           ARRAY(SELECT DISTINCT leg ->> 'agent' FROM jsonb_array_elements(legs) AS leg
                 WHERE leg ->> 'agent' IS NOT NULL
                   AND (leg ->> 'talk_seconds')::float8 + (leg ->> 'hold_seconds')::float8 > 0)
    FROM interactions WHERE id = :id
    LIMIT 1""")

# holds are of a room above this one; which customers are held is asked once a statement
_NOT_HELD = text("""
    not exists (select from interactions i where i.id = recordings.contact_id
                and i.customer_id = any(array(select held_customers(:now))))""")
_HELD = text("""
    select exists (select from interactions i
                   where i.id = :contact and i.customer_id = any(array(select held_customers(:now))))""")


class ContactFacts(NamedTuple):
    """When a contact began, its queue, the agents who talked, and with whom."""

    started_at: datetime | None = None
    queue: str | None = None
    agents: tuple[str, ...] = ()
    customer_id: UUID | None = None


async def facts_of(session: AsyncSession, contact_id: UUID) -> ContactFacts:
    """What is known of a contact, live or ended; nothing of one that was never here."""
    row = (await session.execute(_CONTACT, {"id": contact_id})).first()
    if row is None:
        return ContactFacts()
    return ContactFacts(row.started_at, row.queue, tuple(sorted(row.agents)), row.customer_id)


async def recordings_of(session: AsyncSession, contact_id: UUID) -> Sequence[Recording]:
    """The recordings of a contact, in order."""
    query = select(Recording).where(Recording.contact_id == contact_id)
    return (await session.scalars(query.order_by(Recording.started_at, Recording.id))).all()


async def recording(session: AsyncSession, recording_id: str, *, lock: bool = False) -> Recording:
    """One recording; raises `RecordingUnknown`. With `lock` nobody else deletes it meanwhile."""
    query = select(Recording).where(Recording.id == recording_id)
    found = (await session.scalars(query.with_for_update() if lock else query)).first()
    if found is None:
        raise RecordingUnknown(recording_id)
    return found


async def is_held(session: AsyncSession, found: Recording, now: datetime) -> bool:
    """Whether the recording is of a customer under a legal hold."""
    return bool(await session.scalar(_HELD, {"contact": found.contact_id, "now": now}))


async def due(session: WriteSession, now: datetime, limit: int) -> Sequence[Recording]:
    """Up to `limit` recordings that need not be kept any longer, locked; those that others hold are left to them, and
    those of customers under a legal hold are kept."""
    query = (
        select(Recording)
        .where(Recording.deleted_at.is_(None), Recording.retain_until <= now, _NOT_HELD.bindparams(now=now))
        .order_by(Recording.retain_until)
        .limit(limit)
    )
    return (await session.scalars(query.with_for_update(skip_locked=True))).all()
