"""A floor that is played on, and what its journal would have written of it, in the journal's own statement."""

from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.queries import connection_of
from app.floor import commands as c
from app.floor.batch import Batch
from app.floor.effects import Effect
from app.floor.statement import statement
from tests.floor.factories import CONFIG, Bench


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
