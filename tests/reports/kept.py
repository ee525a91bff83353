"""A floor that is played on, and what its journal would have written of it, in the journal's own statement."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc
from app.db.pool import connection_of
from app.floor import commands as c
from app.floor.journal.batch import Batch
from app.floor.journal.statement import statement
from app.floor.memory.effects import Effect
from app.reports.agent_metrics import AgentCounts
from app.reports.agent_service import AgentReport, agent_report
from app.reports.intervals import Interval, Period, time_zone
from tests.floor.factories import CONFIG, T0, Bench

START = datetime.fromtimestamp(T0, UTC)
"""Eight in the morning."""

HOUR = timedelta(hours=1)


class Kept(Bench):
    """Remembers what comes of every command until `keep` writes it, as one batch."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._effects: list[tuple[Effect, ...]] = []
        self._written = 0

    def try_(self, command: c.Command) -> None:
        """Apply a command and remember its effects."""
        super().try_(command)
        self._effects.append(self.last.effects)

    async def keep(self, session: AsyncSession) -> None:
        """Write what has happened since the last time."""
        batch = Batch()
        for effects in self._effects:
            batch.add(effects)
        journal = await connection_of(session)
        assert isinstance(journal, asyncpg.Connection)
        await journal.execute("insert into floors (id) values ('main') on conflict do nothing")
        sql, arrays = statement(batch.rows())
        assert await journal.fetchval(sql, "main", self.state.seq, 0, self._written, *arrays) == 1
        self._effects, self._written = [], self.state.seq


async def employ(session: AsyncSession, team: str = "cards") -> None:
    """The records of the small bank's agents; Ann and Bob are in the team, and nobody else."""
    await session.execute(text("insert into teams (id, name) values (:team, :team)"), {"team": team})
    for each in CONFIG.agents.values():
        given = {"id": each.id, "name": each.name, "address": each.address}
        await session.execute(
            text("insert into users (id, name, role, password_hash) values (:id, :name, 'agent', '-')"), given
        )
        await session.execute(
            text("insert into agents (id, name, address, team_id) values (:id, :name, :address, :team)"),
            {**given, "team": team if each.id in ("ann", "bob") else None},
        )


async def report(
    session: AsyncSession,
    floor: Kept,
    start: datetime = START,
    end: datetime | None = None,
    interval: Interval = Interval.HOUR,
    zone: str = "UTC",
    **given: Any,
) -> AgentReport:
    """What is told of a period, an hour unless given, at the floor's own time."""
    await floor.keep(session)
    period = Period(start, end or start + HOUR, interval, time_zone(zone))
    return await agent_report(session, period, utc(floor.now), **given)


async def of(session: AsyncSession, floor: Kept, agent: str, **given: Any) -> AgentCounts:
    """The counts of one agent in the hour."""
    [told] = (await report(session, floor, agents=[agent], **given)).agents
    return told.total.counts


def a_call(floor: Kept, call_id: str = "c1", agent: str = "ann") -> str:
    """5 s on offer, 10 s until the phone is answered, 100 s of talk, 20 on hold, 30 of talk, 25 of wrap-up."""
    contact = floor.arrives(call_id=call_id)
    floor.wait(5)
    floor.do(c.AcceptOffer(agent_id=agent, contact_id=contact))
    floor.wait(10)
    floor.call("established", call_id, agent=agent)
    floor.wait(100)
    floor.call("held", call_id, agent=agent)
    floor.wait(20)
    floor.call("retrieved", call_id, agent=agent)
    floor.wait(30)
    floor.call("cleared", call_id)
    floor.wait(25)
    floor.do(c.FinishWrapUp(agent_id=agent, contact_id=contact))
    return contact
