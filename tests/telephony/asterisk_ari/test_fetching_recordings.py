"""Recordings on their way from an Asterisk to the archive."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import msgspec
import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.errors import Unavailable
from app.telephony.adapters.asterisk_ari.actions import Stored
from app.telephony.adapters.asterisk_ari.ari.connection import Access
from app.telephony.adapters.asterisk_ari.fetching_recordings import AT_ONCE, Tapes, open_client
from app.telephony.adapters.asterisk_ari.line.names import tape
from app.telephony.events import EventType
from app.telephony.port import KnownRecording
from tests.fixtures.serving import serving
from tests.telephony.asterisk_ari.stand_in import until
from tests.telephony.asterisk_ari.test_switch import Bench, running

ACCESS = Access("ws://127.0.0.1:8088/ari", "callfloor", "secret", "callfloor")
WAV = bytes(44 + 16_000 * 3)


class Full(Unavailable):
    """There is no room left."""


class Archive:
    """Keeps what it is given, once it is `open`, unless it is `full`."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.full = False
        self.waiting = 0
        self.kept: dict[str, dict[str, Any]] = {}

    async def keep(self, *, recording_id: str, audio: AsyncIterator[bytes], **facts: Any) -> None:
        self.waiting += 1
        await self.open.wait()
        self.waiting -= 1
        if self.full:
            raise Full("no space left", retry_after=0)
        size = sum([len(piece) async for piece in audio])
        self.kept[recording_id] = {"bytes": size, **facts}


def tapes(archive: Any, answer: Callable[[httpx.Request], httpx.Response]) -> Tapes:
    """An Asterisk that answers so."""
    return Tapes(httpx.AsyncClient(transport=httpx.MockTransport(answer)), ACCESS, "pbx", archive)


def stored(recording: str = "c.1", seconds: float | None = 3.0) -> Stored:
    """A recording that is complete on the switch."""
    return Stored(name=f"17~1.tape.1000.{recording}", recording=recording, started_at=1.0, seconds=seconds)


async def test_recordings_of_days_without_an_archive_are_fetched_a_few_at_a_time() -> None:
    archive = Archive()
    archive.open.clear()
    fetching = tapes(archive, lambda request: httpx.Response(200, content=WAV))
    all_kept = asyncio.gather(*(fetching.keep("c", stored(f"c.{number}")) for number in range(40)))
    await until(lambda: archive.waiting == AT_ONCE)
    await asyncio.sleep(0)
    assert archive.waiting == AT_ONCE
    archive.open.set()
    await all_kept
    assert len(archive.kept) == 40


async def test_a_recording_whose_length_nobody_saw_comes_once_with_the_length_of_its_file() -> None:
    archive, asked = Archive(), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(200, content=WAV)

    kept = await tapes(archive, answer).keep("c", stored(seconds=None))
    assert kept is not None
    assert kept.seconds == archive.kept["c.1"]["seconds"] == 3.0
    assert archive.kept["c.1"]["bytes"] == len(WAV)
    assert asked == ["GET"]


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.Response(503)])
async def test_a_recording_that_does_not_come_is_asked_for_again_later(answer: httpx.Response) -> None:
    with pytest.raises(Unavailable):
        await tapes(Archive(), lambda request: answer).keep("c", stored())


async def test_a_recording_that_breaks_off_is_asked_for_again_later_and_not_kept() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield bytes(100)
        raise httpx.ReadError("gone")

    archive = Archive()
    with pytest.raises(Unavailable):
        await tapes(archive, lambda request: httpx.Response(200, content=pieces())).keep("c", stored())
    assert archive.kept == {}


async def test_a_recording_without_its_length_is_asked_for_again_later() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield WAV

    with pytest.raises(Unavailable, match="Content-Length"):
        await tapes(Archive(), lambda request: httpx.Response(200, content=pieces())).keep("c", stored(seconds=None))


async def test_a_recording_that_is_nowhere_is_lost() -> None:
    assert await tapes(Archive(), lambda request: httpx.Response(404)).keep("c", stored()) is None


@pytest.mark.parametrize(("status", "told"), [(500, 1), (403, 1), (204, 0), (404, 0)])
async def test_a_kept_recording_that_the_switch_does_not_delete_is_told(status: int, told: int) -> None:
    with structlog.testing.capture_logs() as logs:
        await tapes(Archive(), lambda request: httpx.Response(status)).forget("17~1.tape.1000.c.1")
    found = [each for each in logs if each["event"] == "a recording that is kept is still on the switch"]
    assert [(each["recording"], each["error"]) for each in found] == [("17~1.tape.1000.c.1", str(status))] * told


async def test_that_the_archive_is_full_is_told_once_and_so_is_its_end() -> None:
    archive = Archive()
    archive.full = True
    fetching = tapes(archive, lambda request: httpx.Response(200, content=WAV))
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(Full):
                await fetching.keep("c", stored())
        assert fetching.trouble is not None
        assert "no space left" in fetching.trouble
        archive.full = False
        for _ in range(2):
            await fetching.keep("c", stored())
    assert fetching.trouble is None
    assert [each["log_level"] for each in logs] == ["error", "info"]


@pytest.mark.enable_socket
async def test_recordings_wait_on_the_switch_while_the_archive_is_full_and_the_source_says_why() -> None:
    archive, bench, deleted = Archive(), Bench(), list[str]()
    archive.full = True

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            deleted.append(request.url.path.rpartition("/")[2])
        return httpx.Response(200, content=WAV)

    bench.tapes = tapes(archive, answer)
    bench.floor.waited_for = [KnownRecording("16.9", "c.1")]
    bench.asterisk.stored = [{"name": tape("16.9", 1.0, "c.1")}]
    async with running(bench):
        await until(lambda: bench.switch.standing.connected and bench.switch.standing.trouble)
        assert "no space left" in bench.switch.standing.trouble
        assert not bench.floor.told
        assert not deleted
        archive.full = False
        await until(lambda: deleted)
        assert bench.floor.told == [("16.9", EventType.RECORDING_READY)]
        assert archive.kept["c.1"]["seconds"] == 3.0
        assert bench.switch.standing.trouble is None


@pytest.mark.enable_socket
async def test_recordings_and_the_password_of_a_switch_go_by_no_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    archive: Any = Archive()
    asked: list[str | None] = []

    async def answer(request: Request) -> Response:
        asked.append(request.headers.get("authorization"))
        return Response(WAV)

    app = Starlette(routes=[Route("/ari/recordings/stored/{name}/file", answer)])
    async with serving(app) as (address, _), open_client() as http:
        access = msgspec.structs.replace(ACCESS, url=f"ws://{address}/ari")
        assert await Tapes(http, access, "pbx", archive).keep("c", stored()) is not None
    assert asked == [access.headers["Authorization"]]
