"""Recordings are taken in once, linked to their contact, and let go in time."""

from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from app.core.clock import FrozenClock, now, utc
from app.core.errors import Invalid
from app.core.ids import new_id
from app.core.tasks import Supervisor
from app.db.engine import Sessions
from app.interactions.models import Interaction
from app.recordings.archive import Archive
from app.recordings.errors import StoreFailed
from app.recordings.models import Recording
from app.recordings.retention import keep_retention
from app.recordings.store import ObjectStore
from app.routing.records.models import Queue
from tests.fixtures.waiting import eventually
from tests.interactions.factories import make_interaction

AUDIO = b"RIFF" + bytes(1000)
LEGS = [
    {"agent": "lin", "talk_seconds": 50.0, "hold_seconds": 0.0},
    {"agent": "mei", "talk_seconds": 0.0, "hold_seconds": 0.0},
    {"agent": None, "talk_seconds": 60.0, "hold_seconds": 0.0},
]


async def sound(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.fixture
async def interaction(sessions: Sessions) -> Interaction:
    """A contact of the queue `service`, which Lin answered, while Mei's phone was only rung."""
    async with sessions.write() as session:
        return await make_interaction(session, legs=LEGS)


async def kept(archive: Archive, contact: UUID | str, audio: Any = None, number: int = 1, **more: Any) -> str:
    key = f"{contact}.{number}"
    given: dict[str, Any] = {"media_type": "audio/wav", "started_at": now(), "seconds": 61.5, **more}
    await archive.keep(
        recording_id=key, contact_id=str(contact), source="pbx", audio=audio or sound(AUDIO), **given
    )  # fmt: skip
    return key


async def row(sessions: Sessions, key: str) -> Recording:
    async with sessions.read() as session:
        found = await session.get(Recording, key)
    assert found is not None
    return found


async def test_recording_is_kept_with_all_that_is_known_of_it(
    archive: Archive, sessions: Sessions, interaction: Interaction, folder: Path
) -> None:
    began = 1_795_600_000.0
    key = await kept(archive, interaction.id, started_at=began, pauses=[(began + 10, began + 25.5)])
    found = await row(sessions, key)
    assert (found.contact_id, found.contact_started_at) == (interaction.id, interaction.started_at)
    assert (found.queue_id, found.agents, found.source_id) == ("service", ["lin"], "pbx")
    assert (found.bytes, found.sha256, found.seconds) == (len(AUDIO), sha256(AUDIO).hexdigest(), 61.5)
    assert found.pauses == [{"from": "2026-11-25T09:46:50.000Z", "until": "2026-11-25T09:47:05.500Z"}]
    assert found.retain_until == utc(began) + timedelta(days=30)
    assert (folder / found.key).read_bytes() == AUDIO


async def test_repetition_changes_nothing(archive: Archive, sessions: Sessions, interaction: Interaction) -> None:
    key = await kept(archive, interaction.id)
    await kept(archive, interaction.id, sound(b"another"))
    assert (await row(sessions, key)).bytes == len(AUDIO)


async def test_audio_may_be_a_file(
    archive: Archive, sessions: Sessions, interaction: Interaction, tmp_path: Path
) -> None:
    (tmp_path / "call.wav").write_bytes(AUDIO * 1000)
    key = await kept(archive, interaction.id, tmp_path / "call.wav")
    assert (await row(sessions, key)).sha256 == sha256(AUDIO * 1000).hexdigest()


async def test_recording_of_a_call_that_goes_on_is_linked_to_it(archive: Archive, sessions: Sessions) -> None:
    contact, state = new_id(), '{"arrived_at": 1795600000.5, "queue": "cards", "served_by": ["ann", "bob"]}'
    async with sessions.write() as session:
        await session.execute(
            text("INSERT INTO live_contacts (floor, id, state) VALUES ('main', :id, cast(:state as json))"),
            {"id": UUID(contact), "state": state},
        )
    found = await row(sessions, await kept(archive, contact))
    assert (found.contact_started_at, found.queue_id) == (utc(1_795_600_000.5), "cards")
    assert found.agents == ["ann", "bob"]


async def test_queue_says_how_long(archive: Archive, sessions: Sessions, interaction: Interaction) -> None:
    async with sessions.write() as session:
        session.add(Queue(id="service", name="Service", recording_days=7))
    found = await row(sessions, await kept(archive, interaction.id))
    assert found.retain_until == found.started_at + timedelta(days=7)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"recording_id": "../../etc/passwd"}, "recording_id"),
        ({"media_type": "text/html"}, "media_type"),
        ({"contact_id": "x"}, "contact_id"),
        ({"seconds": -1.0}, "seconds"),
        ({"audio": sound()}, "audio"),
    ],
)
async def test_what_can_never_be_kept_is_refused(
    archive: Archive, sessions: Sessions, folder: Path, given: dict[str, Any], where: str
) -> None:
    contact = new_id()
    usual: dict[str, Any] = {"recording_id": f"{contact}.1", "contact_id": contact, "source": "pbx"}
    usual |= {"audio": sound(AUDIO), "media_type": "audio/wav", "started_at": now(), "seconds": 1.0}
    with pytest.raises(Invalid) as told:
        await archive.keep(**(usual | given))
    assert [each["where"] for each in told.value.facts["faults"]] == [where]
    assert [path for path in _all(folder) if path.is_file()] == []
    async with sessions.read() as session:
        assert (await session.scalars(select(Recording))).all() == []


async def test_what_need_not_be_kept_goes_and_stays_counted(
    archive: Archive, sessions: Sessions, interaction: Interaction, clock: FrozenClock, folder: Path
) -> None:
    old = await kept(archive, interaction.id, started_at=clock.instant - 31 * 86_400)
    new = await kept(archive, interaction.id, number=2, started_at=clock.instant - 29 * 86_400)
    assert (await archive.expire(), await archive.expire()) == (1, 0)
    gone, stays = await row(sessions, old), await row(sessions, new)
    assert (gone.deleted_because, gone.deleted_by, gone.deleted_at) == ("retention", None, utc(clock.instant))
    assert stays.deleted_at is None
    assert [path.name for path in _all(folder) if path.is_file()] == [f"{new}.wav"]
    await kept(archive, interaction.id)
    assert (await row(sessions, old)).deleted_at is not None, "what was deleted does not come back"


async def test_what_cannot_be_deleted_is_tried_again(
    archive: Archive,
    sessions: Sessions,
    interaction: Interaction,
    in_folder: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refuse(self: ObjectStore, key: str) -> None:
        raise StoreFailed("The store of recordings does not delete.")

    key = await kept(archive, interaction.id, started_at=now() - 90 * 86_400)
    with monkeypatch.context() as patched:
        patched.setattr(ObjectStore, "delete", refuse)
        assert await archive.expire() == 0
    assert (await row(sessions, key)).deleted_at is None


async def test_server_lets_them_go_by_itself(archive: Archive, sessions: Sessions, interaction: Interaction) -> None:
    key, tasks = await kept(archive, interaction.id, started_at=now() - 90 * 86_400), Supervisor()
    archive_of_today = Archive(sessions, archive.store, now)
    tasks.start("retention", keep_retention(archive_of_today, every=60))
    await eventually(lambda: row(sessions, key), lambda found: found.deleted_at is not None)
    await tasks.stop()


def _all(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))
