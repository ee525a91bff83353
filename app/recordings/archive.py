"""Taking recordings in when their calls have been recorded, and letting them go."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy import select

from app.core.clock import Clock, iso, utc
from app.core.errors import Invalid
from app.core.wire import fault, invalid
from app.db.engine import Sessions, WriteSession
from app.db.rows import insert_new
from app.recordings import queries
from app.recordings.errors import RecordingHeld, StoreFailed
from app.recordings.models import Recording
from app.recordings.store import PIECE, RecordingStore
from app.routing.records.models import Queue

log = structlog.get_logger(__name__)

KEPT = Counter("callfloor_recordings_kept", "Recordings of calls taken into the store.")
DELETED = Counter("callfloor_recordings_deleted", "Recordings of calls whose audio was deleted.", ["because"])
RETENTION = "retention"
"""Why a recording was deleted that need not be kept any longer."""

CHUNK = 100
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_MEDIA_TYPE = re.compile(r"audio/[a-z0-9][a-z0-9.+-]{0,62}", re.ASCII)
_SUFFIXES = {"audio/wav": ".wav", "audio/x-wav": ".wav", "audio/mpeg": ".mp3", "audio/ogg": ".ogg"}


class Archive:
    """Keeps recordings: their audio in the store, what is known of it in the database. `days` is how long, where the
    queue says nothing; None: for ever. See `app.telephony.port.RecordingSink`."""

    def __init__(self, sessions: Sessions, store: RecordingStore, clock: Clock, days: int | None = None) -> None:
        self.store = store
        self._sessions = sessions
        self._clock = clock
        self._days = days

    async def keep(
        self,
        *,
        recording_id: str,
        contact_id: str,
        source: str,
        audio: AsyncIterator[bytes] | Path,
        media_type: str,
        started_at: float,
        seconds: float,
        pauses: Sequence[tuple[float, float]] = (),
    ) -> None:
        """Take a finished recording in, once: a repetition changes nothing. It is there only when this has returned.

        Raises `Invalid` for what can never be kept, `Unavailable` where trying again later is right.
        """
        contact = _sound(recording_id, contact_id, media_type, seconds)
        if await self._known(recording_id):
            return
        key = f"{utc(started_at):%Y/%m/%d}/{recording_id}{_SUFFIXES.get(media_type, '')}"
        counted = _Counted(_read(audio) if isinstance(audio, Path) else audio)
        await self.store.put(key, counted.pieces(), media_type)
        async with self._sessions.write() as session:
            facts = await queries.facts_of(session, contact)
            made = await insert_new(
                session,
                Recording,
                id=recording_id,
                contact_id=contact,
                contact_started_at=facts.started_at,
                source_id=source,
                queue_id=facts.queue,
                agents=list(facts.agents),
                started_at=utc(started_at),
                seconds=seconds,
                pauses=[{"from": iso(begin), "until": iso(end)} for begin, end in pauses],
                media_type=media_type,
                bytes=counted.bytes,
                sha256=counted.digest.hexdigest(),
                key=key,
                kept_at=self._now(),
                retain_until=await self._until(session, facts.queue, utc(started_at)),
            )
        KEPT.inc(made is not None)

    async def delete(self, session: WriteSession, recording_id: str, *, by: str, because: str) -> Recording:
        """Delete the audio for good; the row stays and says who did it and why. Raises `RecordingUnknown`,
        `RecordingHeld`."""
        found = await queries.recording(session, recording_id, lock=True)
        if found.deleted_at is None:
            if await queries.is_held(session, found, self._now()):
                raise RecordingHeld(recording_id)
            await self._let_go(found, because, by)
            DELETED.labels("asked").inc()
        return found

    async def expire(self) -> int:
        """Delete what need not be kept any longer; gives how many."""
        gone = 0
        while True:
            async with self._sessions.write() as session:
                found = await queries.due(session, self._now(), CHUNK)
                here = [each for each in found if await self._went(each)]
            gone += len(here)
            DELETED.labels(RETENTION).inc(len(here))
            if len(here) < CHUNK:
                return gone

    async def _known(self, recording_id: str) -> bool:
        async with self._sessions.read() as session:
            return await session.get(Recording, recording_id) is not None

    async def _until(self, session: WriteSession, queue: str | None, started_at: datetime) -> datetime | None:
        days = await session.scalar(select(Queue.recording_days).where(Queue.id == queue)) or self._days
        return None if days is None else started_at + timedelta(days=days)

    async def _went(self, found: Recording) -> bool:
        try:
            await self._let_go(found, RETENTION)
        except StoreFailed as error:
            log.warning("recording not deleted", recording=found.id, error=str(error))
            return False
        return True

    async def _let_go(self, found: Recording, because: str, by: str | None = None) -> None:
        """The audio first: if this breaks off, the row still says that it is to go."""
        await self.store.delete(found.key)
        found.deleted_at = self._now()
        if found.deleted_because is None:  # else it was settled before that it is to go
            found.deleted_by, found.deleted_because = by, because

    def _now(self) -> datetime:
        return utc(self._clock())


class _Counted:
    """Audio that passes through; what it came to is known afterwards."""

    def __init__(self, audio: AsyncIterator[bytes]) -> None:
        self._audio = audio
        self.bytes = 0
        self.digest = hashlib.sha256()

    async def pieces(self) -> AsyncIterator[bytes]:
        async for piece in self._audio:
            self.bytes += len(piece)
            self.digest.update(piece)
            yield piece
        if not self.bytes:
            raise Invalid("There is no audio.", faults=[fault("audio", "is empty", "at least one byte")])


async def _read(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
    finally:
        file.close()


def _sound(recording_id: str, contact_id: str, media_type: str, seconds: float) -> UUID:
    """The contact's id, if everything can be kept; raises `Invalid` with every fault."""
    faults = []
    if not _ID.fullmatch(recording_id):
        faults.append(fault("recording_id", "cannot be a name", "up to 128 letters, digits, dots and hyphens"))
    if not _MEDIA_TYPE.fullmatch(media_type):
        faults.append(fault("media_type", f"is {media_type!r}", "one of audio, such as audio/wav"))
    if not 0 <= seconds < 7 * 86_400:
        faults.append(fault("seconds", "is out of range", "0 to a week"))
    try:
        contact = UUID(contact_id)
    except ValueError:
        faults.append(fault("contact_id", "is no id of a contact", "a UUID"))
    if faults:
        raise invalid(faults)
    return contact
