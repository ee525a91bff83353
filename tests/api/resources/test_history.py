"""The timeline and the search over HTTP: wrong questions are told, and a cursor goes on only where it was given."""

import base64
from typing import Any
from uuid import UUID

import msgspec
import pytest

from app.api.http.paging import cursor_of
from app.api.http.services import Services
from app.core.ids import new_id
from app.customers.duplicates.merging import Side, merge
from tests.api.conftest import ClientAs, faults
from tests.customers.factories import customer_id
from tests.history.factories import ago, make_life
from tests.interactions.factories import make_interaction

SEARCH = "/api/v1/history/search"


@pytest.fixture
async def who(services: Services) -> UUID:
    """A customer with a life."""
    async with services.sessions.write() as session:
        return await make_life(session)


def path_of(who: object) -> str:
    return f"/api/v1/customers/{who}/timeline"


async def test_a_timeline_page_by_page(client_as: ClientAs, who: UUID) -> None:
    agent = client_as("agent")
    seen: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        page = (await agent.get(path_of(who), params={"limit": 4, **cursor})).json()
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == (await agent.get(path_of(who))).json()["items"]
    assert len({(one["kind"], one["id"]) for one in seen}) == len(seen) == 15
    [contact] = [one for one in seen if one["kind"] == "contact"]
    assert contact["link"] == f"/api/v1/interactions/{contact['id']}"
    assert (await agent.get(contact["link"])).status_code == 200


async def test_filters_and_places_of_words(client_as: ClientAs, who: UUID) -> None:
    params = {"q": "遗失", "kind": ["contact", "note"], "since": ago(hours=9).isoformat(), "agent": "lin"}
    [found] = (await client_as("agent").get(path_of(who), params=params)).json()["items"]
    [[start, end]] = found["found"]
    assert found["text"][start:end] == "遗失"


async def test_a_cursor_of_another_filter_is_refused(client_as: ClientAs, who: UUID) -> None:
    agent = client_as("agent")
    cursor = (await agent.get(path_of(who), params={"limit": 2})).json()["next"]
    for other in ({"kind": "contact"}, {"agent": "lin"}, {"q": "card"}, {"since": ago(hours=9).isoformat()}):
        answer = await agent.get(path_of(who), params={"cursor": cursor, **other})
        assert faults(answer) == ["query.cursor"], other


async def test_a_forged_cursor_is_refused(client_as: ClientAs, who: UUID) -> None:
    agent = client_as("agent")
    given = (await agent.get(path_of(who), params={"limit": 2})).json()["next"]
    _, (mark, at, source, own) = msgspec.json.decode(base64.urlsafe_b64decode(given))
    keys = [
        (mark, at, "nothing", own),
        (mark, at, "contacts", "1' or true --"),
        (mark, at, "versions", "-1"),
        (mark, at, "versions", "9" * 20),
        (mark, at.replace("Z", ""), source, own),
        ("0" * 12, at, source, own),
        (at, own),
        (mark, "yesterday", source, own),
    ]
    for cursor in (*(cursor_of(key, path_of(who)) for key in keys), "%", "bm90", given[:-8]):
        assert faults(await agent.get(path_of(who), params={"cursor": cursor})) == ["query.cursor"], cursor


BAD: list[tuple[dict[str, Any], str]] = [
    ({"kind": "cases"}, "query.kind.0"),
    ({"since": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"}, "query.until"),
    ({"since": "2026-11-02T00:00:00"}, "query.since"),
    ({"q": ""}, "query.q"),
    ({"q": "?!。"}, "query.q"),
    ({"q": "x" * 10_000}, "query.q"),
    ({"q": "a\x00"}, "query.q"),
    ({"limit": 201}, "query.limit"),
]


@pytest.mark.parametrize(("given", "where"), BAD)
async def test_what_cannot_be_asked_is_refused(client_as: ClientAs, given: dict[str, Any], where: str) -> None:
    for path in (path_of(new_id()), SEARCH):
        answer = await client_as("supervisor").get(path, params={"q": "card"} | given)
        assert faults(answer) == [where], path


@pytest.mark.parametrize("q", ["'; drop table customers; --", "a' | 'b", "card:* & !lost", "\\", "100%_", "'@' <-> x"])
async def test_sql_injection_in_q_finds_nothing_or_words(client_as: ClientAs, who: UUID, q: str) -> None:
    for path in (path_of(who), SEARCH):
        answer = await client_as("supervisor").get(path, params={"q": q})
        assert answer.status_code == (422 if q == "\\" else 200), answer.text
    assert (await client_as("agent").get(path_of(who))).status_code == 200


async def test_merged_and_unknown_customers(client_as: ClientAs, services: Services, who: UUID) -> None:
    async with services.sessions.write() as session:
        other = await customer_id(session, "王晓明")
        await merge(session, Side(other), Side(who))
    agent = client_as("agent")
    assert (await agent.get(path_of(other))).json() == (await agent.get(path_of(who))).json()
    assert (await agent.get(path_of(new_id()))).status_code == 404
    assert (await agent.get(path_of("nobody"))).status_code == 422


async def test_supervisors_search_what_was_written_of_all(client_as: ClientAs, services: Services, who: UUID) -> None:
    async with services.sessions.write() as session:
        merged = await customer_id(session, "李四")
        await make_interaction(session, ago(hours=1), customer_id=merged, note="card, again")
        await make_interaction(session, ago(hours=2), note="a card of nobody whom we know")
        await merge(session, Side(merged), Side(who))
    supervisor = client_as("supervisor")
    first = (await supervisor.get(SEARCH, params={"q": "CARD", "limit": 2})).json()
    rest = (await supervisor.get(SEARCH, params={"q": "CARD", "limit": 2, "cursor": first["next"]})).json()
    found = first["items"] + rest["items"]
    assert [one["customer_id"] for one in found] == [str(merged), None, str(who)]
    assert [one["customer"] and one["customer"]["id"] for one in found] == [str(who), None, str(who)]
    assert rest["next"] is None
    assert (await supervisor.get(SEARCH)).status_code == 422
    assert (await client_as("agent").get(SEARCH, params={"q": "card"})).status_code == 403
