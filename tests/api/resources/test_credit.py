"""Credit standing over HTTP: asked with a reason and a consent only, kept whatever the bureau does."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from app.api.application import Application
from app.api.http.services import Services
from app.core.clock import FrozenClock, iso, utc
from app.core.guarding import open_guarded_client
from app.credit.adapters.http import HttpBureaus
from app.credit.bureaus import how
from app.credit.desk import CreditDesk
from app.credit.models import CreditBureau, CreditCheck
from app.customers.duplicates.merging import Side, merge
from tests.api.conftest import ClientAs, faults
from tests.api.http.test_customer_reads import told_of
from tests.fixtures.bureau import LOOPBACK, LittleBureau, hanging_up, little_bureau, saying, silent, writing

pytestmark = pytest.mark.enable_socket

BUREAUS = "/api/v1/credit-bureaus"
WHY = {"reason": "asks for a loan"}
SET_UP: dict[str, Any] = {
    "name": "Bureau A",
    "sends": {"reference": "external_id", "consent": "consent_origin", "crm": "external_id:crm"},
    "secret_name": "key",
    "score_at": "/rating/score",
    "standing_at": "/rating/class",
    "valid_until_at": "/valid_until",
    "standings": {"A": "good", "B": "fair"},
    "timeout_seconds": 0.3,
    "fresh_seconds": 60,
}


@pytest.fixture
async def bureau(app: Application, services: Services, admin: httpx.AsyncClient) -> AsyncIterator[LittleBureau]:
    """A bureau that is set up, and answers well."""
    async with little_bureau() as listening, open_guarded_client(LOOPBACK) as client:
        desk = CreditDesk(services.sessions, HttpBureaus(client, {"key": "hush"}), services.clock)
        app.state.services = replace(services, credit=desk)
        made = await admin.put(f"{BUREAUS}/a", json={**SET_UP, "url": listening.url})
        assert made.status_code == 200, made.text
        yield listening


@pytest.fixture
def agent(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of an agent."""
    return client_as("agent")


async def customer(client: httpx.AsyncClient, name: str = "C1") -> str:
    answer = await client.post("/api/v1/customers", json={"name": "王小明", "external_id": name})
    path = f"/api/v1/customers/{answer.json()['id']}"
    ids = {"external_ids": [{"system": "crm", "external_id": f"crm-{name}"}]}
    assert (await client.put(f"{path}/external-ids", json=ids, headers={"if-match": "*"})).status_code == 204
    return path


async def consents(client: httpx.AsyncClient, path: str, clock: FrozenClock, given: bool = True) -> None:
    said = {"channel": "credit_check", "given": given, "at": iso(clock()), "origin": "signed form 12"}
    assert (await client.post(f"{path}/consents", json=said)).status_code == 204


async def asked(client: httpx.AsyncClient, path: str, **more: Any) -> dict[str, Any]:
    answer = await client.post(f"{path}/credit", json={**WHY, **more})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_bureau_is_asked_with_reason_and_consent_and_all_of_it_is_on_record(
    agent: httpx.AsyncClient, services: Services, admin: httpx.AsyncClient, bureau: LittleBureau, clock: FrozenClock
) -> None:
    path = await customer(agent)
    await consents(agent, path, clock)
    told = await asked(agent, path)
    assert (told["standing"], told["source"], told["age_seconds"], told["asked"]) == ("fair", "a", 0, True)
    assert (told["score"], told["expired"], told["last_try"]["outcome"]) == (None, False, "answered")
    assert bureau.heard[0].body == {"reference": "C1", "consent": "signed form 12", "crm": "crm-C1"}
    [row] = (await admin.get(f"{path}/credit/history")).json()["items"]
    assert (row["asked_by"], row["reason"], row["outcome"], row["score"]) == ("agent", WHY["reason"], "answered", 712)
    assert row["consent_origin"] == "signed form 12"
    assert row["consent_id"] is not None
    [entry] = (await admin.get("/api/v1/audit", params={"action": "credit.asked"})).json()["items"]
    assert (entry["who"], entry["after"]["inquiry"], entry["after"]["consent"]) == (
        "agent",
        row["id"],
        row["consent_id"],
    )
    read = await told_of(services, admin, path.rpartition("/")[2])
    assert read == [("credit_history", None), ("credit", WHY["reason"])]


async def test_the_score_is_for_those_who_lead_and_for_systems(
    client_as: ClientAs, agent: httpx.AsyncClient, bureau: LittleBureau, clock: FrozenClock
) -> None:
    path = await customer(agent)
    await consents(agent, path, clock)
    await asked(agent, path)
    seen = {}
    for role in ("agent", "supervisor", "administrator", "integration"):
        client = client_as(role)
        seen[role] = (await client.get(f"{path}/credit")).json()["score"]
    assert seen == {"agent": None, "supervisor": 712, "administrator": 712, "integration": 712}
    assert (await agent.get(f"{path}/credit/history")).status_code == 403
    assert (await client_as("integration").post(f"{path}/credit", json=WHY)).status_code == 403
    assert (await client_as("supervisor").put(f"{BUREAUS}/b", json={})).status_code == 403


async def test_without_a_consent_nobody_is_asked(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, bureau: LittleBureau, clock: FrozenClock
) -> None:
    path = await customer(agent)
    refused = await agent.post(f"{path}/credit", json=WHY)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:callfloor:problem:consent-missing")
    await consents(agent, path, clock)
    clock.advance(1)
    await consents(agent, path, clock, given=False)
    withdrawn = (await agent.post(f"{path}/credit", json=WHY)).json()
    assert (withdrawn["type"], withdrawn["withdrawn"]) == ("urn:callfloor:problem:consent-missing", True)
    assert bureau.heard == []
    assert (await admin.get(f"{path}/credit/history")).json()["items"] == []


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": None}, {"reason": "a\x00b"}])
async def test_without_a_reason_nobody_is_asked(
    agent: httpx.AsyncClient, bureau: LittleBureau, clock: FrozenClock, body: dict[str, Any]
) -> None:
    path = await customer(agent)
    await consents(agent, path, clock)
    assert faults(await agent.post(f"{path}/credit", json=body)) == ["body.reason"]
    assert bureau.heard == []


FAILURES = {
    "slow": (silent, "no answer within 0.3 s"),
    "down": (hanging_up, "no connection: RemoteProtocolError"),
    "500": (saying({}, 500), "it answered 500"),
    "HTML": (writing(b"<html>"), "its answer is not JSON"),
    "nonsense": (saying({"rating": {"score": -5, "class": "A"}}), "its answer makes no sense: the score -5"),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_bureau_that_fails_leaves_the_last_known_standing(
    agent: httpx.AsyncClient, bureau: LittleBureau, clock: FrozenClock, failure: str
) -> None:
    path = await customer(agent)
    await consents(agent, path, clock)
    await asked(agent, path)
    clock.advance(120)
    bureau.answer, detail = FAILURES[failure]
    told = await asked(agent, path)
    assert (told["standing"], told["age_seconds"], told["asked"]) == ("fair", 120, True)
    assert (told["last_try"]["outcome"], told["last_try"]["at"]) == ("failed", utc(clock()).isoformat()[:19] + "Z")
    assert told["last_try"]["error"].startswith(detail)
    assert (await agent.get(f"{path}/credit")).json() == {key: told[key] for key in told if key != "asked"}


async def test_the_pop_shows_standing_age_and_source_and_asks_nobody(
    agent: httpx.AsyncClient, bureau: LittleBureau, clock: FrozenClock
) -> None:
    path = await customer(agent)
    await consents(agent, path, clock)
    assert (await agent.get(f"{path}/profile")).json()["credit"] is None
    bureau.answer = saying({"rating": {"score": 5, "class": "B"}, "valid_until": iso(clock() + 100)})
    await asked(agent, path)
    clock.advance(90)
    bureau.answer = silent
    told = (await agent.get(f"{path}/profile")).json()["credit"]
    assert {key: told[key] for key in ("standing", "source", "age_seconds", "expired")} == {
        "standing": "fair",
        "source": "a",
        "age_seconds": 90,
        "expired": False,
    }
    clock.advance(10)
    assert (await agent.get(f"{path}/credit")).json()["expired"] is True
    assert (await agent.get(f"{path}/profile")).json()["credit"]["expired"] is True
    assert len(bureau.heard) == 1


async def test_what_is_fresh_is_not_asked_again_unless_it_is_wanted_anew(
    agent: httpx.AsyncClient, bureau: LittleBureau, clock: FrozenClock
) -> None:
    path = await customer(agent)
    await consents(agent, path, clock)
    await asked(agent, path)
    clock.advance(59)
    assert (await asked(agent, path))["asked"] is False
    bureau.answer = saying({"rating": {"score": 800, "class": "A"}, "valid_until": None})
    assert (await asked(agent, path, anew=True))["standing"] == "good"
    assert len(bureau.heard) == 2


async def test_one_question_at_a_time_and_one_that_a_dead_server_left_is_closed(
    agent: httpx.AsyncClient, bureau: LittleBureau, clock: FrozenClock, services: Services
) -> None:
    path = await customer(agent)
    await consents(agent, path, clock)
    left = {"customer_id": path.rsplit("/", 1)[1], "source": "a", "asked_at": utc(clock()), "asked_by": "x"}
    async with services.sessions.write() as session:
        session.add(CreditCheck(**left, reason="r", consent_at=utc(clock()), consent_origin="o"))
    refused = await agent.post(f"{path}/credit", json=WHY)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:callfloor:problem:asked-already")
    clock.advance(61)
    assert (await asked(agent, path))["standing"] == "fair"
    async with services.sessions.read() as session:
        [closed] = await session.scalars(select(CreditCheck).where(CreditCheck.reason == "r"))
    assert (closed.outcome, closed.error) == ("failed", "the server stopped before the answer was kept")


async def test_what_was_known_of_the_merged_is_known_of_who_survives(
    agent: httpx.AsyncClient, bureau: LittleBureau, clock: FrozenClock, services: Services
) -> None:
    path, other = await customer(agent), await customer(agent, "C2")
    await consents(agent, path, clock)
    await asked(agent, path)
    async with services.sessions.write() as session:
        await merge(session, *(Side(UUID(each.rsplit("/", 1)[1])) for each in (path, other)))
    for each in (path, other):
        assert (await agent.get(f"{each}/credit")).json()["standing"] == "fair"
        assert (await agent.get(f"{each}/profile")).json()["credit"]["standing"] == "fair"
    clock.advance(120)
    assert (await asked(agent, path))["customer_id"] == other.rsplit("/", 1)[1]


async def test_a_bureau_that_must_be_told_what_we_do_not_know_is_not_asked(
    agent: httpx.AsyncClient, bureau: LittleBureau, clock: FrozenClock
) -> None:
    made = await agent.post("/api/v1/customers", json={"name": "X"})
    path = f"/api/v1/customers/{made.json()['id']}"
    await consents(agent, path, clock)
    refused = await agent.post(f"{path}/credit", json=WHY)
    assert (refused.status_code, refused.json()["missing"]) == (409, ["external_id", "external_id:crm"])
    assert bureau.heard == []
    assert (await agent.get(f"{path}/credit")).json()["last_try"] is None


async def test_which_bureau_is_asked(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, bureau: LittleBureau, clock: FrozenClock
) -> None:
    path = await customer(agent)
    await consents(agent, path, clock)
    shown = (await admin.get(BUREAUS)).json()["items"]
    assert [(one["id"], one["secret_name"], one["url"]) for one in shown] == [("a", "key", bureau.url)]
    await admin.put(f"{BUREAUS}/b", json={**SET_UP, "url": bureau.url})
    several = await agent.post(f"{path}/credit", json=WHY)
    assert (several.status_code, several.json()["bureaus"]) == (409, ["a", "b"])
    assert (await asked(agent, path, bureau="b"))["source"] == "b"
    assert (await agent.post(f"{path}/credit", json={**WHY, "bureau": "c"})).status_code == 404
    for each in "ab":
        assert (await admin.delete(f"{BUREAUS}/{each}")).status_code == 204
    assert (await admin.delete(f"{BUREAUS}/a")).status_code == 404
    none = await agent.post(f"{path}/credit", json=WHY)
    assert (none.status_code, none.json()["type"]) == (409, "urn:callfloor:problem:no-bureau")
    assert (await agent.get(f"{path}/credit")).json()["source"] == "b"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"sends": {"x": "salary"}}, "body.sends.x"),
        ({"sends": {"x": "external_id:"}}, "body.sends.x"),
        ({"sends": {}}, "body.sends"),
        ({"score_at": None, "standing_at": None}, "body.score_at"),
        ({"standing_at": None}, "body.bands"),  # whoever may not see scores would see nothing
        ({"standing_at": None, "bands": {"good": 700}}, "body.bands"),
        (
            {"url": "https://user:hunter2@bureau.example/check"},
            "body.url",
        ),  # it would be shown, and kept in the audit log
        ({"score_at": "rating"}, "body.score_at"),
        ({"score_at": "/a~2"}, "body.score_at"),
        ({"lowest": 5, "highest": 5}, "body.highest"),
        ({"url": "ftp://bureau.example"}, "body.url"),
        ({"url": "bureau.example"}, "body.url"),
        ({"url": "https://bureau.example/check?key=***"}, "body.url"),  # nothing is kept that the stars could stand for
        ({"timeout_seconds": 0}, "body.timeout_seconds"),
        ({"timeout_seconds": 3600}, "body.timeout_seconds"),
        ({"secret_header": "A: b\r\nC"}, "body.secret_header"),
        ({"method": "DELETE"}, "body.method"),
    ],
)
async def test_a_set_up_that_cannot_work_is_named(
    admin: httpx.AsyncClient, changes: dict[str, Any], where: str
) -> None:
    body = {**SET_UP, "url": "https://bureau.example", **changes}
    assert faults(await admin.put(f"{BUREAUS}/x", json=body)) == [where]


async def test_a_token_in_the_address_is_shown_nowhere_and_stays_where_it_comes_back_as_shown(
    admin: httpx.AsyncClient, services: Services
) -> None:
    secretive = "https://bureau.example/check?key=t0ken#t0ken"
    made = await admin.put(f"{BUREAUS}/x", json={**SET_UP, "url": secretive})
    stars = made.json()["url"]
    changed = await admin.put(f"{BUREAUS}/x", json={**SET_UP, "name": "Other", "url": stars})
    assert (stars, changed.status_code) == ("https://bureau.example/check?key=***#***", 200), changed.text
    moved = await admin.put(f"{BUREAUS}/x", json={**SET_UP, "url": "https://evil.example/check?key=***#***"})
    assert (moved.status_code, faults(moved)) == (422, ["body.url"])
    audit = await admin.get("/api/v1/audit", params={"kind": "credit_bureau"})
    assert [one["action"] for one in audit.json()["items"]] == ["credit_bureau.changed", "credit_bureau.created"]
    for answer in (made, changed, audit, await admin.get(BUREAUS)):
        assert (answer.is_success, "t0ken" in answer.text, stars in answer.text) == (True, False, True)
    async with services.sessions.read() as session:
        assert how(await session.get_one(CreditBureau, "x")).url == secretive


async def test_nobody_is_no_customer(agent: httpx.AsyncClient, bureau: LittleBureau) -> None:
    path = "/api/v1/customers/019a0000-0000-7000-8000-000000000000"
    assert (await agent.get(f"{path}/credit")).status_code == 404
    assert (await agent.post(f"{path}/credit", json=WHY)).status_code == 404
