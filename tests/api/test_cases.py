"""Cases over HTTP: the work list, their life, their versions, and everything that may be wrong with what is sent."""

from typing import Any

import httpx
import pytest

from app.agents.models import Team
from app.api.services import Services
from app.auth.models import User
from app.core.clock import FrozenClock, utc
from tests.api.conftest import ClientAs
from tests.api.test_usage import customer

CASES = "/api/v1/cases"
CARD = "4111 1111 1111 1111"


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
