"""Reading a customer's data is written down: who, when, what, why."""

import asyncio
import os
import signal
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import AsyncAdaptedQueuePool, insert, text
from structlog.testing import capture_logs

from app.api.application import Application
from app.api.http.services import Services
from app.api.sockets.narrowed import Narrowed
from app.api.sockets.witness import Witness
from app.core.clock import FrozenClock, now
from app.core.tasks import Supervisor, begin
from app.customers.profiles.reads import ReadLog, ReadsBehind
from app.db.engine import Sessions, close_engine, create_engine
from app.floor.journal.models import LiveContact
from app.realtime.hub import Hub
from tests.api.conftest import ClientAs, faults
from tests.customers.factories import customer_id
from tests.desk.cases.factories import make_case
from tests.desk.visits.factories import booked
from tests.fixtures.database import Database
from tests.fixtures.waiting import eventually
from tests.interactions.factories import make_interaction

PATH = "/api/v1/customers"
NOT_WRITTEN_DOWN = {f"{PATH}/{{customer_id}}/reads": "tells who read, and nothing of the customer"}
INJECTION = "'); drop table profile_reads; --"


@pytest.fixture
async def amy(services: Services) -> UUID:
    async with services.sessions.write() as session:
        return await customer_id(session, "Amy")


@pytest.fixture
def needed(app: Application, services: Services) -> None:
    """A house in which a reason is needed."""
    app.state.services = replace(services, reason_needed=True)


async def reads(services: Services, client: httpx.AsyncClient, customer: object, **params: Any) -> dict[str, Any]:
    await services.reads.flush()
    answer = await client.get(f"{PATH}/{customer}/reads", params=params)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def told_of(services: Services, client: httpx.AsyncClient, customer: object) -> list[tuple[str, str | None]]:
    """What was read of a customer and why, the newest first."""
    return [(each["what"], each["why"]) for each in (await reads(services, client, customer))["items"]]


def paths(app: Application, method: str) -> dict[str, dict[str, Any]]:
    """What the API describes of those with a customer in their path."""
    every = app.openapi()["paths"].items()
    return {path: told[method] for path, told in every if method in told and "{customer_id}" in path}


def is_written_down(operation: dict[str, Any]) -> bool:
    told = {each["name"]: each.get("description", "") for each in operation["parameters"] if each["in"] == "query"}
    return {"contact", "reason"} <= {name for name, about in told.items() if "written down with the read" in about}


def test_every_way_of_reading_is_written_down(app: Application) -> None:
    found = paths(app, "get")
    assert len(found) > 20
    assert {path for path, told in found.items() if not is_written_down(told)} == set(NOT_WRITTEN_DOWN)


async def test_each_read_is_noted_once_with_who_it_was(
    app: Application, client_as: ClientAs, services: Services, amy: UUID
) -> None:
    lead = client_as("supervisor")
    asked = [path for path in paths(app, "get") if path.count("{") == 1 and path not in NOT_WRITTEN_DOWN]
    for path in asked:
        answer = await lead.get(path.format(customer_id=amy))
        assert answer.status_code == 200, answer.text
    told = (await reads(services, lead, amy, limit=100))["items"]
    assert len({each["what"] for each in told}) == len(told) == len(asked)
    assert {(each["who"], each["role"], each["why"], each["in_hand"]) for each in told} == {
        ("supervisor", "supervisor", None, False)
    }


async def test_a_change_that_answers_with_the_customer_is_a_read(
    app: Application, client_as: ClientAs, services: Services, amy: UUID
) -> None:
    agent, lead = client_as("agent"), client_as("supervisor")
    changed = await agent.patch(f"{PATH}/{amy}", json={}, headers={"If-Match": "*"}, params={"reason": "to look"})
    added = await agent.post(f"{PATH}/{amy}/numbers", json={"raw": "13800138000"}, params={"reason": "to see"})
    assert [changed.status_code, added.status_code] == [200, 200], changed.text + added.text
    told = (await reads(services, lead, amy))["items"]
    assert [(each["what"], each["why"]) for each in told] == [("customer", "to see"), ("customer", "to look")]
    app.state.services = replace(services, reason_needed=True)
    refused = await agent.patch(f"{PATH}/{amy}", json={}, headers={"If-Match": "*"})
    assert faults(refused) == ["query.reason"]


async def test_what_is_read_by_another_id_is_written_down_of_its_customer(
    app: Application, client_as: ClientAs, services: Services, amy: UUID
) -> None:
    agent, lead = client_as("agent"), client_as("supervisor")
    async with services.sessions.write() as session:
        contact = await make_interaction(session, customer_id=amy)
        nobodys = await make_interaction(session)
        case = await make_case(session, amy, contact_id=contact.id)
        visit, _ = [(await booked(session, amy, case_id=case.id)).visit for _ in range(2)]
    filters = {"customer_id": str(amy)}
    for path, what in (
        (f"/interactions/{contact.id}", "interaction"),
        (f"/interactions/{contact.id}/entitlement", "entitlement"),
        (f"/dues?customer_id={amy}", "dues"),
        (f"/alerts?customer_id={amy}", "alerts"),
        (f"/visits?customer_id={amy}", "visits"),
        (f"/cases?number={case.number}", "cases"),
        (f"/cases?contact_id={contact.id}&customer_id={amy}", "cases"),
        (f"/visits?case_id={case.id}", "visits"),
        (f"/visits/{visit.id}", "visit"),
        (f"/visits/{visit.id}/entries", "visit"),
    ):
        before = len((await reads(services, lead, amy))["items"])
        assert (await agent.get(f"/api/v1{path}")).status_code == 200
        told = (await reads(services, lead, amy))["items"]
        assert (told[0]["what"], len(told)) == (what, before + 1)
    tried = {"condition": "count('login.failed', '1h') >= 3", **filters}
    assert (await client_as("administrator").post("/api/v1/usage-rules/preview", json=tried)).status_code == 200
    assert (await reads(services, lead, amy))["items"][0]["what"] == "rules"
    app.state.services = replace(services, reason_needed=True)
    assert faults(await agent.get("/api/v1/alerts", params=filters)) == ["query.reason"]
    assert faults(await agent.get("/api/v1/cases", params={"number": case.number})) == ["query.reason"]
    for path in ("/alerts", "/visits", "/cases", "/cases?number=C-1", "/dues", f"/interactions/{nobodys.id}"):
        assert (await agent.get(f"/api/v1{path}")).status_code == 200  # no customer is read
    assert len((await reads(services, lead, amy))["items"]) == 11


async def test_the_reason_and_the_contact_are_kept(client_as: ClientAs, services: Services, amy: UUID) -> None:
    agent, lead, contact, other = client_as("agent"), client_as("supervisor"), uuid4(), uuid4()
    async with services.sessions.write() as session:
        call = {"source": "pbx", "id": "c1", "direction": "inbound"}
        state = {"agents": ["agent"], "arrived_at": 1_800_000_000.0, "call": call}
        row = {"floor": "main", "id": contact, "customer_id": amy, "state": state}
        await session.execute(insert(LiveContact).values(row))
    await agent.get(f"{PATH}/{amy}/profile", params={"contact": str(contact)})
    await agent.get(f"{PATH}/{amy}/profile", params={"contact": str(other)})
    await agent.get(f"{PATH}/{amy}/profile", params={"reason": "asked by 王 at the counter"})
    told = (await reads(services, lead, amy))["items"]
    assert [(each["contact_id"], each["in_hand"], each["why"]) for each in reversed(told)] == [
        (str(contact), True, None),
        (str(other), False, None),
        (None, False, "asked by 王 at the counter"),
    ]


async def test_sql_injection_in_a_reason_is_a_reason(client_as: ClientAs, services: Services, amy: UUID) -> None:
    await client_as("agent").get(f"{PATH}/{amy}/profile", params={"reason": INJECTION})
    assert [each["why"] for each in (await reads(services, client_as("supervisor"), amy))["items"]] == [INJECTION]


@pytest.mark.parametrize("reason", ["", "  ", "a\x00b", "x" * 501])
async def test_a_reason_that_is_none_is_refused(client_as: ClientAs, amy: UUID, reason: str) -> None:
    assert faults(await client_as("agent").get(f"{PATH}/{amy}/profile", params={"reason": reason})) == ["query.reason"]


@pytest.mark.usefixtures("needed")
async def test_where_a_reason_is_needed_nothing_is_shown_without(client_as: ClientAs, amy: UUID) -> None:
    agent, path = client_as("agent"), f"{PATH}/{amy}/profile"
    refused = await agent.get(path)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:callfloor:problem:reason-missing")
    assert (await agent.get(path, params={"reason": "complaint"})).status_code == 200
    assert (await agent.get(path, params={"contact": str(uuid4())})).status_code == 200
    assert (await client_as("integration").get(path)).status_code == 200


async def test_what_was_not_shown_was_not_read(client_as: ClientAs, services: Services) -> None:
    assert (await client_as("agent").get(f"{PATH}/{uuid4()}/profile")).status_code == 404
    assert (await client_as("agent").get(f"{PATH}/nobody/profile")).status_code == 422
    assert len(services.reads) == 0


async def test_reads_come_in_pages_and_for_those_who_oversee(
    client_as: ClientAs, services: Services, amy: UUID
) -> None:
    agent, lead = client_as("agent"), client_as("supervisor")
    for n in range(5):
        await agent.get(f"{PATH}/{amy}", params={"reason": f"r{n}"})
    seen: list[str] = []
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        page = await reads(services, lead, amy, limit=2, **({"cursor": page["next"]} if page["next"] else {}))
        seen += [each["why"] for each in page["items"]]
    assert seen == ["r4", "r3", "r2", "r1", "r0"]
    assert (await agent.get(f"{PATH}/{amy}/reads")).status_code == 403
    assert (await lead.get(f"{PATH}/{uuid4()}/reads")).status_code == 404


async def test_a_screen_pop_is_a_read_with_the_call_as_its_reason(services: Services, amy: UUID) -> None:
    hub, contact = Hub(), uuid4()
    poked: list[UUID] = []
    witness = Witness(hub, Narrowed(hub), services.reads, poked.append, [])
    frame = b'{"seq":1,"type":"contact.offered","profile":{"customer":{}},"contact":{"id":"%s","customer":{"id":"%s"}}}'
    frame %= (str(contact).encode(), str(amy).encode())
    witness.publish("agent:li", 1, frame)  # nobody is there
    with hub.subscribe("agent:li") as seen:
        witness.publish("agent:li", 1, frame)
        witness.publish("agent:li", 2, b'{"seq":2,"type":"contact.updated","contact":{"id":"1","customer":null}}')
        assert await seen.get() == (1, frame)
    await services.reads.flush()
    async with services.sessions.read() as session:
        rows = (await session.execute(text("select who, what, contact_id, in_hand from profile_reads"))).all()
    assert [tuple(row) for row in rows] == [("li", "pop", contact, True)]


async def test_rows_are_only_added(sessions: Sessions) -> None:
    log = ReadLog(sessions, now)
    log.note("li", "agent", uuid4(), "profile")
    await log.flush()
    for statement in ("update profile_reads set who = 'wu'", "delete from profile_reads"):
        with pytest.raises(Exception, match="only ever added"):
            async with sessions.write() as session:
                await session.execute(text(statement))


async def test_while_the_database_is_away_reads_wait_and_then_nothing_is_shown(sessions: Sessions) -> None:
    log = ReadLog(sessions, FrozenClock(now()), limit=2)
    async with sessions.write() as session:
        await session.execute(text("alter table profile_reads rename to away"))
    for n in range(2):
        log.check()
        log.note("li", "agent", UUID(int=n), "profile")
    with pytest.raises(ReadsBehind):
        log.check()
    log.note_pop("li", UUID(int=9), UUID(int=9))  # a pop waits for nobody
    with pytest.raises(Exception, match="profile_reads"):
        await log.flush()
    async with sessions.write() as session:
        await session.execute(text("alter table away rename to profile_reads"))
    await log.flush()
    async with sessions.read() as session:
        kept = await session.scalars(text("select customer_id from profile_reads order by id"))
        assert list(kept) == [UUID(int=0), UUID(int=1)]


async def test_reads_that_cannot_be_written_down_before_the_end_are_told_as_lost(sessions: Sessions) -> None:
    log, tasks = ReadLog(sessions, now), Supervisor()
    async with sessions.write() as session:
        await session.execute(text("lock table profile_reads"))
        writing = tasks.start("reads", log.run())
        await asyncio.sleep(0)
        log.note("li", "agent", uuid4(), "profile")
        with capture_logs() as logged:
            await tasks.stop(0.2)
            assert not writing.done()
            await tasks.stop()
    told = {each["event"]: each for each in logged}
    assert told["reads are lost with this process"]["reads"] == 1


@pytest.mark.parametrize("begun", [False, True])
async def test_they_are_told_as_lost_also_where_the_database_does_not_even_break_off(
    database: Database, begun: bool
) -> None:
    engine, tasks = create_engine(database.url, pool=1), Supervisor()
    sessions, connections = Sessions(engine), engine.sync_engine.pool
    assert isinstance(connections, AsyncAdaptedQueuePool)
    log = ReadLog(sessions, now)
    async with sessions.read() as session:
        backend = await session.scalar(text("select pg_backend_pid()"))
    tasks.start("reads", log.run())
    await asyncio.sleep(0)
    os.kill(backend, signal.SIGSTOP)
    try:
        log.note("li", "agent", uuid4(), "profile")
        if begun:
            await eventually(lambda: asyncio.sleep(0, connections.checkedout()), lambda n: n == 1)
        with capture_logs() as logged:
            await tasks.stop()
    finally:
        os.kill(backend, signal.SIGCONT)
    await close_engine(engine)
    assert [(each["event"], each["reads"]) for each in logged] == [("reads are lost with this process", 1)]


async def test_what_is_being_written_at_the_end_is_written_once(sessions: Sessions) -> None:
    log, tasks = ReadLog(sessions, now), Supervisor()
    async with sessions.write() as session:
        await session.execute(text("lock table profile_reads"))
        tasks.start("reads", log.run())
        await asyncio.sleep(0)
        log.note("li", "agent", UUID(int=1), "profile")
        waiting = text("select count(*) from pg_locks where not granted")
        await eventually(lambda: session.scalar(waiting), lambda number: number == 1)
        log.note("li", "agent", UUID(int=2), "profile")
        stop = begin("stop", tasks.stop())
        await asyncio.wait([stop], timeout=0.1)
    await stop
    async with sessions.read() as session:
        kept = await session.scalars(text("select customer_id from profile_reads order by id"))
        assert list(kept) == [UUID(int=1), UUID(int=2)]


async def test_duplicates_of_one_customer_are_a_read(client_as: ClientAs, services: Services, amy: UUID) -> None:
    lead, path = client_as("supervisor"), f"{PATH}/duplicates"
    assert (await lead.get(path)).status_code == 200
    assert (await lead.get(path, params={"customer": str(amy)})).status_code == 200
    assert await told_of(services, lead, amy) == [("duplicates", None)]
