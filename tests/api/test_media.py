"""Recordings over HTTP: rendered once, fetched by switches whole or in parts, and nothing else is."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from app.api.application import Application
from app.api.http.services import Services
from app.telephony.adapters.espeak.cache import Recordings
from app.telephony.adapters.espeak.engine import Espeak
from tests.api.conftest import ClientAs

KEY = "5f" * 32
SOUND = b"RIFF" + bytes(range(256))
SAID = {"text": "Hello", "language": "en"}


class Engine:
    """Renders everything as the same sound."""

    def __init__(self, kept: Recordings) -> None:
        self.kept = kept

    async def render(self, text: str, language: str, voice: str | None = None) -> Path:
        return self.kept.put(KEY, SOUND)


@pytest.fixture
async def switch(app: Application, services: Services, tmp_path: Path, client_as: ClientAs) -> httpx.AsyncClient:
    """A switch, which signs in nowhere."""
    (tmp_path / "secret.wav").write_bytes(b"secret")
    kept = Recordings(tmp_path / "speech")
    app.state.services = replace(services, speech=Engine(kept), recordings=kept, media_seconds=60)
    return client_as(None)


@pytest.fixture
async def address(switch: httpx.AsyncClient, admin: httpx.AsyncClient) -> str:
    """Where a recording is."""
    told = await admin.post("/api/v1/speech", json=SAID)
    assert told.json() == {"media": f"{KEY}.wav", "address": f"http://test/media/{KEY}.wav"}
    return str(told.json()["address"])


async def test_a_rendered_text_is_fetched_whole(switch: httpx.AsyncClient, address: str) -> None:
    answer = await switch.get(address)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, SOUND, "audio/wav")
    assert answer.headers["cache-control"] == "private, max-age=60, immutable"
    assert (await switch.get(address.removesuffix(".wav"))).content == SOUND
    head = await switch.head(address)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(SOUND)))


async def test_a_part_is_fetched_and_goes_on_where_it_stopped(switch: httpx.AsyncClient, address: str) -> None:
    part = await switch.get(address, headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"RIFF")
    more = {"range": "bytes=4-", "if-range": part.headers["etag"]}
    assert (await switch.get(address, headers=more)).content == SOUND[4:]
    assert (await switch.get(address, headers={"range": "bytes=9999-"})).status_code == 416


async def test_what_the_switch_has_already_is_not_sent_again(switch: httpx.AsyncClient, address: str) -> None:
    tag = (await switch.get(address)).headers["etag"]
    again = await switch.get(address, headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name", ["a" * 64, "A" * 64, KEY + ".mp3", "../secret.wav", "..%2Fsecret.wav", "%2e%2e%2fsecret", "secret.wav", "."]
)
async def test_nothing_else_is_served_and_what_is_needed_is_said(
    switch: httpx.AsyncClient, address: str, name: str
) -> None:
    answer = await switch.get(f"http://test/media/{name}")
    assert (answer.status_code, b"secret" in answer.content[:6]) == (404, False)
    if "/" not in name and "%" not in name and name != ".":
        assert answer.json()["type"].endswith("not-rendered")
        assert "POST /api/v1/speech" in answer.json()["detail"]


async def test_a_missing_engine_says_how_to_install_it(
    app: Application, services: Services, admin: httpx.AsyncClient, tmp_path: Path
) -> None:
    kept = Recordings(tmp_path)
    app.state.services = replace(services, speech=Espeak(kept, "no-such-engine"), recordings=kept)
    answer = await admin.post("/api/v1/speech", json=SAID)
    assert answer.status_code == 503
    assert "apt-get install espeak-ng" in answer.json()["detail"]


async def test_addresses_are_as_switches_see_this_server(
    app: Application, services: Services, admin: httpx.AsyncClient, tmp_path: Path
) -> None:
    kept = Recordings(tmp_path)
    app.state.services = replace(services, speech=Engine(kept), recordings=kept, media_url="https://desk.example/")
    told = (await admin.post("/api/v1/speech", json=SAID)).json()
    assert told["address"] == f"https://desk.example/media/{KEY}.wav"
