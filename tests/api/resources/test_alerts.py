"""Alerts over HTTP: the work list, their life, and the callback that one opens."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest

from app.api.application import Application
from app.api.http.services import Services
from app.auth.models import User
from app.core.clock import FrozenClock, utc
from app.core.instants import iso
from app.floor.commands import Configure
from app.floor.memory.entities import ContactState
from tests.api.conftest import ClientAs, MemoryFloor, faults
from tests.api.http.test_customer_reads import told_of
from tests.api.resources.test_floor import CONFIG
from tests.api.resources.test_usage import EVENTS, RULE, customer, post

NUMBER = "+8613800138000"


@pytest.fixture
async def agent(client_as: ClientAs, services: Services) -> httpx.AsyncClient:
    """A client of an agent who has an account."""
    async with services.sessions.write() as session:
        for login in ("agent", "mei"):
            session.add(User(id=login, name=login.title(), role="agent", password_hash="-"))
    return client_as("agent")


@pytest.fixture
async def alert(agent: httpx.AsyncClient, admin: httpx.AsyncClient, clock: FrozenClock) -> dict[str, Any]:
    """An alert of a customer who has a number."""
    await post(admin, "/api/v1/usage-rules", RULE | {"enabled": True, "advice": "Ask who tried."}, 201)
    who = await customer(admin, numbers=[{"raw": NUMBER}])
    given = [{"id": f"e{n}", "kind": "login.failed", "at": iso(clock() - n), "customer_id": who} for n in range(3)]
    assert (await post(admin, EVENTS, given))["alerts_opened"] == 1
    [found] = (await agent.get("/api/v1/alerts")).json()["items"]
    return dict(found)


async def do(client: httpx.AsyncClient, alert: dict[str, Any], act: str, status: int = 200, **body: Any) -> Any:
    return await post(client, f"/api/v1/alerts/{alert['id']}/{act}", body, status)


async def test_an_alert_is_told_with_its_rule_its_customer_and_why(alert: dict[str, Any]) -> None:
    assert {key: alert[key] for key in ("rule", "title", "advice", "customer_name", "severity", "state", "count")} == {
        "rule": "guessing",
        "title": "Guessing",
        "advice": "Ask who tried.",
        "customer_name": "王小明",
        "severity": "high",
        "state": "open",
        "count": 1,
    }
    assert alert["evidence"] == {"count('login.failed', '1h')": 3}


async def test_an_alert_and_its_entries_are_reads_of_its_customer(
    client_as: ClientAs, services: Services, app: Application, agent: httpx.AsyncClient, alert: dict[str, Any]
) -> None:
    path = f"/api/v1/alerts/{alert['id']}"
    for asked in (path, f"{path}/entries"):
        assert (await agent.get(asked, params={"reason": "to call them"})).status_code == 200
    told = await told_of(services, client_as("supervisor"), alert["customer_id"])
    assert told == [("alert", "to call them")] * 2
    app.state.services = replace(services, reason_needed=True)
    for asked in (path, f"{path}/entries"):
        assert faults(await agent.get(asked)) == ["query.reason"]


async def happened(client: httpx.AsyncClient, alert: dict[str, Any]) -> list[Any]:
    """What is told of what happened to an alert."""
    found: list[Any] = (await client.get(f"/api/v1/alerts/{alert['id']}/entries")).json()["items"]
    return found


async def test_what_happened_to_an_alert_comes_in_pages(agent: httpx.AsyncClient, alert: dict[str, Any]) -> None:
    path = f"/api/v1/alerts/{alert['id']}"
    for note in ("first", "second"):
        await do(agent, alert, "acknowledge", note=note)
        await do(agent, alert, "release")
    assert "entries" not in (await agent.get(path)).json()
    page = (await agent.get(f"{path}/entries", params={"limit": 3})).json()
    rest = (await agent.get(f"{path}/entries", params={"limit": 3, "cursor": page["next"]})).json()
    assert [each["act"] for each in page["items"]] == ["opened", "acknowledge", "release"]
    assert ([each["note"] for each in rest["items"]], rest["next"]) == (["second", None], None)
    wrong = await agent.get(f"{path}/entries", params={"cursor": "x"})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "urn:callfloor:problem:bad-cursor")
    unknown = await agent.get("/api/v1/alerts/00000000-0000-0000-0000-000000000007/entries")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:callfloor:problem:alert-unknown")


async def test_it_is_taken_given_back_assigned_and_finished(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, alert: dict[str, Any]
) -> None:
    assert (await do(agent, alert, "acknowledge"))["owner"] == "agent"
    refused = await do(agent, alert, "acknowledge", 409)
    assert (refused["state"], refused["accepted"]) == (
        "acknowledged",
        ["assign", "call_back", "finish", "open_case", "release"],
    )
    assert (await do(agent, alert, "release", note="a mistake"))["state"] == "open"
    await do(agent, alert, "assign", 403, owner="mei")
    await do(admin, alert, "assign", 422, owner="nobody")
    assert (await do(admin, alert, "assign", owner="mei"))["owner"] == "mei"
    assert (await do(agent, alert, "finish", note="好"))["state"] == "done"
    await do(agent, alert, "finish", 409)
    assert [(each["who"], each["act"]) for each in await happened(agent, alert)] == [
        (None, "opened"),
        ("agent", "acknowledge"),
        ("agent", "release"),
        ("administrator", "assign"),
        ("agent", "finish"),
    ]


async def test_the_work_list_is_filtered(agent: httpx.AsyncClient, alert: dict[str, Any]) -> None:
    async def found(**wanted: Any) -> int:
        return len((await agent.get("/api/v1/alerts", params=wanted)).json()["items"])

    assert await found(owner="") == 1
    assert await found(owner="mei") == 0
    assert await found(severity=["high", "low"], state=["open"], rule="guessing") == 1
    assert await found(severity="critical") == 0
    assert await found(due_before=alert["due_at"]) == 0
    assert await found(customer_id=alert["customer_id"]) == 1
    assert (await agent.get("/api/v1/alerts", params={"state": "closed"})).status_code == 422


async def test_what_is_not_there_is_told(agent: httpx.AsyncClient) -> None:
    nothing = {"id": "00000000-0000-0000-0000-000000000007"}
    assert (await agent.get(f"/api/v1/alerts/{nothing['id']}")).status_code == 404
    for act in ("acknowledge", "release", "finish"):
        await do(agent, nothing, act, 404)
    await do(agent, nothing, "callback", 404, queue="cards")


async def test_other_systems_read_alerts_and_do_nothing_about_them(client_as: ClientAs, alert: dict[str, Any]) -> None:
    bank = client_as("integration")
    assert (await bank.get("/api/v1/alerts")).status_code == 200
    await do(bank, alert, "acknowledge", 403)


async def test_an_alert_opens_one_callback(agent: httpx.AsyncClient, alert: dict[str, Any], floor: MemoryFloor) -> None:
    await floor.submit(Configure(config=CONFIG))
    assert (await do(agent, alert, "callback", 422, queue="none"))["faults"][0]["where"] == "queue"
    told = await do(agent, alert, "callback", queue="cards")
    assert told["state"] == "acknowledged"
    [contact] = floor.state.store.contacts.values()
    assert (contact.id, contact.state, contact.call.to) == (told["callback"], ContactState.WAITING, NUMBER)
    assert contact.customer is not None
    assert contact.customer.id == alert["customer_id"]
    assert b"Ask who tried." in floor.state.store.profiles[contact.id]
    again = await do(agent, alert, "callback", 409, queue="cards")
    assert again["contact_id"] == told["callback"]
    assert len(floor.state.store.contacts) == 1


async def test_a_customer_without_a_number_needs_one(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, alert: dict[str, Any], floor: MemoryFloor
) -> None:
    await floor.submit(Configure(config=CONFIG))
    path = f"/api/v1/customers/{alert['customer_id']}/numbers"
    assert (await admin.put(path, json={"numbers": [], "version": 1})).status_code == 200
    assert (await do(agent, alert, "callback", 409, queue="cards"))["accepted"] == ["number"]
    await do(agent, alert, "callback", queue="cards", number="+49 30 1234567")
    [contact] = floor.state.store.contacts.values()
    assert contact.call.to == "+49 30 1234567"


async def test_without_a_floor_nothing_is_done(
    agent: httpx.AsyncClient, alert: dict[str, Any], floor: MemoryFloor
) -> None:
    floor.status = "standby"
    await do(agent, alert, "callback", 503, queue="cards")
    assert (await agent.get(f"/api/v1/alerts/{alert['id']}")).json()["state"] == "open"


async def test_nobody_is_called_back_outside_of_the_hours_that_they_wish(
    agent: httpx.AsyncClient, alert: dict[str, Any], floor: MemoryFloor, clock: FrozenClock
) -> None:
    await floor.submit(Configure(config=CONFIG))
    path = f"/api/v1/customers/{alert['customer_id']}/preferences/call_hours"

    async def wished(begin: datetime) -> None:
        day = begin.strftime("%A").lower()
        hours = {"time_zone": "UTC", "weekly": {day: [{"opens": f"{begin:%H}:00", "closes": "24:00"}]}}
        assert (await agent.put(path, json={"value": hours}, headers={"if-match": "*"})).is_success

    later = utc(clock() + 7_200)
    await wished(later)
    refused = await do(agent, alert, "callback", 409, queue="cards")
    assert (refused["type"], refused["wish"]) == ("urn:callfloor:problem:call-unwished", "call_hours")
    assert f"again from {later:%A %H}:00 (UTC)" in refused["detail"]
    await wished(utc(clock()))
    assert (await do(agent, alert, "callback", queue="cards"))["callback"] is not None


async def test_nobody_is_called_back_at_work_who_does_not_wish_it(
    agent: httpx.AsyncClient, alert: dict[str, Any], floor: MemoryFloor
) -> None:
    await floor.submit(Configure(config=CONFIG))
    path = f"/api/v1/customers/{alert['customer_id']}"
    numbers = [{"raw": "+86 10 6666 8888", "label": "work"}, {"raw": NUMBER}]
    any_version = {"if-match": "*"}
    assert (await agent.put(f"{path}/numbers", json={"numbers": numbers}, headers=any_version)).is_success
    wish = await agent.put(f"{path}/preferences/not_at_work", json={"value": True}, headers=any_version)
    assert wish.is_success
    refused = await do(agent, alert, "callback", 409, queue="cards", number="+861066668888")
    assert (refused["wish"], refused["next_at"]) == ("not_at_work", None)
    await agent.put(f"{path}/numbers", json={"numbers": numbers[:1]}, headers=any_version)
    await do(agent, alert, "callback", 409, queue="cards")
    told = await do(agent, alert, "callback", queue="cards", though_unwished=True)
    assert told["callback"] is not None
    [contact] = floor.state.store.contacts.values()
    assert contact.call.to == "+861066668888"


async def test_who_asks_again_for_the_case_of_an_alert_reads_it(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, services: Services, alert: dict[str, Any]
) -> None:
    for _ in range(2):
        await do(agent, alert, "case")
    await services.reads.flush()
    told = (await admin.get(f"/api/v1/customers/{alert['customer_id']}/reads")).json()["items"]
    assert [(each["who"], each["what"]) for each in told] == [("agent", "case")]


async def test_an_alert_opens_one_case_and_each_tells_of_the_other(
    agent: httpx.AsyncClient, alert: dict[str, Any]
) -> None:
    case = await do(agent, alert, "case", subject="Who tried to log in?")
    assert (case["subject"], case["priority"], case["owner"]) == ("Who tried to log in?", "high", "agent")
    assert (case["alert_id"], case["customer_id"]) == (alert["id"], alert["customer_id"])
    again = await do(agent, alert, "case", subject="again")
    assert (again["id"], again["version"]) == (case["id"], 1)
    told = (await agent.get(f"/api/v1/alerts/{alert['id']}")).json()
    assert (told["state"], told["case_id"]) == ("acknowledged", case["id"])
    assert [(each["act"], each["note"]) for each in await happened(agent, alert)][1:] == [("open_case", case["id"])]
    await post(agent, f"/api/v1/cases/{case['id']}/solve", {"version": 1, "resolution": "it was him"})
    await post(agent, f"/api/v1/cases/{case['id']}/close", {"version": 2})
    done = (await agent.get(f"/api/v1/alerts/{alert['id']}")).json()
    assert (done["state"], (await happened(agent, alert))[-1]["note"]) == ("done", f"{case['number']} was closed")


async def test_an_alert_that_is_done_or_unknown_opens_no_case(agent: httpx.AsyncClient, alert: dict[str, Any]) -> None:
    await do(agent, {"id": "00000000-0000-0000-0000-000000000007"}, "case", 404)
    await do(agent, alert, "case", 422, subject="")
    await do(agent, alert, "finish")
    assert (await do(agent, alert, "case", 409))["state"] == "done"
