"""What calls over Asterisk are measured against beside app_queue: the least that a client of ARI has to do.

It rings the phone that has been idle the longest, over the same connection as the product's, and knows neither callers
nor skills; one that commits writes a row down first, and nothing else.
"""

import asyncio
import os
from collections import deque
from collections.abc import Coroutine
from typing import Any

import msgspec

from app.bench.calls import RINGER, RingerTask
from app.cli import logs
from app.core import collector
from app.core.loops import runner
from app.core.tasks import begin
from app.db.pool import open_pool
from app.demo.lifeline import follow_parent, stop_asked
from app.settings import Log
from app.telephony.adapters.asterisk_ari.ari import events, requests
from app.telephony.adapters.asterisk_ari.ari.connection import Access, AriConnection

RING_SECONDS = 60
CREATE = "create table if not exists bench_rung (call text not null, agent text not null)"
INSERT = "insert into bench_rung (call, agent) values ($1, $2)"


def run() -> None:
    """Ring the next phone for whoever calls, until standard input ends; what with is told by the environment."""
    follow_parent()
    logs.set_up(Log(level="warning"))
    collector.calm()
    with runner() as loops:
        loops.run(_serve(msgspec.json.decode(os.environ[RINGER], type=RingerTask)))


async def _serve(task: RingerTask) -> None:
    access = Access(task.ari, task.user, task.password, task.app)
    pool = await open_pool(task.database, 2)
    await pool.execute(CREATE)
    async with await AriConnection.open(access) as connection:
        ringer = Ringer(task, connection, pool)
        with stop_asked() as asked:
            reading = begin("yardstick", connection.run(ringer.hear))
            await connection.set_up(events.UNWANTED)
            print("ready", flush=True)
            stopped = begin("yardstick's end", asked.wait())
            await asyncio.wait([reading, stopped], return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
            reading.cancel()
    await pool.close()


class Ringer:
    """Hears what Asterisk tells: a caller, an agent who has picked up, somebody who has gone."""

    def __init__(self, task: RingerTask, connection: AriConnection, pool: Any) -> None:
        self._app = task.app
        self._commits = task.commits
        self._connection = connection
        self._pool = pool
        self._idle = deque(task.agents)
        self._agent_of: dict[str, str] = {}
        self._rung: dict[str, str] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def hear(self, event: events.Event) -> None:
        """One event."""
        channel = event.channel
        if channel is None:
            return
        if event.type == "StasisStart" and channel.id in self._agent_of:
            self._connect(_caller_of(channel.id), channel.id)
        elif event.type == "StasisStart" and self._commits:
            self._begin(self._recorded(channel))
        elif event.type == "StasisStart":
            self._ring(channel, self._idle.popleft())
        elif event.type == "ChannelDestroyed":
            self._gone(channel.id)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = begin("yardstick's row", work)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _recorded(self, caller: events.Channel) -> None:
        agent = self._idle.popleft()
        await self._pool.execute(INSERT, caller.id, agent)
        self._ring(caller, agent)

    def _ring(self, caller: events.Channel, agent: str) -> None:
        leg = _leg_of(caller.id)
        self._agent_of[leg], self._rung[caller.id] = agent, leg
        order = requests.originate(leg, f"PJSIP/{agent}", self._app, RING_SECONDS, caller.caller.number, caller.id)
        self._connection.send(order)

    def _connect(self, caller: str, leg: str) -> None:
        for request in (requests.answer(caller), requests.bridge(caller), requests.join(caller, caller, leg)):
            self._connection.send(request)

    def _gone(self, channel: str) -> None:
        """The other side goes, too; an agent is free again."""
        agent = self._agent_of.pop(channel, None)
        if agent is not None:
            self._idle.append(agent)
            caller = _caller_of(channel)
            if self._rung.pop(caller, None) is not None:
                self._connection.send(requests.hang_up(caller))
                self._connection.send(requests.no_bridge(caller))
            return
        leg = self._rung.pop(channel, None)
        if leg is not None:
            self._connection.send(requests.hang_up(leg))


def _leg_of(caller: str) -> str:
    return f"bench.{caller}"


def _caller_of(leg: str) -> str:
    return leg.removeprefix("bench.")
