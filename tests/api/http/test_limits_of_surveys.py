"""What reads for seconds: few at a time, not for ever, and everybody else is served meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import text

from app.api.application import Application
from app.api.http import limits
from app.api.http.limits import Turns
from app.api.http.services import Services
from app.core.tasks import Supervisor
from app.db.engine import Sessions, WriteSession
from app.reports import service
from tests.api.conftest import ClientAs

PATH = "/api/v1/reports/queues"
DAY = {"from": "2027-01-15", "to": "2027-01-16", "time_zone": "Asia/Shanghai"}
NEVER = {"detail": "8 others have much looked through; nothing was done, try again in a moment."}


@pytest.fixture
def supervisor(client_as: ClientAs, committing: None) -> httpx.AsyncClient:
    """A client of a supervisor whose requests have connections of their own."""
    return client_as("supervisor")


@pytest.fixture
async def nobody_counts(sessions: Sessions) -> AsyncIterator[WriteSession]:
    """Somebody who lets nobody read the stays in queues until they are done."""
    async with sessions.write() as session:
        await session.execute(text("lock table queue_visits in access exclusive mode"))
        yield session


_COUNTING = text("""
    select count(*) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and state = 'active'""")


async def counting(sessions: Sessions) -> int:
    """How many reports the database is at."""
    async with sessions.read() as session:  # within one transaction the answer stays what it was
        return int(await session.scalar(_COUNTING) or 0)


async def test_a_report_that_takes_too_long_is_given_up_and_says_what_to_ask_for(
    supervisor: httpx.AsyncClient, sessions: Sessions, nobody_counts: WriteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_SECONDS", 0.05)
    answer = await supervisor.get(PATH, params=DAY)
    assert answer.status_code == 422
    what, accepted = "takes the database too long to count", "a shorter period, or fewer queues"
    assert answer.json()["faults"] == [{"where": "query.from", "what": what, "accepted": accepted}]
    assert await counting(sessions) == 0


async def test_reports_that_take_long_leave_the_database_to_everybody_else(
    supervisor: httpx.AsyncClient, sessions: Sessions, nobody_counts: WriteSession
) -> None:
    tasks = Supervisor()
    reports = [tasks.start(f"report {n}", supervisor.get(PATH, params=DAY)) for n in range(9)]
    [refused], waiting = await asyncio.wait(reports, return_when=asyncio.FIRST_COMPLETED)
    answer = refused.result()
    assert (answer.status_code, answer.json() | NEVER) == (503, answer.json())
    assert int(answer.headers["Retry-After"]) > 0
    async with asyncio.timeout(30):
        while await counting(sessions) < 2:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)
    assert (await supervisor.get("/api/v1/queues")).status_code == 200
    assert await counting(sessions) == 2
    await nobody_counts.rollback()
    assert {(await report).status_code for report in waiting} == {200}


async def test_the_second_half_of_a_report_has_the_time_that_the_first_has_left(
    supervisor: httpx.AsyncClient, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_SECONDS", 0.05)
    async with sessions.write() as session:
        await session.execute(text("lock table interactions in access exclusive mode"))
        assert (await supervisor.get(PATH, params=DAY)).status_code == 422


async def test_who_has_looked_enough_through_is_sent_away_whatever_they_look_for(
    client_as: ClientAs, services: Services, committing: None, app: Application
) -> None:
    admin = client_as("administrator")
    made = await admin.post("/api/v1/segmentation/rule-sets", json={"tiers": [], "segments": [], "scores": []})
    number, nobody = made.json()["number"], "00000000-0000-7000-8000-000000000000"
    surveys = Turns("have much looked through", at_once=1, waiting=0)
    app.state.services = replace(app.state.services, surveys=surveys)
    async with surveys.turn():
        answers = [
            await admin.get(PATH, params=DAY),
            await admin.post(f"/api/v1/segmentation/rule-sets/{number}/preview", json={"version": 1, "customers": 1}),
            await admin.get(f"/api/v1/segmentation/rule-sets/{number}/customers/{nobody}"),
            await admin.post("/api/v1/usage-rules/preview", json={"condition": "count('x', '7d') > 1"}),
        ]
    assert [answer.status_code for answer in answers] == [503] * len(answers), [each.text for each in answers]
    assert (await admin.get(PATH, params=DAY)).status_code == 200


async def test_nobody_waits_for_ever_for_their_turn(
    supervisor: httpx.AsyncClient, app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WAIT_SECONDS", 0.05)
    surveys: Turns = app.state.services.surveys
    async with surveys.turn(), surveys.turn():
        answer = await supervisor.get(PATH, params=DAY)
    assert (answer.status_code, "it takes long" in answer.json()["detail"]) == (503, True)
    assert (await supervisor.get(PATH, params=DAY)).status_code == 200
