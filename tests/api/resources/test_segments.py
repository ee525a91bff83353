"""Rules of tiers and segments, moves and overrides over HTTP."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.core.clock import FrozenClock, utc
from app.core.instants import iso
from app.customers.segments.rounds import judge_page
from app.db.engine import Sessions
from tests.api.conftest import ClientAs, faults

API = "/api/v1/segmentation"
RULES = {
    "note": "first",
    "tiers": [{"id": "rich", "tier": "gold", "condition": "balance('CNY') >= double(score.value) * 100.0"}],
    "segments": [{"id": "saver", "name": "Savers", "condition": "holdings('account') > 0"}],
    "scores": [{"id": "value", "of": "balance('CNY')"}],
}
PLAIN = {
    "tiers": [{"id": "rich", "tier": "gold", "condition": "balance('CNY') >= 100.0"}],
    "segments": RULES["segments"],
}


@pytest.fixture
async def admin(client_as: ClientAs) -> httpx.AsyncClient:
    """An administrator, where there is the tier gold."""
    client = client_as("administrator")
    await client.post("/api/v1/tiers", json={"id": "gold", "name": "Gold", "rank": 3})
    return client


async def asked(client: httpx.AsyncClient, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = await client.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def saver(client: httpx.AsyncClient, name: str = "王小明") -> str:
    who = str((await asked(client, "POST", "/api/v1/customers", {"name": name}, 201))["id"])
    details = {"balance": {"minor": 20_000, "currency": "CNY"}}
    path = f"/api/v1/customers/{who}/holdings/core/{name}"
    answer = await client.put(path, json={"kind": "account", "details": details})
    assert answer.status_code < 300, answer.text
    return who


async def activated(client: httpx.AsyncClient, kept_apart: Sessions, clock: FrozenClock, body: Any = PLAIN) -> int:
    number = int((await asked(client, "POST", f"{API}/rule-sets", body, 201))["number"])
    await asked(client, "POST", f"{API}/rule-sets/{number}/preview", {})
    await asked(client, "POST", f"{API}/rule-sets/{number}/activate", {"version": 1})
    async with kept_apart.write() as session:
        while await judge_page(session, utc(clock())) is not None:
            pass
    return number


async def test_rules_go_from_draft_over_preview_to_active(
    admin: httpx.AsyncClient, kept_apart: Sessions, clock: FrozenClock
) -> None:
    who = await saver(admin)
    made = await admin.post(f"{API}/rule-sets", json=RULES)
    assert (made.status_code, made.headers["etag"], made.json()["state"]) == (201, '"1"', "draft")
    number = made.json()["number"]
    refused = await admin.post(f"{API}/rule-sets/{number}/activate", json={"version": 1})
    assert (refused.status_code, refused.json()["type"].endswith("not-previewed")) == (409, True)
    told = await asked(admin, "POST", f"{API}/rule-sets/{number}/preview", {"customers": 50})
    assert (told["customers"], told["complete"], told["moved"]) == (1, True, 1)
    assert {(each["part"], each["after"]) for each in told["moves"]} == {("tier", "gold"), ("segment", "saver")}
    assert [each["examples"][0]["customer_id"] for each in told["moves"]] == [who, who]
    tried = await asked(admin, "GET", f"{API}/rule-sets/{number}/customers/{who}")
    assert (tried["tier"], tried["rules"][0]["holds"]) == ("gold", True)
    assert tried["rules"][0]["evidence"] == {"balance('CNY')": 200.0, "score.value": 1}
    stale = await admin.post(f"{API}/rule-sets/{number}/activate", json={}, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    active = await admin.post(f"{API}/rule-sets/{number}/activate", json={}, headers={"If-Match": '"1"'})
    assert active.json()["state"] == "active"
    async with kept_apart.write() as session:
        while await judge_page(session, utc(clock())) is not None:
            pass
    customer = await asked(admin, "GET", f"/api/v1/customers/{who}")
    assert (customer["tier"], customer["segments"], customer["computed_segments"]) == ("gold", [], ["saver"])
    profile = await asked(admin, "GET", f"/api/v1/customers/{who}/profile")
    assert (profile["customer"]["tier"]["id"], profile["customer"]["segments"]) == ("gold", ["saver"])
    [shown] = (await asked(admin, "GET", f"{API}/rounds"))["items"]
    assert (shown["rule_set"], shown["looked"], shown["moved"], shown["ended"]) == (number, 1, 1, "done")
    again = await asked(admin, "POST", f"{API}/rounds", status=202)
    assert again["reason"] == "asked"


async def test_moves_are_told_by_pages_of_one_customer_and_of_all(
    admin: httpx.AsyncClient, kept_apart: Sessions, clock: FrozenClock
) -> None:
    who = [await saver(admin, name) for name in "ab"]
    number = await activated(admin, kept_apart, clock)
    mine = (await asked(admin, "GET", f"/api/v1/customers/{who[0]}/moves"))["items"]
    assert [(each["part"], each["after"], each["rule"], each["rule_set"]) for each in mine] == [
        ("segment", "saver", "saver", number),
        ("tier", "gold", "rich", number),
    ]
    assert mine[1]["evidence"] == {"balance('CNY')": 200.0}
    page = await asked(admin, "GET", f"{API}/moves?part=tier&where=gold&rule_set={number}&limit=1")
    rest = await asked(admin, "GET", f"{API}/moves?part=tier&where=gold&rule_set={number}&cursor={page['next']}")
    assert faults(await admin.get(f"{API}/moves?since=2026-11-01T00:00:00")) == ["query.since"]  # by whose clocks?
    assert {each["customer_id"] for each in page["items"] + rest["items"]} == set(who)
    members = await asked(admin, "GET", f"{API}/segments/saver/members")
    assert {each["customer_id"] for each in members["items"]} == set(who)
    assert (await admin.get(f"{API}/segments/nobody/members")).status_code == 404


async def test_a_draft_is_replaced_copied_and_removed(admin: httpx.AsyncClient) -> None:
    number = (await asked(admin, "POST", f"{API}/rule-sets", PLAIN, 201))["number"]
    path = f"{API}/rule-sets/{number}"
    assert (await admin.put(path, json=PLAIN)).status_code == 422
    other = await asked(admin, "PUT", path, {**PLAIN, "segments": [], "version": 1, "note": "less"})
    assert (other["version"], other["segments"], other["note"]) == (2, [], "less")
    assert (await admin.put(path, json={**PLAIN, "version": 1})).status_code == 409
    copy = await asked(admin, "POST", f"{API}/rule-sets", {"copy_of": number}, 201)
    assert copy["tiers"] == PLAIN["tiers"]
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get(path)).status_code == 404
    listed = await asked(admin, "GET", f"{API}/rule-sets")
    assert [each["number"] for each in listed["items"]] == [copy["number"]]


async def test_faulty_rules_are_refused_with_every_fault(admin: httpx.AsyncClient) -> None:
    body = {
        "tiers": [{"id": "a", "tier": "golden", "condition": "customer.kind >"}],
        "segments": [{"id": "b", "name": "=1+1", "condition": "nobody.age > 3"}],
    }
    answer = await admin.post(f"{API}/rule-sets", json=body)
    assert answer.status_code == 422
    assert faults(answer) == ["body.tiers.0.tier", "body.tiers.0.condition", "body.segments.0.condition"]
    assert all(each["accepted"] for each in answer.json()["faults"])


@pytest.mark.parametrize("name", ["x'; drop table customers; --", "a,b", "{a}", '"', "=cmd()", "a\n", "A", ""])
async def test_ids_that_could_be_sql_or_formulas_are_refused(admin: httpx.AsyncClient, name: str) -> None:
    for part, more in (("tiers", {"tier": None}), ("segments", {"name": "S"})):
        answer = await admin.post(f"{API}/rule-sets", json={part: [{"id": name, "condition": "true", **more}]})
        assert (answer.status_code, faults(answer)) == (422, [f"body.{part}.0.id"])
    answer = await admin.post(f"{API}/rule-sets", json={"scores": [{"id": name, "of": "1"}]})
    assert answer.status_code == 422


async def test_sql_in_a_condition_is_a_text_like_any_other(
    admin: httpx.AsyncClient, kept_apart: Sessions, clock: FrozenClock
) -> None:
    await saver(admin)
    condition = "customer.kind != \"'); drop table customers; --\" && count('card.used', '30d') == 0"
    await activated(admin, kept_apart, clock, {"segments": [{"id": "s", "name": "'; --", "condition": condition}]})
    assert len((await asked(admin, "GET", f"{API}/segments/s/members"))["items"]) == 1


async def test_the_vocabulary_tells_names_types_and_meanings(admin: httpx.AsyncClient) -> None:
    await asked(
        admin,
        "PUT",
        "/api/v1/customer-attributes/club",
        {"title": "Club", "type": "choice", "limits": {"choices": ["a"]}},
    )
    told = await asked(admin, "GET", f"{API}/vocabulary")
    variables = {each["name"]: each["type"] for each in told["variables"]}
    assert variables["customer.relation_days"] == "whole number"
    assert variables["attributes.club"] == "choice"
    assert {"holdings", "balance", "contacts", "recency", "count", "trend"} <= {
        each["name"] for each in told["functions"]
    }


async def test_a_tier_is_overridden_listed_and_taken_back(
    admin: httpx.AsyncClient, kept_apart: Sessions, clock: FrozenClock
) -> None:
    who = await saver(admin)
    await activated(admin, kept_apart, clock)
    until = iso((utc(clock()) + timedelta(days=3)).timestamp())
    path = f"/api/v1/customers/{who}/tier-override"
    past = await admin.put(path, json={"tier": None, "reason": "late", "until": iso(clock() - 1)})
    assert (past.status_code, faults(past)) == (422, ["body.until"])
    unknown = await admin.put(path, json={"tier": "golden", "reason": "r", "until": until})
    assert unknown.status_code == 422
    made = await asked(admin, "PUT", path, {"tier": None, "reason": "=HYPERLINK()", "until": until})
    assert (made["tier"], made["tier_before"], made["ended_at"]) == (None, "gold", None)
    assert (await asked(admin, "GET", f"/api/v1/customers/{who}"))["tier"] is None
    back = await asked(admin, "POST", f"{path}/take-back", {"why": "a mistake"})
    assert back["tier"] == "gold"
    [listed] = (await asked(admin, "GET", f"{path}s"))["items"]
    assert listed["ended_because"] == "taken_back"
    assert (await admin.post(f"{path}/take-back", json={})).status_code == 409


async def test_a_segment_is_overridden_listed_and_taken_back(
    admin: httpx.AsyncClient, kept_apart: Sessions, clock: FrozenClock
) -> None:
    who = await saver(admin)
    await activated(admin, kept_apart, clock)
    until = iso((utc(clock()) + timedelta(days=3)).timestamp())
    path = f"/api/v1/customers/{who}/segment-overrides"
    body = {"member": False, "reason": "asked for it", "until": until}
    assert (await admin.put(f"{path}/nobody", json=body)).status_code == 404
    made = await asked(admin, "PUT", f"{path}/saver", body)
    assert (made["segment"], made["member"], made["made_by"]) == ("saver", False, "administrator")
    assert (await asked(admin, "GET", f"/api/v1/customers/{who}"))["computed_segments"] == []
    back = await asked(admin, "POST", f"{path}/saver/take-back", {})
    assert back["computed_segments"] == ["saver"]
    [listed] = (await asked(admin, "GET", path))["items"]
    assert listed["ended_because"] == "taken_back"


@pytest.mark.parametrize(
    ("role", "statuses"),
    [("agent", [403, 403, 403, 200]), ("supervisor", [200, 403, 404, 200]), ("integration", [403, 403, 403, 200])],
)
async def test_who_may_do_what(client_as: ClientAs, admin: httpx.AsyncClient, role: Any, statuses: list[int]) -> None:
    who = await saver(admin)
    client, nobody = client_as(role), "00000000-0000-0000-0000-000000000000"
    override = {"tier": None, "reason": "r", "until": "2999-01-01T00:00:00Z"}
    found = [
        await client.get(f"{API}/rule-sets"),
        await client.post(f"{API}/rule-sets", json=PLAIN),
        await client.post(f"/api/v1/customers/{nobody}/tier-override/take-back", json={}),
        await client.get(f"/api/v1/customers/{who}/moves"),
    ]
    assert [each.status_code for each in found] == statuses
    assert (await client.put(f"/api/v1/customers/{who}/tier-override", json=override)).status_code in (403, 422)


async def test_feeds_cannot_pretend_to_be_the_rules(admin: httpx.AsyncClient) -> None:
    answer = await admin.post("/api/v1/feeds/customers", params={"source": "rules"}, content=b"{}")
    assert answer.json()["type"].endswith("source-is-people")
