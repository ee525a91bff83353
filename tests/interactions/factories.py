"""Records of contacts for tests. The floor's journal writes them in life; these write the same rows."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import now, utc
from app.core.ids import new_id
from app.interactions.models import Interaction, InteractionEntry, QueueVisit


def this_hour() -> datetime:
    """The beginning of the present hour: a moment that has its partition."""
    return utc(now()).replace(minute=0, second=0, microsecond=0)


async def make_interaction(
    session: AsyncSession, started_at: datetime | None = None, *, seconds: float = 300.0, **given: Any
) -> Interaction:
    """A contact that was answered and lasted `seconds`; any column may be given."""
    started = started_at or this_hour()
    values: dict[str, Any] = {
        "id": UUID(new_id()),
        "started_at": started,
        "ended_at": started + timedelta(seconds=seconds),
        "channel": "voice",
        "direction": "inbound",
        "source_id": "pbx",
        "call_id": new_id(),
        "from_raw": "13800138000",
        "to_raw": "+8695555",
        "queue_id": "service",
        "agent_id": "lin",
        "outcome": "answered",
        "wait_seconds": 10.0,
        "talk_seconds": seconds - 10.0,
        "hold_seconds": 0.0,
        "wrap_up_seconds": 20.0,
        "legs": [],
    }
    interaction = Interaction(**(values | given))
    session.add(interaction)
    await session.flush()
    return interaction


async def make_entry(
    session: AsyncSession, interaction: Interaction, kind: str = "queued", after: float = 0.0, **data: Any
) -> InteractionEntry:
    """A line of the interaction's timeline, `after` seconds after its start."""
    entry = InteractionEntry(
        started_at=interaction.started_at,
        interaction_id=interaction.id,
        at=interaction.started_at + timedelta(seconds=after),
        kind=kind,
        data=data,
    )
    session.add(entry)
    await session.flush()
    return entry


async def make_visit(
    session: AsyncSession, entered_at: datetime | None = None, *, outcome: str = "answered", **given: Any
) -> QueueVisit:
    """A stay in the queue `service` that ended after ten seconds; any column may be given."""
    entered = entered_at or this_hour()
    wait = given.get("wait_seconds", 10.0)
    values: dict[str, Any] = {
        "started_at": entered,
        "interaction_id": UUID(new_id()),
        "queue_id": "service",
        "entered_at": entered,
        "left_at": entered + timedelta(seconds=wait),
        "outcome": outcome,
        "wait_seconds": wait,
        "agent_id": "lin" if outcome == "answered" else None,
    }
    visit = QueueVisit(**(values | given))
    session.add(visit)
    await session.flush()
    return visit
