"""A customer with a text of their own in every field, and a real call, is erased: none of it is anywhere any more, what
is counted is as before, and when they call again nobody knows them."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import text

from app.api.http.services import Services
from app.api.platforms.recognition import CallerLookUp
from app.core.clock import now, utc
from app.interactions.unknown import adopt
from app.privacy.after_commit import finish
from tests.api.conftest import ClientAs
from tests.api.house import House, Platform, open_house
from tests.api.test_real_floor import answer, until
from tests.fixtures.database import Database
from tests.fixtures.waiting import eventually
from tests.privacy.life import CUSTOMERS, NUMBER, Life
from tests.privacy.searching import audio_in, places_of

pytestmark = pytest.mark.enable_socket


@pytest.fixture(autouse=True)
def callers_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The house looks callers up as the server does."""
    monkeypatch.setattr(House, "_recognise", lambda self, event: CallerLookUp(self.pool, "CN", now).look_up(event))


async def rows(services: Services, query: str) -> Sequence[Any]:
    async with services.sessions.read() as session:
        return (await session.execute(text(query))).all()


async def call(house: House, platform: Platform, life: Life) -> tuple[str, Any]:
    """The customer calls, an agent answers and writes a note; the contact, and the profile that popped."""
    async with house.client() as ann:
        await ann.hello("ann")
        await answer(ann, 2, "agent.ready")
        given = {"from": NUMBER, "to": "100", "direction": "inbound"}
        await platform.says("offered", life.mark("c-"), **given)
        offered = await until(ann, "contact.offered")
        contact, call_id = str(offered["contact"]["id"]), offered["contact"]["call_id"]
        await answer(ann, 3, "offer.accept", contact_id=contact)
        await platform.says("established", call_id, agent="1001", leg_id=life.mark("L-"))
        await until(ann, "contact.updated")
        await platform.says("cleared", call_id)
        await until(ann, "contact.ended")
        await answer(ann, 4, "wrap_up.done", contact_id=contact, code="solved", note=life.mark("note "))
    await eventually(lambda: rows(life.services, "select 1 from live_contacts"), lambda found: not found)
    return contact, offered["profile"]


OF_CONTACTS = ("offers", "answered", "timed_out", "handled", "transferred", "talk_seconds", "hold_seconds")
"""What the report of agents counts of contacts; the agents' time goes on."""


async def report(life: Life) -> Any:
    """All that reports say of the day."""
    day = utc(life.services.clock()).replace(hour=0, minute=0, second=0, microsecond=0)
    period = {"from": day.isoformat(), "to": (day + timedelta(days=1)).isoformat()}
    told = await life.admin.get("/api/v1/reports/queues", params=period)
    assert told.json()["total"]["counts"]["answered"] > 0, told.text
    of_agents = (await life.admin.get("/api/v1/reports/agents", params=period)).json()["total"]["counts"]
    assert of_agents["handled"] > 0
    return told.json(), {name: value for name, value in of_agents.items() if name in OF_CONTACTS}


async def is_refused_when_fed_again(life: Life) -> None:
    """By each of the ids that were theirs."""
    ids = [marker for marker in life.ids if marker]
    for line in ({"external_id": ids[0], "name": "W"}, {"external_id": "new", "name": "W", "id": {"cards": ids[1]}}):
        told = await life.admin.post(
            "/api/v1/feeds/customers",
            params={"source": "core"},
            content=msgspec.json.encode(line) + b"\n",
            headers={"content-type": "application/x-ndjson"},
        )
        [faulty] = told.json()["faulty"]
        assert "was erased" in faulty["faults"][0]["what"], told.text


async def gone(life: Life, client: httpx.AsyncClient) -> None:
    for path in ("", "/record", "/profile", "/interactions", "/versions", "/usage", "/credit"):
        assert (await client.get(life.path + path)).status_code == 404, path


async def test_nothing_of_an_erased_customer_is_left_and_every_count_is(
    database: Database, client_as: ClientAs, services: Services, tmp_path: Path
) -> None:
    life = Life(client_as, services)
    async with open_house(database) as (house, platform):
        await life.is_lived()
        contact, profile = await call(house, platform, life)
        assert profile["customer"]["id"] == str(life.id)
        await life.is_recorded(contact)
        before, told = await report(life), await places_of(database.dsn, *life.markers)
        assert [marker for marker, places in told.items() if not places] == [life.audio]

        erasure = await life.ask("POST", f"{life.path}/erasure", {"ground": "objection", "reason": "file 7"})
        left = {marker: places for marker, places in (await places_of(database.dsn, *life.markers)).items() if places}
        assert left == {}
        [told_where] = (await places_of(database.dsn, str(life.id))).values()
        assert told_where == {"erasure_rests", "webhook_events", "webhook_deliveries"}
        assert await report(life) == before
        await gone(life, life.admin)
        [left_of_it] = await rows(services, "select customer_id::text, id::text from interactions")
        assert left_of_it == (erasure["subject"], contact)
        assert erasure["counts"]["customers"] == 2
        assert erasure["counts"]["usage_events"] == 1
        kept = await rows(services, "select status, customer_id, opened_by, closed_at is not null as over from cases")
        assert [tuple(row) for row in kept] == [("closed", None, "administrator", True)] * 2
        await is_refused_when_fed_again(life)

        await finish(services.sessions, services.archive, utc(now()))
        assert not audio_in(tmp_path)
        assert (await life.ask("GET", f"/api/v1/erasures/{erasure['id']}"))["finished_at"] is None
        await is_told(services, life)


async def test_an_erased_customer_who_calls_again_is_unknown(
    database: Database, client_as: ClientAs, services: Services
) -> None:
    life = Life(client_as, services)
    async with open_house(database) as (house, platform):
        made = await life.ask("POST", CUSTOMERS, {"name": "王小明", "numbers": [{"raw": NUMBER}]})
        first, profile = await call(house, platform, life)
        assert profile["customer"]["id"] == made["id"]
        await life.ask("POST", f"{CUSTOMERS}/{made['id']}/erasure", {"ground": "objection", "reason": "file 7"})

        again, profile = await call(house, platform, life)
        assert (profile["customer"], profile["interactions"]) == (None, [])
        async with services.sessions.write() as session:
            await adopt(session, "CN")
        [anew] = (await life.ask("GET", f"{CUSTOMERS}?number={NUMBER[1:]}"))["items"]
        assert (anew["provisional"], anew["version"]) == (True, 1)
        kept = (await life.ask("GET", f"{CUSTOMERS}/{anew['id']}/interactions"))["items"]
        assert ([one["id"] for one in kept], first == again) == ([again], False)


async def is_told(services: Services, life: Life) -> None:
    """Subscribers hear the id, and nothing else of them."""
    found = await rows(services, "select data from webhook_events where type = 'customer.erased' order by id")
    assert {"customer_id": str(life.id)} in [row.data for row in found]
    assert all(set(row.data) == {"customer_id"} for row in found)
