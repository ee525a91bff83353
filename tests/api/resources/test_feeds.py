"""Feeds over HTTP: streams, signed webhooks, and how sources rank."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from app.api.application import Application
from app.api.http.limits import Turns
from app.api.http.services import Services, feed_turns
from app.core.clock import FrozenClock, iso
from app.core.signing import sign
from app.core.tasks import begin
from app.customers.feeds.importing import MOST_READERS
from app.customers.feeds.runs import alone
from app.customers.masking import MASK
from app.db.engine import Sessions
from tests.api.conftest import ClientAs, faults
from tests.customers.feeds.imports import rows
from tests.fixtures.database import beneath

WEBHOOK = "/webhooks/feeds/core"
NAMES = "select external_id, name, version from customers order by external_id"


@pytest.fixture
def services(services: Services, sessions: Sessions) -> Services:
    """Services on a database of the test's own: a stream is committed piece by piece."""
    return replace(services, sessions=sessions, lend=lambda: beneath(sessions))


def ndjson(*records: dict[str, Any]) -> bytes:
    return msgspec.json.Encoder().encode_lines(records)


async def post(client: httpx.AsyncClient, body: Any, feed: str = "customers", **headers: str) -> httpx.Response:
    return await client.post(f"/api/v1/feeds/{feed}", params={"source": "core"}, content=body, headers=headers)


async def test_a_stream_makes_and_changes_customers_and_tells_its_faults_by_line(
    admin: httpx.AsyncClient, sessions: Sessions
) -> None:
    body = ndjson(
        {"external_id": "C1", "name": "王小明", "phone": {"mobile": "13800138000"}, "attribute.score": 7},
        {"external_id": "C2", "name": "李丽", "phone": {"mobile": "12"}},
    )
    answer = await post(admin, body + b"no json\n" + ndjson({"external_id": "C3", "name": "C"}))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["lines"], told["counts"]["made"], told["counts"]["refused"]) == (4, 2, 2)
    assert [(each["line"], each["faults"][0]["where"]) for each in told["faulty"]] == [(2, "phone.mobile"), (3, "")]
    assert await rows(sessions, "select name, attributes, source from customers order by name") == [
        ("C", {}, "core"),
        ("王小明", {"score": 7}, "core"),
    ]
    again = (await post(admin, body)).json()
    assert (again["counts"]["changed"], again["counts"]["unchanged"]) == (0, 1)
    [newest, _] = (await admin.get("/api/v1/feeds/runs")).json()
    assert (newest["state"], newest["started_by"], newest["position"]) == ("done", "administrator", 2)


@pytest.fixture
async def bound(client_as: ClientAs, admin: httpx.AsyncClient) -> httpx.AsyncClient:
    """A system whose key is bound to the source that `post` names."""
    made = (await admin.post("/api/v1/api-keys", json={"name": "Core", "sources": ["core"]})).json()
    client = client_as(None)
    client.headers["Authorization"] = f"Bearer {made['key']}"
    return client


async def test_a_key_that_is_bound_to_a_source_feeds_it(bound: httpx.AsyncClient, sessions: Sessions) -> None:
    answer = await post(bound, ndjson({"external_id": "C1", "name": "A"}))
    assert answer.status_code == 200, answer.text
    assert await rows(sessions, "select name, source from customers") == [("A", "core")]


async def test_a_stream_of_a_bound_key_tells_ids_of_other_systems_only_by_a_mapping(
    bound: httpx.AsyncClient, admin: httpx.AsyncClient, sessions: Sessions
) -> None:
    refused = await post(bound, ndjson({"external_id": "C1", "name": "A", "id.crm": "7", "id.core": "8"}))
    told = refused.json()
    assert (refused.status_code, told["type"]) == (403, "urn:callfloor:problem:source-not-of-key")
    assert (told["sources"], told["faults"][0]["where"]) == (["crm"], "body")
    assert await rows(sessions, "select id from customers") == []
    own = await post(bound, ndjson({"external_id": "C1", "name": "A", "id.core": "8"}))
    assert own.json()["counts"]["made"] == 1, own.text
    mapping = "feed: customers\nsource: core\ncolumns: {nr: external_id, name: name, crm: id.crm}\n"
    given = {"rank": 50, "mappings": {"customers": mapping}}
    assert (await admin.put("/api/v1/feeds/sources/core", json=given)).is_success
    mapped = await post(bound, ndjson({"nr": "C2", "name": "B", "crm": "7"}))
    assert mapped.json()["counts"]["made"] == 1, mapped.text
    ids = "select system, external_id from customer_external_ids order by system"
    assert await rows(sessions, ids) == [("core", "8"), ("crm", "7")]


async def test_the_same_key_again_writes_nothing_and_gets_the_same_answer(
    admin: httpx.AsyncClient, sessions: Sessions
) -> None:
    body = ndjson({"external_id": "C1", "name": "A"}, {"external_id": "C2", "name": ""})
    first = await post(admin, body, **{"Idempotency-Key": "monday"})
    await post(admin, ndjson({"external_id": "C1", "name": "B"}))
    again = await post(admin, body, **{"Idempotency-Key": "monday"})
    assert first.json() == again.json()
    assert await rows(sessions, NAMES) == [("C1", "B", 2)]


async def test_another_stream_under_a_key_is_refused_and_not_taken_for_done(
    admin: httpx.AsyncClient, sessions: Sessions
) -> None:
    await post(admin, ndjson({"external_id": "C1", "name": "A"}), **{"Idempotency-Key": "nightly"})
    other = await post(admin, ndjson({"external_id": "C2", "name": "B"}), **{"Idempotency-Key": "nightly"})
    assert (other.status_code, other.json()["type"].rpartition(":")[2]) == (409, "key-used")
    assert await rows(sessions, NAMES) == [("C1", "A", 1)]


async def test_a_stream_that_breaks_off_is_gone_on_from(
    admin: httpx.AsyncClient, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.customers.feeds.chunks.chunks.__defaults__", (None, 1))
    monkeypatch.setattr("app.customers.feeds.streams.PEEKED", 1)
    lines = [ndjson({"external_id": f"C{place}", "name": "A"}) for place in range(6)]

    async def broken() -> AsyncIterator[bytes]:
        for line in lines[:3]:
            yield line
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await post(admin, broken(), **{"Idempotency-Key": "k"})
    before = await rows(sessions, NAMES)
    assert 0 < len(before) < 6
    answer = await post(admin, b"".join(lines), **{"Idempotency-Key": "k"})
    assert (answer.json()["counts"]["made"], len(await rows(sessions, NAMES))) == (6, 6)


@pytest.mark.timeout(30)
async def test_a_stream_that_stands_still_is_given_up_and_keeps_no_other_import_out(
    admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.http.slow_bodies.STILL_SECONDS", 0.2)

    async def stream() -> AsyncIterator[bytes]:
        yield b'{"external_id": "C1"'
        await asyncio.Event().wait()

    answer = await post(admin, stream())
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (408, "request-timeout")
    assert "0.2 s" in answer.json()["detail"]
    assert (await post(admin, ndjson({"external_id": "C1", "name": "C"}))).status_code == 200


async def post_to(client: httpx.AsyncClient, source: str, body: Any) -> httpx.Response:
    return await client.post("/api/v1/feeds/customers", params={"source": source}, content=body)


async def test_streams_that_take_their_time_leave_connections_to_the_database_to_everybody_else(
    admin: httpx.AsyncClient, services: Services
) -> None:
    goes_on, begun = asyncio.Event(), list[str]()

    def slow(source: str) -> AsyncIterator[bytes]:
        async def stream() -> AsyncIterator[bytes]:
            begun.append(source)
            yield ndjson({"external_id": f"C{source}", "name": "A"})
            await goes_on.wait()

        return stream()

    streams = [begin("stream", post_to(admin, f"s{place}", slow(f"s{place}"))) for place in range(9)]
    [first], others = await asyncio.wait(streams, return_when=asyncio.FIRST_COMPLETED)
    refused = first.result()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert refused.json()["detail"] == "8 others stream a feed at present; nothing was done, try again in a moment."
    assert (await admin.get("/readyz")).json()["database"] == "reachable"
    pool: Any = services.sessions.engine.pool
    assert pool.checkedout() <= 8
    goes_on.set()
    assert {each.status_code for each in await asyncio.gather(*others)} == {200}
    assert len(begun) == 8


async def test_of_many_connections_no_more_streams_are_at_work_than_leave_threads_to_read_messages() -> None:
    turns, at_work, goes_on = feed_turns(500), list[str](), asyncio.Event()

    async def imports(name: str, of: Turns) -> None:
        async with of.turn():
            at_work.append(name)
            await goes_on.wait()

    named = [*[("stream", turns.streams)] * 20, *[("message", turns.messages)] * 20]
    tasks = [begin(name, imports(name, of)) for name, of in named]
    await asyncio.sleep(0.05)
    assert len(at_work) <= MOST_READERS
    assert set(at_work) == {"stream", "message"}
    goes_on.set()
    await asyncio.gather(*tasks)


async def test_a_stream_may_be_longer_than_other_bodies_but_no_line_is(
    admin: httpx.AsyncClient, sessions: Sessions
) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for place in range(30):
            yield ndjson({"external_id": f"C{place}", "name": "A", "attribute.text": "x" * 60_000})
        yield b'{"external_id": "huge", "name": "' + b"x" * (1 << 20)
        yield b'"}\n' + ndjson({"external_id": "last", "name": "A"})

    answer = (await post(admin, stream())).json()
    assert (answer["counts"]["made"], answer["counts"]["refused"]) == (1, 31)
    assert answer["faulty"][-1]["faults"][0]["what"] == "is too long"


async def test_the_last_line_of_a_stream_needs_no_end_to_tell_what_no_line_before_has(
    admin: httpx.AsyncClient, sessions: Sessions
) -> None:
    body = ndjson({"external_id": "C1", "name": "A"}, {"external_id": "C2", "name": "B", "language": "en"})
    answer = await post(admin, body.removesuffix(b"\n"))
    assert answer.json()["counts"]["made"] == 2, answer.text


async def test_what_ends_a_line_elsewhere_ends_none_within_a_text(admin: httpx.AsyncClient) -> None:
    answer = await post(admin, '{"external_id": "C1", "name": "A\u2028B"}'.encode())
    assert answer.json()["counts"]["made"] == 1, answer.text


async def test_a_stream_that_begins_with_too_long_a_line_is_told_so(admin: httpx.AsyncClient) -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b'{"external_id": "C1", "name": "'
        for _ in range(32):
            yield b"A" * (1 << 16)
        yield b'"}\n'

    answer = await post(admin, stream())
    assert answer.json()["faults"][0]["what"] == "begins with a line that is too long"


@pytest.mark.parametrize("role", ["agent", "supervisor", None])
async def test_only_administrators_and_systems_feed(client_as: ClientAs, role: Any) -> None:
    answer = await post(client_as(role), ndjson({"external_id": "C1", "name": "A"}))
    assert answer.status_code == (401 if role is None else 403)


async def test_what_cannot_be_fed_is_told(client_as: ClientAs, admin: httpx.AsyncClient) -> None:
    system = client_as("integration")
    assert faults(await post(system, ndjson({"external_id": "C1", "nmae": "A"}))) == ["nmae"]
    assert (await post(system, b"")).status_code == 422
    assert (await post(system, b"[1, 2]")).status_code == 422
    event = {"external_id": "E1", "customer": "C1", "kind": "card.used", "at": "2026-03-02T12:00:00Z"}
    path = "/api/v1/feeds/usage?source=core&only_known=true"
    assert (await system.post(path, content=ndjson(event))).json()["type"].endswith("usage-is-new")
    people = await admin.post("/api/v1/feeds/customers", params={"source": "hand"}, content=b"{}")
    assert people.json()["type"].endswith("source-is-people")


async def test_a_source_has_a_rank_and_mappings_that_are_checked(admin: httpx.AsyncClient, sessions: Sessions) -> None:
    mapping = "feed: customers\nsource: core\ncolumns: {Nr: external_id, Name: name}\n"
    put = await admin.put("/api/v1/feeds/sources/core", json={"rank": 70, "mappings": {"customers": mapping}})
    assert put.status_code == 200, put.text
    assert (put.json()["rank"], put.json()["signs"]) == (70, False)
    assert (await post(admin, ndjson({"Nr": "C1", "Name": "A"}))).json()["counts"]["made"] == 1
    assert await rows(sessions, NAMES) == [("C1", "A", 1)]
    for change in ({"mappings": {"customers": mapping}}, {"rank": 70}, {}):  # what is left out stays
        same = await admin.put("/api/v1/feeds/sources/core", json=change)
        assert same.json() == put.json()
    wrong = await admin.put("/api/v1/feeds/sources/crm", json={"mappings": {"customers": mapping}})
    assert wrong.status_code == 409
    wrong = await admin.put("/api/v1/feeds/sources/core", json={"mappings": {"customers": "feed: customers"}})
    assert wrong.status_code == 422
    assert [each["id"] for each in (await admin.get("/api/v1/feeds/sources")).json()] == ["hand", "core", "rules"]


async def says(
    client: httpx.AsyncClient, secret: str, message: Any, clock: FrozenClock, key: str = "m1"
) -> httpx.Response:
    body, at = msgspec.json.encode(message), int(clock())
    headers = {"webhook-id": key, "webhook-timestamp": str(at), "webhook-signature": sign(secret, key, at, body)}
    return await client.post(WEBHOOK, content=body, headers=headers)


async def test_a_signed_webhook_feeds_and_may_be_sent_again(
    admin: httpx.AsyncClient, sessions: Sessions, clock: FrozenClock, app: Application
) -> None:
    await admin.put("/api/v1/feeds/sources/core", json={"rank": 50})
    secret = (await admin.post("/api/v1/feeds/sources/core/secrets")).json()["secret"]
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as stranger:
        message = {"type": "customers.changed", "data": {"external_id": "C1", "name": "A"}}
        first = await says(stranger, secret, message, clock)
        assert first.status_code == 200, first.text
        assert first.json()["counts"]["made"] == 1
        assert (await says(stranger, secret, message, clock)).json() == first.json()
        several = {
            "type": "customers",
            "data": [{"external_id": "C1", "name": "B"}, {"external_id": "C2", "name": "C"}],
        }
        assert (await says(stranger, secret, several, clock, "m2")).json()["counts"]["changed"] == 1
        assert await rows(sessions, NAMES) == [("C1", "B", 2), ("C2", "C", 1)]
        unsigned = await stranger.post(WEBHOOK, json=message)
        forged = await says(stranger, "whsec_" + "A" * 44, message, clock)
        assert (unsigned.status_code, forged.status_code) == (401, 401)
        gone = {"type": "customers.deleted", "data": {"external_id": "C1", "name": "D"}}
        for wrong, where in (
            (gone, "body.type"),
            ({"type": "x", "data": {}}, "body.type"),
            ({"type": "customers"}, "body"),
        ):
            assert faults(await says(stranger, secret, wrong, clock, "m3")) == [where]
        newer = (await admin.post("/api/v1/feeds/sources/core/secrets")).json()["secret"]
        assert (await says(stranger, newer, message, clock, "m4")).status_code == 200
        assert (await says(stranger, secret, message, clock, "m5")).status_code == 200
    assert secret not in (await admin.get("/api/v1/audit", params={"limit": 100})).text


async def test_messages_that_come_all_at_once_leave_connections_to_the_database_to_everybody_else(
    admin: httpx.AsyncClient, services: Services, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.customers.feeds.runs.END_SECONDS", 20.0)
    await admin.put("/api/v1/feeds/sources/core", json={"rank": 50})
    secret = (await admin.post("/api/v1/feeds/sources/core/secrets")).json()["secret"]
    message = {"type": "customers", "data": {"external_id": "C1", "name": "A"}}
    async with alone(services.sessions, "core", "customers"):
        said = [begin("message", says(admin, secret, message, clock, f"m{place}")) for place in range(19)]
        [first], others = await asyncio.wait(said, return_when=asyncio.FIRST_COMPLETED)
        answer = first.result()
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        pool: Any = services.sessions.engine.pool
        assert pool.checkedout() <= 5
    assert {each.status_code for each in await asyncio.gather(*others)} == {200}


async def test_usage_and_agreements_are_fed_over_http_and_signed(
    admin: httpx.AsyncClient, sessions: Sessions, clock: FrozenClock, app: Application
) -> None:
    await post(admin, ndjson({"external_id": "C1", "name": "A"}))
    at = iso(clock())
    use = {"external_id": "E1", "customer": "C1", "kind": "card.used", "at": at, "amount": 12.5, "currency": "CNY"}
    told = (await post(admin, ndjson(use, {**use, "external_id": "E2", "customer": "C9"}), feed="usage")).json()
    assert (told["counts"]["made"], told["faulty"][0]["faults"][0]["where"]) == (1, "customer")
    assert await rows(sessions, "select event_id, value from usage_events") == [("E1", 12.5)]
    await admin.put("/api/v1/feeds/sources/core", json={"rank": 50})
    secret = (await admin.post("/api/v1/feeds/sources/core/secrets")).json()["secret"]
    terms = {"customer": "C1", "plan": "gold", "valid_from": "2026-01-01", "time_zone": "Asia/Shanghai"}
    agreement = {"external_id": "A1", **terms, "response": "4h", "allowance": {"contacts": 3}}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as stranger:
        for kind, record in (("usage", {**use, "external_id": "E3"}), ("agreements", agreement)):
            answer = await says(stranger, secret, {"type": kind, "data": record}, clock, kind)
            assert answer.json()["counts"]["made"] == 1, answer.text
        paid = {"type": "usage", "data": {**use, "external_id": "4111 1111 1111 1111"}}
        refused = (await says(stranger, secret, paid, clock, "card")).json()
        assert refused["faulty"][0]["faults"][0]["where"] == "external_id"
    [(customer,)] = await rows(sessions, "select id from customers")
    [kept] = (await admin.get(f"/api/v1/customers/{customer}/agreements")).json()["items"]
    assert (kept["external_id"], kept["source"]) == (MASK, "core")
    assert [each["id"] for each in kept["clauses"]] == ["response", "allowance.contacts"]
