"""Customers over HTTP."""

from typing import Any

import httpx
import pytest

from app.core.ids import new_id
from tests.api.conftest import ClientAs, faults

PATH = "/api/v1/customers"
WANG = {"name": "王小明", "external_id": "C1", "numbers": [{"raw": "138 0013 8000", "label": "mobile"}]}
MOBILE = "+8613800138000"


@pytest.fixture
def agent(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of an agent."""
    return client_as("agent")


async def make(client: httpx.AsyncClient, **given: Any) -> dict[str, Any]:
    answer = await client.post(PATH, json=WANG | given)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_customer_is_made_and_read(agent: httpx.AsyncClient) -> None:
    made = await make(agent)
    assert made["numbers"] == [{"raw": "138 0013 8000", "e164": MOBILE, "label": "mobile"}]
    assert (made["version"], made["active"], made["tier"], made["attributes"]) == (1, True, None, {})
    assert (await agent.get(f"{PATH}/{made['id']}")).json() == made


@pytest.mark.parametrize(
    "search",
    [
        {"number": "13800138000"},
        {"number": "+86 138/0013/8000"},
        {"q": "小明"},
        {"q": "xiaoming"},
        {"external_id": "C1"},
        {"q": "wxm", "number": MOBILE},
        {},
    ],
)
async def test_a_customer_is_found(agent: httpx.AsyncClient, search: dict[str, str]) -> None:
    made = await make(agent)
    assert (await agent.get(PATH, params=search)).json() == {"items": [made], "next": None}


@pytest.mark.parametrize(
    "search",
    [{"number": "13800138001"}, {"q": "李"}, {"external_id": "C2"}, {"q": "%"}, {"number": "😀"}, {"number": ""}],
)
async def test_nobody_is_found_for_what_does_not_fit(agent: httpx.AsyncClient, search: dict[str, str]) -> None:
    await make(agent)
    assert (await agent.get(PATH, params=search)).json() == {"items": [], "next": None}


async def test_a_new_customer_is_found_at_once_and_not_made_twice(agent: httpx.AsyncClient) -> None:
    """zammad#2057: new user not shown, duplicates."""
    made = await make(agent)
    again = await agent.post(PATH, json=WANG)
    assert again.status_code == 409
    assert (again.json()["type"], again.json()["customer_id"]) == (
        "urn:callfloor:problem:external-id-taken",
        made["id"],
    )


async def test_pages(agent: httpx.AsyncClient) -> None:
    made = [(await make(agent, external_id=f"C{n}"))["id"] for n in range(5)]
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = (await agent.get(PATH, params={"q": "wang", "limit": 2, **cursor})).json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == made


async def test_null_clears_and_absent_stays(agent: httpx.AsyncClient) -> None:
    made = await make(agent, language="zh", latin_name="Wang Xiaoming", attributes={"vip": True})
    path = f"{PATH}/{made['id']}"
    changed = (await agent.patch(path, json={"version": 1, "language": None})).json()
    assert changed == made | {"language": None, "version": 2, "updated_at": changed["updated_at"]}
    changed = (await agent.patch(path, json={"version": 2, "attributes": {"a": [1, None, "é"]}})).json()
    assert changed["attributes"] == {"a": [1, None, "é"]}


async def test_a_customer_has_an_agent_of_their_own(agent: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    mei = {"id": "mei", "name": "Lin Mei", "address": "1001", "password": "correct horse"}
    assert (await admin.post("/api/v1/agents", json=mei)).status_code == 201
    made = await make(agent, preferred_agent="mei")
    path = f"{PATH}/{made['id']}"
    assert made["preferred_agent"] == "mei"
    profile = (await agent.get(f"{path}/profile")).json()
    assert profile["customer"]["agent"] == {"id": "mei", "name": "Lin Mei"}
    changed = (await agent.patch(path, json={"version": 1, "preferred_agent": None})).json()
    assert (changed["preferred_agent"], changed["version"]) == (None, 2)
    assert (await agent.patch(path, json={"version": 1, "preferred_agent": "mei"})).status_code == 409
    again = (await agent.patch(path, json={"version": 2, "preferred_agent": "mei"})).json()
    assert (again["preferred_agent"], again["version"]) == ("mei", 3)


async def test_a_stale_change_is_told_the_present_version(agent: httpx.AsyncClient) -> None:
    path = f"{PATH}/{(await make(agent))['id']}"
    assert (await agent.patch(path, json={"version": 1, "name": "王大明"})).status_code == 200
    stale = await agent.patch(path, json={"version": 1, "name": "王二明"})
    assert stale.status_code == 409
    assert (stale.json()["type"], stale.json()["version"]) == ("urn:callfloor:problem:version-conflict", 2)
    assert (await agent.put(f"{path}/numbers", json={"version": 1, "numbers": []})).status_code == 409


@pytest.mark.parametrize(("field", "value"), [("tier", "gold"), ("segments", ["vip"]), ("active", False)])
async def test_an_agent_does_not_set_what_decides_how_somebody_is_served(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, client_as: ClientAs, field: str, value: object
) -> None:
    tier = {"id": "gold", "name": "Gold", "rank": 1}
    assert (await admin.post("/api/v1/tiers", json=tier)).status_code == 201
    made = await make(agent)
    path, anything = f"{PATH}/{made['id']}", {"if-match": "*"}
    refused = await agent.patch(path, json={field: value, "name": "X"}, headers=anything)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:callfloor:problem:fields-guarded")
    assert [fault["where"] for fault in refused.json()["faults"]] == [f"body.{field}"]
    assert (await agent.get(path)).json() == made
    same = await agent.patch(path, json={field: made[field], "name": "X"}, headers=anything)
    assert same.status_code == 200
    if field != "active":
        assert (await agent.post(PATH, json={"name": "X", field: value})).status_code == 403
    for role in ("integration", "supervisor", "administrator"):
        again = {field: made[field]}
        assert (await client_as(role).patch(path, json={field: value}, headers=anything)).json()[field] == value
        assert (await client_as(role).patch(path, json=again, headers=anything)).status_code == 200


async def test_a_customer_that_left_is_not_found_but_still_there(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    path = f"{PATH}/{(await make(agent))['id']}"
    await admin.patch(path, json={"version": 1, "active": False})
    assert (await agent.get(PATH, params={"q": "wang"})).json()["items"] == []
    assert len((await agent.get(PATH, params={"q": "wang", "include_inactive": True})).json()["items"]) == 1
    assert (await agent.get(path)).json()["active"] is False


async def test_numbers_are_replaced_and_added(agent: httpx.AsyncClient) -> None:
    path = f"{PATH}/{(await make(agent))['id']}/numbers"
    told = (await agent.put(path, json={"version": 1, "numbers": [{"raw": "8001"}, {"raw": "8001"}]})).json()
    assert ([one["raw"] for one in told["numbers"]], told["version"]) == (["8001"], 2)
    told = (await agent.post(path, json={"raw": MOBILE})).json()
    assert [one["e164"] for one in told["numbers"]] == [None, MOBILE]
    assert (await agent.post(path, json={"raw": "13800138000"})).json() == told


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": " "}, "body.name"),
    ({"name": "x" * 201}, "body.name"),
    ({"name": "a\x00b"}, "body.name"),
    ({"name": None}, "body.name"),
    ({"external_id": ""}, "body.external_id"),
    ({"tier": "No Such"}, "body.tier"),
    ({"tier": "platinum"}, "body.tier"),
    ({"language": "Chinese!"}, "body.language"),
    ({"preferred_agent": "nobody"}, "body.preferred_agent"),
    ({"preferred_agent": "No Body"}, "body.preferred_agent"),
    ({"attributes": []}, "body.attributes"),
    ({"attributes": None}, "body.attributes"),
    ({"attributes": {"a": "\x00"}}, "body.attributes"),
    ({"attributes": {"a": "x" * 70_000}}, "body.attributes"),
    ({"attributes": {"a": [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}}, "body.attributes"),
    ({"surname": "Wang"}, "body.surname"),
]


@pytest.mark.parametrize(("given", "where"), BAD)
async def test_a_fault_is_named(admin: httpx.AsyncClient, given: dict[str, Any], where: str) -> None:
    assert faults(await admin.post(PATH, json=WANG | given)) == [where]
    path = f"{PATH}/{(await make(admin))['id']}"
    assert faults(await admin.patch(path, json={"version": 1, **given})) == [where]


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999", r'"\ud83d"', r'"\u0000"', "[" * 30 + "]" * 30])
async def test_an_attribute_that_cannot_be_kept_is_refused(agent: httpx.AsyncClient, value: str) -> None:
    body = f'{{"name": "王", "attributes": {{"a": [{value}]}}}}'
    answer = await agent.post(PATH, content=body, headers={"content-type": "application/json"})
    assert faults(answer) == ["body.attributes"]
    assert answer.json()["faults"][0]["accepted"]


async def test_numbers_as_large_as_json_has_them_are_kept(agent: httpx.AsyncClient) -> None:
    made = await make(agent, attributes={"a": [10**30, -0.5, 2**63]})
    assert (await agent.get(f"{PATH}/{made['id']}")).json()["attributes"] == {"a": [10**30, -0.5, 2**63]}


@pytest.mark.parametrize("raw", ["", " ", "1" * 65, "a\x00", None, 5])
async def test_a_number_that_cannot_be_kept_is_refused(agent: httpx.AsyncClient, raw: Any) -> None:
    answer = await agent.post(PATH, json=WANG | {"numbers": [{"raw": raw}]})
    assert faults(answer) == ["body.numbers.0.raw"]


@pytest.mark.parametrize("raw", ["anonymous", "8001", "sip:bob@x", "😀", "1" * 40])
async def test_a_number_that_is_none_is_kept_as_it_is(agent: httpx.AsyncClient, raw: str) -> None:
    made = await make(agent, numbers=[{"raw": raw}])
    assert made["numbers"] == [{"raw": raw, "e164": None, "label": None}]


async def test_who_is_not_there_is_not_found(agent: httpx.AsyncClient) -> None:
    nobody = f"{PATH}/{new_id()}"
    for path in ("", "/interactions", "/profile"):
        assert (await agent.get(nobody + path)).status_code == 404
    assert (await agent.patch(nobody, json={"version": 1})).status_code == 404
    assert (await agent.put(f"{nobody}/numbers", json={"version": 1, "numbers": []})).status_code == 404
    assert (await agent.post(f"{nobody}/numbers", json={"raw": "1"})).status_code == 404
    assert faults(await agent.get(f"{PATH}/nobody")) == ["path.customer_id"]
    assert faults(await agent.get(PATH, params={"external_id": "\x00"})) == ["query.external_id"]


@pytest.mark.parametrize("role", ["agent", "supervisor", "administrator", "integration"])
async def test_everybody_with_a_role_keeps_customers(client_as: ClientAs, role: Any) -> None:
    client = client_as(role)
    made = await make(client)
    assert (await client.patch(f"{PATH}/{made['id']}", json={"version": 1, "name": "X"})).status_code == 200
    assert (await client_as(None).get(f"{PATH}/{made['id']}")).status_code == 401
