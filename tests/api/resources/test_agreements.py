"""Agreements over HTTP: writing them, what they said of a contact, what is due, and what the agent sees."""

from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.api.http.services import Services
from app.api.schemas.entitled import EntitledNowOut
from app.api.schemas.profiles import ProfileOut
from app.core.clock import FrozenClock, utc
from app.core.ids import new_id
from app.interactions.models import Interaction
from tests.api.conftest import ClientAs, faults
from tests.interactions.factories import make_interaction

CUSTOMERS = "/api/v1/customers"
ANY = {"if-match": "*"}
DAY = [{"opens": "00:00", "closes": "24:00"}]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOURS = {"id": "1", "kind": "service_hours", "text": "day and night", "weekly": dict.fromkeys(WEEKDAYS, DAY)}
THREE = {"id": "2", "kind": "allowance", "text": "three calls", "of": "contacts", "count": 3, "per": "month"}
LI = {"id": "3", "kind": "named_manager", "text": "Ms Li is told", "manager": "Li Na"}
SOON = {"id": "4", "kind": "response_time", "text": "within the hour", "seconds": 3600}
VISITS = {"id": "5", "kind": "field_visits", "text": "two visits", "count": 2, "per": "year"}


@pytest.fixture
def agent(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of an agent."""
    return client_as("agent")


@pytest.fixture
def lead(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of a supervisor."""
    return client_as("supervisor")


@pytest.fixture
async def customer(lead: httpx.AsyncClient) -> str:
    """The path of a customer."""
    made = await lead.post(CUSTOMERS, json={"name": "王小明", "numbers": [{"raw": "13800138000"}]})
    return f"{CUSTOMERS}/{made.json()['id']}"


def body(*clauses: dict[str, Any], **given: Any) -> dict[str, Any]:
    """An agreement as it is sent."""
    return {
        "product": "care-plus",
        "time_zone": "Asia/Shanghai",
        "valid_from": "2020-01-01",
        "clauses": list(clauses),
    } | given


async def make(lead: httpx.AsyncClient, customer: str, *clauses: dict[str, Any], **given: Any) -> dict[str, Any]:
    answer = await lead.post(f"{customer}/agreements", json=body(*clauses, **given), headers=ANY)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def recorded(services: Services, customer: str, clock: FrozenClock, **given: Any) -> Interaction:
    """A contact of the customer, as the floor records it."""
    began = utc(clock() - 600)
    async with services.sessions.write() as session:
        who = UUID(customer.rpartition("/")[2])
        return await make_interaction(session, began, customer_id=who, **given)


async def test_an_agreement_is_made_read_changed_and_taken_away(lead: httpx.AsyncClient, customer: str) -> None:
    path = f"{customer}/agreements"
    made = await lead.post(path, json=body(HOURS, THREE, valid_until="2030-12-31", version=1, why="signed"))
    assert (made.status_code, made.headers["etag"]) == (201, '"2"')
    told = made.json()
    assert (told["status"], told["starts_at"], told["ends_at"]) == (
        "active",
        "2019-12-31T16:00:00Z",
        "2030-12-31T16:00:00Z",
    )
    assert [clause["id"] for clause in told["clauses"]] == ["1", "2"]
    assert (await lead.get(f"{path}/{told['id']}")).json() == told == (await lead.get(path)).json()["items"][0]
    changed = await lead.put(f"{path}/{told['id']}", json=body(HOURS, LI), headers={"if-match": '"2"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"3"')
    assert [clause["id"] for clause in changed.json()["clauses"]] == ["1", "3"]
    again = await lead.put(f"{path}/{told['id']}", json=body(HOURS, LI), headers={"if-match": '"3"'})
    assert again.headers["etag"] == '"3"'
    gone = await lead.delete(f"{path}/{told['id']}", headers={"if-match": '"3"'})
    assert (gone.status_code, gone.headers["etag"]) == (204, '"4"')
    assert (await lead.get(f"{path}/{told['id']}")).status_code == 404
    versions = (await lead.get(f"{customer}/versions")).json()["items"]
    assert [(one["version"], one["part"], one["why"]) for one in versions] == [
        (4, "agreement", None),
        (3, "agreement", None),
        (2, "agreement", "signed"),
    ]
    assert versions[0]["who"] == "supervisor"


async def test_a_stale_version_changes_nothing(lead: httpx.AsyncClient, customer: str) -> None:
    path = f"{customer}/agreements"
    made = await make(lead, customer, HOURS)
    stale = {"if-match": '"1"'}
    answers = [
        await lead.post(path, json=body(HOURS, product="other"), headers=stale),
        await lead.put(f"{path}/{made['id']}", json=body(LI), headers=stale),
        await lead.delete(f"{path}/{made['id']}", headers=stale),
    ]
    assert [answer.status_code for answer in answers] == [412] * 3
    assert (await lead.put(f"{path}/{made['id']}", json=body(LI, version=1))).status_code == 409
    assert (await lead.post(path, json=body(LI, product="other"))).status_code == 422
    assert (await lead.get(path)).json()["items"] == [made]


async def test_overlapping_agreements_for_a_product_are_refused(lead: httpx.AsyncClient, customer: str) -> None:
    first = await make(lead, customer, HOURS, valid_from="2026-01-01", valid_until="2026-06-30")
    path = f"{customer}/agreements"
    for since, until in (("2026-06-30", None), ("2025-01-01", "2026-01-01"), ("2026-02-01", "2026-03-01")):
        given = body(HOURS, valid_from=since, valid_until=until)
        refused = await lead.post(path, json=given, headers=ANY)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:callfloor:problem:agreements-overlap")
        assert refused.json()["agreements"][0]["id"] == first["id"]
    second = await make(lead, customer, HOURS, valid_from="2026-07-01")
    await make(lead, customer, HOURS, valid_from="2026-01-01", product="other")
    await make(lead, customer, HOURS, valid_from="2026-01-01", status="draft")
    earlier = body(HOURS, valid_from="2026-06-30")
    assert (await lead.put(f"{path}/{second['id']}", json=earlier, headers=ANY)).status_code == 409


@pytest.mark.parametrize(
    ("clause", "where"),
    [
        ({"id": "1", "kind": "allowance", "text": "some calls", "count": 3, "per": "month"}, "of"),
        ({"id": "1", "kind": "allowance", "text": "some calls", "of": "contacts", "per": "month"}, "count"),
        (THREE | {"count": -1}, "count"),
        (THREE | {"count": 0}, "count"),
        (THREE | {"count": 1.5}, "count"),
        (THREE | {"per": "week"}, "per"),
        (VISITS | {"count": -2}, "count"),
        (SOON | {"seconds": -1}, "seconds"),
        (SOON | {"counted": "service_hours"}, "counted"),
        (SOON | {"text": ""}, "text"),
        (SOON | {"text": "a\x00b"}, "text"),
        (HOURS | {"weekly": {"monday": [{"opens": "9", "closes": "10:00"}]}}, "weekly.monday.0.opens"),
        (HOURS | {"weekly": {"monday": [{"opens": "19:00", "closes": "10:00"}]}}, "weekly.monday.0.closes"),
        (HOURS | {"weekly": {}}, "weekly"),
        (SOON | {"only_queues": ["'; drop table dues"]}, "only_queues.0"),
    ],
)
async def test_a_clause_that_cannot_be_is_refused_by_its_place(
    lead: httpx.AsyncClient, customer: str, clause: dict[str, Any], where: str
) -> None:
    """Negative counts, a clause that names no allowance, times that are none."""
    wrong = faults(await lead.post(f"{customer}/agreements", json=body(clause), headers=ANY))
    assert [each.removeprefix("body.clauses.0.") for each in wrong] == [where]


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"time_zone": "Asia/Nowhere"}, "body.time_zone"),
        ({"valid_until": "2019-12-31"}, "body.valid_until"),
        ({"valid_from": "2026-02-30"}, "body.valid_from"),
        ({"valid_from": "0001-01-01"}, "body.valid_from"),
        ({"valid_until": "9999-12-31"}, "body.valid_until"),  # what other systems write for "no end"
        ({"status": "perhaps"}, "body.status"),
        ({"product": "x' or 1=1"}, "body.product"),
        ({"clauses": [{"id": "1", "kind": "poetry", "text": "t"}]}, "body.clauses.0.kind"),
        ({"clauses": []}, "body.clauses"),  # it would cover everything
        ({"clauses": [LI, LI | {"id": "4"}]}, "body.clauses.1.kind"),
        (
            {"clauses": [HOURS] + [SOON | {"id": f"c{n}", "counted": "service_hours"} for n in range(11)]},
            "body.clauses.11.counted",
        ),
        ({"clauses": [LI, SOON | {"id": "3"}]}, "body.clauses.1.id"),
    ],
)
async def test_an_agreement_that_cannot_be_is_refused(
    lead: httpx.AsyncClient, customer: str, given: dict[str, Any], where: str
) -> None:
    assert faults(await lead.post(f"{customer}/agreements", json=body(HOURS, **given), headers=ANY)) == [where]


async def test_who_may_write_agreements(client_as: ClientAs, lead: httpx.AsyncClient, customer: str) -> None:
    made = await make(lead, customer, HOURS)
    path = f"{customer}/agreements"
    for role, product in (("integration", "a"), ("administrator", "b")):
        answer = await client_as(role).post(path, json=body(HOURS, product=product), headers=ANY)  # type: ignore[arg-type]
        assert answer.status_code == 201
    agent = client_as("agent")
    assert (await agent.get(path)).status_code == 200
    assert (await agent.post(path, json=body(HOURS, product="c"), headers=ANY)).status_code == 403
    assert (await agent.put(f"{path}/{made['id']}", json=body(HOURS), headers=ANY)).status_code == 403
    assert (await agent.delete(f"{path}/{made['id']}", headers=ANY)).status_code == 403
    assert (await client_as(None).get(path)).status_code == 401


async def test_another_customers_agreement_is_not_found(lead: httpx.AsyncClient, customer: str) -> None:
    made = await make(lead, customer, HOURS)
    other = (await lead.post(CUSTOMERS, json={"name": "Amy"})).json()["id"]
    path = f"{CUSTOMERS}/{other}/agreements/{made['id']}"
    answers = [
        await lead.get(path),
        await lead.put(path, json=body(HOURS), headers=ANY),
        await lead.delete(path, headers=ANY),
        await lead.post(f"{path}/uses", json={"clause": "1", "reference": "x"}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert (await lead.get(f"{CUSTOMERS}/{new_id()}/agreements")).status_code == 404


async def test_what_was_decided_of_a_contact(
    lead: httpx.AsyncClient, agent: httpx.AsyncClient, customer: str, services: Services, clock: FrozenClock
) -> None:
    made = await make(lead, customer, HOURS, THREE, LI, SOON)
    contact = await recorded(services, customer, clock, outcome="abandoned")
    told = (await agent.get(f"/api/v1/interactions/{contact.id}/entitlement")).json()
    assert told["covered"] is True
    [said] = told["agreements"]
    assert (said["agreement_id"], said["covered"], said["fault"]) == (made["id"], True, None)
    assert [(one["clause"], one["kept"]) for one in said["promises"]] == [
        ("1", True),
        ("2", True),
        ("3", None),
        ("4", None),
    ]
    assert [(one["kind"], one["clause"], one["text"], one["done_by"]) for one in told["added"]] == [
        ("manager_notice", "3", "Ms Li is told", None),
        ("response", "4", "within the hour", None),
    ]
    refused = await lead.delete(f"{customer}/agreements/{made['id']}", headers=ANY)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:callfloor:problem:agreement-in-use")


async def test_a_contact_without_agreement_says_so(
    agent: httpx.AsyncClient, customer: str, services: Services, clock: FrozenClock
) -> None:
    contact = await recorded(services, customer, clock)
    told = (await agent.get(f"/api/v1/interactions/{contact.id}/entitlement")).json()
    assert told == {"covered": None, "agreements": [], "added": []}
    assert (await agent.get(f"/api/v1/interactions/{new_id()}/entitlement")).status_code == 404


async def test_what_is_due_is_a_list_by_pages_and_tells_who_did_it(
    lead: httpx.AsyncClient, agent: httpx.AsyncClient, customer: str, services: Services, clock: FrozenClock
) -> None:
    await make(lead, customer, LI, SOON)
    for _ in range(2):
        await recorded(services, customer, clock, outcome="abandoned")
    page = (await agent.get("/api/v1/dues", params={"limit": 3})).json()
    rest = (await agent.get("/api/v1/dues", params={"limit": 3, "cursor": page["next"]})).json()
    items = page["items"] + rest["items"]
    assert [one["kind"] for one in items] == ["manager_notice"] * 2 + ["response"] * 2
    assert (len(page["items"]), rest["next"], items) == (3, None, sorted(items, key=lambda one: one["due_at"]))
    done = await agent.post(f"/api/v1/dues/{items[0]['id']}/done", json={"note": "told by telephone"})
    assert (done.status_code, done.json()["done_by"], done.json()["note"]) == (200, "agent", "told by telephone")
    again = await lead.post(f"/api/v1/dues/{items[0]['id']}/done", json={})
    assert (again.status_code, again.json()["done_by"]) == (409, "agent")
    for params, wanted in (
        ({"done": True}, items[:1]),
        ({"done": False}, items[1:]),
        ({"kind": "response"}, items[2:]),
        ({"owner": "Li Na"}, items[:2]),
        ({"customer_id": customer.rpartition("/")[2]}, items),
        ({"due_before": items[2]["due_at"]}, items[:2]),
    ):
        found = (await agent.get("/api/v1/dues", params=params)).json()["items"]
        assert [one["id"] for one in found] == [one["id"] for one in wanted], params
    assert (await agent.post(f"/api/v1/dues/{new_id()}/done", json={})).status_code == 404
    assert faults(await agent.get("/api/v1/dues", params={"cursor": "bm8="})) == ["query.cursor"]


async def test_a_use_of_an_allowance_is_counted_once_and_told(lead: httpx.AsyncClient, customer: str) -> None:
    made = await make(lead, customer, VISITS, LI)
    path = f"{customer}/agreements/{made['id']}/uses"
    told = [(await lead.post(path, json={"clause": "5", "reference": f"visit {n}"})).json() for n in (1, 2, 1, 3)]
    assert [(one["number"], one["count"], one["within"]) for one in told] == [
        (1, 2, True),
        (2, 2, True),
        (1, 2, True),
        (3, 2, False),
    ]


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"at": "1999-01-01T00:00:00Z"}, "body.at"),
        ({"at": "2099-01-01T00:00:00Z"}, "body.at"),
        ({"clause": "2"}, "body.clause"),  # of contacts: invented ones would use up what the customer was promised
    ],
)
async def test_a_use_that_cannot_have_been_is_refused_and_counts_nothing(
    lead: httpx.AsyncClient, customer: str, given: dict[str, Any], where: str
) -> None:
    made = await make(lead, customer, VISITS, THREE)
    path = f"{customer}/agreements/{made['id']}/uses"
    assert faults(await lead.post(path, json={"clause": "5", "reference": "junk"} | given)) == [where]
    assert (await lead.post(path, json={"clause": "5", "reference": "visit 1"})).json()["number"] == 1


async def test_nothing_is_used_of_an_agreement_that_has_ended(lead: httpx.AsyncClient, customer: str) -> None:
    made = await make(lead, customer, VISITS, status="ended")
    path = f"{customer}/agreements/{made['id']}/uses"
    assert faults(await lead.post(path, json={"clause": "5", "reference": "visit 1"})) == ["path.agreement_id"]


@pytest.mark.parametrize("clause", ["3", "9"])
async def test_a_use_of_a_clause_that_names_no_allowance_is_refused(
    lead: httpx.AsyncClient, customer: str, clause: str
) -> None:
    made = await make(lead, customer, VISITS, LI)
    answer = await lead.post(f"{customer}/agreements/{made['id']}/uses", json={"clause": clause, "reference": "x"})
    assert (faults(answer), answer.json()["faults"][0]["accepted"]) == (["body.clause"], "5")


async def test_the_agent_sees_it_before_promising_anything(
    lead: httpx.AsyncClient, agent: httpx.AsyncClient, customer: str, services: Services, clock: FrozenClock
) -> None:
    made = await make(lead, customer, HOURS, THREE, LI, SOON, name="Care Plus", valid_until="2030-12-31")
    await recorded(services, customer, clock)
    answer = await agent.get(f"{customer}/profile")
    told = ProfileOut.model_validate_json(answer.content, extra="forbid").entitlement
    assert isinstance(told, EntitledNowOut)
    [one] = told.agreements
    assert (told.covered, str(one.id), one.name, one.covered) == (True, made["id"], "Care Plus", True)
    promises = {each["clause"]: each for each in one.promises}
    assert (promises["2"]["used"], promises["2"]["left"], promises["2"]["kept"]) == (1, 2, True)
    assert datetime.fromisoformat(promises["4"]["due_at"]) == utc(clock() + 3600)
    assert [(due.kind, due.clause, due.owner) for due in told.due] == [("manager_notice", "3", "Li Na")]
    for _ in range(2):
        await recorded(services, customer, clock)
    used_up = (await agent.get(f"{customer}/profile")).json()["entitlement"]
    assert used_up["covered"] is False
    assert [each["clause"] for each in used_up["agreements"][0]["promises"] if each["kept"] is False] == ["2"]
