"""Cases over HTTP: the work list, their life, and what is told of them."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from app.agents.models import Team
from app.api.http.services import Services
from app.auth.models import User
from app.core.clock import FrozenClock, utc
from app.desk.cases.life import AFTER
from app.desk.cases.models import STATUSES
from tests.api.conftest import ClientAs, faults
from tests.api.resources.test_usage import customer
from tests.interactions.factories import make_interaction

CASES = "/api/v1/cases"


@pytest.fixture
async def agent(client_as: ClientAs, services: Services) -> httpx.AsyncClient:
    """A client of an agent who has an account; there is another agent, and a team."""
    async with services.sessions.write() as session:
        for login in ("agent", "mei"):
            session.add(User(id=login, name=login.title(), role="agent", password_hash="-"))
        session.add(Team(id="cards", name="Cards"))
    return client_as("agent")


@pytest.fixture
async def who(agent: httpx.AsyncClient, admin: httpx.AsyncClient) -> str:
    """A customer."""
    return await customer(admin)


async def opened(client: httpx.AsyncClient, who: str, status: int = 201, **given: Any) -> Any:
    """What opening a case gives."""
    answer = await client.post(CASES, json={"customer_id": who, "subject": "Card lost 银行卡遗失", **given})
    assert answer.status_code == status, answer.text
    return answer.json()


async def do(client: httpx.AsyncClient, case: Any, act: str, status: int = 200, **body: Any) -> Any:
    """Do something about a case, of the version that it is told with."""
    sent = body if act in ("notes", "contacts") else {"version": case["version"], **body}
    answer = await client.post(f"{CASES}/{case['id']}/{act}", json=sent)
    assert answer.status_code == status, answer.text
    return answer.json()


async def listed(client: httpx.AsyncClient, **wanted: Any) -> list[str]:
    """The subjects of the work list."""
    answer = await client.get(CASES, params=wanted)
    assert answer.status_code == 200, answer.text
    return [each["subject"] for each in answer.json()["items"]]


async def entries(client: httpx.AsyncClient, case: Any) -> list[Any]:
    """What happened to a case."""
    found: list[Any] = (await client.get(f"{CASES}/{case['id']}/entries")).json()["items"]
    return found


async def test_a_case_is_opened_with_a_number_of_its_own(
    agent: httpx.AsyncClient, who: str, clock: FrozenClock
) -> None:
    one, other = [await opened(agent, who, description="on the bus", category="card.lost") for _ in range(2)]
    assert one["number"].startswith(f"C-{utc(clock()).year}-")
    assert len(one["number"]) == len("C-2026-000123")
    assert other["number"] > one["number"]
    told = {key: one[key] for key in ("customer_id", "status", "priority", "owner", "due_at", "opened_by", "version")}
    assert told == {
        "customer_id": who,
        "status": "new",
        "priority": "normal",
        "owner": None,
        "due_at": None,
        "opened_by": "agent",
        "version": 1,
    }
    assert (await agent.get(f"{CASES}/{one['id']}")).json() == one


async def test_a_case_that_is_sent_again_by_its_key_is_opened_once(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, who: str
) -> None:
    given = {"customer_id": who, "subject": "Card lost"}
    key = {"idempotency-key": "7f"}
    first = (await agent.post(CASES, json=given, headers=key)).json()
    await do(agent, first, "take")
    again = await agent.post(CASES, json=given, headers=key)
    assert (again.status_code, again.headers["etag"]) == (201, '"2"')
    assert (again.json()["id"], again.json()["status"]) == (first["id"], "open")
    others = [await opened(agent, who), (await admin.post(CASES, json=given, headers=key)).json()]
    assert len({first["id"], *(each["id"] for each in others)}) == 3  # without a key, and by somebody else
    refused = await agent.post(CASES, json=given | {"customer_id": await customer(admin, name="李四")}, headers=key)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:callfloor:problem:key-used")
    for other in ({"subject": "Card found"}, {"description": "On the bus."}):
        refused = await agent.post(CASES, json=given | other, headers=key)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:callfloor:problem:key-used")
    wrong = await agent.post(CASES, json=given, headers={"idempotency-key": "a b"})
    assert faults(wrong) == ["header.Idempotency-Key"]


async def test_it_is_worked_on_until_it_is_closed(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, who: str, clock: FrozenClock
) -> None:
    case = await opened(agent, who)
    case = await do(agent, case, "take")
    assert (case["status"], case["owner"], case["version"]) == ("open", "agent", 2)
    case = await do(agent, case, "wait", note="he sends a copy")
    case = await do(agent, case, "hold")
    case = await do(agent, case, "work")
    await do(agent, case, "assign", 403, owner="mei")
    case = await do(admin, case, "assign", owner="mei", team="cards")
    assert (case["owner"], case["team"]) == ("mei", "cards")
    case = await do(agent, case, "solve", resolution="新卡已寄出")
    assert (case["status"], case["resolution"]) == ("solved", "新卡已寄出")
    case = await do(agent, case, "reopen", note="never came")
    assert (case["status"], case["resolution"], case["solved_at"]) == ("open", None, None)
    case = await do(agent, case, "solve", resolution="handed over")
    case = await do(agent, case, "close")
    assert case["closed_at"] == utc(clock()).isoformat().replace("+00:00", "Z")
    told = await entries(agent, case)
    acts = ["open", "take", "wait", "hold", "work", "assign", "solve", "reopen", "solve", "close"]
    assert [each["act"] for each in told] == acts
    assert [each["status"] for each in told][-4:] == ["solved", "open", "solved", "closed"]
    assert told[5]["changes"] == {"owner": ["agent", "mei"], "team": [None, "cards"]}
    assert (told[5]["who"], told[2]["text"]) == ("administrator", "he sends a copy")


async def test_a_case_is_late_until_it_is_solved_and_again_when_it_is_reopened_chatwoot_10178_12058(
    agent: httpx.AsyncClient, who: str, clock: FrozenClock
) -> None:
    case = await opened(agent, who, subject="card", due_at=utc(clock() + 60).isoformat())
    assert (case["overdue"], await listed(agent, overdue=True)) == (False, [])
    clock.advance(61)
    assert await listed(agent, overdue=True) == ["card"]
    case = await do(agent, case, "solve", resolution="sent")
    clock.advance(300)
    assert (case["overdue"], await listed(agent, overdue=True)) == (False, [])
    reopened = await do(agent, case, "reopen", note="never came")
    assert (reopened["overdue"], reopened["due_at"]) == (True, case["due_at"])
    assert await listed(agent, overdue=True) == ["card"]


async def test_a_closed_case_is_never_touched_again_and_may_be_followed(agent: httpx.AsyncClient, who: str) -> None:
    case = await opened(agent, who)
    await opened(agent, who, 409, follows_id=case["id"])
    case = await do(agent, await do(agent, case, "solve", resolution="done"), "close")
    for act, body in (("work", {}), ("reopen", {}), ("notes", {"text": "x"}), ("contacts", {"contact_id": who})):
        refused = await do(agent, case, act, 409, **body)
        assert (refused["state"], refused["accepted"]) == ("closed", ["a new case that follows it"])
    assert (await agent.patch(f"{CASES}/{case['id']}", json={"subject": "x", "version": 3})).status_code == 409
    after = await opened(agent, who, follows_id=case["id"])
    assert after["follows_id"] == case["id"]
    assert (await agent.get(f"{CASES}/{case['id']}")).json()["followed_by"] == [after["id"]]


async def test_what_changes_is_told_field_by_field(agent: httpx.AsyncClient, who: str, clock: FrozenClock) -> None:
    case = await opened(agent, who, description="on the bus", category="card")
    due = utc(clock() + 3_600).isoformat()
    given = {
        "subject": "Card stolen",
        "description": None,
        "category": None,
        "due_at": due,
        "note": "police",
        "version": 1,
    }
    case = (await agent.patch(f"{CASES}/{case['id']}", json=given)).json()
    assert (case["subject"], case["description"], case["category"], case["due_because"]) == (
        "Card stolen",
        None,
        None,
        "hand",
    )
    told = (await entries(agent, case))[-1]
    assert told["text"] == "Card stolen\npolice"
    assert told["changes"]["subject"] == ["Card lost 银行卡遗失", "Card stolen"]
    assert told["changes"]["description"] == ["on the bus", None]
    assert told["changes"]["due_at"][1] == "2027-01-15T09:00:00.000Z"
    assert told["changes"].keys() == {"subject", "description", "category", "due_at", "due_because"}


async def test_the_work_list_is_by_due_time_in_pages_and_filtered(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, who: str, clock: FrozenClock
) -> None:
    other = await customer(admin, name="李四")

    def due(seconds: float) -> str:
        return utc(clock() + seconds).isoformat()

    await opened(agent, who, subject="never 转账")
    late = await opened(agent, other, subject="late", due_at=due(-60), owner="mei", category="card")
    await opened(agent, who, subject="soon", due_at=due(60), team="cards", priority="urgent")
    await opened(agent, who, subject="later, 信用卡额度", due_at=due(600))
    gone = await opened(agent, who, subject="gone")
    await do(agent, gone, "solve", resolution="limit raised")
    everything = ["late", "soon", "later, 信用卡额度", "never 转账"]
    assert await listed(agent) == everything
    seen, page = [], (await agent.get(CASES, params={"limit": 1})).json()
    while page["next"] is not None:
        seen += [each["subject"] for each in page["items"]]
        page = (await agent.get(CASES, params={"limit": 1, "cursor": page["next"]})).json()
    assert [*seen, *(each["subject"] for each in page["items"])] == everything
    for wanted, subjects in (
        ({"overdue": True}, ["late"]),
        ({"owner": "mei"}, ["late"]),
        ({"owner": "", "team": ""}, ["later, 信用卡额度", "never 转账"]),
        ({"team": "cards"}, ["soon"]),
        ({"priority": ["urgent", "low"]}, ["soon"]),
        ({"category": "card"}, ["late"]),
        ({"customer_id": other}, ["late"]),
        ({"status": "solved"}, ["gone"]),
        ({"status": ["solved", "new"], "customer_id": who, "q": "rais"}, ["gone"]),
        ({"number": late["number"]}, ["late"]),
        ({"q": "信用卡"}, ["later, 信用卡额度"]),
        ({"q": "用信卡"}, []),
        ({"q": "LATE"}, ["late", "later, 信用卡额度"]),
    ):
        assert await listed(agent, **wanted) == subjects, wanted
    assert faults(await agent.get(CASES, params={"q": "--"})) == ["query.q"]
    assert faults(await agent.get(CASES, params={"cursor": "x"})) == ["query.cursor"]
    assert faults(await agent.get(CASES, params={"status": "lost"})) == ["query.status.0"]
    assert (await agent.get(CASES, params={"customer_id": str(uuid4())})).status_code == 404


async def test_a_contact_is_linked_once_and_finds_its_case(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, services: Services, who: str
) -> None:
    other = await customer(admin, name="李四")
    async with services.sessions.write() as session:
        first, nobody, another = [
            (await make_interaction(session, customer_id=whose)).id for whose in (UUID(who), None, UUID(other))
        ]
        live = uuid4()
        statement = "insert into live_contacts (floor, id, customer_id, state) values ('main', :id, :who, '{}')"
        await session.execute(text(statement), {"id": live, "who": UUID(who)})
    case = await opened(agent, who, contact_id=str(first))
    assert [each["contact_id"] for each in case["contacts"]] == [case["contact_id"]] == [str(first)]
    doubled = await do(agent, case, "contacts", 409, contact_id=str(first))
    assert doubled["type"] == "urn:callfloor:problem:contact-linked"
    refused = await do(agent, case, "contacts", 409, contact_id=str(another))
    assert refused["type"] == "urn:callfloor:problem:contact-of-another"
    unknown = await do(agent, case, "contacts", 422, contact_id=str(uuid4()))
    assert [each["where"] for each in unknown["faults"]] == ["body.contact_id"]
    await opened(agent, who, 422, contact_id=str(uuid4()))
    await do(agent, case, "contacts", contact_id=str(nobody))
    case = await do(agent, case, "contacts", contact_id=str(live))
    assert {each["contact_id"] for each in case["contacts"]} == {str(first), str(nobody), str(live)}
    for contact, found in ((live, 1), (another, 0)):
        assert len(await listed(agent, contact_id=str(contact))) == found
    assert [each["act"] for each in await entries(agent, case)] == ["open", "link", "link"]
    assert len(await listed(agent)) == 1  # what was refused left nothing


async def test_who_read_a_case_of_whom_is_written_down(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, services: Services, who: str
) -> None:
    case = await opened(agent, who, subject="银行卡遗失")
    for path in (f"/{case['id']}", f"/{case['id']}/entries", f"?customer_id={who}", "", "?q=遗失", "?q=贷款"):
        assert (await agent.get(CASES + path)).status_code == 200
    # a change that changes nothing tells the case, and leaves no entry
    assert (await agent.patch(f"{CASES}/{case['id']}", json={"version": 1})).json()["version"] == 1
    await services.reads.flush()
    told = (await admin.get(f"/api/v1/customers/{who}/reads")).json()["items"]
    assert sorted(each["what"] for each in told if each["who"] == "agent") == ["case", "case", "case", "cases", "cases"]


async def test_the_audit_log_tells_who_changed_a_case_and_nothing_of_the_customer(
    agent: httpx.AsyncClient, admin: httpx.AsyncClient, who: str
) -> None:
    case = await do(agent, await opened(agent, who, description="on the bus"), "take")
    changed, made = (await admin.get("/api/v1/audit", params={"kind": "case"})).json()["items"]
    assert (made["action"], made["who"], made["thing"]) == ("case.created", "agent", case["id"])
    assert changed["after"] == {"owner": "agent", "status": "open", "version": 2}
    assert {made["after"][name] for name in ("customer_id", "subject", "description")} == {"hidden"}


async def test_the_examples_of_the_documentation_are_accepted(
    agent: httpx.AsyncClient, services: Services, who: str
) -> None:
    page = (Path(__file__).parents[3] / "docs/cases.md").read_text()
    opening, solving = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    async with services.sessions.write() as session:
        contact = (await make_interaction(session, customer_id=UUID(who))).id
    given = json.loads(opening.replace("CUSTOMER", who).replace("CONTACT", str(contact)))
    made = await agent.post(CASES, json=given)
    assert made.status_code == 201, made.text
    due = datetime.fromisoformat(given.pop("due_at"))
    assert made.json().items() >= given.items()
    assert datetime.fromisoformat(made.json()["due_at"]) == due
    solved = await agent.post(f"{CASES}/{made.json()['id']}/solve", json=json.loads(solving))
    assert (solved.status_code, solved.json()["status"]) == (200, "solved")


@pytest.mark.parametrize("status", STATUSES)
def test_the_documentation_tells_of_each_status_what_can_be_done(status: str) -> None:
    page = (Path(__file__).parents[3] / "docs/cases.md").read_text()
    [row] = re.findall(rf"^\| `{status}` \|.*\|(.*)\|$", page, re.MULTILINE)
    acts = {act for before, act in AFTER if before == status} - {"change", "note", "link"}
    assert set(re.findall(r"`(\w+)`", row)) == acts
