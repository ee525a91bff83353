"""The history and the profile over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.api.http.services import Services
from app.api.schemas.customers import IdentityOut
from app.api.schemas.profiles import ProfileOut
from app.core.clock import FrozenClock, utc
from app.core.ids import new_id
from app.interactions.models import Interaction
from tests.api.conftest import ClientAs, faults
from tests.customers.factories import customer_id
from tests.interactions.factories import make_entry, make_interaction

PATH = "/api/v1/interactions"


@pytest.fixture
def agent(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of an agent."""
    return client_as("agent")


@pytest.fixture
async def caller(services: Services) -> UUID:
    """A customer with a tier and a number."""
    async with services.sessions.write() as session:
        return await customer_id(session, numbers=["13800138000"], tier="gold")


@pytest.fixture
async def history(services: Services, clock: FrozenClock, caller: UUID) -> list[Interaction]:
    """Three contacts of the caller, newest first."""
    now = utc(clock.instant)
    async with services.sessions.write() as session:
        made = [await make_interaction(session, now - timedelta(hours=h), customer_id=caller) for h in (1, 2, 3)]
        await make_entry(session, made[0], "contact.queued", 1.0, queue="service")
    return made


async def test_a_customers_contacts_page_by_page(
    agent: httpx.AsyncClient, caller: UUID, history: list[Interaction]
) -> None:
    path = f"/api/v1/customers/{caller}/interactions"
    first = (await agent.get(path, params={"limit": 2})).json()
    rest = (await agent.get(path, params={"limit": 2, "cursor": first["next"]})).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == [str(one.id) for one in history]
    assert rest["next"] is None
    assert faults(await agent.get(path, params={"cursor": "bm90"})) == ["query.cursor"]


async def test_a_contact_is_told_with_its_timeline(agent: httpx.AsyncClient, history: list[Interaction]) -> None:
    told = (await agent.get(f"{PATH}/{history[0].id}")).json()
    assert told["interaction"]["started_at"] == "2027-01-15T07:00:00Z"
    names = ("source", "from", "to", "queue", "agent", "outcome", "talk_seconds")
    assert [told["interaction"][name] for name in names] == [
        *("pbx", "13800138000", "+8695555", "service", "lin", "answered", 290.0)
    ]
    [entry] = told["timeline"]
    assert (entry["kind"], entry["at"], entry["data"]) == (
        *("contact.queued", "2027-01-15T07:00:01Z"),
        {"queue": "service"},
    )


async def test_a_note_is_added_by_whoever_writes_it(agent: httpx.AsyncClient, history: list[Interaction]) -> None:
    path = f"{PATH}/{history[0].id}"
    answer = await agent.post(f"{path}/entries", json={"text": " called back\n回电 "})
    assert answer.status_code == 201
    assert answer.json() | {"id": 0} == {
        "id": 0,
        "at": "2027-01-15T08:00:00Z",
        "kind": "note",
        "data": {"text": "called back\n回电", "by": "agent"},
    }
    assert (await agent.get(path)).json()["timeline"][-1] == answer.json()


@pytest.mark.parametrize("text", ["", " ", "x" * 4001, "a\x00", None])
async def test_a_note_that_cannot_be_kept_is_refused(
    agent: httpx.AsyncClient, history: list[Interaction], text: Any
) -> None:
    assert faults(await agent.post(f"{PATH}/{history[0].id}/entries", json={"text": text})) == ["body.text"]


async def test_systems_read_the_history_and_write_no_notes(client_as: ClientAs, history: list[Interaction]) -> None:
    path = f"{PATH}/{history[0].id}"
    assert (await client_as("integration").get(path)).status_code == 200
    assert (await client_as("integration").post(f"{path}/entries", json={"text": "x"})).status_code == 403
    assert (await client_as(None).get(path)).status_code == 401


async def test_what_has_not_ended_is_not_in_the_history(agent: httpx.AsyncClient) -> None:
    assert (await agent.get(f"{PATH}/{new_id()}")).status_code == 404
    assert (await agent.post(f"{PATH}/{new_id()}/entries", json={"text": "x"})).status_code == 404


async def test_the_profile_is_as_described(agent: httpx.AsyncClient, caller: UUID, history: list[Interaction]) -> None:
    answer = await agent.get(f"/api/v1/customers/{caller}/profile")
    assert answer.headers["content-type"] == "application/json"
    told = ProfileOut.model_validate_json(answer.content, extra="forbid")
    assert isinstance(told.customer, IdentityOut)
    assert isinstance(told.interactions, list)
    assert told.customer.tier is not None
    assert (told.customer.id, told.customer.tier.id) == (caller, "gold")
    assert [one.id for one in told.interactions] == [one.id for one in history]
    assert (told.open, told.candidates) == ([], [])
