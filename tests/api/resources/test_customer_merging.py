"""Matching and merging over HTTP: reasons instead of guesses, and nothing lost on the way there or back."""

from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from sqlalchemy import insert, text

from app.api.http.services import Services
from app.core.ids import new_id
from app.customers.bulk import upsert_many
from app.floor.journal.models import LiveContact
from tests.api.conftest import ClientAs, faults
from tests.customers.factories import new_customer
from tests.interactions.factories import make_interaction

PATH = "/api/v1/customers"
MOBILE = "13800138000"


@pytest.fixture
def lead(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of a supervisor."""
    return client_as("supervisor")


async def make(client: httpx.AsyncClient, name: str = "王小明", *numbers: str, **given: Any) -> str:
    body = {"name": name, "numbers": [{"raw": raw} for raw in numbers], **given}
    answer = await client.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


async def merge(client: httpx.AsyncClient, one: str, into: str, **given: Any) -> httpx.Response:
    body = {"into": into, "why": "same passport", **given}
    return await client.post(f"{PATH}/{one}/merge", json=body, headers={"if-match": "*"})


async def unmerge(client: httpx.AsyncClient, one: str) -> httpx.Response:
    return await client.post(f"{PATH}/{one}/unmerge", json={"why": "two people"}, headers={"if-match": "*"})


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def everything(services: Services) -> dict[str, list[Any]]:
    """All that is kept of customers, but what a change always moves: version and instant."""
    parts = ("numbers", "emails", "addresses", "external_ids", "consents", "ties", "holdings", "notes", "identifiers")
    found: dict[str, list[Any]] = {}
    async with services.sessions.read() as session:
        for table in ("customers", *(f"customer_{part}" for part in parts), "interactions"):
            query = text(f"select to_jsonb(t) - '{{version,updated_at}}'::text[] from {table} t order by 1")
            found[table] = list(await session.scalars(query))
    return found


async def test_unmerging_restores_both_exactly(lead: httpx.AsyncClient, services: Services) -> None:
    one, other = await make(lead, "王小明", MOBILE), await make(lead, "Wang Xiaoming", "8001", external_id="C1")
    await lead.put(f"{PATH}/{one}/emails", json={"version": 1, "emails": [{"address": "w@x"}]})
    await lead.post(f"{PATH}/{one}/notes", json={"text": "careful", "pinned": True})
    await lead.put(f"{PATH}/{one}/holdings/core/1", json={"kind": "loan"})
    async with services.sessions.write() as session:
        await make_interaction(session, customer_id=UUID(one))
    before = await everything(services)
    made = await merge(lead, one, other)
    assert made.status_code == 201, made.text
    assert (made.json()["who"], made.json()["why"]) == ("supervisor", "same passport")
    assert await everything(services) != before
    undone = (await unmerge(lead, one)).json()
    assert (undone["undone_by"], undone["undone_because"]) == ("supervisor", "two people")
    assert await everything(services) == before
    merges = (await lead.get(f"{PATH}/{other}/merges")).json()["items"]
    assert [each["id"] for each in merges] == [made.json()["id"]]


async def test_the_survivor_is_read_with_everything_of_the_merged(lead: httpx.AsyncClient, services: Services) -> None:
    one, other = await make(lead, "李丽", MOBILE, external_id="C9"), await make(lead, "Amy Smith", "8001")
    await lead.post(f"{PATH}/{one}/notes", json={"text": "careful", "pinned": True})
    async with services.sessions.write() as session:
        kept = await make_interaction(session, customer_id=UUID(one))
    await merge(lead, one, other)
    for path in (one, other):
        told = (await lead.get(f"{PATH}/{path}/record")).json()
        assert (told["customer"]["id"], told["merged"]) == (other, [one])
        assert [(number["customer_id"], number["raw"]) for number in told["numbers"]] == [
            (one, MOBILE),
            (other, "8001"),
        ]
        assert [note["text"] for note in told["warnings"]] == ["careful"]
        profile = (await lead.get(f"{PATH}/{path}/profile")).json()
        assert (profile["customer"]["id"], [each["id"] for each in profile["interactions"]]) == (other, [str(kept.id)])
    history = (await lead.get(f"{PATH}/{other}/interactions")).json()["items"]
    assert [each["id"] for each in history] == [str(kept.id)]
    for search in ({"number": MOBILE}, {"q": "李丽"}, {"q": "lili"}, {"external_id": "C9"}, {"q": "amy"}, {}):
        found = (await lead.get(PATH, params=search)).json()["items"]
        assert [each["id"] for each in found] == [other], search
    assert (await lead.get(f"{PATH}/{one}")).json()["merged_into"] == other


async def test_the_merged_is_not_changed_in_the_survivors_place(lead: httpx.AsyncClient) -> None:
    one, other = await make(lead), await make(lead)
    await merge(lead, one, other)
    refused = await lead.patch(f"{PATH}/{one}", json={"name": "X"}, headers={"if-match": "*"})
    assert problem(refused) == (409, "customer-merged")
    assert refused.json()["survivor"] == other
    assert problem(await lead.post(f"{PATH}/{one}/notes", json={"text": "x"})) == (409, "customer-merged")


async def test_both_histories_tell_of_a_merge(lead: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    one, other = await make(lead), await make(lead)
    await merge(lead, one, other)
    [of_one] = (await lead.get(f"{PATH}/{one}/versions")).json()["items"]
    [of_other] = (await lead.get(f"{PATH}/{other}/versions")).json()["items"]
    assert (of_one["part"], of_one["changes"], of_one["why"]) == (
        "merge",
        {"merged_into": [None, other]},
        "same passport",
    )
    assert of_other["changes"] == {"merged": [None, one]}
    [entry] = (await admin.get("/api/v1/audit", params={"action": "customer.merged"})).json()["items"]
    assert (entry["who"], entry["thing"]) == ("supervisor", one)


async def test_a_merge_of_a_customer_with_itself_is_refused(lead: httpx.AsyncClient) -> None:
    one = await make(lead)
    assert faults(await merge(lead, one, one)) == ["body.into"]


async def test_merges_in_a_circle_are_refused(lead: httpx.AsyncClient) -> None:
    a, b, c = await make(lead), await make(lead), await make(lead)
    await merge(lead, a, b)
    assert problem(await merge(lead, b, a)) == (409, "merge-in-circle")
    await merge(lead, b, c)
    for into in (a, b):
        assert problem(await merge(lead, c, into)) == (409, "merge-in-circle")
    assert problem(await merge(lead, a, c)) == (409, "customer-merged")


async def test_a_chain_of_merges_is_taken_back_link_by_link(lead: httpx.AsyncClient) -> None:
    a, b, c = await make(lead, "A"), await make(lead, "B"), await make(lead, "C")
    await merge(lead, a, b)
    await merge(lead, b, c)

    async def survivors() -> list[str | None]:
        return [(await lead.get(f"{PATH}/{each}")).json()["merged_into"] for each in (a, b, c)]

    assert await survivors() == [c, c, None]
    await unmerge(lead, b)
    assert await survivors() == [b, None, None]
    await merge(lead, b, c)
    await unmerge(lead, a)
    assert await survivors() == [None, c, None]
    assert problem(await unmerge(lead, a)) == (409, "not-merged")


async def test_two_people_with_contacts_open_are_not_merged_by_accident(
    lead: httpx.AsyncClient, services: Services
) -> None:
    one, other = await make(lead), await make(lead)
    live = {each: new_id() for each in (one, other)}
    async with services.sessions.write() as session:
        for customer, contact in live.items():
            state = {
                "id": contact,
                "state": "active",
                "arrived_at": 1_800_000_000.0,
                "call": {"source": "pbx", "id": contact, "direction": "inbound"},
            }
            row = {"floor": "main", "id": UUID(contact), "customer_id": UUID(customer), "state": state}
            await session.execute(insert(LiveContact).values(row))
    refused = await merge(lead, one, other)
    assert problem(refused) == (409, "things-open")
    assert (refused.json()["merged"], refused.json()["survivor"]) == ([live[one]], [live[other]])
    assert (await merge(lead, one, other, though_open=True)).status_code == 201
    profile = (await lead.get(f"{PATH}/{other}/profile")).json()
    assert {each["id"] for each in profile["open"]} == set(live.values())


async def test_a_merge_of_a_stale_version_is_refused(lead: httpx.AsyncClient) -> None:
    one, other = await make(lead), await make(lead)
    await lead.patch(f"{PATH}/{one}", json={"version": 1, "name": "X"})
    stale = await lead.post(f"{PATH}/{one}/merge", json={"into": other}, headers={"if-match": '"1"'})
    assert problem(stale) == (412, "precondition-failed")
    stale = await lead.post(f"{PATH}/{one}/merge", json={"into": other, "version": 1})
    assert problem(stale) == (409, "version-conflict")
    assert (await lead.get(f"{PATH}/{one}")).json()["merged_into"] is None


async def test_a_stale_version_of_the_survivor_is_told_where_it_was_given(lead: httpx.AsyncClient) -> None:
    one, other = await make(lead), await make(lead)
    await lead.patch(f"{PATH}/{other}", json={"version": 1, "name": "X"})
    for header in ("*", '"1"'):
        body = {"into": other, "into_version": 1}
        refused = await lead.post(f"{PATH}/{one}/merge", json=body, headers={"if-match": header})
        assert problem(refused) == (409, "version-conflict")
        assert [fault["where"] for fault in refused.json()["faults"]] == ["body.into_version"]
        assert "If-Match" not in refused.text
    assert (await merge(lead, one, other, into_version=2)).status_code == 201


async def test_nobody_is_merged_into_somebody_inactive(lead: httpx.AsyncClient) -> None:
    one, gone = await make(lead, "A", MOBILE), await make(lead, "B")
    await lead.patch(f"{PATH}/{gone}", json={"version": 1, "active": False})
    assert problem(await merge(lead, one, gone)) == (409, "survivor-inactive")
    assert [each["id"] for each in (await lead.get(PATH, params={"number": MOBILE})).json()["items"]] == [one]
    assert (await merge(lead, gone, one)).status_code == 201


@pytest.mark.parametrize("change", [{"active": False}, {"kind": "company"}])
async def test_who_speaks_for_others_does_not_disappear_or_change_their_kind(
    lead: httpx.AsyncClient, change: dict[str, Any]
) -> None:
    one, other = await make(lead), await make(lead)
    await merge(lead, one, other)
    any_version = {"if-match": "*"}
    refused = await lead.patch(f"{PATH}/{other}", json=change, headers=any_version)
    assert problem(refused) == (409, "speaks-for-others")
    assert (refused.json()["merged"], refused.json()["faults"][0]["where"]) == ([one], f"body.{next(iter(change))}")
    same = {"active": True, "kind": "person", "name": "X"}
    assert (await lead.patch(f"{PATH}/{other}", json=same, headers=any_version)).status_code == 200
    await unmerge(lead, one)
    assert (await lead.patch(f"{PATH}/{other}", json=change, headers=any_version)).status_code == 200


async def test_taking_back_a_merge_amid_a_line_raises_the_version_of_who_survives_it(
    lead: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    a, b, c = await make(lead, "A"), await make(lead, "B"), await make(lead, "C")
    await merge(lead, a, b)
    await merge(lead, b, c)
    before = (await lead.get(f"{PATH}/{c}")).json()["version"]
    await unmerge(lead, a)
    assert (await lead.get(f"{PATH}/{c}")).json()["version"] == before + 1
    told = (await lead.get(f"{PATH}/{c}/versions")).json()["items"][0]
    assert (told["version"], told["changes"], told["why"]) == (before + 1, {"merged": [a, None]}, "two people")
    [entry] = (await admin.get("/api/v1/audit", params={"action": "customer.unmerged"})).json()["items"]
    assert entry["after"] == {"survivor": c, "merged": a}


async def test_a_person_and_a_company_are_not_one(lead: httpx.AsyncClient) -> None:
    one, other = await make(lead), await make(lead, kind="company")
    assert problem(await merge(lead, one, other)) == (409, "kinds-differ")


async def test_agents_look_and_supervisors_merge(client_as: ClientAs, lead: httpx.AsyncClient) -> None:
    one, other = await make(lead), await make(lead)
    for role in ("agent", "integration"):
        assert (await merge(client_as(role), one, other)).status_code == 403
        assert (await unmerge(client_as(role), one)).status_code == 403
        assert (await client_as(role).get(f"{PATH}/{one}/duplicates")).status_code == 200


async def test_who_is_not_there_is_not_merged(lead: httpx.AsyncClient) -> None:
    one, nobody = await make(lead), new_id()
    assert (await merge(lead, one, nobody)).status_code == 404
    assert (await merge(lead, nobody, one)).status_code == 404
    assert (await unmerge(lead, nobody)).status_code == 404
    assert (await lead.get(f"{PATH}/{nobody}/duplicates")).status_code == 404
    assert faults(await merge(lead, one, "x")) == ["body.into"]


async def test_candidates_come_with_reasons(lead: httpx.AsyncClient) -> None:
    sure = await make(lead, "王小明", MOBILE)
    await make(lead, "Li Na", MOBILE)
    answer = await lead.post(f"{PATH}/matches", json={"name": "Xiaoming Wang", "numbers": [f"+86 {MOBILE}"]})
    found = answer.json()
    assert found["more"] is False
    first, second = found["matches"]
    assert first["customer"]["id"] == sure
    assert [(each["kind"], each["detail"]) for each in first["reasons"]] == [
        ("same_number", f"+86{MOBILE}"),
        ("same_reading", "Xiaoming Wang, 王小明"),
    ]
    assert [each["kind"] for each in second["reasons"]] == ["same_number", "different_name"]
    assert first["score"] > 0.8 > second["score"]


@pytest.mark.parametrize(
    "body", [{}, {"numbers": ["anonymous"]}, {"name": "😀"}, {"name": "'; drop table customers; --"}]
)
async def test_what_says_nothing_matches_nobody(lead: httpx.AsyncClient, body: dict[str, Any]) -> None:
    await make(lead, "王小明", "anonymous", MOBILE)
    assert (await lead.post(f"{PATH}/matches", json=body)).json() == {"matches": [], "more": False}


async def test_duplicates_are_proposed_and_not_merged(lead: httpx.AsyncClient, services: Services) -> None:
    twins = [new_customer("王小明", [f"{spelt}1380013800{n}"]) for n in range(3) for spelt in ("", "+86 ")]
    async with services.sessions.write() as session:
        ids = [
            str(each) for each in await upsert_many(session, [*twins, new_customer("王小明", ["13900139000"])], "CN")
        ]
    pairs = [tuple(sorted(ids[2 * n : 2 * n + 2])) for n in range(3)]
    proposed, after = 0, None
    while True:
        found = (await lead.post(f"{PATH}/duplicates/search", json={"after": after, "customers": 2})).json()
        proposed, after = proposed + found["proposed"], found["next"]
        if after is None:
            break
    assert proposed == 3
    items = (await lead.get(f"{PATH}/duplicates")).json()["items"]
    assert {(each["one_id"], each["other_id"]) for each in items} == set(pairs)
    assert {reason["kind"] for reason in items[0]["reasons"]} == {"same_number", "same_name"}
    assert (await lead.get(f"{PATH}/{pairs[0][0]}")).json()["merged_into"] is None
    mine = (await lead.get(f"{PATH}/duplicates", params={"customer": pairs[1][1]})).json()["items"]
    dismissed = await lead.post(f"{PATH}/duplicates/{mine[0]['id']}/dismiss", json={"why": "father and son"})
    assert (dismissed.json()["status"], dismissed.json()["decided_by"]) == ("dismissed", "supervisor")
    again = await lead.post(f"{PATH}/duplicates/{mine[0]['id']}/dismiss", json={})
    assert problem(again) == (409, "proposal-decided")
    assert (await lead.post(f"{PATH}/duplicates/{new_id()}/dismiss", json={})).status_code == 404
    await merge(lead, *pairs[0])
    left = (await lead.get(f"{PATH}/duplicates")).json()["items"]
    assert [(each["one_id"], each["other_id"]) for each in left] == [pairs[2]]
    await unmerge(lead, pairs[0][0])
    found = (await lead.post(f"{PATH}/duplicates/search", json={})).json()
    assert found == {"proposed": 0, "next": None}


async def test_somebody_new_with_the_number_of_another_is_proposed_at_once(lead: httpx.AsyncClient) -> None:
    one, other = await make(lead, "王小明", MOBILE), await make(lead, "Xiaoming Wang", f"+86 {MOBILE}")
    [proposal] = (await lead.get(f"{PATH}/duplicates")).json()["items"]
    assert {proposal["one_id"], proposal["other_id"]} == {one, other}


async def test_the_next_holder_of_a_recycled_number_is_no_duplicate(lead: httpx.AsyncClient) -> None:
    await make(lead, "A", numbers=[{"raw": MOBILE, "valid_until": "2020-01-01T00:00:00Z"}])
    later = await make(lead, "B", numbers=[{"raw": MOBILE, "valid_from": "2021-01-01T00:00:00Z"}])
    assert (await lead.get(f"{PATH}/duplicates")).json()["items"] == []
    assert (await lead.get(f"{PATH}/{later}/duplicates")).json()["matches"] == []


async def test_a_number_of_many_alone_is_no_reason_for_a_proposal(lead: httpx.AsyncClient, services: Services) -> None:
    async with services.sessions.write() as session:
        await upsert_many(
            session, [new_customer(name, [MOBILE]) for name in ("Amy", "Bob", "李丽", "张伟", "Zoë")], "CN"
        )
    assert (await lead.post(f"{PATH}/duplicates/search", json={})).json() == {"proposed": 0, "next": None}


async def test_matches_are_json_that_anybody_reads(lead: httpx.AsyncClient) -> None:
    await make(lead, "=cmd|' /C calc'!A0", MOBILE)
    answer = await lead.post(f"{PATH}/matches", json={"numbers": [MOBILE]})
    assert answer.headers["content-type"] == "application/json"
    assert msgspec.json.decode(answer.content)["matches"][0]["customer"]["name"] == "=cmd|' /C calc'!A0"
