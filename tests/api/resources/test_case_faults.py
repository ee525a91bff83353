"""Everything that may be wrong with what is sent of cases, and who may send it."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.api.http.paging import cursor_of
from tests.api.conftest import ClientAs, faults
from tests.api.resources.test_cases import CASES, agent, do, entries, listed, opened, who
from tests.api.resources.test_usage import customer

__all__ = ["agent", "who"]

CARD = "4111 1111 1111 1111"


async def test_a_stale_version_is_refused_and_one_is_needed(agent: httpx.AsyncClient, who: str) -> None:
    case = await opened(agent, who)
    await do(agent, case, "take")
    stale = await do(agent, case, "wait", 409)
    assert (stale["type"], stale["version"]) == ("urn:callfloor:problem:version-conflict", 2)
    path = f"{CASES}/{case['id']}"
    answer = await agent.patch(path, json={"priority": "urgent"}, headers={"if-match": '"1"'})
    assert (answer.status_code, answer.json()["version"]) == (412, 2)
    assert faults(await agent.patch(path, json={"priority": "urgent"})) == ["body.version"]
    answer = await agent.patch(path, json={"priority": "urgent"}, headers={"if-match": '"2"'})
    assert (answer.headers["etag"], answer.json()["priority"]) == ('"3"', "urgent")
    same = await agent.patch(path, json={"priority": "urgent"}, headers={"if-match": "*"})
    assert same.headers["etag"] == '"3"'
    assert len(await entries(agent, case)) == 3


async def test_who_takes_or_is_assigned_what_is_theirs_leaves_no_trace(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, who: str
) -> None:
    case = await do(agent, await opened(agent, who), "take")
    assert (await do(agent, case, "take"))["version"] == case["version"]
    assert (await do(admin, case, "assign", owner="agent"))["version"] == case["version"]
    noted = await do(admin, case, "assign", owner="agent", note="as agreed")
    assert noted["version"] == case["version"] + 1
    assert [each["act"] for each in await entries(agent, case)] == ["open", "take", "assign"]


async def test_what_is_not_there_is_told(agent: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    nothing = {"id": str(uuid4()), "version": 1}
    for path in ("", "/entries"):
        answer = await agent.get(f"{CASES}/{nothing['id']}{path}")
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:callfloor:problem:case-unknown")
    for act in ("take", "work", "wait", "hold", "reopen", "close"):
        await do(agent, nothing, act, 404)
    await do(agent, nothing, "solve", 404, resolution="x")
    await do(agent, nothing, "notes", 404, text="x")
    await do(agent, nothing, "contacts", 404, contact_id=nothing["id"])
    await do(admin, nothing, "assign", 404, owner=None)
    assert (await agent.patch(f"{CASES}/{nothing['id']}", json={"subject": "x", "version": 1})).status_code == 404
    assert (await opened(agent, str(uuid4()), 404))["type"] == "urn:callfloor:problem:customer-not-found"


async def test_for_an_unknown_owner_team_or_followed_case_nothing_is_opened(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, who: str
) -> None:
    for given, where in (({"owner": "nobody"}, "body.owner"), ({"team": "none"}, "body.team")):
        assert (await opened(agent, who, 422, **given))["faults"][0]["where"] == where
    await opened(agent, who, 404, follows_id=str(uuid4()))
    other = await opened(agent, await customer(admin, name="李四"))
    await do(agent, await do(agent, other, "solve", resolution="x"), "close")
    refused = await opened(agent, who, 409, follows_id=other["id"])
    assert "is another customer's" in refused["detail"]
    assert await listed(agent) == []


async def test_nobody_opens_a_case_for_an_erased_customer_and_theirs_are_gone(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, who: str
) -> None:
    case = await opened(agent, who)
    path, order = f"/api/v1/customers/{who}/erasure", {"ground": "objection", "reason": "file 7"}
    refused = (await admin.post(path, json=order)).json()
    assert refused["stands"] == {"open_cases": [case["id"]]}
    erasure = (await admin.post(path, json=order | {"though_open": True})).json()
    assert (erasure["counts"]["cases"], erasure["counts"]["case_entries"]) == (1, 1)
    refused = await opened(agent, who, 409)
    assert (refused["type"], refused["erasure"]) == ("urn:callfloor:problem:customer-erased", erasure["id"])
    assert (await agent.get(f"{CASES}/{case['id']}")).status_code == 404
    assert (await agent.get(CASES, params={"number": case["number"], "status": "closed"})).json()["items"] == []
    await do(agent, case, "take", 404)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"subject": "x" * 201}, "body.subject"),
        ({"subject": ""}, "body.subject"),
        ({"subject": "a\x00b"}, "body.subject"),
        ({"subject": "two\nlines"}, "body.subject"),
        ({"subject": "••••1111"}, "body.subject"),
        ({"description": "x" * 4_001}, "body.description"),
        ({"category": "x" * 101}, "body.category"),
        ({"priority": "huge"}, "body.priority"),
        ({"due_at": "2027-01-15T09:00:00"}, "body.due_at"),
        ({"due_at": "tomorrow"}, "body.due_at"),
        ({"due_at": "0001-01-01T00:00:00Z"}, "body.due_at"),
        ({"due_at": "0001-01-01T00:00:00+12:00"}, "body.due_at"),
        ({"due_at": "9999-12-31T23:59:59-12:00"}, "body.due_at"),
        ({"customer_id": "C1"}, "body.customer_id"),
        ({"status": "closed"}, "body.status"),
        ({"number": "C-2026-000001"}, "body.number"),
    ],
)
async def test_too_long_wrong_or_unknown_fields_are_refused(
    agent: httpx.AsyncClient, given: dict[str, Any], where: str
) -> None:
    sent = {"customer_id": str(uuid4()), "subject": "x", **given}
    assert faults(await agent.post(CASES, json=sent)) == [where]


async def test_a_case_is_due_at_the_edges_of_time_and_is_listed_still(agent: httpx.AsyncClient, who: str) -> None:
    for at in ("1800-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        case = await opened(agent, who, subject=at, due_at=at)
        wrong = {"due_at": "0001-01-01T00:00:00Z", "version": 1}
        assert faults(await agent.patch(f"{CASES}/{case['id']}", json=wrong)) == ["body.due_at"]
    assert await listed(agent) == ["1800-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]


async def test_of_card_numbers_only_the_last_digits_are_kept(agent: httpx.AsyncClient, who: str) -> None:
    case = await opened(agent, who, subject=CARD, description=f"no {CARD}", category=CARD)
    case = (await agent.patch(f"{CASES}/{case['id']}", json={"subject": f"new {CARD}", "version": 1})).json()
    await do(agent, case, "notes", 201, text=f"said {CARD}")
    case = await do(agent, case, "wait", note=f"sent {CARD}")
    case = await do(agent, case, "solve", resolution=f"changed {CARD}")
    said = [case[name] for name in ("subject", "description", "category", "resolution")]
    assert said == ["new …1111", "no …1111", "…1111", "changed …1111"]
    told = str(await entries(agent, case))
    assert (told.count("…1111"), CARD in told) == (9, False)


@pytest.mark.parametrize("said", ["'); drop table cases; --", "=cmd|' /C calc'!A0", "{{7*7}} %s \\"])
async def test_injected_sql_and_formulas_are_kept_as_they_are_and_do_nothing(
    agent: httpx.AsyncClient, who: str, said: str
) -> None:
    case = await opened(agent, who, subject=said, description=said, category=said)
    case = await do(agent, case, "wait", note=said)
    await do(agent, case, "notes", 201, text=said)
    case = await do(agent, case, "solve", resolution=said)
    assert [case[name] for name in ("subject", "description", "category", "resolution")] == [said] * 4
    assert [each["text"] for each in await entries(agent, case)] == [f"{said}\n{said}", said, said, said]
    for wanted in ({"category": said}, {"q": said}, {"number": said}, {"owner": said}, {"team": said[:64]}):
        assert (await agent.get(CASES, params=wanted)).status_code == 200, wanted


async def test_other_systems_read_cases_and_do_nothing_about_them(
    client_as: ClientAs, agent: httpx.AsyncClient, who: str
) -> None:
    case, bank = await opened(agent, who), client_as("integration")
    assert (await bank.get(CASES)).json()["items"][0]["id"] == case["id"]
    for act in ("take", "close"):
        await do(bank, case, act, 403)
    await opened(bank, who, 403)
    assert (await client_as(None).get(CASES)).status_code == 401


@pytest.mark.parametrize("key", [[None, "x"], [1, str(uuid4())], ["infinity"], []])
async def test_a_forged_cursor_is_refused(agent: httpx.AsyncClient, key: list[Any]) -> None:
    assert faults(await agent.get(CASES, params={"cursor": cursor_of(key, CASES)})) == ["query.cursor"]
