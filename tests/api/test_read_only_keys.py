"""API keys that only read: they see what any key sees, and change nothing, wherever it is asked."""

import re

import httpx
import pytest

from app.api.application import Application
from tests.api.conftest import ClientAs, faults
from tests.api.resources.test_customer_record import ANY, PATH, agent, bank, make, record
from tests.api.test_bound_keys import KEYS, LOOKING, NOT_OF_KEYS

__all__ = ["agent", "bank"]


@pytest.fixture
async def reader(client_as: ClientAs, admin: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client with a fresh key that only reads."""
    made = await admin.post(KEYS, json={"name": "Reports", "read_only": True})
    assert made.status_code == 201, made.text
    client = client_as(None)
    client.headers["Authorization"] = f"Bearer {made.json()['key']}"
    return client


async def test_a_key_that_only_reads_sees_what_any_key_sees(reader: httpx.AsyncClient, bank: httpx.AsyncClient) -> None:
    path = await make(bank)
    assert (await reader.get(f"{path}/record")).json() == (await bank.get(f"{path}/record")).json()
    assert (await reader.post(f"{PATH}/matches", json={"name": "王小明"})).is_success
    assert (await reader.get("/api/v1/queues")).is_success


async def test_a_key_that_only_reads_is_refused_whatever_changes_something(
    app: Application, reader: httpx.AsyncClient, bank: httpx.AsyncClient
) -> None:
    """All that can be asked but for reading: what is added later is refused, too. What they sent is not looked at."""
    path = await make(bank)
    before, customer = await record(bank, path), path.rpartition("/")[2]
    tried = set()
    for asked, methods in app.openapi()["paths"].items():
        for method in {each.upper() for each in methods} - {"GET"}:
            if asked in NOT_OF_KEYS or (method, asked) in LOOKING:
                continue
            where = re.sub(r"{[^}]*}", "x", asked.replace("{customer_id}", customer))
            answer = await reader.request(
                method, where, content=b"{no JSON", headers=ANY | {"content-type": "application/json"}
            )
            told = answer.json()
            assert (answer.status_code, told["type"]) == (403, "urn:callfloor:problem:key-read-only"), (method, asked)
            assert f"{method} {where} changes something" in told["detail"]
            tried.add((method, asked))
    assert {("POST", PATH), ("POST", "/api/v1/cases"), ("POST", "/api/v1/feeds/{feed}"), ("POST", KEYS)} <= tried
    assert await record(bank, path) == before


async def test_who_may_do_what_is_told_of_each_key(admin: httpx.AsyncClient) -> None:
    for name, wish in (("Reports", {"read_only": True}), ("Cards", {"sources": ["cards"]}), ("Core", {})):
        assert (await admin.post(KEYS, json={"name": name, **wish})).status_code == 201
    told = {each["name"]: (each["read_only"], each["sources"]) for each in (await admin.get(KEYS)).json()["items"]}
    assert told == {"Reports": (True, None), "Cards": (False, ["cards"]), "Core": (False, None)}


async def test_a_key_does_not_both_only_read_and_feed_sources(admin: httpx.AsyncClient) -> None:
    answer = await admin.post(KEYS, json={"name": "Cards", "sources": ["cards"], "read_only": True})
    assert faults(answer) == ["body.read_only"]
    assert answer.json()["faults"][0]["what"] == "is true beside sources, though a key feeds them by writing"
    assert (await admin.get(KEYS)).json()["items"] == []
