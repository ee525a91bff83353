"""Flows over HTTP."""

from dataclasses import replace
from functools import partial
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from sqlalchemy import text

from app.api.application import Application
from app.api.http.services import Services
from app.core.clock import FrozenClock, iso
from app.db.engine import Sessions
from app.ivr.records.judging import judge
from app.ivr.records.publishing import publish_due
from tests.api.conftest import ClientAs, faults
from tests.ivr.texts import bomb, text_of

SAY = {"type": "say", "text": "Hello", "next": "start"}


@pytest.fixture
async def cards(admin: httpx.AsyncClient) -> httpx.AsyncClient:
    """An administrator's client, and a queue to lead to."""
    assert (await admin.post("/api/v1/queues", json={"id": "cards", "name": "Cards"})).status_code == 201
    return admin


async def made(client: httpx.AsyncClient, text: str | None = None) -> dict[str, Any]:
    answer = await client.post("/api/v1/flows", json={"id": "main", "name": "Main", "text": text or text_of()})
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def done(client: httpx.AsyncClient, what: str, version: int, **more: Any) -> dict[str, Any]:
    """A change that must succeed."""
    method = "PUT" if what in ("draft", "schedule") else "POST"
    answer = await client.request(method, f"/api/v1/flows/main/{what}", json={"version": version, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def test_a_flow_is_written_published_changed_and_brought_back(cards: httpx.AsyncClient) -> None:
    flow = await made(cards)
    assert (flow["version"], flow["published"], flow["faults"], flow["warnings"]) == (1, None, [], [])
    assert flow["draft"]["text"] == text_of()
    flow = await done(cards, "publish", 1)
    assert (flow["draft"], flow["published"]["number"], flow["published"]["published_by"]) == (None, 1, "administrator")
    await done(cards, "draft", 2, text=text_of(hello=SAY), note="say hello")
    await done(cards, "publish", 3)
    flow = await done(cards, "roll-back", 4, to=1)
    assert (flow["published"]["number"], flow["published"]["from_number"]) == (3, 1)
    listed = (await cards.get("/api/v1/flows/main/versions?limit=2")).json()
    assert [(each["number"], each["state"]) for each in listed["items"]] == [(3, "published"), (2, "retired")]
    rest = (await cards.get(f"/api/v1/flows/main/versions?cursor={listed['next']}")).json()
    assert [each["number"] for each in rest["items"]] == [1]
    assert (await cards.get("/api/v1/flows/main/versions/2")).json()["note"] == "say hello"
    assert [each["id"] for each in (await cards.get("/api/v1/flows")).json()["items"]] == ["main"]


async def test_the_difference_is_told_by_line_and_by_node(cards: httpx.AsyncClient) -> None:
    await made(cards)
    await done(cards, "draft", 1, text=text_of())
    await done(cards, "publish", 2)
    await done(cards, "draft", 3, text=text_of(hello=SAY))
    told = (await cards.get("/api/v1/flows/main/diff?from=1&to=2")).json()
    assert told["text"].startswith("--- main 1\n+++ main 2\n")
    assert "+  hello:\n" in told["text"]
    assert told["nodes"] == {
        "added": ["hello"],
        "removed": [],
        "changed": [],
        "rest": [{"name": "start", "before": "start", "after": "hello"}],
    }
    assert (await cards.get("/api/v1/flows/main/diff?from=1&to=9")).status_code == 404


async def test_every_fault_of_a_draft_is_told_with_node_and_line(cards: httpx.AsyncClient) -> None:
    faulty = text_of("nowhere", hello={"type": "say", "next": "start"})
    flow = await made(cards, faulty)
    assert [(fault["where"], fault["node"], fault["line"]) for fault in flow["faults"]] == [
        ("nodes.hello.text", "hello", 7)
    ]
    flow = await done(cards, "draft", 1, text=text_of("nowhere"))
    assert [(fault["where"], fault["node"], fault["line"]) for fault in flow["faults"]] == [
        ("fallback_queue", None, 4),
        ("nodes.start.queue", "start", 9),
    ]
    answer = await cards.post("/api/v1/flows/main/publish", json={"version": 2})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:callfloor:problem:flow-faulty"
    assert faults(answer) == ["fallback_queue", "nodes.start.queue"]
    assert answer.json()["faults"][1]["line"] == 9


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", ""),
        ("[1, 2]", ""),
        ("nodes: {", ""),
        (text_of(flow="other"), "flow"),
        (bomb(), ""),
    ],
)
async def test_what_is_no_flow_is_told_and_nothing_is_saved(cards: httpx.AsyncClient, text: str, where: str) -> None:
    answer = await cards.post("/api/v1/flows/check", json={"text": text, "id": "main"})
    assert answer.status_code == 200, answer.text
    assert [each["where"] for each in answer.json()["faults"]] == [where]
    assert (await cards.get("/api/v1/flows")).json()["items"] == []


async def test_checking_tells_what_a_text_names(cards: httpx.AsyncClient) -> None:
    told = (await cards.post("/api/v1/flows/check", json={"text": text_of()})).json()
    assert told == {
        "faults": [],
        "uses": [
            {"kind": "queue", "id": "cards", "node": None, "where": "fallback_queue"},
            {"kind": "queue", "id": "cards", "node": "start", "where": "nodes.start.queue"},
        ],
    }


async def test_the_language_is_published_as_json_schema(cards: httpx.AsyncClient) -> None:
    told = (await cards.get("/api/v1/flows/schema")).json()
    Draft202012Validator.check_schema(told)
    assert {"flow", "nodes", "start"} <= told["properties"].keys()


async def test_whoever_has_not_read_the_latest_is_refused(cards: httpx.AsyncClient) -> None:
    await made(cards)
    await done(cards, "draft", 1, text=text_of())
    for what, more in (("draft", {"text": ""}), ("publish", {}), ("discard", {}), ("roll-back", {"to": 1})):
        method = "PUT" if what == "draft" else "POST"
        answer = await cards.request(method, f"/api/v1/flows/main/{what}", json={"version": 1, **more})
        assert (answer.status_code, answer.json()["version"]) == (409, 2), what
    assert (await cards.patch("/api/v1/flows/main", json={"version": 1, "name": "x"})).status_code == 409


async def test_bad_requests_are_told_by_place(cards: httpx.AsyncClient) -> None:
    await made(cards)
    for flow_id in ("schema", "check", "UPPER", ""):
        answer = await cards.post("/api/v1/flows", json={"id": flow_id, "name": "x", "text": ""})
        assert faults(answer) == ["body.id"]
    answer = await cards.put("/api/v1/flows/main/draft", json={"version": 1, "text": "a\0b"})
    assert faults(answer) == ["body.text"]
    for at in ("2027-01-15T08:00:00", "0001-01-01T00:00:00+14:00", "2001-01-01T00:00:00Z", "soon"):
        answer = await cards.put("/api/v1/flows/main/schedule", json={"version": 1, "publish_at": at})
        assert faults(answer) == ["body.publish_at"], at
    assert (await cards.get("/api/v1/flows/none")).status_code == 404
    assert (await cards.post("/api/v1/flows/none/publish", json={"version": 1})).status_code == 404
    assert (await cards.post("/api/v1/flows", json={"id": "main", "name": "x", "text": ""})).status_code == 409


async def test_a_schedule_is_kept_and_can_be_cancelled(
    cards: httpx.AsyncClient, clock: FrozenClock, kept_apart: Sessions
) -> None:
    await made(cards)
    at = clock() + 3600
    flow = await done(cards, "schedule", 1, publish_at=iso(at))
    assert (flow["draft"]["publish_at"], flow["draft"]["scheduled_by"]) == (
        iso(at).replace(".000", ""),
        "administrator",
    )
    assert (await cards.put("/api/v1/flows/main/draft", json={"version": 2, "text": ""})).status_code == 409
    await done(cards, "schedule/cancel", 2)
    await done(cards, "schedule", 3, publish_at=iso(at))
    assert await publish_due(kept_apart, FrozenClock(at), judge) == ["main"]
    flow = (await cards.get("/api/v1/flows/main")).json()
    assert (flow["version"], flow["draft"], flow["published"]["number"]) == (5, None, 1)


async def test_a_secret_that_is_not_set_here_keeps_a_flow_from_being_published(
    cards: httpx.AsyncClient, app: Application, services: Services
) -> None:
    asks = {"type": "fetch", "url": "https://bank.example", "secret": "core", "next": "start", "failed": "start"}
    await made(cards, text_of(asks=asks))
    app.state.services = replace(services, judge=partial(judge, secrets=frozenset({"other"})))
    refused = await cards.post("/api/v1/flows/main/publish", json={"version": 1})
    assert faults(refused) == ["nodes.asks.secret"]
    checked = await cards.post("/api/v1/flows/check", json={"text": text_of(asks=asks)})
    assert [each["where"] for each in checked.json()["faults"]] == ["nodes.asks.secret"]
    app.state.services = replace(services, judge=partial(judge, secrets=frozenset({"core"})))
    await done(cards, "publish", 1)


async def test_numbers_and_sources_may_lead_to_a_flow_that_is_published(cards: httpx.AsyncClient) -> None:
    await made(cards)
    source = {"id": "pbx", "name": "Switch"}
    assert faults(await cards.post("/api/v1/sources", json={**source, "default_flow": "main"})) == ["body.default_flow"]
    await done(cards, "publish", 1)
    both = {**source, "default_flow": "main", "default_queue": "cards"}
    assert faults(await cards.post("/api/v1/sources", json=both)) == ["body.default_queue", "body.default_flow"]
    told = (await cards.post("/api/v1/sources", json={**source, "default_flow": "main"})).json()
    assert (told["default_queue"], told["default_flow"]) == (None, "main")
    told = (await cards.patch("/api/v1/sources/pbx", json={"default_queue": "cards"})).json()
    assert (told["default_queue"], told["default_flow"]) == ("cards", None)
    number = "/api/v1/sources/pbx/numbers/95555"
    assert (await cards.put(number, json={"flow_id": "main"})).json() == {
        "number": "95555", "queue_id": None, "flow_id": "main",
    }  # fmt: skip
    assert (await cards.put(number, json={"queue_id": "cards"})).json()["flow_id"] is None
    for body in ({}, {"queue_id": "cards", "flow_id": "main"}):
        assert faults(await cards.put(number, json=body)) == ["body.queue_id", "body.flow_id"]
    assert faults(await cards.put(number, json={"flow_id": "none"})) == ["body.flow_id"]


async def test_what_a_published_flow_uses_is_not_removed_and_it_is_told_where(cards: httpx.AsyncClient) -> None:
    await cards.post("/api/v1/skills", json={"id": "gold", "name": "Gold"})
    await cards.post("/api/v1/teams", json={"id": "vip", "name": "Vip"})
    await cards.post("/api/v1/hours", json={"id": "day", "name": "Day", "time_zone": "UTC", "weekly": {}})
    asks = {"type": "queue", "queue": "cards", "requires": {"gold": 3}, "teams": ["vip"]}
    hours = {"type": "hours", "hours": "day", "open": "start", "closed": "asks"}
    await made(cards, text_of(when=hours, asks=asks))
    await done(cards, "publish", 1)
    for path, where in (
        ("queues/cards", "fallback_queue"),
        ("skills/gold", "nodes.asks.requires.gold"),
        ("teams/vip", "nodes.asks.teams[0]"),
        ("hours/day", "nodes.when.hours"),
    ):
        answer = await cards.delete(f"/api/v1/{path}")
        assert answer.status_code == 409, answer.text
        assert answer.json()["used_by"][0] == {"flow": "main", "number": 1, "where": where}


async def test_a_published_flow_whose_queue_is_gone_or_closed_serves_on_and_tells_it(
    cards: httpx.AsyncClient, kept_apart: Sessions
) -> None:
    await cards.post("/api/v1/hours", json={"id": "never", "name": "Never", "time_zone": "UTC", "weekly": {}})
    await made(cards)
    await done(cards, "publish", 1)
    await cards.patch("/api/v1/queues/cards", json={"hours": "never"})
    flow = (await cards.get("/api/v1/flows/main")).json()
    assert flow["published"]["state"] == "published"
    assert flow["warnings"][1] == {
        "where": "nodes.start.queue", "what": "leads to the queue 'cards', which is closed now", "node": "start",
    }  # fmt: skip
    async with kept_apart.write() as session:
        await session.execute(text("delete from queues"))
    flow = (await cards.get("/api/v1/flows/main")).json()
    assert flow["published"]["state"] == "published"
    assert [each["what"] for each in flow["warnings"]] == ["is no queue: 'cards'"] * 2


async def test_supervisors_read_flows_and_agents_and_systems_do_not(client_as: ClientAs) -> None:
    assert (await client_as("supervisor").get("/api/v1/flows")).status_code == 200
    for role in ("agent", "integration"):
        assert (await client_as(role).get("/api/v1/flows")).status_code == 403
