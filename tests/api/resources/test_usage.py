"""Usage events and rules over HTTP."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from app.api.http.limits import Turns
from app.core.clock import FrozenClock, utc
from app.core.errors import Unavailable
from app.core.instants import iso
from app.core.tasks import Supervisor
from tests.api.conftest import ClientAs, faults

EVENTS = "/api/v1/usage/core/events"
RULE = {"id": "guessing", "name": "Guessing", "condition": "count('login.failed', '1h') >= 3", "severity": "high"}


@pytest.fixture
def bank(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of another system of the bank."""
    return client_as("integration")


async def post(client: httpx.AsyncClient, path: str, body: Any, status: int = 200) -> Any:
    answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def customer(client: httpx.AsyncClient, **given: Any) -> str:
    made = await post(client, "/api/v1/customers", {"name": "王小明", **given}, 201)
    return str(made["id"])


def event(place: int, at: float, **given: Any) -> dict[str, Any]:
    return {"id": f"e{place}", "kind": "login.failed", "at": iso(at), **given}


async def told(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    return await client.post(EVENTS, content=body, headers={"content-type": "application/x-ndjson"})


async def test_events_are_told_line_by_line_and_read_back(bank: httpx.AsyncClient, clock: FrozenClock) -> None:
    who = await customer(bank, external_id="C1")
    given = [event(place, clock() - place, external_id="C1", value=place) for place in range(3)]
    given[2]["kind"] = "card.used"
    answer = await told(bank, b"\n".join(msgspec.json.encode(each) for each in given) + b"\n")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["taken"], answer.json()["refused"]) == (3, [])
    page = (await bank.get(f"/api/v1/customers/{who}/usage", params={"limit": 2})).json()
    rest = (await bank.get(f"/api/v1/customers/{who}/usage", params={"cursor": page["next"]})).json()
    assert [each["event_id"] for each in page["items"] + rest["items"]] == ["e0", "e1", "e2"]
    assert page["items"][1] == {
        "customer_id": who,
        "source": "core",
        "event_id": "e1",
        "kind": "login.failed",
        "at": page["items"][1]["counts_at"],
        "counts_at": utc(clock() - 1).isoformat().replace("+00:00", "Z"),
        "received_at": utc(clock()).isoformat().replace("+00:00", "Z"),
        "ahead": False,
        "value": 1.0,
        "details": None,
    }
    cards = (await bank.get(f"/api/v1/customers/{who}/usage", params={"kind": "card.used"})).json()
    assert [each["event_id"] for each in cards["items"]] == ["e2"]


async def test_an_array_tells_what_was_refused_repeated_and_ahead(bank: httpx.AsyncClient, clock: FrozenClock) -> None:
    who = {"customer_id": await customer(bank)}
    given = [
        event(1, clock(), **who),
        event(1, clock(), **who),
        event(2, clock() + 3_600, **who),
        event(3, clock(), external_id="nobody"),
        event(4, clock(), **who) | {"kind": "Log in"},
    ]
    answer = await post(bank, EVENTS, given)
    assert (answer["taken"], answer["repeated"], answer["ahead_events"]) == (2, 1, 1)
    assert answer["clock_ahead_seconds"] == 3_600
    assert answer["ahead"][0]["line"] == 3
    assert answer["ahead"][0]["counts_at"] == utc(clock()).isoformat().replace("+00:00", "Z")
    refused = [(each["line"], each["id"], each["faults"][0]["where"]) for each in answer["refused"]]
    assert refused == [(4, "e3", "external_id"), (5, "e4", "kind")]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"id": "e"}', b"\xff\xfe", b"[" * 100_000])
async def test_a_body_of_which_nothing_is_taken_is_refused(bank: httpx.AsyncClient, body: bytes) -> None:
    answer = await told(bank, body)
    assert faults(answer)
    assert all(each["accepted"] for each in answer.json()["faults"])


async def test_only_systems_and_administrators_tell_usage(client_as: ClientAs) -> None:
    assert (await told(client_as("agent"), b"{}")).status_code == 403
    assert (await told(client_as("supervisor"), b"{}")).status_code == 403
    assert (await told(client_as("administrator"), b"{}")).status_code == 422


async def test_usage_of_nobody_is_not_found(bank: httpx.AsyncClient) -> None:
    answer = await bank.get("/api/v1/customers/00000000-0000-0000-0000-000000000007/usage")
    assert answer.status_code == 404


async def test_rules_are_made_changed_of_a_version_and_removed(admin: httpx.AsyncClient) -> None:
    made = await post(admin, "/api/v1/usage-rules", RULE, 201)
    assert (made["version"], made["enabled"], made["due_seconds"]) == (1, False, 86_400)
    await post(admin, "/api/v1/usage-rules", RULE, 409)
    path = "/api/v1/usage-rules/guessing"
    changed = await admin.patch(path, json={"enabled": True}, headers={"If-Match": '"1"'})
    assert (changed.json()["enabled"], changed.headers["ETag"]) == (True, '"2"')
    assert (await admin.patch(path, json={"enabled": False}, headers={"If-Match": '"1"'})).status_code == 412
    assert (await admin.patch(path, json={"enabled": False, "version": 1})).status_code == 409
    assert faults(await admin.patch(path, json={"enabled": False})) == ["body.version"]
    assert (await admin.get(path)).json() == changed.json()
    assert (await admin.get("/api/v1/usage-rules")).json()["items"] == [changed.json()]
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get(path)).status_code == 404
    audited = (await admin.get("/api/v1/audit", params={"kind": "usage_rule"})).json()["items"]
    assert [(each["action"], each["who"]) for each in audited] == [
        (f"usage_rule.{action}", "administrator") for action in ("deleted", "changed", "created")
    ]


async def test_a_faulty_rule_is_told_with_every_fault_in_words(admin: httpx.AsyncClient) -> None:
    wrong = RULE | {"condition": "count('login.failed', 1) > 3 || custmer.tier == 'x'", "owner": "nobody"}
    answer = await admin.post("/api/v1/usage-rules", json=wrong)
    assert faults(answer) == ["body.condition", "body.condition", "body.owner"]
    assert "count needs a window" in answer.json()["detail"]
    assert faults(await admin.post("/api/v1/usage-rules", json=RULE | {"severity": "dire", "due_seconds": -1}))


async def test_a_rule_is_tried_before_it_is_switched_on(
    admin: httpx.AsyncClient, bank: httpx.AsyncClient, clock: FrozenClock
) -> None:
    one, other = await customer(bank), await customer(bank, name="Amy")
    given = [event(n, clock() - n, customer_id=one if n else other) for n in range(4)]
    await post(bank, EVENTS, given)
    found = await post(admin, "/api/v1/usage-rules/preview", {"condition": RULE["condition"]})
    evidence = {"count('login.failed', '1h')": 3}
    assert found == {
        "tried": None,
        "looked_at": 2,
        "complete": True,
        "would_alert": 1,
        "examples": [{"customer_id": one, "name": "王小明", "evidence": evidence}],
    }
    tried = await post(admin, "/api/v1/usage-rules/preview", {"condition": RULE["condition"], "customer_id": other})
    assert tried["tried"] == {"customer_id": other, "holds": False, "evidence": {"count('login.failed', '1h')": 1}}
    assert (await admin.get("/api/v1/alerts")).json()["items"] == []
    wrong = await admin.post("/api/v1/usage-rules/preview", json={"condition": "1 +"})
    assert faults(wrong) == ["body.condition"]


async def test_a_repetition_after_days_counts_once(client_as: ClientAs, clock: FrozenClock) -> None:
    bank = client_as("integration")
    given = [event(1, clock(), customer_id=await customer(bank))]
    await post(bank, EVENTS, given)
    clock.advance(timedelta(days=3).total_seconds())
    assert (await post(client_as("integration"), EVENTS, given))["repeated"] == 1


async def test_of_many_batches_at_once_few_use_the_database_some_wait_and_the_rest_are_sent_away() -> None:
    turns, finished = Turns("tell of usage", at_once=2, waiting=3), asyncio.Event()
    inside, most, refused = 0, 0, list[int]()

    async def batch() -> None:
        nonlocal inside, most
        try:
            async with turns.turn():
                inside += 1
                most = max(most, inside)
                await finished.wait()
                inside -= 1
        except Unavailable as error:
            refused.append(error.retry_after)

    tasks = Supervisor()
    started = [tasks.start(f"batch {n}", batch()) for n in range(9)]
    for _ in started:
        await asyncio.sleep(0)
    finished.set()
    for task in started:
        await task
    assert (most, inside, len(refused)) == (2, 0, 4)
    assert min(refused) > 0
    async with turns.turn():
        pass


async def test_usage_that_finds_no_turn_is_told_when_to_come_again(
    bank: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Turns, "_here", property(lambda _turns: 10**6), raising=False)
    answer = await told(bank, b"{}")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
