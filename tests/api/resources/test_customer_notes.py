"""Notes of customers, their warnings, and what else is told of who changed a record."""

import httpx
import pytest

from app.core.clock import FrozenClock, iso
from tests.api.conftest import ClientAs, faults
from tests.api.resources.test_customer_record import ANY, CARD, make, record


@pytest.fixture
def agent(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of an agent."""
    return client_as("agent")


@pytest.fixture
def bank(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of another system of the bank."""
    return client_as("integration")


async def written(client: httpx.AsyncClient, path: str, text: str = "fraud suspected", **given: str | bool) -> str:
    """A note; its path."""
    answer = await client.post(f"{path}/notes", json={"text": text, **given})
    assert answer.status_code == 201, answer.text
    return f"{path}/notes/{answer.json()['id']}"


async def test_a_note_is_not_changed_or_removed_by_who_has_not_read_it_as_it_is(agent: httpx.AsyncClient) -> None:
    path = await make(agent)
    note = await written(agent, path)
    stale = {"if-match": '"1"'}
    for answer in (
        await agent.put(note, json={"text": "all fine"}, headers=stale),
        await agent.delete(note, headers=stale),
    ):
        assert (answer.status_code, answer.json()["version"]) == (412, 2)
    assert (await agent.put(note, json={"text": "all fine", "version": 1})).status_code == 409
    assert (await agent.delete(note, params={"version": 1})).status_code == 409
    assert faults(await agent.put(note, json={"text": "all fine"})) == ["body.version"]
    assert faults(await agent.delete(note)) == ["query.version"]
    assert [each["text"] for each in (await record(agent, path))["notes"]] == ["fraud suspected"]
    gone = await agent.delete(note, params={"version": 2})
    assert (gone.status_code, gone.headers["etag"]) == (204, '"3"')


async def test_a_note_tells_who_has_changed_it(agent: httpx.AsyncClient, client_as: ClientAs) -> None:
    path = await make(agent)
    note = await written(agent, path)
    changed = (await client_as("supervisor").put(note, json={"text": "cleared"}, headers=ANY)).json()
    assert (changed["written_by"], changed["changed_by"]) == ("agent", "supervisor")
    assert changed["changed_at"] is not None
    [told] = [one for one in (await agent.get(f"{path}/versions")).json()["items"] if one["version"] == 3]
    assert (told["who"], told["changes"]) == ("supervisor", {"text": ["fraud suspected", "cleared"]})


async def test_the_warning_of_another_is_changed_by_those_who_lead_the_floor_only(
    agent: httpx.AsyncClient, bank: httpx.AsyncClient, client_as: ClientAs
) -> None:
    lead = client_as("supervisor")
    path = await make(agent)
    warning, own = await written(lead, path, pinned=True), await written(agent, path, pinned=True)
    for client in (agent, bank):
        for answer in (
            await client.put(warning, json={"text": "all fine", "pinned": True}, headers=ANY),
            await client.delete(warning, headers=ANY),
        ):
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:callfloor:problem:warning-of-another")
            assert answer.json()["written_by"] == "supervisor"
    assert (await agent.put(own, json={"text": "a", "pinned": True}, headers=ANY)).status_code == 200
    assert (await lead.delete(own, headers=ANY)).status_code == 204
    assert [each["text"] for each in (await record(agent, path))["warnings"]] == ["fraud suspected"]


async def test_warnings_are_few_and_short(agent: httpx.AsyncClient, clock: FrozenClock) -> None:
    path = await make(agent)
    long = {"text": "x" * 501}
    assert faults(await agent.post(f"{path}/notes", json={**long, "pinned": True})) == ["body.text"]
    await written(agent, path, pinned=True, until=iso(0))  # one that is over
    notes = [
        await written(agent, path, **long),
        *[await written(agent, path, "x" * 500, pinned=True) for _ in range(10)],
    ]
    more = await agent.post(f"{path}/notes", json={"text": "x", "pinned": True})
    assert faults(more) == ["body.pinned"]
    assert more.json()["faults"][0]["accepted"] == "at most 10 at a time"
    for note, text, where in ((notes[0], "x", "body.pinned"), (notes[1], "x" * 501, "body.text")):
        refused = await agent.put(note, json={"text": text, "pinned": True}, headers=ANY)
        assert faults(refused) == [where]
    assert (await agent.put(notes[1], json={"text": "y", "pinned": True}, headers=ANY)).status_code == 200


async def test_a_consent_is_told_among_the_versions_with_its_reason(agent: httpx.AsyncClient) -> None:
    path = await make(agent)
    said = {"channel": "sms", "given": False, "at": "2026-01-01T00:00:00Z", "origin": "letter"}
    await agent.post(f"{path}/consents", json={**said, "why": "the customer wrote to us"})
    [told] = (await agent.get(f"{path}/versions")).json()["items"]
    assert (told["version"], told["part"], told["item"], told["who"]) == (2, "consent", "sms", "agent")
    assert told["why"] == "the customer wrote to us"
    assert (told["changes"]["given"], told["changes"]["origin"]) == ([None, False], [None, "letter"])


async def test_who_first_told_of_a_holding_is_kept(bank: httpx.AsyncClient, client_as: ClientAs) -> None:
    path = await make(bank)
    for client in (bank, client_as("supervisor")):
        told = (await client.put(f"{path}/holdings/core/1", json={"kind": "loan"})).json()
        assert told["created_by"] == "integration"
    assert (await record(bank, path))["holdings"][0]["created_at"] == told["created_at"]


async def test_of_a_card_number_in_a_note_the_last_four_digits_are_kept(agent: httpx.AsyncClient) -> None:
    path = await make(agent)
    note = await written(agent, path, f"lost {CARD}")
    changed = await agent.put(note, json={"text": f"found {CARD}"}, headers=ANY)
    assert changed.json()["text"] == "found …1111"
    for told in (await agent.get(f"{path}/versions"), await agent.get(f"{path}/record")):
        assert "1111 1111" not in told.text
        assert "…1111" in told.text
