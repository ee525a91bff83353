"""Products over HTTP: their models, what can be chosen, what holdings are set up as, and what newer models would do."""

import copy
from typing import Any

import httpx
import pytest

from app.api.http.services import Services
from tests.api.conftest import ClientAs, faults
from tests.customers.factories import make_tier
from tests.customers.products.card import CARD

PRODUCTS = "/api/v1/products"
CUSTOMERS = "/api/v1/customers"
ANY = {"if-match": "*"}
RED = {"op": "has", "of": "abroad"}


@pytest.fixture
def agent(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of an agent."""
    return client_as("agent")


@pytest.fixture
def bank(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of another system of the bank."""
    return client_as("integration")


@pytest.fixture
async def product(admin: httpx.AsyncClient) -> str:
    """The path of a product with a published model."""
    path = f"{PRODUCTS}/gold-card"
    assert (
        await admin.post(PRODUCTS, json={"id": "gold-card", "name": "Gold card", "names": {"zh": "金卡"}})
    ).is_success
    await publish(admin, path, CARD)
    return path


@pytest.fixture
async def customer(agent: httpx.AsyncClient, bank: httpx.AsyncClient) -> str:
    """The path of a grown-up customer with a card, at version 1."""
    made = await agent.post(CUSTOMERS, json={"name": "王小明", "attributes": {"birth_date": "1980-05-01"}})
    path = f"{CUSTOMERS}/{made.json()['id']}"
    card = {"kind": "card", "name": "Gold", "number": "1234", "status": "active"}
    assert (await bank.put(f"{path}/holdings/cards/K-9", json=card)).is_success
    return path


async def publish(admin: httpx.AsyncClient, path: str, model: dict[str, Any]) -> dict[str, Any]:
    saved = await admin.put(f"{path}/draft", json={"model": model}, headers=ANY)
    assert saved.status_code == 200, saved.text
    done = await admin.post(f"{path}/publish", json={}, headers=ANY)
    assert done.status_code == 200, done.text
    told: dict[str, Any] = done.json()
    return told


async def put(client: httpx.AsyncClient, customer: str, choices: dict[str, Any], **more: Any) -> httpx.Response:
    body = {"product": "gold-card", "choices": choices, **more}
    headers = {} if "version" in more else ANY
    return await client.put(f"{customer}/holdings/cards/K-9/configuration", json=body, headers=headers)


async def test_a_model_is_drafted_checked_and_published(admin: httpx.AsyncClient, agent: httpx.AsyncClient) -> None:
    made = await admin.post(PRODUCTS, json={"id": "gold-card", "name": "Gold card"})
    assert (made.status_code, made.headers["etag"], made.json()["published"]) == (201, '"1"', None)
    path = f"{PRODUCTS}/gold-card"
    checked = await admin.post(f"{PRODUCTS}/check", json={"model": CARD})
    assert checked.json() == {"sound": True, "faults": [], "circles": []}
    saved = await admin.put(f"{path}/draft", json={"model": CARD, "version": 1, "note": "first"})
    assert (saved.json()["draft"]["number"], saved.json()["draft"]["author"]) == (1, "administrator")
    done = await admin.post(f"{path}/publish", json={}, headers={"if-match": '"2"'})
    assert (done.json()["draft"], done.json()["published"]["number"], done.headers["etag"]) == (None, 1, '"3"')
    version = (await agent.get(f"{path}/versions/1")).json()
    assert (version["state"], len(version["model"]["options"])) == ("published", 7)
    assert [one["id"] for one in (await agent.get(PRODUCTS)).json()["items"]] == ["gold-card"]
    log = (await admin.get("/api/v1/audit", params={"kind": "product_version"})).json()["items"]
    assert [one["action"] for one in log] == ["product_version.changed", "product_version.created"]
    assert log[0]["who"] == "administrator"


async def test_only_administrators_change_products(
    agent: httpx.AsyncClient, bank: httpx.AsyncClient, product: str
) -> None:
    for client in (agent, bank):
        answers = [
            await client.post(PRODUCTS, json={"id": "x", "name": "X"}),
            await client.patch(product, json={"name": "X"}, headers=ANY),
            await client.put(f"{product}/draft", json={"model": CARD}, headers=ANY),
            await client.post(f"{product}/publish", json={}, headers=ANY),
            await client.post(f"{PRODUCTS}/check", json={"model": CARD}),
        ]
        assert [answer.status_code for answer in answers] == [403] * 5


async def test_a_published_version_stays_as_it_is(admin: httpx.AsyncClient, product: str) -> None:
    second = copy.deepcopy(CARD)
    second["options"][0]["title"] = "Scheme"
    told = await publish(admin, product, second)
    assert told["published"]["number"] == 2
    states = [(one["number"], one["state"]) for one in (await admin.get(f"{product}/versions")).json()["items"]]
    assert states == [(2, "published"), (1, "retired")]
    assert (await admin.get(f"{product}/versions/1")).json()["model"]["options"][0]["title"] == "Network"
    assert (await admin.post(f"{product}/publish", json={}, headers=ANY)).json()["type"].endswith("no-model-draft")


async def test_a_contradictory_model_is_not_published_and_its_rules_are_named(admin: httpx.AsyncClient) -> None:
    await admin.post(PRODUCTS, json={"id": "x", "name": "X"})
    rules = [
        {"id": "on", "kind": "requires", "text": "Payments abroad are on.", "needs": RED},
        {"id": "off", "kind": "excludes", "text": "Payments abroad are off.", "forbids": [RED]},
    ]
    path = f"{PRODUCTS}/x"
    assert (await admin.put(f"{path}/draft", json={"model": CARD | {"rules": rules}}, headers=ANY)).status_code == 200
    refused = await admin.post(f"{path}/publish", json={}, headers=ANY)
    assert faults(refused) == ["body.model.rules"]
    assert refused.json()["faults"][0]["what"] == (
        "Nothing can be configured by this model. Payments abroad are on. Payments abroad are off."
    )
    assert (await admin.get(path)).json()["published"] is None


async def test_dead_options_and_unknown_references_are_named(admin: httpx.AsyncClient) -> None:
    off = {"id": "off", "kind": "excludes", "text": "Never.", "forbids": [RED]}
    dead = (await admin.post(f"{PRODUCTS}/check", json={"model": CARD | {"rules": [off]}})).json()
    assert [one["where"] for one in dead["faults"]] == ["body.model.options.2"]
    assert dead["faults"][0]["what"] == "Payments abroad: on is not possible. Never. No customer can have it."
    lost = off | {"forbids": [{"op": "has", "of": "abraod"}]}
    unknown = (await admin.post(f"{PRODUCTS}/check", json={"model": CARD | {"rules": [lost]}})).json()
    assert unknown["faults"] == [
        {"where": "body.model.rules.0.forbids.0.of", "what": "there is no option 'abraod'", "accepted": "abroad"}
    ]


async def test_a_circular_dependency_is_told_and_works(admin: httpx.AsyncClient) -> None:
    ring = [
        {
            "id": f"{one}-{other}",
            "kind": "requires",
            "text": "together",
            "when": {"op": "has", "of": one},
            "needs": {"op": "has", "of": other},
        }
        for one, other in (("abroad", "contactless"), ("contactless", "embossed"), ("embossed", "abroad"))
    ]
    told = (await admin.post(f"{PRODUCTS}/check", json={"model": CARD | {"rules": ring}})).json()
    assert (told["sound"], told["circles"]) == (True, [["contactless", "embossed", "abroad"]])


@pytest.mark.parametrize(
    "rule",
    [
        {"id": "r", "kind": "requires", "text": "r", "needs": {"op": "exec", "of": "abroad"}},
        {"id": "r", "kind": "requires", "text": "r", "needs": {"op": "has", "of": "abroad'; drop table products; --"}},
        {"id": "r", "kind": "forbids", "text": "r", "needs": RED},
        {"id": "r", "kind": "requires", "text": "r", "needs": {"op": "is", "of": "abroad", "value": {"a": 1}}},
    ],
)
async def test_rules_of_no_known_form_are_refused(admin: httpx.AsyncClient, rule: dict[str, Any]) -> None:
    answer = await admin.post(f"{PRODUCTS}/check", json={"model": CARD | {"rules": [rule]}})
    assert all(where.startswith("body.model.rules.0") for where in faults(answer))


async def test_conditions_that_nest_without_end_are_refused(admin: httpx.AsyncClient) -> None:
    deep: dict[str, Any] = RED
    for _ in range(40):
        deep = {"op": "not", "condition": deep}
    rule = {"id": "r", "kind": "requires", "text": "r", "needs": deep}
    answer = await admin.post(f"{PRODUCTS}/check", json={"model": CARD | {"rules": [rule]}})
    assert "stands too deep" in answer.json()["faults"][0]["what"]
    text = '{"op":"not","condition":' * 5_000 + "1" + "}" * 5_000
    body = '{"model":{"holding_kinds":["card"],"options":[],"rules":[{"id":"r","kind":"requires","text":"r","needs":'
    headers = {"content-type": "application/json"}
    endless = await admin.post(f"{PRODUCTS}/check", content=body + text + "}]}}", headers=headers)
    assert endless.status_code == 422


async def test_a_model_of_thousands_of_options_is_judged_and_a_hard_one_is_refused(
    admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = [{"id": f"o{n}", "kind": "switch", "title": "O"} for n in range(1_500)]
    large = {"holding_kinds": ["card"], "options": options, "rules": []}
    told = (await admin.post(f"{PRODUCTS}/check", json={"model": large})).json()
    assert told["sound"]
    monkeypatch.setattr("app.customers.products.examining.MORE_WORK", 500)
    monkeypatch.setattr("app.customers.products.examining.examined.__defaults__", (500,))
    hard = await admin.post(f"{PRODUCTS}/check", json={"model": large})
    assert (hard.status_code, hard.json()["type"]) == (422, "urn:callfloor:problem:question-too-hard")


async def test_what_can_be_chosen_is_told_for_a_customer(agent: httpx.AsyncClient, product: str, customer: str) -> None:
    body = {"choices": {"network": "unionpay"}, "customer_id": customer.rpartition("/")[2], "language": "zh"}
    told = (await agent.post(f"{product}/look", json=body)).json()
    options = {one["option"]: one for one in told["options"]}
    assert (told["stands"], told["number"], options["network"]["state"]) == (True, 1, "chosen")
    assert (options["abroad"]["state"], options["abroad"]["excluded"]) == ("ruled_out", [True])
    assert options["insurance"]["possible"] == ["purchase"]
    assert told["completed"]["values"] == {"network": "unionpay", "contactless": True, "daily_limit": 5_000}
    why = (await agent.post(f"{product}/why", json=body | {"option": "abroad", "value": True})).json()
    assert (why["possible"], why["why"]["sentences"][0]) == (False, "无法选择“境外支付：开”。")
    assert why["why"]["changes"] == [{"option": "network", "before": "unionpay", "after": "visa"}]
    fine = (await agent.post(f"{product}/why", json=body | {"option": "insurance", "value": "purchase"})).json()
    assert fine == {"possible": True, "why": None}


async def test_what_could_be_chosen_is_told_for_facts_of_nobody(agent: httpx.AsyncClient, product: str) -> None:
    body = {"facts": {"customer.age": 12, "customer.tier": "gold"}, "only": ["daily_limit", "insurance"]}
    told = (await agent.post(f"{product}/look", json=body)).json()
    assert [one["option"] for one in told["options"]] == ["daily_limit", "insurance"]
    assert (told["options"][0]["highest"], told["options"][1]["excluded"]) == (2_000, [])
    assert told["completed"]["missing"] == ["network", "daily_limit"], "the default is too much for a child"
    odd = {"customer.age": -1, "customer.height": 2, "customer.segments": "sme", "customer.attributes.x": {"a": 1}}
    assert faults(await agent.post(f"{product}/look", json={"facts": odd})) == [f"body.facts.{name}" for name in odd]
    wrong = {"choices": {"colour": "red", "daily_limit": 7}, "only": ["shape"]}
    assert faults(await agent.post(f"{product}/look", json=wrong)) == [
        "body.only.0",
        "body.choices.colour",
        "body.choices.daily_limit",
    ]


async def test_a_holding_is_set_up_changed_and_its_history_kept(
    agent: httpx.AsyncClient, product: str, customer: str
) -> None:
    made = await put(agent, customer, {"network": "visa"}, version=1, why="客户来电")
    assert (made.status_code, made.headers["etag"]) == (200, '"2"'), made.text
    told = made.json()
    assert told["values"] == {"network": "visa", "contactless": True, "daily_limit": 5_000}
    assert told["brief"]["en"] == (
        "Gold card 1234: Network: Visa (2.5 CNY a month); Contactless: on; Daily limit: 5000 CNY."
    )
    assert (told["choices"], told["number"], told["updated_by"]) == ({"network": "visa"}, 1, "agent")
    again = await put(agent, customer, {"network": "visa"}, version=2)
    assert again.headers["etag"] == '"2"'
    changed = await put(agent, customer, {"network": "visa", "contactless": False}, version=2)
    assert changed.headers["etag"] == '"3"'
    path = f"{customer}/holdings/cards/K-9/configuration"
    assert (
        (await agent.get(path)).json()
        == changed.json()
        == (await agent.get(f"{customer}/configurations")).json()["items"][0]
    )
    gone = await agent.delete(path, headers={"if-match": '"3"'}, params={"why": "closed"})
    assert (gone.status_code, gone.headers["etag"]) == (204, '"4"')
    assert (await agent.get(path)).status_code == 404
    versions = (await agent.get(f"{customer}/versions")).json()["items"]
    assert [(one["version"], one["part"], one["who"], one["why"]) for one in versions] == [
        (4, "configuration", "agent", "closed"),
        (3, "configuration", "agent", None),
        (2, "configuration", "agent", "客户来电"),
    ]
    assert versions[1]["changes"] == {
        "choices": [{"network": "visa"}, {"network": "visa", "contactless": False}],
        "values": [told["values"], changed.json()["values"]],
    }


async def test_an_impossible_configuration_is_refused_with_its_explanation(
    agent: httpx.AsyncClient, product: str, customer: str
) -> None:
    refused = await put(agent, customer, {"network": "unionpay", "abroad": True, "daily_limit": 500})
    assert faults(refused) == ["body.choices.network", "body.choices.abroad"]
    told = refused.json()
    assert told["type"] == "urn:callfloor:problem:configuration-impossible"
    assert told["explanation"] == [
        "These choices cannot stand together.",
        "Payments abroad need the Visa network.",
        "Chosen before: Network: UnionPay.",
        "Chosen before: Payments abroad: on.",
        "It becomes possible if Payments abroad: on is taken back.",
    ]
    assert faults(await put(agent, customer, {"abroad": False})) == ["body.choices.network"]
    assert (await agent.get(f"{customer}/configurations")).json()["items"] == []


async def test_facts_of_the_customer_count(
    agent: httpx.AsyncClient, client_as: ClientAs, product: str, customer: str, services: Services
) -> None:
    choices = {"network": "visa", "insurance": ["rental"]}
    refused = await put(agent, customer, choices)
    assert refused.json()["explanation"][2] == "The customer: tier is not known."
    async with services.sessions.write() as session:
        await make_tier(session)
    assert (await client_as("supervisor").patch(customer, json={"tier": "gold", "version": 1})).is_success
    assert (await put(agent, customer, choices)).json()["values"]["insurance"] == ["rental"]


async def test_a_product_is_for_holdings_of_its_kinds_and_of_the_customer(
    agent: httpx.AsyncClient, bank: httpx.AsyncClient, product: str, customer: str
) -> None:
    await bank.put(f"{customer}/holdings/core/L-1", json={"kind": "loan"})
    body = {"product": "gold-card", "choices": {"network": "visa"}}
    loan = await agent.put(f"{customer}/holdings/core/L-1/configuration", json=body, headers=ANY)
    assert faults(loan) == ["body.product"]
    other = (await agent.post(CUSTOMERS, json={"name": "Li"})).json()["id"]
    answer = await put(agent, f"{CUSTOMERS}/{other}", {"network": "visa"})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:callfloor:problem:holding-not-found")


async def test_a_withdrawn_product_is_kept_but_not_given(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, bank: httpx.AsyncClient, product: str, customer: str
) -> None:
    assert (await put(agent, customer, {"network": "visa"})).is_success
    gone = await admin.patch(product, json={"withdrawn_because": "Sold out."}, headers=ANY)
    assert gone.json()["withdrawn_at"] is not None
    assert (await put(agent, customer, {"network": "visa", "contactless": False})).is_success
    await bank.put(f"{customer}/holdings/cards/K-10", json={"kind": "card"})
    body = {"product": "gold-card", "choices": {"network": "visa"}}
    refused = await agent.put(f"{customer}/holdings/cards/K-10/configuration", json=body, headers=ANY)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:callfloor:problem:product-withdrawn")
    assert "Sold out." in refused.json()["detail"]
    assert (await admin.patch(product, json={"withdrawn_because": None}, headers=ANY)).json()["withdrawn_at"] is None
    assert (await agent.put(f"{customer}/holdings/cards/K-10/configuration", json=body, headers=ANY)).is_success


async def test_what_is_set_up_keeps_its_version_and_an_upgrade_is_previewed(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, bank: httpx.AsyncClient, product: str, customer: str
) -> None:
    await put(agent, customer, {"network": "visa", "abroad": True, "embossed": "WANG"})
    newer = copy.deepcopy(CARD)
    newer["options"] = [one for one in newer["options"] if one["id"] != "embossed"]
    newer["options"][1]["default"] = None
    ban = {
        "id": "closed",
        "kind": "excludes",
        "text": "Abroad needs gold.",
        "when": {"op": "not", "condition": {"op": "is", "of": "customer.tier", "value": "gold"}},
        "forbids": [RED],
    }
    newer["rules"].append(ban)
    await publish(admin, product, newer)
    path = f"{customer}/holdings/cards/K-9/configuration"
    told = (await agent.get(f"{path}/upgrade")).json()
    assert (told["before"], told["after"], told["smooth"]) == (1, 2, False)
    assert [one["where"] for one in told["dropped"]] == ["choices.embossed"]
    assert "Abroad needs gold." in told["why"]["sentences"]
    assert (await agent.get(f"{product}/upgrades")).status_code == 403
    page = (await bank.get(f"{product}/upgrades")).json()
    assert ([one["configuration_id"] for one in page["items"]], page["next"]) == ([told["configuration_id"]], None)
    kept = await put(agent, customer, {"network": "visa", "abroad": True})
    assert kept.json()["number"] == 1
    assert (await agent.get(f"{path}/upgrade")).json()["why"] is not None
    refused = await put(agent, customer, {"network": "visa", "abroad": True}, newest=True)
    assert "Abroad needs gold." in refused.json()["explanation"]
    moved = await put(agent, customer, {"network": "visa"}, newest=True)
    assert (moved.json()["number"], moved.json()["values"]) == (2, {"network": "visa", "daily_limit": 5_000})
    assert (await bank.get(f"{product}/upgrades")).json()["items"] == []


@pytest.mark.parametrize(
    "text", ["'; drop table products; --", "=cmd|' /C calc'!A0", "@SUM(1+1)", "<script>1</script>"]
)
async def test_injection_in_texts_is_kept_as_text(
    admin: httpx.AsyncClient, agent: httpx.AsyncClient, customer: str, text: str
) -> None:
    model = {
        "holding_kinds": ["card"],
        "options": [{"id": "motto", "kind": "text", "title": text}],
        "rules": [{"id": "r", "kind": "requires", "text": text, "needs": {"op": "has", "of": "motto"}}],
    }
    await admin.post(PRODUCTS, json={"id": "gold-card", "name": text})
    await publish(admin, f"{PRODUCTS}/gold-card", model)
    told = (await put(agent, customer, {"motto": text}, why=text)).json()
    assert (told["values"], told["brief"]["en"]) == ({"motto": text}, f"{text} 1234: {text}: {text}.")
    assert (await agent.get(f"{customer}/versions")).json()["items"][0]["why"] == text
    assert (await agent.get(f"{PRODUCTS}/gold-card")).json()["name"] == text
    missing = await agent.post(f"{PRODUCTS}/gold-card/why", json={"option": "motto", "value": None})
    assert missing.json()["why"]["sentences"][1].startswith(text)


async def test_two_agents_who_change_one_version_do_not_both_win(
    agent: httpx.AsyncClient, product: str, customer: str
) -> None:
    first = await put(agent, customer, {"network": "visa"}, version=1)
    second = await put(agent, customer, {"network": "unionpay"}, version=1)
    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json()["type"] == "urn:callfloor:problem:version-conflict"
    stale = await agent.put(
        f"{customer}/holdings/cards/K-9/configuration",
        json={"product": "gold-card", "choices": {"network": "unionpay"}},
        headers={"if-match": '"1"'},
    )
    assert stale.status_code == 412


async def test_asking_what_could_be_chosen_for_a_customer_is_a_read_of_them(
    agent: httpx.AsyncClient, client_as: ClientAs, services: Services, product: str, customer: str
) -> None:
    body = {"customer_id": customer.rpartition("/")[2]}
    for asked in ({}, body):
        assert (await agent.post(f"{product}/look", json=asked)).status_code == 200
    why = body | {"option": "abroad", "value": True}
    assert (await agent.post(f"{product}/why", json=why, params={"reason": "they asked"})).status_code == 200
    await services.reads.flush()
    told = (await client_as("supervisor").get(f"{customer}/reads")).json()["items"]
    assert [(each["what"], each["why"]) for each in told] == [("look", "they asked"), ("look", None)]
