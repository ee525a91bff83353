"""What a queue names cannot vanish at the moment at which it is named."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from app.agents.service import create_skill
from app.agents.teams import create_team
from app.core.errors import CallfloorError
from app.db.engine import Sessions, WriteSession
from app.routing.records import queries
from app.routing.records.errors import QueueFaulty, QueueInUse, SkillInUse, TeamInUse
from app.routing.records.queues import change_queue, create_queue, delete_queue, delete_skill, delete_team

STEPS = [{"after_seconds": 5, "requires": {"cards": 1}, "teams": ["vip"]}]


@pytest.fixture
async def bank(sessions: Sessions) -> Sessions:
    """A skill and a team."""
    async with sessions.write() as session:
        await create_skill(session, "cards", "Cards")
        await create_team(session, "vip", "Vip")
    return sessions


async def refusal(bank: Sessions, work: Callable[[WriteSession], Awaitable[object]]) -> CallfloorError | None:
    """How a use case is refused, if it is."""
    try:
        async with bank.write() as session:
            await work(session)
    except CallfloorError as error:
        return error
    return None


async def make_queue(session: WriteSession) -> None:
    await create_queue(session, {}, id="cards", name="Cards", steps=STEPS)


async def test_a_removal_waits_for_a_queue_that_is_being_made(bank: Sessions) -> None:
    async with asyncio.TaskGroup() as group, bank.write() as session:
        await make_queue(session)
        skill = group.create_task(refusal(bank, lambda session: delete_skill(session, "cards")))
        team = group.create_task(refusal(bank, lambda session: delete_team(session, "vip")))
        await asyncio.sleep(0.2)
        assert not skill.done()
        assert not team.done()
    assert isinstance(skill.result(), SkillInUse)
    assert isinstance(team.result(), TeamInUse)


async def test_a_queue_waits_for_a_removal_and_is_refused(bank: Sessions) -> None:
    async with asyncio.TaskGroup() as group, bank.write() as session:
        await delete_team(session, "vip")
        await session.flush()
        making = group.create_task(refusal(bank, make_queue))
        await asyncio.sleep(0.2)
        assert not making.done()
    refused = making.result()
    assert isinstance(refused, QueueFaulty)
    assert [fault["where"] for fault in refused.facts["faults"]] == ["body.steps.0.teams.0"]


def leads_to(queue_id: str) -> dict[str, object]:
    return {"overflow": [{"when": "no_agent", "do": "queue", "queue": queue_id}]}


async def test_a_queue_does_not_vanish_while_another_is_led_to_it(bank: Sessions) -> None:
    async with bank.write() as session:
        await create_queue(session, {}, id="service", name="Service")
    async with asyncio.TaskGroup() as group, bank.write() as session:
        await create_queue(session, {}, id="cards", name="Cards", **leads_to("service"))
        removing = group.create_task(refusal(bank, lambda session: delete_queue(session, "service", 0)))
        await asyncio.sleep(0.2)
        assert not removing.done()
    assert isinstance(removing.result(), QueueInUse)


async def test_two_queues_may_be_led_to_each_other_at_once(bank: Sessions) -> None:
    async with bank.write() as session:
        for queue_id in ("cards", "service"):
            await create_queue(session, {}, id=queue_id, name=queue_id)
    async with asyncio.TaskGroup() as group, bank.write() as session:
        await queries.queue(session, "cards", "change")
        other = group.create_task(refusal(bank, lambda session: change_queue(session, "service", leads_to("cards"))))
        assert await asyncio.wait_for(asyncio.shield(other), 30) is None
        await change_queue(session, "cards", leads_to("service"))
