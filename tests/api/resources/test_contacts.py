"""Why a contact went to whom, as the event log has it."""

from typing import Any

import httpx
import msgspec
import pytest

from app.agents.models import Agent, Skill
from app.auth.models import User
from app.core.clock import now, utc
from app.core.ids import new_id
from app.db.engine import Sessions
from app.floor import commands as c
from app.floor.journal.models import FloorEvent
from app.floor.memory.effects import Happened
from app.routing.overflow.rules import Do, OverflowRule, When
from app.routing.records.models import Queue
from tests.api.conftest import ClientAs
from tests.floor.factories import T0, Bench
from tests.floor.queueing import rules


def events(floor: Bench) -> list[FloorEvent]:
    """What the last command made, as rows of the log; made today, for which there is room."""
    return [
        FloorEvent(
            floor="main",
            seq=event.seq,
            at=utc(now() + event.at - T0),
            type=event.type,
            contact_id=event.contact,
            agent_id=event.agent,
            data=msgspec.json.decode(event.body),
        )
        for event in floor.last.effects
        if isinstance(event, Happened)
    ]


@pytest.fixture
async def contact(kept_apart: Sessions) -> str:
    """A contact that was offered to Ann, who had been idle longest, and then to Bob."""
    floor = Bench()
    floor.on("ann", "bob")
    made = floor.arrives()
    rows = events(floor)
    floor.now += 3
    floor.do(c.DeclineOffer(agent_id="ann", contact_id=made))
    async with kept_apart.write() as session:
        session.add_all(rows + events(floor))
    return made


@pytest.fixture
def supervisor(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of a supervisor."""
    return client_as("supervisor")


async def decisions(client: httpx.AsyncClient, contact: str, **query: Any) -> Any:
    return (await client.get(f"/api/v1/contacts/{contact}/decisions", params=query)).json()


async def test_each_offer_tells_to_whom_and_why(supervisor: httpx.AsyncClient, contact: str) -> None:
    told = await decisions(supervisor, contact)
    first, second = told["items"]
    assert (first["agent"], second["agent"], told["next"]) == ("ann", "bob", None)
    assert first["why"] == {
        "rule": "contact_finds_agent",
        "selection": "longest_idle",
        "wanted": {"skills": [["cards", 2]], "one_of": [], "agents": [], "teams": [], "excluded": []},
        "step": 0,
        "rank": 1,
        "precedence": 0,
        "waited_seconds": 0.0,
        "bonus_seconds": 0.0,
        "idle_seconds": 2.0,
        "considered": 2,
        "rivals": [{"id": "bob", "behind": 1.0}],
        "passed_over": [],
        "excluded": [],
        "because": "",
        "measured": 0.0,
        "limit": 0.0,
        "to": "",
    }
    assert second["why"]["excluded"] == ["ann"]
    assert first["at"] < second["at"]


async def test_each_offer_is_told_in_sentences_with_the_names_there_are(
    supervisor: httpx.AsyncClient, contact: str, kept_apart: Sessions
) -> None:
    async with kept_apart.write() as session:
        session.add(User(id="ann", name="Ann Lee", role="agent", password_hash="-"))
        session.add_all([Queue(id="cards", name="Cards"), Skill(id="cards", name="Card services")])
        await session.flush()
        session.add(Agent(id="ann", name="Ann Lee", address="1001"))
    first, second = (await decisions(supervisor, contact))["items"]
    assert first["sentences"] == [
        "Offered to Ann Lee out of Cards at once, as the first of 2 who could take it.",
        "Required: Card services at level 2 or above.",
        "Ann Lee had been idle for 2 s; next was bob (idle 1 s less).",
    ]
    assert second["sentences"] == [
        "Offered to bob out of Cards after 3 s of waiting, the only one who could take it.",
        "Required: Card services at level 2 or above.",
        "bob had been idle for 4 s.",
        "Ann Lee had been idle at least as long but had missed or declined that offer before.",
    ]


async def test_decisions_come_in_pages(supervisor: httpx.AsyncClient, contact: str) -> None:
    first = await decisions(supervisor, contact, limit=1)
    second = await decisions(supervisor, contact, limit=1, cursor=first["next"])
    assert [each["agent"] for each in first["items"] + second["items"]] == ["ann", "bob"]
    assert second["next"] is None


async def test_a_contact_that_was_never_offered_has_no_decisions(
    supervisor: httpx.AsyncClient, kept_apart: Sessions
) -> None:
    floor = Bench()
    waiting = floor.arrives()
    async with kept_apart.write() as session:
        session.add_all(events(floor))
    assert await decisions(supervisor, waiting) == {"items": [], "next": None}


async def test_a_contact_that_nobody_knows_is_not_found(supervisor: httpx.AsyncClient) -> None:
    assert (await decisions(supervisor, new_id()))["status"] == 404
    assert (await decisions(supervisor, "none"))["status"] == 422


@pytest.mark.parametrize("role", ["agent", "integration"])
async def test_only_who_leads_the_floor_reads_decisions(client_as: ClientAs, contact: str, role: Any) -> None:
    assert (await decisions(client_as(role), contact))["status"] == 403


async def test_overflow_is_told_among_the_decisions_with_what_was_measured(
    supervisor: httpx.AsyncClient, kept_apart: Sessions
) -> None:
    floor = Bench(rules(OverflowRule(when=When.LENGTH, at=0, do=Do.QUEUE, queue="loans")))
    sent_on = floor.arrives()
    async with kept_apart.write() as session:
        session.add_all(events(floor))
    (told,) = (await decisions(supervisor, sent_on))["items"]
    assert told["agent"] is None
    assert {key: told["why"][key] for key in ("rule", "because", "measured", "limit", "to")} == {
        "rule": "overflow", "because": "length", "measured": 0.0, "limit": 0.0, "to": "queue:loans",
    }  # fmt: skip
    assert told["sentences"] == [
        "No contacts waited in cards already, where 0 is the limit, so it was sent on to loans."
    ]
