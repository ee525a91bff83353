"""The generic webhook's contract, fault by fault: what is stored, what is answered, and with which status."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from prometheus_client import REGISTRY

from app.api.application import Application
from app.api.http import problems
from app.api.platforms.recognition import Recognition
from app.api.platforms.webhooks import BODY_LIMIT, CtiWebhook
from app.core.clock import FrozenClock
from app.core.errors import Unavailable
from app.core.signing import sign
from app.floor.commands import Answer, CustomerCard, Recognised, TakeEvent
from app.ivr.vault import Vault
from app.telephony.adapters.generic.adapter import GenericInbound
from app.telephony.directory import SourceAccess, SourceDirectory
from app.telephony.events import CallEvent
from tests.api.fake_floor import FakeFloor

SECRET = "whsec_c2VjcmV0LW9uZS1mb3ItdGhlLXRlc3Q="
NEXT_SECRET = "whsec_YW5vdGhlci1zZWNyZXQtZm9yLXRlc3Q="
CLOCK = FrozenClock()
OFFERED = b'{"type":"call.offered","timestamp":"2027-01-15T08:00:00Z","data":{"call_id":"c-1","from":"+861"}}'
LI = Recognised(customer=CustomerCard("id", "李"), profile=b'{"customer": {}}')


class Desk:
    """An application with nothing but the webhook, and what is behind it."""

    def __init__(self) -> None:
        self.floor, self.vault = FakeFloor(), Vault(CLOCK)
        self.floor.answers[TakeEvent] = lambda command: Answer(
            True, {"contact_id": command.contact_id, "instructions": []}
        )
        self.look_up: Callable[[CallEvent], Recognised] = lambda _: LI
        self.app = Application()
        problems.install(self.app)
        hook = CtiWebhook(
            adapter=GenericInbound(),
            directory=SourceDirectory([SourceAccess("pbx", (SECRET, NEXT_SECRET))]),
            floor=self.floor,
            recognition=Recognition(self._recognise),
            clock=CLOCK,
            vault=self.vault,
        )
        self.app.serve_first(hook.route())
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://floor")

    async def _recognise(self, event: CallEvent) -> Recognised:
        return self.look_up(event)

    async def post(
        self, body: bytes = OFFERED, source: str = "pbx", secret: str = SECRET, **headers: str
    ) -> httpx.Response:
        at = int(CLOCK())
        signed = {
            "webhook-id": "msg-1",
            "webhook-timestamp": str(at),
            "webhook-signature": sign(secret, headers.get("id", "msg-1"), at, body),
        }
        given = {f"webhook-{name}": value for name, value in headers.items()}
        return await self.client.post(f"/webhooks/cti/{source}", content=body, headers=signed | given)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    async with desk.client:
        yield desk


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("callfloor_webhooks_total", {"outcome": outcome}) or 0.0


async def test_a_signed_event_is_taken_and_answered_after_the_commit(desk: Desk) -> None:
    answer = await desk.post()
    (taken,) = desk.floor.of(TakeEvent)
    assert answer.status_code == 202
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"contact_id": taken.contact_id, "instructions": []}
    assert (taken.event.call_id, taken.event.source, taken.caller) == ("c-1", "pbx", LI)
    assert msgspec.json.decode(taken.raw) == msgspec.json.decode(OFFERED)


async def test_the_same_webhook_id_gets_the_same_answer_again(desk: Desk) -> None:
    answers = [(await desk.post()).content for _ in range(3)]
    assert len(set(answers)) == 1
    assert len(desk.floor.of(TakeEvent)) == 1
    assert desk.floor.keys[0] == ("cti:pbx", "msg-1")


async def test_both_secrets_of_a_rotation_are_accepted(desk: Desk) -> None:
    assert (await desk.post(secret=NEXT_SECRET)).status_code == 202


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "whsec_d3Jvbmc="},
        {"signature": "v1,d3Jvbmc="},
        {"signature": ""},
        {"timestamp": "1"},
        {"timestamp": "soon"},
        {"id": ""},
        {"id": "a b"},
        {"source": "nobody"},
        {"source": "nobody%00"},
    ],
)
async def test_what_is_not_signed_is_refused_and_leaves_only_a_count(desk: Desk, wrong: dict[str, Any]) -> None:
    before = counted("unsigned")
    answer = await desk.post(**wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert counted("unsigned") == before + 1
    assert desk.floor.asked == []


async def test_an_unknown_source_is_told_like_a_wrong_signature(desk: Desk) -> None:
    unknown, unsigned = await desk.post(source="nobody"), await desk.post(secret="whsec_d3Jvbmc=")
    assert unknown.content == unsigned.content


async def test_a_malformed_body_is_answered_with_all_its_faults(desk: Desk) -> None:
    answer = await desk.post(b'{"type": 1, "data": {"from": 5}}')
    assert answer.status_code == 422
    assert [fault["where"] for fault in answer.json()["faults"]] == ["type", "timestamp", "data.call_id", "data.from"]
    assert desk.floor.asked == []


@pytest.mark.parametrize("body", [b"", b"not json", b"\xff\xfe\x00", b"[" * 100_000])
async def test_what_is_not_json_is_answered_422(desk: Desk, body: bytes) -> None:
    assert (await desk.post(body)).status_code == 422


async def test_a_packed_body_is_told_to_be_packed_and_one_that_only_says_what_it_is_not_is_taken(desk: Desk) -> None:
    desk.client.headers["content-encoding"] = "gzip"
    answer = await desk.post(gzip.compress(OFFERED))
    assert answer.status_code == 422
    assert [fault["where"] for fault in answer.json()["faults"]] == ["header.content-encoding"]
    assert desk.floor.asked == []
    desk.client.headers["content-encoding"] = "identity"
    assert (await desk.post()).status_code == 202


async def test_a_5_mb_body_is_refused_unread(desk: Desk) -> None:
    assert (await desk.post(b"x" * 5_000_000)).status_code == 413


async def test_a_large_body_without_announced_length_is_refused(desk: Desk) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(6):
            yield b"x" * (BODY_LIMIT // 4)

    answer = await desk.client.post("/webhooks/cti/pbx", content=stream())
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


async def test_a_body_in_pieces_is_put_together(desk: Desk) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for place in range(0, len(OFFERED), 7):
            yield OFFERED[place : place + 7]

    signature = sign(SECRET, "m", int(CLOCK()), OFFERED)
    headers = {"webhook-id": "m", "webhook-timestamp": str(int(CLOCK())), "webhook-signature": signature}
    answer = await desk.client.post("/webhooks/cti/pbx", content=stream(), headers=headers)
    assert answer.status_code == 202


async def test_the_caller_of_a_live_call_is_not_looked_up_again(desk: Desk) -> None:
    desk.floor.live.add(("pbx", "c-1"))
    await desk.post()
    assert desk.floor.of(TakeEvent)[0].caller is None


def _raise(error: Exception) -> Any:
    raise error


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("busy"),
        ConnectionRefusedError("no database"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.InterfaceError("connection is closed"),
    ],
)
async def test_without_a_database_the_platform_is_told_to_come_back(desk: Desk, error: Exception) -> None:
    desk.look_up = lambda _: _raise(error)
    answer = await desk.post()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert desk.floor.asked == []


async def test_while_the_journal_cannot_commit_the_platform_is_told_to_come_back(desk: Desk) -> None:
    desk.floor.status = "degraded"
    answer = await desk.post()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_slow_look_up_costs_the_name_not_the_call_genesys_937() -> None:
    async def slow(event: CallEvent) -> Recognised:
        await asyncio.sleep(30)
        return LI

    before = REGISTRY.get_sample_value("callfloor_recognition_failures_total") or 0.0
    event = CallEvent(source="pbx", type="call.offered", call_id="c-1", at=CLOCK())
    assert await Recognition(slow, patience=0.01).of(event) is None
    assert REGISTRY.get_sample_value("callfloor_recognition_failures_total") == before + 1


async def test_a_broken_look_up_costs_the_name_not_the_call(desk: Desk) -> None:
    desk.look_up = lambda _: _raise(ZeroDivisionError("a bug"))
    assert (await desk.post()).status_code == 202
    assert desk.floor.of(TakeEvent)[0].caller is None


async def test_an_event_that_the_floor_cannot_take_is_our_fault(desk: Desk) -> None:
    desk.floor.answers[TakeEvent] = lambda _: Answer(False, {"code": "broken", "detail": "No."})
    answer = await desk.post()
    assert (answer.status_code, answer.json()["refusal"]["code"]) == (500, "broken")


async def test_what_nobody_foresaw_is_answered_and_kept_out_of_sight(desk: Desk) -> None:
    desk.floor.answers[TakeEvent] = lambda _: _raise(ZeroDivisionError("a bug"))
    before = counted("failed")
    answer = await desk.post()
    assert (answer.status_code, answer.json()["title"]) == (500, "Internal")
    assert "bug" not in answer.text
    assert counted("failed") == before + 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_other_methods_are_refused(desk: Desk, method: str) -> None:
    answer = await desk.client.request(method, "/webhooks/cti/pbx")
    assert (answer.status_code, answer.json()["status"]) == (405, 405)
