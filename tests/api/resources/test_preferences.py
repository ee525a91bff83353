"""Wishes of customers over HTTP: recording them, consents that overrule them, what the agent sees, and callbacks."""

from typing import Any

import httpx
import pytest

from app.api.schemas.profiles import ProfileOut
from app.core.clock import FrozenClock, iso
from tests.api.conftest import ClientAs, faults
from tests.api.resources.test_products import CUSTOMERS, publish, put
from tests.customers.products.card import CARD

ANY = {"if-match": "*"}


@pytest.fixture
def agent(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of an agent."""
    return client_as("agent")


@pytest.fixture
def bank(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of another system of the bank."""
    return client_as("integration")


@pytest.fixture
async def customer(agent: httpx.AsyncClient) -> str:
    """The path of a customer, at version 1."""
    body = {"name": "王小明", "language": "zh", "numbers": [{"raw": "13800138000"}], "relationship_manager": "Chen"}
    return f"{CUSTOMERS}/{(await agent.post(CUSTOMERS, json=body)).json()['id']}"


async def wish(client: httpx.AsyncClient, customer: str, name: str, value: Any, **more: Any) -> httpx.Response:
    headers = {} if "version" in more else ANY
    return await client.put(f"{customer}/preferences/{name}", json={"value": value, **more}, headers=headers)


async def consent(agent: httpx.AsyncClient, customer: str, channel: str, given: bool, at: float) -> None:
    body = {"channel": channel, "given": given, "at": iso(at), "origin": "form 7"}
    assert (await agent.post(f"{customer}/consents", json=body)).is_success


async def test_a_wish_is_recorded_changed_and_forgotten_with_its_history(
    agent: httpx.AsyncClient, bank: httpx.AsyncClient, customer: str, clock: FrozenClock
) -> None:
    made = await wish(bank, customer, "statements", "paper", version=1, source="crm", at=iso(clock() - 60))
    assert (made.status_code, made.headers["etag"]) == (200, '"2"'), made.text
    told = made.json()
    assert (told["said"]["en"], told["source"], told["recorded_by"]) == ("Statements: on paper", "crm", "integration")
    again = await wish(bank, customer, "statements", "paper", version=2, source="crm")
    assert again.headers["etag"] == '"2"'
    await wish(agent, customer, "statements", "electronic", version=2, why="called")
    assert [one["value"] for one in (await agent.get(f"{customer}/preferences")).json()["items"]] == ["electronic"]
    record = (await agent.get(f"{customer}/record")).json()
    assert [(one["name"], one["value"]) for one in record["preferences"]] == [("statements", "electronic")]
    gone = await agent.delete(f"{customer}/preferences/statements", headers={"if-match": '"3"'})
    assert (gone.status_code, gone.headers["etag"]) == (204, '"4"')
    versions = (await agent.get(f"{customer}/versions")).json()["items"]
    assert [(one["version"], one["part"], one["item"], one["who"], one["why"]) for one in versions] == [
        (4, "preference", "statements", "agent", None),
        (3, "preference", "statements", "agent", "called"),
        (2, "preference", "statements", "integration", None),
    ]
    assert versions[1]["changes"]["value"] == ["paper", "electronic"]


async def test_a_stale_version_changes_no_wish(agent: httpx.AsyncClient, customer: str) -> None:
    assert (await wish(agent, customer, "statements", "paper", version=1)).is_success
    assert (await wish(agent, customer, "statements", "both", version=1)).status_code == 409
    path = f"{customer}/preferences/statements"
    assert (await agent.put(path, json={"value": "both"}, headers={"if-match": '"1"'})).status_code == 412
    assert (await agent.put(path, json={"value": "both"})).status_code == 422
    assert (await agent.delete(path, headers={"if-match": '"1"'})).status_code == 412


async def test_a_source_of_a_lower_rank_does_not_change_a_wish(
    admin: httpx.AsyncClient, agent: httpx.AsyncClient, bank: httpx.AsyncClient, customer: str
) -> None:
    assert (await wish(bank, customer, "statements", "paper", source="crm")).is_success
    assert (await wish(agent, customer, "statements", "both")).is_success
    for rank in (50, 100):
        assert (await admin.put("/api/v1/feeds/sources/crm", json={"rank": rank})).is_success
        kept = await wish(bank, customer, "statements", "paper", source="crm")
        assert (kept.status_code, kept.json()["source"], kept.json()["given"]) == (409, "hand", "crm")
    assert (await admin.put("/api/v1/feeds/sources/crm", json={"rank": 101})).is_success
    assert (await wish(bank, customer, "statements", "paper", source="crm")).is_success
    below = await wish(agent, customer, "statements", "both")
    assert (below.status_code, below.json()["source"], below.json()["given"]) == (409, "crm", "hand")


async def test_of_two_systems_of_one_rank_the_later_one_counts(bank: httpx.AsyncClient, customer: str) -> None:
    for source, value in (("crm", "paper"), ("core", "both"), ("crm", "electronic")):
        assert (await wish(bank, customer, "statements", value, source=source)).is_success


async def test_wishes_that_cannot_be_are_refused(agent: httpx.AsyncClient, customer: str, clock: FrozenClock) -> None:
    assert faults(await wish(agent, customer, "channels", ["fax"])) == ["body.value.0"]
    assert faults(await wish(agent, customer, "statements", "paper", at=iso(clock() + 3_600))) == ["body.at"]
    assert (await wish(agent, customer, "moon", True)).json()["accepted"][0] == "salutation"
    assert (await agent.delete(f"{customer}/preferences/channels", headers=ANY)).status_code == 404
    kinds = {one["name"]: one["kind"] for one in (await agent.get("/api/v1/customer-preferences")).json()["items"]}
    assert (kinds["call_hours"], kinds["channels"]) == ("hours", "ranked")


async def test_offers_are_wished_only_by_channels_that_are_consented_to(
    agent: httpx.AsyncClient, customer: str, clock: FrozenClock
) -> None:
    await consent(agent, customer, "sms", True, clock() - 50)
    refused = await wish(agent, customer, "marketing", ["sms", "email"])
    assert faults(refused) == ["body.value.1"]
    assert (await wish(agent, customer, "marketing", ["sms"])).is_success
    assert "Offers welcome by: text message." in (await agent.get(f"{customer}/summary")).json()["serving"]
    await consent(agent, customer, "sms", False, clock() - 10)
    [told] = (await agent.get(f"{customer}/preferences")).json()["items"]
    assert (told["value"], told["overruled"]) == (["sms"], ["sms"])
    assert "Offers" not in (await agent.get(f"{customer}/summary")).json()["text"]


async def test_the_agent_sees_wishes_and_products_at_once_and_can_read_them_out(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, bank: httpx.AsyncClient, customer: str
) -> None:
    empty = (await agent.get(f"{customer}/profile")).json()
    assert (empty["wishes"], empty["products"]) == ([], [])
    await admin.post("/api/v1/products", json={"id": "gold-card", "name": "Gold card", "names": {"zh": "金卡"}})
    await publish(admin, "/api/v1/products/gold-card", CARD)
    await bank.put(f"{customer}/holdings/cards/K-9", json={"kind": "card", "number": "1234"})
    await put(agent, customer, {"network": "unionpay", "daily_limit": 1_500})
    await wish(agent, customer, "accessibility", ["hard_of_hearing"])
    await wish(agent, customer, "not_at_work", False)
    profile = (await agent.get(f"{customer}/profile")).json()
    ProfileOut.model_validate(profile)
    assert [one["en"] for one in profile["wishes"]] == ["Needs: hard of hearing"]
    assert [one["zh"] for one in profile["products"]] == ["金卡 1234：卡组织：银联；闪付：开；日限额：1500 CNY。"]
    told = (await agent.get(f"{customer}/summary", params={"language": "en"})).json()
    assert told["text"] == (
        "Speaks: zh. Relationship manager: Chen. Needs: hard of hearing. "
        "Gold card 1234: Network: UnionPay; Contactless: on; Daily limit: 1500 CNY."
    )
    chinese = (await agent.get(f"{customer}/summary", params={"language": "zh"})).json()
    assert chinese["serving"] == ["使用语言：zh。", "客户经理：Chen。", "无障碍需求：听力较弱。"]
    record = (await agent.get(f"{customer}/record")).json()
    assert [one["product"] for one in record["configurations"]] == ["gold-card"]


async def test_a_merged_customers_wishes_count_where_the_survivor_has_none(
    agent: httpx.AsyncClient, client_as: ClientAs, customer: str
) -> None:
    other = (await agent.post(CUSTOMERS, json={"name": "王小明"})).json()["id"]
    path = f"{CUSTOMERS}/{other}"
    await wish(agent, path, "statements", "paper")
    await wish(agent, path, "salutation", "Mr Wang")
    await wish(agent, customer, "statements", "electronic")
    merged = await client_as("supervisor").post(
        f"{path}/merge", json={"into": customer.rpartition("/")[2]}, headers=ANY
    )
    assert merged.is_success, merged.text
    told = (await agent.get(f"{customer}/preferences")).json()["items"]
    assert [(one["name"], one["value"]) for one in told] == [("salutation", "Mr Wang"), ("statements", "electronic")]
    profile = (await agent.get(f"{customer}/profile")).json()
    assert sorted(one["en"] for one in profile["wishes"]) == ["Addressed as: Mr Wang", "Statements: electronic"]
    refused = await wish(agent, path, "statements", "both")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:callfloor:problem:customer-merged")


@pytest.mark.parametrize("text", ["'; drop table customers; --", "=cmd|' /C calc'!A0", "<b>x</b>"])
async def test_injection_in_a_salutation_is_kept_as_text(agent: httpx.AsyncClient, customer: str, text: str) -> None:
    assert (await wish(agent, customer, "salutation", text)).json()["value"] == text
    profile = (await agent.get(f"{customer}/profile")).json()
    assert profile["wishes"] == [{"en": f"Addressed as: {text}", "zh": f"称呼：{text}"}]
