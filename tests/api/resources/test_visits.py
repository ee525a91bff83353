"""Field visits over HTTP: booking, the day of one, lists, and every bad input by name."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.api.http.services import Services
from app.core.clock import FrozenClock
from app.core.ids import new_id
from app.core.instants import iso
from app.customers.masking import MASK
from tests.api.conftest import ClientAs, faults
from tests.customers.factories import make_agent

VISITS = "/api/v1/visits"
CUSTOMERS = "/api/v1/customers"
CARD = "4111111111111111"
LINES = "长安街 1 号"


@pytest.fixture
async def lead(client_as: ClientAs, services: Services) -> httpx.AsyncClient:
    """A client of a supervisor; Lin and Mei are agents."""
    async with services.sessions.write() as session:
        await make_agent(session)
        await make_agent(session, "mei")
    return client_as("supervisor")


@pytest.fixture
def agent(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of an agent."""
    return client_as("agent")


@pytest.fixture
async def amy(lead: httpx.AsyncClient) -> str:
    """A customer."""
    return str((await lead.post(CUSTOMERS, json={"name": "王小明"})).json()["id"])


@pytest.fixture
def day(clock: FrozenClock) -> float:
    """The instant a day from now."""
    return clock() + 86_400


def window(begins: float, hours: float = 2, zone: str = "Asia/Shanghai") -> dict[str, str]:
    return {"starts_at": iso(begins), "ends_at": iso(begins + hours * 3_600), "time_zone": zone}


def body(customer: str, **given: Any) -> dict[str, Any]:
    return {"customer_id": customer, "purpose": "Replace the terminal 更换终端", "site": {"lines": LINES}, **given}


async def post(client: httpx.AsyncClient, path: str, given: Any, status: int = 200) -> Any:
    answer = await client.post(path, json=given)
    assert answer.status_code == status, answer.text
    return answer.json()


async def book(client: httpx.AsyncClient, customer: str, **given: Any) -> dict[str, Any]:
    made: dict[str, Any] = await post(client, VISITS, body(customer, **given), 201)
    return made


async def do(client: httpx.AsyncClient, visit: dict[str, Any], act: str, status: int = 200, **given: Any) -> Any:
    """Do something about the visit as it was read; what comes of it is how it is read then."""
    given = {"version": visit["version"], **given}
    told = await post(client, f"{VISITS}/{visit['id']}/{act}", given, status)
    if status == 200:
        visit |= told
    return told


async def happened(client: httpx.AsyncClient, visit: dict[str, Any]) -> list[Any]:
    """What is told of what happened to a visit."""
    found: list[Any] = (await client.get(f"{VISITS}/{visit['id']}/entries")).json()["items"]
    return found


async def on_site(lead: httpx.AsyncClient, customer: str, begins: float) -> dict[str, Any]:
    """A visit whose engineer is there."""
    visit = await book(lead, customer, window=window(begins))
    await do(lead, visit, "assign", engineer="lin")
    await do(lead, visit, "arrive")
    return visit


async def test_the_day_of_a_visit(lead: httpx.AsyncClient, agent: httpx.AsyncClient, amy: str, day: float) -> None:
    answer = await agent.post(VISITS, json=body(amy, window=window(day)))
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    visit = answer.json()
    assert visit == {
        "id": visit["id"],
        "customer_id": amy,
        "customer_name": "王小明",
        "case_id": None,
        "status": "scheduled",
        "purpose": "Replace the terminal 更换终端",
        "site": {"kind": None, "lines": LINES, "city": None, "postal_code": None, "country": None},
        "starts_at": "2027-01-16T08:00:00Z",
        "ends_at": "2027-01-16T10:00:00Z",
        "time_zone": "Asia/Shanghai",
        "engineer": None,
        "engineer_name": None,
        "outcome": None,
        "version": 1,
        "booked_at": "2027-01-15T08:00:00Z",
        "booked_by": "agent",
        "closed_at": None,
    }
    await do(agent, visit, "assign", 403, engineer="lin")
    assert (await do(lead, visit, "assign", engineer="lin", note="knows the way"))["engineer_name"] == "Lin"
    for act in ("dispatch", "set-out", "arrive"):
        await do(agent, visit, act)
    assert (await do(agent, visit, "complete", outcome="Replaced 已更换"))["status"] == "completed"
    assert (await do(agent, visit, "notes", 422))["faults"][0]["where"] == "body.note"
    await post(agent, f"{VISITS}/{visit['id']}/notes", {"note": "left a leaflet"})
    assert (await agent.get(f"{VISITS}/{visit['id']}")).json()["status"] == "completed"
    entries = await happened(agent, visit)
    assert [(each["act"], each["status"], each["who"]) for each in entries] == [
        ("book", "scheduled", "agent"),
        ("assign", "scheduled", "supervisor"),
        ("dispatch", "dispatched", "agent"),
        ("set_out", "en_route", "agent"),
        ("arrive", "on_site", "agent"),
        ("complete", "completed", "agent"),
        ("note", "completed", "agent"),
    ]
    assert entries[1]["changes"] == {"engineer": [None, "lin"]}


async def test_a_booking_that_is_sent_again_by_its_key_is_one_visit(
    lead: httpx.AsyncClient, amy: str, day: float
) -> None:
    key, bob = {"idempotency-key": "7f"}, (await lead.post(CUSTOMERS, json={"name": "Bob"})).json()["id"]
    given = body(amy, window=window(day))
    first, again = [(await lead.post(VISITS, json=given, headers=key)).json() for _ in range(2)]
    assert again == first != await book(lead, amy)
    for other in (
        *(body(bob, window=window(day)), body(amy, window=window(day + 60)), body(amy)),
        given | {"purpose": "Another"},
    ):
        assert (await lead.post(VISITS, json=other, headers=key)).json()["type"] == "urn:callfloor:problem:key-used"


async def test_the_example_of_the_page_is_booked(lead: httpx.AsyncClient, amy: str) -> None:
    address = {"addresses": [{"lines": LINES, "kind": "work"}, {"lines": "home", "kind": "home"}], "version": 1}
    assert (await lead.put(f"{CUSTOMERS}/{amy}/addresses", json=address)).is_success
    page = (Path(__file__).parents[3] / "docs" / "visits.md").read_text()
    given = json.loads(page.split("```json")[1].split("```")[0])
    made = await post(lead, VISITS, {**given, "customer_id": amy}, 201)
    assert (made["status"], made["site"]["lines"]) == ("scheduled", LINES)


async def test_a_refused_step_says_what_is_possible(lead: httpx.AsyncClient, amy: str, day: float) -> None:
    visit = await book(lead, amy)
    refused = await do(lead, visit, "dispatch", 409)
    assert (refused["status"], refused["state"], refused["accepted"]) == (
        409,
        "requested",
        ["assign", "cancel", "schedule"],
    )
    await do(lead, visit, "schedule", window=window(day))
    assert (await do(lead, visit, "set-out", 409))["accepted"] == ["assign"]  # nobody could go
    await do(lead, visit, "cancel", reason="not needed")
    assert "which is its end" in (await do(lead, visit, "schedule", 409, window=window(day)))["detail"]


async def test_nobody_is_sent_to_two_places_at_once(lead: httpx.AsyncClient, amy: str, day: float) -> None:
    first, second = [await book(lead, amy, window=window(begins)) for begins in (day, day + 3_600)]
    await do(lead, first, "assign", engineer="lin")
    refused = await do(lead, second, "assign", 409, engineer="lin")
    assert (refused["visit_id"], refused["engineer"]) == (first["id"], "lin")
    await do(lead, second, "assign", engineer="mei")


@pytest.mark.parametrize("engineer", ["nobody", "'; drop table agents; --"])
async def test_an_unknown_engineer_is_told(lead: httpx.AsyncClient, amy: str, engineer: str) -> None:
    visit = await book(lead, amy)
    answer = await lead.post(f"{VISITS}/{visit['id']}/assign", json={"engineer": engineer, "version": 1})
    assert faults(answer) == ["body.engineer"]


async def test_an_inactive_engineer_is_told(
    lead: httpx.AsyncClient, admin: httpx.AsyncClient, amy: str, day: float
) -> None:
    assert (await admin.patch("/api/v1/agents/lin", json={"active": False})).is_success
    visit = await book(lead, amy, window=window(day))
    refused = await do(lead, visit, "assign", 422, engineer="lin")
    assert "does not work any more" in refused["detail"]


@pytest.mark.parametrize(
    ("begins", "hours", "zone", "where"),
    [
        (3_600, -1, "UTC", "ends_at"),
        (3_600, 0, "UTC", "ends_at"),
        (-7_200, 1, "UTC", "ends_at"),
        (3_600, 24 * 40, "UTC", "ends_at"),
        (4e8, 1, "UTC", "starts_at"),
        (3_600, 1, "Asia/Atlantis", "time_zone"),
    ],
    ids=["reversed", "empty", "past", "too long", "far away", "no zone"],
)
async def test_an_appointment_that_cannot_be(
    lead: httpx.AsyncClient, amy: str, clock: FrozenClock, begins: float, hours: float, zone: str, where: str
) -> None:
    given = body(amy, window=window(clock() + begins, hours, zone))
    assert faults(await lead.post(VISITS, json=given)) == [f"body.window.{where}"]


async def test_instants_need_their_zone_and_be_instants(lead: httpx.AsyncClient, amy: str) -> None:
    for wrong in ("2027-01-16T08:00:00", "tomorrow", None):
        given = body(amy, window={**window(0), "starts_at": wrong})
        assert faults(await lead.post(VISITS, json=given)) == ["body.window.starts_at"]
    edge = {"starts_at": "9999-12-31T20:00:00-12:00", "ends_at": "9999-12-31T23:59:59-12:00", "time_zone": "UTC"}
    found = faults(await lead.post(VISITS, json=body(amy, window=edge)))
    assert found == ["body.window.starts_at", "body.window.ends_at"]


async def test_an_unknown_customer_and_an_erased_one_are_told(
    lead: httpx.AsyncClient, admin: httpx.AsyncClient, amy: str
) -> None:
    assert (await post(lead, VISITS, body(new_id()), 404))["type"].endswith("customer-not-found")
    erasure = {"ground": "objection", "reason": "file 7"}
    await post(admin, f"{CUSTOMERS}/{amy}/erasure", erasure, 201)
    assert (await post(lead, VISITS, body(amy), 409))["type"].endswith("customer-erased")
    assert (await lead.get(VISITS, params={"customer_id": amy})).status_code == 404


async def test_an_unknown_visit_is_told(lead: httpx.AsyncClient, day: float) -> None:
    nothing = {"id": new_id(), "version": 1}
    assert (await lead.get(f"{VISITS}/{nothing['id']}")).status_code == 404
    for act in ("dispatch", "set-out", "arrive", "no-access"):
        await do(lead, nothing, act, 404)
    await do(lead, nothing, "assign", 404, engineer="lin")
    await do(lead, nothing, "schedule", 404, window=window(day))
    await do(lead, nothing, "cancel", 404, reason="x")


async def test_a_stale_version_and_none_are_refused(lead: httpx.AsyncClient, amy: str, day: float) -> None:
    visit = await book(lead, amy, window=window(day))
    await do(lead, dict(visit), "assign", engineer="lin")
    assert (await do(lead, visit, "dispatch", 409))["version"] == 2
    path = f"{VISITS}/{visit['id']}/dispatch"
    assert (await lead.post(path, json={}, headers={"if-match": '"1"'})).status_code == 412
    assert faults(await lead.post(path, json={})) == ["body.version"]
    answer = await lead.post(path, json={}, headers={"if-match": '"2"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"3"')


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"purpose": "x" * 4_001}, "body.purpose"),
        ({"purpose": ""}, "body.purpose"),
        ({"purpose": "a\x00b"}, "body.purpose"),
        ({"purpose": f"{MASK}1111"}, "body.purpose"),
        ({"site": {"lines": "x" * 4_001}}, "body.site.lines"),
        ({"site": {"kind": "home"}}, "body.site.kind"),
        ({"site": {}}, "body.site.kind"),
        ({"case_id": "C-2026-000001"}, "body.case_id"),
        ({"case_id": "01a22600-0000-7000-8000-000000000000"}, "body.case_id"),
        ({"engineer": "lin"}, "body.engineer"),
    ],
    ids=["long", "empty", "NUL", "masked", "long site", "no home", "no address", "no id", "no case", "not here"],
)
async def test_what_a_booking_cannot_say(lead: httpx.AsyncClient, amy: str, wrong: dict[str, Any], where: str) -> None:
    assert faults(await lead.post(VISITS, json=body(amy) | wrong)) == [where]


async def test_outcomes_and_reasons_are_needed_and_not_over_long(
    lead: httpx.AsyncClient, amy: str, clock: FrozenClock
) -> None:
    visit = await on_site(lead, amy, clock() + 60)
    for act, name in (("complete", "outcome"), ("cancel", "reason")):
        for wrong in ({}, {name: ""}, {name: "x" * 4_001}):
            refused = await do(lead, visit, act, 422, **wrong)
            assert [each["where"] for each in refused["faults"]] == [f"body.{name}"]


async def test_card_numbers_are_cut_when_they_are_written(
    lead: httpx.AsyncClient, amy: str, clock: FrozenClock
) -> None:
    visit = await on_site(lead, amy, clock() + 60)
    assert (await do(lead, visit, "complete", outcome=f"paid by {CARD}"))["outcome"] == "paid by …1111"
    site = dict.fromkeys(("kind", "lines", "city", "postal_code"), f"at {CARD}")
    made = await book(lead, amy, purpose=f"card {CARD}", site=site)
    assert (made["purpose"], made["site"]) == ("card …1111", dict.fromkeys(site, "at …1111") | {"country": None})


async def test_a_visit_for_a_case_of_the_customer_and_of_no_other(
    lead: httpx.AsyncClient, services: Services, amy: str
) -> None:
    bob = (await lead.post(CUSTOMERS, json={"name": "Bob"})).json()["id"]
    case = new_id()
    async with services.sessions.write() as session:
        await session.execute(
            text("""insert into cases (id, number, customer_id, subject, opened_at, changed_at)
                    values (:id, 'C-1', :who, 'Terminal', now(), now())"""),
            {"id": case, "who": amy},
        )
    made = await book(lead, amy, case_id=case)
    assert made["case_id"] == case
    await book(lead, amy)
    [found] = (await lead.get(VISITS, params={"case_id": case})).json()["items"]
    assert found["id"] == made["id"]
    answer = await lead.post(VISITS, json=body(bob, case_id=case))
    assert faults(answer) == ["body.case_id"]
    assert "another customer's" in answer.json()["detail"]


async def test_visits_are_listed_by_customer_engineer_day_and_status(
    lead: httpx.AsyncClient, amy: str, day: float
) -> None:
    # 08:00 UTC is 16:00 in Shanghai; nine hours later it is the next day there
    late, soon = [await book(lead, amy, window=window(begins)) for begins in (day + 9 * 3_600, day)]
    asked = await book(lead, amy)
    await do(lead, soon, "assign", engineer="lin")

    async def found(**wanted: Any) -> list[str]:
        answer = await lead.get(VISITS, params=wanted)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["items"]]

    assert await found() == [soon["id"], late["id"], asked["id"]]
    assert await found(customer_id=amy, status=["requested"]) == [asked["id"]]
    assert await found(engineer="lin") == [soon["id"]]
    assert await found(engineer="", status=["scheduled", "requested"]) == [late["id"], asked["id"]]
    assert await found(day="2027-01-16") == [soon["id"], late["id"]]
    assert await found(day="2027-01-16", time_zone="Asia/Shanghai") == [soon["id"]]
    assert await found(day="2027-01-17", time_zone="Asia/Shanghai") == [late["id"]]
    page = (await lead.get(VISITS, params={"limit": 2})).json()
    assert await found(limit=2, cursor=page["next"]) == [asked["id"]]


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ({"status": "open"}, "query.status.0"),
        ({"day": "yesterday"}, "query.day"),
        ({"day": "0001-01-01"}, "query.day"),
        ({"time_zone": "../etc"}, "query.time_zone"),
        ({"cursor": "bm8="}, "query.cursor"),
    ],
    ids=["status", "day", "year one", "zone", "cursor"],
)
async def test_a_list_of_what_cannot_be_asked(lead: httpx.AsyncClient, wanted: dict[str, str], where: str) -> None:
    assert faults(await lead.get(VISITS, params=wanted)) == [where]


async def test_other_systems_read_visits_and_do_nothing_about_them(
    client_as: ClientAs, lead: httpx.AsyncClient, amy: str
) -> None:
    bank, visit = client_as("integration"), await book(lead, amy)
    assert (await bank.get(VISITS)).status_code == 200
    await post(bank, VISITS, body(amy), 403)
    await do(bank, visit, "cancel", 403, reason="x")
