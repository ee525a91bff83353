"""Listening to calls over HTTP: in parts, by whom it may be, and never unseen."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.api.application import Application
from app.api.http.services import Services
from app.core.clock import FrozenClock, now, utc
from app.core.ids import new_id
from app.core.tasks import begin
from app.db.engine import Sessions
from app.interactions.models import Interaction
from app.recordings.archive import Archive
from app.recordings.store import ObjectStore, bucket_store
from tests.api.conftest import ClientAs, faults
from tests.api.http.test_customer_reads import told_of
from tests.customers.factories import customer_id
from tests.fixtures.listening import listening
from tests.interactions.factories import make_interaction

AUDIO = bytes(range(256)) * 4
LEGS = [{"agent": "agent", "talk_seconds": 50.0, "hold_seconds": 0.0}]


async def sound() -> AsyncIterator[bytes]:
    yield AUDIO


async def kept(services: Services, legs: list[Any], **given: Any) -> Interaction:
    async with services.sessions.write() as session:
        made = await make_interaction(session, utc(services.clock()), legs=legs, **given)
    began = services.clock()
    await services.archive.keep(
        recording_id=f"{made.id}.1",
        contact_id=str(made.id),
        source="pbx",
        audio=sound(),
        media_type="audio/wav",
        started_at=began,
        seconds=61.5,
        pauses=[(began + 1, began + 2)],
    )
    return made


@pytest.fixture
async def call(services: Services, clock: FrozenClock) -> Interaction:
    """A recorded call that the agent `agent` was on. The log is written by the database's clock, so this one is it."""
    clock.instant = now()
    return await kept(services, LEGS)


def path(call: Interaction) -> str:
    return f"/api/v1/recordings/{call.id}.1"


async def log(admin: httpx.AsyncClient) -> list[tuple[str, str]]:
    answer = await admin.get("/api/v1/audit", params={"kind": "recording"})
    return [(each["who"], each["action"]) for each in answer.json()["items"]][::-1]


async def test_recordings_of_a_contact_are_told(client_as: ClientAs, call: Interaction) -> None:
    told = (await client_as("supervisor").get(f"/api/v1/interactions/{call.id}/recordings")).json()
    [one] = told["items"]
    assert (one["id"], one["contact_id"], one["queue"]) == (f"{call.id}.1", str(call.id), "service")
    assert (one["seconds"], one["bytes"], one["media_type"], one["deleted_at"]) == (61.5, 1024, "audio/wav", None)
    assert one["agents"] == ["agent"]
    assert set(one["pauses"][0]) == {"from", "until"}
    assert (await client_as("supervisor").get(f"/api/v1/interactions/{new_id()}/recordings")).status_code == 404


async def test_all_of_it_is_played(client_as: ClientAs, call: Interaction) -> None:
    answer = await client_as("supervisor").get(f"{path(call)}/audio")
    assert (answer.status_code, answer.content) == (200, AUDIO)
    told = {name: answer.headers[name] for name in ("content-type", "content-length", "accept-ranges")}
    assert told == {"content-type": "audio/wav", "content-length": "1024", "accept-ranges": "bytes"}
    assert "no-store" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("asked", "status", "told", "part"),
    [
        ("bytes=0-99", 206, "bytes 0-99/1024", AUDIO[:100]),
        ("bytes=1000-", 206, "bytes 1000-1023/1024", AUDIO[1000:]),
        ("bytes=-24", 206, "bytes 1000-1023/1024", AUDIO[1000:]),
        ("bytes=0-1,5-6", 200, None, AUDIO),
    ],
)
async def test_part_of_it_is_played(
    client_as: ClientAs, call: Interaction, asked: str, status: int, told: str | None, part: bytes
) -> None:
    answer = await client_as("supervisor").get(f"{path(call)}/audio", headers={"range": asked})
    assert (answer.status_code, answer.headers.get("content-range"), answer.content) == (status, told, part)


async def test_part_that_is_not_there_is_416_and_no_listening(
    client_as: ClientAs, admin: httpx.AsyncClient, call: Interaction
) -> None:
    answer = await client_as("supervisor").get(f"{path(call)}/audio", headers={"range": "bytes=1024-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */1024")
    assert answer.headers["content-type"] == "application/problem+json"
    assert await log(admin) == []


async def test_part_of_another_audio_is_not_mixed_in(client_as: ClientAs, call: Interaction) -> None:
    client = client_as("supervisor")
    etag = (await client.get(f"{path(call)}/audio")).headers["etag"]
    for given, status in ((etag, 206), ('"other"', 200)):
        headers = {"range": "bytes=0-9", "if-range": given}
        assert (await client.get(f"{path(call)}/audio", headers=headers)).status_code == status


async def test_recordings_of_a_call_and_listening_to_one_are_reads_of_who_called(
    client_as: ClientAs, services: Services, clock: FrozenClock, app: Application
) -> None:
    clock.instant = now()
    async with services.sessions.write() as session:
        amy = await customer_id(session, "Amy")
    call, lead = await kept(services, LEGS, customer_id=amy), client_as("supervisor")
    assert (await lead.get(f"/api/v1/interactions/{call.id}/recordings")).status_code == 200
    for part in ("bytes=0-9", "bytes=10-19"):
        asked = await lead.get(f"{path(call)}/audio", headers={"range": part}, params={"reason": "complaint"})
        assert asked.status_code == 206
    assert await told_of(services, lead, amy) == [("recording", "complaint"), ("recordings", None)]
    app.state.services = replace(services, reason_needed=True)
    assert faults(await lead.get(f"{path(call)}/audio")) == ["query.reason"]


async def test_each_listening_is_in_the_audit_log_once(
    client_as: ClientAs, admin: httpx.AsyncClient, call: Interaction, clock: FrozenClock
) -> None:
    for who in ("supervisor", "agent"):
        for part in ("bytes=0-99", "bytes=100-"):
            await client_as(who).get(f"{path(call)}/audio", headers={"range": part})
    assert await log(admin) == [("supervisor", "recording.listened"), ("agent", "recording.listened")]
    clock.instant += 601
    await client_as("supervisor").get(f"{path(call)}/audio")
    assert len(await log(admin)) == 3


async def test_agents_listen_to_their_own_calls_only(
    client_as: ClientAs, services: Services, call: Interaction, admin: httpx.AsyncClient
) -> None:
    others = await kept(services, [{**LEGS[0], "agent": "mei"}])
    agent = client_as("agent")
    assert (await agent.get(f"{path(call)}/audio")).status_code == 200
    refused = await agent.get(f"{path(others)}/audio")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:callfloor:problem:recording-not-yours")
    assert (await agent.get(f"/api/v1/interactions/{others.id}/recordings")).json() == {"items": []}
    assert await log(admin) == [("agent", "recording.listened")]


async def test_systems_and_strangers_do_not_listen(client_as: ClientAs, call: Interaction) -> None:
    for place in (f"{path(call)}/audio", f"/api/v1/interactions/{call.id}/recordings"):
        assert (await client_as("integration").get(place)).status_code == 403
        assert (await client_as(None).get(place)).status_code == 401


async def test_administrator_deletes_the_audio_with_a_reason(
    client_as: ClientAs, admin: httpx.AsyncClient, call: Interaction
) -> None:
    assert (await client_as("supervisor").delete(path(call), params={"reason": "x"})).status_code == 403
    assert faults(await admin.delete(path(call))) == ["query.reason"]
    for _ in range(2):
        told = (await admin.delete(path(call), params={"reason": "The customer asks for it."})).json()
        assert (told["deleted_by"], told["deleted_because"]) == ("administrator", "The customer asks for it.")
    gone = await admin.get(f"{path(call)}/audio")
    assert (gone.status_code, gone.json()["because"]) == (404, "The customer asks for it.")
    [one] = (await admin.get(f"/api/v1/interactions/{call.id}/recordings")).json()["items"]
    assert one["deleted_at"] is not None
    assert await log(admin) == [("administrator", "recording.deleted")]


async def test_what_is_not_there_is_told(
    client_as: ClientAs, services: Services, admin: httpx.AsyncClient, call: Interaction
) -> None:
    client = client_as("supervisor")
    assert (await client.get("/api/v1/recordings/none.1/audio")).json()["type"].endswith("recording-not-found")
    assert (await admin.delete("/api/v1/recordings/none.1", params={"reason": "x"})).status_code == 404
    assert isinstance(services.archive.store, ObjectStore)
    await services.archive.store.delete(f"{utc(services.clock()):%Y/%m/%d}/{call.id}.1.wav")
    assert (await client.get(f"{path(call)}/audio")).json()["type"].endswith("audio-missing")
    assert await log(admin) == []


@pytest.mark.enable_socket
async def test_who_waits_for_a_store_that_answers_nothing_keeps_no_connection_to_the_database(
    client_as: ClientAs, app: Application, services: Services, sessions: Sessions, clock: FrozenClock
) -> None:
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(100)
        asked.set()
        await asyncio.Event().wait()

    call = await kept(
        replace(services, sessions=sessions, archive=Archive(sessions, services.archive.store, clock, 30)), LEGS
    )
    async with listening(silent) as port:
        store = bucket_store("calls", endpoint=f"http://127.0.0.1:{port}", region="x", access_key="k", secret_key="s")
        app.state.services = replace(services, sessions=sessions, archive=Archive(sessions, store, clock, 30))
        listens = begin("listens", client_as("supervisor").get(f"{path(call)}/audio"))
        await asyncio.wait_for(asked.wait(), 30)
        pool: Any = sessions.engine.pool
        assert pool.checkedout() == 0
        listens.cancel()
        await asyncio.wait([listens])
