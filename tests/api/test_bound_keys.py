"""API keys that are bound to sources: they feed those, and name no others."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from app.auth.tokens import Role
from app.core.clock import FrozenClock, iso
from app.db.engine import Sessions
from tests.api.conftest import ClientAs, faults
from tests.api.test_customer_record import ANY, PATH, bank, make, record
from tests.api.test_products import product
from tests.customers.feeds.imports import rows

__all__ = ["bank", "product"]

KEYS = "/api/v1/api-keys"
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
        ("PUT", "numbers", {"numbers": [{"raw": "13800138000", "source": source}]}),
        ("POST", "numbers", {"raw": "13800138001", "source": source}),
        ("PUT", "emails", {"emails": [{"address": "wang@example.com", "source": source}]}),
        ("PUT", "addresses", {"addresses": [{"lines": "长安街 1 号", "source": source}]}),
        ("PUT", "ties", {"ties": [{"kind": "spouse", "other_id": other, "source": source}]}),
        ("PUT", "external-ids", {"external_ids": [{"system": source, "external_id": "7"}]}),
        ("PUT", "preferences/statements", {"value": "paper", "source": source}),
        ("POST", "consents", consent),
        ("PUT", f"holdings/{source}/K-9", HELD),
        ("PUT", f"holdings/{source}/K-9/configuration", SET_UP),
        ("DELETE", f"holdings/{source}/K-9/configuration", None),
        ("DELETE", f"holdings/{source}/K-9", None),
    ]


async def ask(client: httpx.AsyncClient, method: str, path: str, body: Any) -> httpx.Response:
    return await client.request(method, path, json=body, headers=ANY)


def refused(answer: httpx.Response, where: str, named: str = "core") -> None:
    told = answer.json()
    assert (answer.status_code, told["type"]) == (403, "urn:callfloor:problem:source-not-of-key"), answer.text
    assert (told["sources"], told["bound_to"]) == ([named], ["cards", "loans"])
    assert told["detail"] == f"This API key is bound to 'cards', 'loans', and '{named}' was named."
    assert [fault["where"] for fault in told["faults"]] == [where]


async def test_a_bound_key_names_each_of_its_sources_wherever_one_is_named(
    with_key: MakeKey, bank: httpx.AsyncClient, product: str, clock: FrozenClock
) -> None:
    key, other = await with_key("loans", "cards"), (await make(bank)).rpartition("/")[2]
    for source in ("cards", "loans"):
        path = await make(
            key, numbers=[{"raw": "13800138000", "source": source}], attributes={"birth_date": "1980-05-01"}
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
    before = await record(bank, path)
    for method, part, body in written("core", other, clock):
        answer = await ask(key, method, f"{path}/{part}", body)
        assert answer.status_code == 403, (method, part, answer.text)
        place = part.partition("/")[0].replace("-", "_")
        places = {"holdings": "path.source", "preferences": "body.source", "consents": "body.origin"}
        refused(answer, "body.source" if (method, part) == ("POST", "numbers") else places.get(place, f"body.{place}"))
    assert await record(bank, path) == before
    assert (await bank.get(f"{path}/preferences")).json()["items"] == []


async def test_a_bound_key_makes_no_customer_with_a_number_of_another_source(
    with_key: MakeKey, kept_apart: Sessions
) -> None:
    key = await with_key("loans", "cards")
    numbers = [{"raw": "13800138000", "source": "cards"}, {"raw": "13800138001", "source": "core"}]
    refused(await key.post(PATH, json={"name": "W", "numbers": numbers}), "body.numbers")
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
    assert (await ask(bank, "PUT", f"{path}/emails", {"emails": [theirs, {"address": "hand@example.com"}]})).is_success
    assert (await ask(bank, "PUT", f"{path}/external-ids", {"external_ids": ids})).is_success
    for emails in ([], [{**theirs, "source": "cards"}], [{**theirs, "source": None}]):
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


async def test_a_bound_key_says_in_words_how_a_consent_is_known(
    with_key: MakeKey, bank: httpx.AsyncClient, clock: FrozenClock
) -> None:
    key, path = await with_key("loans", "cards"), await make(bank)
    consent = {"channel": "sms", "given": True, "at": iso(clock()), "origin": "branch 12, form 7"}
    assert (await key.post(f"{path}/consents", json=consent)).is_success
    refused(await key.post(f"{path}/consents", json={**consent, "origin": " hand "}), "body.origin", "hand")


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
