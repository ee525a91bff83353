"""API keys that are bound to sources: they feed those, name no others, and write nothing that names none."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from app.api.application import Application
from app.auth.access_tokens import Role
from app.core.clock import FrozenClock, iso
from app.db.engine import Sessions
from tests.api.conftest import ClientAs, faults
from tests.api.resources.test_customer_record import ANY, PATH, agent, bank, make, record
from tests.api.resources.test_products import product
from tests.customers.feeds.imports import execute, rows

__all__ = ["agent", "bank", "product"]

KEYS = "/api/v1/api-keys"
CUSTOMER = f"{PATH}/{{customer_id}}"
LOOKING = {
    ("POST", f"{PATH}/matches"),
    ("POST", "/api/v1/products/{product_id}/look"),
    ("POST", "/api/v1/products/{product_id}/why"),
    ("POST", f"{CUSTOMER}/reveal"),
}
NOT_OF_KEYS = {
    *(f"/api/v1/{path}" for path in ("token", "token/refresh", "token/revoke", "me/password")),
    "/webhooks/feeds/{source}",
}
HELD = {"kind": "card", "number": "1234", "status": "active"}
SET_UP = {"product": "gold-card", "choices": {"network": "visa"}}
MakeKey = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
def with_key(client_as: ClientAs, admin: httpx.AsyncClient) -> MakeKey:
    """Makes a client with a fresh key that is bound to these sources; without any to none."""

    async def make_key(*sources: str) -> httpx.AsyncClient:
        made = await admin.post(KEYS, json={"name": "Cards", "sources": list(sources) or None})
        assert made.status_code == 201, made.text
        client = client_as(None)
        client.headers["Authorization"] = f"Bearer {made.json()['key']}"
        return client

    return make_key


def written(source: str, other: str, clock: FrozenClock) -> list[tuple[str, str, Any]]:
    """Each way of naming a source of a customer: method, path beneath the customer's, body; `other` is a customer."""
    consent = {"channel": "sms", "given": True, "at": iso(clock()), "origin": source}
    return [
        ("PATCH", "", {"language": "zh", "source": source}),
        ("PUT", "numbers", {"numbers": [{"raw": "13800138000", "source": source}]}),
        ("POST", "numbers", {"raw": "13800138001", "source": source}),
        ("PUT", "emails", {"emails": [{"address": "wang@example.com", "source": source}]}),
        ("PUT", "addresses", {"addresses": [{"lines": "长安街 1 号", "source": source}]}),
        ("PUT", "ties", {"ties": [{"kind": "spouse", "other_id": other, "source": source}]}),
        ("PUT", "external-ids", {"external_ids": [{"system": source, "external_id": "7"}]}),
        ("PUT", "preferences/statements", {"value": "paper", "source": source}),
        ("DELETE", "preferences/statements", None),
        ("POST", "consents", consent),
        ("PUT", f"holdings/{source}/K-9", HELD),
        ("PUT", f"holdings/{source}/K-9/configuration", SET_UP),
        ("DELETE", f"holdings/{source}/K-9/configuration", None),
        ("DELETE", f"holdings/{source}/K-9", None),
    ]


async def ask(client: httpx.AsyncClient, method: str, path: str, body: Any) -> httpx.Response:
    return await client.request(method, path.rstrip("/"), json=body, headers=ANY)


def refused(answer: httpx.Response, where: str, named: str = "core") -> None:
    told = answer.json()
    assert (answer.status_code, told["type"]) == (403, "urn:callfloor:problem:source-not-of-key"), answer.text
    assert (told["sources"], told["bound_to"]) == ([named], ["cards", "loans"])
    assert told["detail"] == f"This API key is bound to 'cards', 'loans', and '{named}' was named."
    assert places_of(answer) == [where]


def places_of(answer: httpx.Response) -> list[str]:
    return [fault["where"] for fault in answer.json()["faults"]]


async def test_a_bound_key_names_each_of_its_sources_wherever_one_is_named(
    with_key: MakeKey, bank: httpx.AsyncClient, product: str, clock: FrozenClock
) -> None:
    key, other = await with_key("loans", "cards"), (await make(bank)).rpartition("/")[2]
    for source in ("cards", "loans"):
        path = await make(
            key,
            source=source,
            numbers=[{"raw": "13800138000", "source": source}],
            attributes={"birth_date": "1980-05-01"},
        )
        for method, part, body in written(source, other, clock):
            if part == "external-ids":
                body["external_ids"][0]["external_id"] = source
            answer = await ask(key, method, f"{path}/{part}", body)
            assert answer.is_success, (method, part, answer.text)
        event = {"id": "e1", "kind": "card.used", "at": iso(clock()), "customer_id": path.rpartition("/")[2]}
        assert (await key.post(f"/api/v1/usage/{source}/events", json=[event])).json()["taken"] == 1


async def test_a_bound_key_is_refused_for_another_source_wherever_one_is_named(
    with_key: MakeKey, bank: httpx.AsyncClient, product: str, clock: FrozenClock
) -> None:
    key, path, other = await with_key("loans", "cards"), await make(bank), (await make(bank)).rpartition("/")[2]
    assert (await bank.put(f"{path}/holdings/core/K-9", json=HELD)).is_success
    wish = {"value": "paper", "source": "core"}
    assert (await ask(bank, "PUT", f"{path}/preferences/statements", wish)).is_success
    before = await record(bank, path)
    for method, part, body in written("core", other, clock):
        answer = await ask(key, method, f"{path}/{part}", body)
        assert answer.status_code == 403, (method, part, answer.text)
        place = part.partition("/")[0].replace("-", "_")
        places = {"holdings": "path.source", "preferences": "body.source", "consents": "body.origin"}
        if (method, place) == ("DELETE", "preferences"):
            refused(answer, "path.name")
        else:
            single = (method, part) == ("POST", "numbers") or not part
            refused(answer, "body.source" if single else places.get(place, f"body.{place}"))
    assert await record(bank, path) == before
    assert [one["source"] for one in (await bank.get(f"{path}/preferences")).json()["items"]] == ["core"]


async def test_a_bound_key_makes_no_customer_with_a_number_of_another_source(
    with_key: MakeKey, kept_apart: Sessions
) -> None:
    key = await with_key("loans", "cards")
    numbers = [{"raw": "13800138000", "source": "cards"}, {"raw": "13800138001", "source": "core"}]
    given = {"name": "W", "numbers": numbers, "source": "cards"}
    refused(await key.post(PATH, json=given), "body.numbers")
    refused(await key.post(PATH, json={**given, "source": "core", "numbers": []}), "body.source")
    assert await rows(kept_apart, "select id from customers") == []


@pytest.mark.parametrize("feed", ["customers", "holdings", "usage", "agreements"])
async def test_a_bound_key_feeds_no_other_source(with_key: MakeKey, kept_apart: Sessions, feed: str) -> None:
    key = await with_key("loans", "cards")
    answer = await key.post(f"/api/v1/feeds/{feed}", params={"source": "core"}, content=b'{"external_id": "C1"}\n')
    refused(answer, "query.source")
    assert await rows(kept_apart, "select id from feed_runs") == []


async def test_a_bound_key_tells_of_no_usage_of_another_source(
    with_key: MakeKey, bank: httpx.AsyncClient, clock: FrozenClock
) -> None:
    key, path = await with_key("loans", "cards"), await make(bank)
    event = {"id": "e1", "kind": "card.used", "at": iso(clock()), "customer_id": path.rpartition("/")[2]}
    refused(await key.post("/api/v1/usage/core/events", json=[event]), "path.source")
    assert (await bank.get(f"{path}/usage")).json()["items"] == []


async def test_a_bound_key_leaves_what_other_sources_tell_and_does_not_take_it_away(
    with_key: MakeKey, bank: httpx.AsyncClient
) -> None:
    key, path = await with_key("loans", "cards"), await make(bank)
    theirs = {"address": "a@example.com", "source": "core"}
    ids = [{"system": "core", "external_id": "7"}]
    assert (await ask(bank, "PUT", f"{path}/emails", {"emails": [theirs]})).is_success
    assert (await ask(bank, "PUT", f"{path}/external-ids", {"external_ids": ids})).is_success
    for emails in ([], [{**theirs, "source": "cards"}]):
        refused(await ask(key, "PUT", f"{path}/emails", {"emails": emails}), "body.emails")
    refused(await ask(key, "PUT", f"{path}/external-ids", {"external_ids": []}), "body.external_ids")
    own = {"address": "b@example.com", "source": "cards"}
    assert (await ask(key, "PUT", f"{path}/emails", {"emails": [theirs, own]})).is_success
    more = [*ids, {"system": "cards", "external_id": "8"}]
    assert (await ask(key, "PUT", f"{path}/external-ids", {"external_ids": more})).is_success
    told = await record(bank, path)
    assert [(one["address"], one["source"]) for one in told["emails"]] == [
        ("a@example.com", "core"),
        ("b@example.com", "cards"),
    ]
    assert sorted(one["system"] for one in told["external_ids"]) == ["cards", "core"]


async def test_a_bound_key_is_refused_where_it_names_no_source(
    with_key: MakeKey, bank: httpx.AsyncClient, agent: httpx.AsyncClient, clock: FrozenClock
) -> None:
    key, path, other = await with_key("cards"), await make(agent), (await make(bank)).rpartition("/")[2]
    assert (await ask(agent, "PUT", f"{path}/preferences/statements", {"value": "paper"})).is_success
    before = await record(bank, path)
    asked = [("POST", PATH, {"name": "W"}), ("POST", PATH, {"name": "W", "source": None})]
    for method, part, body in written("cards", other, clock):
        if part.startswith("holdings"):
            continue
        for values in (body, *next((each for each in (body or {}).values() if isinstance(each, list)), ())):
            if values:
                values.pop("source", None)
        if part == "consents":
            body["origin"] = "branch 12, form 7"
        if part != "external-ids":
            asked.append((method, f"{path}/{part}", body))
    for method, where, body in asked:
        answer = await ask(key, method, where, body)
        told = answer.json()
        assert (answer.status_code, told["type"]) == (403, "urn:callfloor:problem:source-not-of-key"), (where, told)
        assert told["detail"] == "This API key is bound to 'cards', and no source was named."
        assert told["faults"][0]["accepted"] == "what is of 'cards'"
    assert await record(bank, path) == before


async def test_a_bound_key_takes_away_nothing_that_people_gave(
    with_key: MakeKey, agent: httpx.AsyncClient, bank: httpx.AsyncClient
) -> None:
    key, path = await with_key("cards"), await make(agent)
    theirs = {"address": "a@example.com"}
    assert (await ask(agent, "PUT", f"{path}/emails", {"emails": [theirs]})).is_success
    own = {"address": "b@example.com", "source": "cards"}
    for emails in ([], [own], [{**theirs, "source": "cards"}], [{**theirs, "kind": "work"}]):
        answer = await ask(key, "PUT", f"{path}/emails", {"emails": emails})
        assert (answer.status_code, places_of(answer)) == (403, ["body.emails"])
    assert (await ask(key, "PUT", f"{path}/emails", {"emails": [theirs, own]})).is_success
    assert [one["source"] for one in (await record(bank, path))["emails"]] == [None, "cards"]


async def test_people_are_no_source_that_is_named(
    with_key: MakeKey, bank: httpx.AsyncClient, clock: FrozenClock
) -> None:
    key, path = await with_key("loans", "cards"), await make(bank)
    consent = {"channel": "sms", "given": True, "at": iso(clock()), "origin": " hand "}
    refused(await key.post(f"{path}/consents", json=consent), "body.origin", "hand")
    for source in ("hand", "rules"):
        answer = await bank.patch(path, json={"language": "zh", "source": source}, headers=ANY)
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:callfloor:problem:source-is-people")


async def test_what_a_source_tells_of_a_customer_is_its_own_and_has_its_rank(
    with_key: MakeKey, agent: httpx.AsyncClient, admin: httpx.AsyncClient, kept_apart: Sessions
) -> None:
    """As a feed of it would write the same."""
    key = await with_key("cards")
    path = await make(key, source="cards", language="zh", attributes={"branch": "B1"})
    assert await rows(kept_apart, "select source, origins from customers") == [("cards", {})]
    # a commit would end this, of which there is none between the requests of a test
    await execute(kept_apart, "select set_config('callfloor.source', '', true)")
    changed = await agent.patch(path, json={"language": "en", "attributes": {"branch": "B1", "score": 3}}, headers=ANY)
    assert changed.is_success
    given = {"source": "cards", "name": "王大明", "language": "fr", "attributes": {"branch": "B2", "score": 4}}
    kept = await key.patch(path, json=given, headers=ANY)
    assert (kept.status_code, kept.json()["type"]) == (409, "urn:callfloor:problem:fields-kept")
    assert [(each["where"], each["what"]) for each in kept.json()["faults"]] == [
        ("body.language", "was told by 'hand', which 'cards' does not rank above"),
        ("body.attributes.score", "was told by 'hand', which 'cards' does not rank above"),
    ]
    own = await key.patch(
        path, json={**given, "language": "en", "attributes": {"branch": "B2", "score": 3}}, headers=ANY
    )
    assert own.is_success, own.text
    assert await rows(kept_apart, "select name, attributes ->> 'branch', origins from customers") == [
        ("王大明", "B2", {"language": "hand", "attribute.score": "hand"})
    ]
    assert (await admin.put("/api/v1/feeds/sources/cards", json={"rank": 101})).is_success
    assert (await key.patch(path, json=given, headers=ANY)).is_success
    assert await rows(kept_apart, "select language, origins from customers") == [("fr", {})]


async def test_a_source_gives_a_customer_another_id_only_above_people(
    with_key: MakeKey, bank: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    """Nobody knows who has told it, and who is found by it would be another."""
    key, path = await with_key("cards"), await make(bank)
    first = await key.patch(path, json={"source": "cards", "external_id": "C1"}, headers=ANY)
    assert first.is_success, first.text
    answer = await key.patch(path, json={"source": "cards", "external_id": "C2"}, headers=ANY)
    assert (answer.status_code, places_of(answer)) == (409, ["body.external_id"])
    assert (await admin.put("/api/v1/feeds/sources/cards", json={"rank": 101})).is_success
    assert (await key.patch(path, json={"source": "cards", "external_id": "C2"}, headers=ANY)).is_success


async def test_a_bound_key_is_refused_whatever_names_no_source(
    app: Application, with_key: MakeKey, bank: httpx.AsyncClient, kept_apart: Sessions, clock: FrozenClock
) -> None:
    """All that can be asked but for reading: what is added later is refused, too, until it asks for a source, and then
    it belongs into `written`."""
    key, customer = await with_key("cards"), (await make(bank)).rpartition("/")[2]
    tried = {(method, f"{CUSTOMER}/{part}".rstrip("/")) for method, part, _ in written("{source}", "", clock)}
    tried |= {("POST", PATH), ("POST", "/api/v1/feeds/{feed}"), ("POST", "/api/v1/usage/{source}/events")}
    names = {"K-9": "{external_id}", "preferences/statements": "preferences/{name}"}
    for text, name in names.items():
        tried = {(method, path.replace(text, name)) for method, path in tried}
    refused_ones = set()
    for path, methods in app.openapi()["paths"].items():
        for method in {each.upper() for each in methods} - {"GET"}:
            if path in NOT_OF_KEYS or (method, path) in tried | LOOKING:
                continue
            asked = re.sub(r"{[^}]*}", "x", path.replace("{customer_id}", customer))
            answer = await key.request(method, asked, json={})
            told = answer.json()
            assert (answer.status_code, told["type"]) == (403, "urn:callfloor:problem:source-untold"), (method, path)
            assert (told["bound_to"], told["detail"]) == (["cards"], "This API key is bound to 'cards'.")
            assert told["faults"][0]["what"].startswith(f"{method} {asked} names no source")
            refused_ones.add((method, path))
    assert {
        ("PUT", f"{CUSTOMER}/telephone-pin"),
        ("POST", f"{CUSTOMER}/notes"),
        ("POST", "/api/v1/cases"),
    } <= refused_ones
    assert await rows(kept_apart, "select version from customers") == [(1,)]


async def test_a_bound_key_looks_as_any_key_does(with_key: MakeKey, bank: httpx.AsyncClient, product: str) -> None:
    key, path = await with_key("cards"), await make(bank)
    assert (await key.get(f"{path}/record")).is_success
    for _, asked in LOOKING:
        where = asked.format(product_id="gold-card", customer_id=path.rpartition("/")[2])
        answer = await key.post(where, json={})
        assert "source" not in answer.json().get("type", ""), answer.text
    assert (await key.post(f"{PATH}/matches", json={"name": "王小明"})).is_success


@pytest.mark.parametrize("role", ["integration", "administrator", None])
async def test_an_unbound_key_and_an_administrator_name_any_source_as_before(
    client_as: ClientAs, with_key: MakeKey, bank: httpx.AsyncClient, product: str, clock: FrozenClock, role: Role | None
) -> None:
    who = client_as(role) if role else await with_key()
    path = await make(who, numbers=[{"raw": "13800138000", "source": "core"}], attributes={"birth_date": "1980-05-01"})
    for method, part, body in written("core", (await make(bank)).rpartition("/")[2], clock):
        answer = await ask(who, method, f"{path}/{part}", body)
        assert answer.is_success, (method, part, answer.text)
    event = {"id": "e1", "kind": "card.used", "at": iso(clock()), "customer_id": path.rpartition("/")[2]}
    assert (await who.post("/api/v1/usage/core/events", json=[event])).json()["taken"] == 1


@pytest.mark.parametrize("role", ["agent", "supervisor"])
async def test_people_take_away_parts_and_name_systems_of_holdings_ids_and_consents_as_before(
    client_as: ClientAs, bank: httpx.AsyncClient, product: str, clock: FrozenClock, role: Role
) -> None:
    who, path = client_as(role), await make(bank, attributes={"birth_date": "1980-05-01"})
    held = await ask(who, "PUT", f"{path}/holdings/core/K-9", HELD)
    assert held.is_success if role == "supervisor" else "role-missing" in held.text
    assert (await ask(bank, "PUT", f"{path}/holdings/core/K-9", HELD)).is_success
    emails = {"emails": [{"address": "a@example.com", "source": "core"}]}
    assert (await ask(bank, "PUT", f"{path}/emails", emails)).is_success
    assert (await ask(who, "PUT", f"{path}/emails", {"emails": []})).is_success
    for method, part, body in written("core", "", clock):
        if part in ("external-ids", "consents") or part.endswith("configuration"):
            answer = await ask(who, method, f"{path}/{part}", body)
            assert answer.is_success, (method, part, answer.text)


async def test_what_keys_are_bound_to_is_listed_and_in_the_audit_log(admin: httpx.AsyncClient) -> None:
    await admin.post(KEYS, json={"name": "Any"})
    made = (await admin.post(KEYS, json={"name": "Cards", "sources": ["loans", "cards", "loans"]})).json()
    assert made["sources"] == ["cards", "loans"]
    listed = (await admin.get(KEYS)).json()["items"]
    assert {key["name"]: key["sources"] for key in listed} == {"Any": None, "Cards": ["cards", "loans"]}
    entries = (await admin.get("/api/v1/audit", params={"kind": "api_key"})).json()["items"]
    assert {each["after"]["name"]: each["after"]["sources"] for each in entries} == {
        "Any": None,
        "Cards": ["cards", "loans"],
    }


async def test_a_key_that_is_bound_to_no_source_at_all_is_refused(admin: httpx.AsyncClient) -> None:
    answer = await admin.post(KEYS, json={"name": "Cards", "sources": []})
    assert faults(answer) == ["body.sources"]
    [fault] = answer.json()["faults"]
    assert (fault["what"], fault["accepted"]) == ("names no source", "at least one source; null for a key of any")
    assert (await admin.get(KEYS)).json()["items"] == []


async def test_a_key_is_not_bound_to_what_can_be_no_source(admin: httpx.AsyncClient) -> None:
    sources = ["core", "Core banking", ""]
    assert faults(await admin.post(KEYS, json={"name": "K", "sources": sources})) == [
        "body.sources.1",
        "body.sources.2",
    ]
    assert faults(await admin.post(KEYS, json={"name": "K", "sources": "core"})) == ["body.sources"]
