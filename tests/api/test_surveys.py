"""What reads for seconds: few at a time, not for ever, and everybody else is served meanwhile."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import text

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


async def counting(session: WriteSession) -> int:
    """How many reports the database is at."""
    found = await session.scalar(
        text(
            """select count(*) from pg_stat_activity where datname = current_database()
               and wait_event_type = 'Lock' and query like '%queue_visits%'"""
        )
    )
    return int(found or 0)


async def test_a_report_that_takes_too_long_is_given_up_and_says_what_to_ask_for(
    supervisor: httpx.AsyncClient, nobody_counts: WriteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_SECONDS", 0.05)
    answer = await supervisor.get(PATH, params=DAY)
    assert answer.status_code == 422
    what, accepted = "counting took longer than 0.05 seconds", "a shorter period, or fewer queues"
    assert answer.json()["faults"] == [{"where": "query.from", "what": what, "accepted": accepted}]
    assert await counting(nobody_counts) == 0


async def test_reports_that_take_long_leave_the_database_to_everybody_else(
    supervisor: httpx.AsyncClient, nobody_counts: WriteSession
) -> None:
    tasks = Supervisor()
    reports = [tasks.start(f"report {n}", supervisor.get(PATH, params=DAY)) for n in range(9)]
    [refused], waiting = await asyncio.wait(reports, return_when=asyncio.FIRST_COMPLETED)
    answer = refused.result()
    assert (answer.status_code, answer.json() | NEVER) == (503, answer.json())
    assert int(answer.headers["Retry-After"]) > 0
    assert (await supervisor.get("/api/v1/queues")).status_code == 200
    assert await counting(nobody_counts) <= 2
    await nobody_counts.rollback()
    assert {(await report).status_code for report in waiting} == {200}
