"""What of visits is told, and where: what happened to one, in pages; the profile, the timeline, what is masked."""

from dataclasses import replace
from datetime import timedelta

import httpx

from app.api.application import Application
from app.api.http.services import Services
from app.api.schemas.profiles import ProfileOut
from app.core.clock import FrozenClock, utc
from app.core.ids import new_id
from app.customers.masking import EVERYBODY, MASK, Kind, policy
from tests.api.resources.test_visits import (
    CUSTOMERS,
    LINES,
    VISITS,
    amy,
    book,
    day,
    do,
    happened,
    lead,
    on_site,
    post,
    window,
)

__all__ = ["amy", "day", "lead"]


async def test_what_happened_to_a_visit_comes_in_pages(lead: httpx.AsyncClient, amy: str) -> None:
    visit = await book(lead, amy)
    path = f"{VISITS}/{visit['id']}"
    for note in ("first", "second"):
        await post(lead, f"{path}/notes", {"note": note})
    assert "entries" not in (await lead.get(path)).json()
    page = (await lead.get(f"{path}/entries", params={"limit": 2})).json()
    rest = (await lead.get(f"{path}/entries", params={"limit": 2, "cursor": page["next"]})).json()
    assert [each["act"] for each in page["items"]] == ["book", "note"]
    assert ([each["note"] for each in rest["items"]], rest["next"]) == (["second"], None)
    wrong = await lead.get(f"{path}/entries", params={"cursor": "x"})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "urn:callfloor:problem:bad-cursor")
    assert (await lead.get(f"{VISITS}/{new_id()}/entries")).status_code == 404


async def test_the_profile_tells_the_next_visits_and_the_timeline_all_of_them(
    lead: httpx.AsyncClient, amy: str, day: float, clock: FrozenClock
) -> None:
    for n in range(6):
        await book(lead, amy, window=window(day + n * 86_400))
    over = await on_site(lead, amy, clock() + 60)
    await do(lead, over, "complete", outcome="Fixed 修好了")
    profile = (await lead.get(f"{CUSTOMERS}/{amy}/profile")).json()
    ProfileOut.model_validate(profile)
    begins = [utc(day) + timedelta(days=n) for n in range(5)]
    assert [each["starts_at"] for each in profile["visits"]] == [f"{at:%Y-%m-%dT%H:%M:%S}.000Z" for at in begins]
    assert (profile["visits"][0]["site"], profile["visits"][0]["status"]) == (LINES, "scheduled")
    path = f"{CUSTOMERS}/{amy}/timeline"
    told = (await lead.get(path, params={"kind": "visit", "agent": "lin"})).json()["items"]
    assert [each["what"] for each in told] == ["complete", "arrive", "assign"]
    [found] = (await lead.get(path, params={"q": "修好"})).json()["items"]
    assert (found["text"], found["link"]) == ("Fixed 修好了", f"{VISITS}/{over['id']}")


async def test_sites_and_texts_are_masked_where_the_house_says_so(
    app: Application, services: Services, lead: httpx.AsyncClient, amy: str
) -> None:
    visit = await book(lead, amy)
    hidden: dict[Kind, frozenset[str]] = {"address": EVERYBODY - {"supervisor"}, "note": EVERYBODY - {"supervisor"}}
    app.state.services = replace(services, masking=policy(hidden, {}))
    told = (await lead.get(f"{VISITS}/{visit['id']}")).json()
    [entry] = await happened(lead, visit)
    assert (told["site"]["lines"], told["purpose"], entry["note"]) == (MASK, MASK, MASK)
    [shown] = (await lead.get(f"{CUSTOMERS}/{amy}/profile")).json()["visits"]
    assert (shown["site"], shown["purpose"]) == (MASK, MASK)


async def test_a_visit_that_took_place_tells_which_clause_it_used_up(
    lead: httpx.AsyncClient, amy: str, clock: FrozenClock
) -> None:
    clause = {"id": "5", "kind": "field_visits", "text": "two visits", "count": 2, "per": "year"}
    given = {"product": "care", "time_zone": "Asia/Shanghai", "valid_from": "2020-01-01", "clauses": [clause]}
    made = await lead.post(f"{CUSTOMERS}/{amy}/agreements", json=given, headers={"if-match": "*"})
    visit = await on_site(lead, amy, clock() + 60)
    await do(lead, visit, "complete", outcome="Fixed")
    [use] = (await happened(lead, visit))[-1]["allowances"]
    assert (use["agreement_id"], use["clause_id"], use["number"], use["count"]) == (made.json()["id"], "5", 1, 2)
    [agreement] = (await lead.get(f"{CUSTOMERS}/{amy}/profile")).json()["entitlement"]["agreements"]
    [promise] = agreement["promises"]
    assert (promise["used"], promise["left"]) == (1, 1)
