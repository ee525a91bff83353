"""Agents who change teams, of which those are told who watch a team."""

import asyncio

import msgspec

from app.core import clock
from app.core.ids import new_id
from app.floor import commands as c
from app.floor.configuration.config import FloorConfig
from tests.fixtures.database import Database
from tests.floor.factories import CONFIG, Bench, call_event
from tests.floor.live import memory, on, owned, running
from tests.floor.loop.test_rounds import commits_wait, until_gathered


def team(name: str, config: FloorConfig = CONFIG) -> FloorConfig:
    """With Ann in this team."""
    ann = msgspec.structs.replace(config.agents["ann"], team=name)
    return msgspec.structs.replace(config, agents={**config.agents, "ann": ann})


def test_a_change_of_teams_is_told_again_where_its_batch_was_undone() -> None:
    floor = Bench(team("day"))
    floor.on("ann")
    floor.state.begin_batch()
    change = c.Configure(config=team("night"), before=team("day"))
    floor.do(change)
    assert floor.told("agent.state")
    floor.state.undo_batch()
    floor.do(change)
    assert floor.told("agent.state")


async def test_a_change_of_teams_is_told_though_its_round_is_refused(bank: Database) -> None:
    async with running(bank) as (floor, told):
        await on(await owned(floor), "ann")
        config = memory(floor).store.config
        floor.configure(config)
        await floor.submit(c.Look(what="floor"))
        before = len(told.frames)
        async with commits_wait(bank):
            bad = c.TakeEvent(event=call_event("\x00", "bad", clock.now()), contact_id=new_id())
            failing = asyncio.gather(floor.submit(bad), return_exceptions=True)
            await asyncio.sleep(0.05)
            floor.configure(team("night", config))
            await until_gathered(floor, 1)
        await failing
        await floor.submit(c.Look(what="floor"))
        assert memory(floor).store.config.agents["ann"].team == "night"
        news = [frame for topic, _, frame in told.frames[before:] if topic == "floor"]
        assert any(b'"team":"night"' in frame for frame in news)
