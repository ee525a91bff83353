"""Publication by several at once, at an instant, and beside removals: on connections of their own."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core.clock import FrozenClock
from app.core.errors import CallfloorError
from app.db.engine import Sessions, WriteSession
from app.ivr.records import queries, service
from app.ivr.records.errors import FlowDefinitionFaulty
from app.ivr.records.judging import judge
from app.ivr.records.publishing import publish_due
from app.ivr.records.removals import delete_queue
from app.routing.records.errors import QueueInUse
from tests.ivr.factories import ACT, CLOCK, NOW, new_flow, states
from tests.ivr.texts import text_of


async def refusal(sessions: Sessions, work: Callable[[WriteSession], Awaitable[object]]) -> CallfloorError | None:
    try:
        async with sessions.write() as session:
            await work(session)
    except CallfloorError as error:
        return error
    return None


async def test_of_two_who_publish_at_once_one_is_refused(sessions: Sessions) -> None:
    async with sessions.write() as session:
        await new_flow(session)
    both = await asyncio.gather(
        *(refusal(sessions, lambda session: service.publish(session, ACT, "main", 1)) for _ in range(2))
    )
    assert sorted(type(each).__name__ for each in both) == ["FlowVersionConflict", "NoneType"]


async def test_a_removal_waits_for_a_flow_that_is_being_published(sessions: Sessions) -> None:
    async with sessions.write() as session:
        await new_flow(session)
    async with asyncio.TaskGroup() as group, sessions.write() as session:
        await service.publish(session, ACT, "main", 1)
        removing = group.create_task(refusal(sessions, lambda session: delete_queue(session, "cards", live=0)))
        await asyncio.sleep(0.2)
        assert not removing.done()
    assert isinstance(removing.result(), QueueInUse)


async def test_a_publication_waits_for_a_removal_and_is_refused(sessions: Sessions) -> None:
    async with sessions.write() as session:
        await new_flow(session)
    async with asyncio.TaskGroup() as group, sessions.write() as session:
        await delete_queue(session, "cards", live=0)
        await session.flush()
        publishing = group.create_task(refusal(sessions, lambda session: service.publish(session, ACT, "main", 1)))
        await asyncio.sleep(0.2)
        assert not publishing.done()
    assert isinstance(publishing.result(), FlowDefinitionFaulty)


async def scheduled(sessions: Sessions) -> None:
    async with sessions.write() as session:
        await new_flow(session)
        await service.schedule(session, ACT, "main", 1, NOW + timedelta(minutes=1))


async def test_a_draft_is_published_when_its_instant_has_come_and_not_before(sessions: Sessions) -> None:
    await scheduled(sessions)
    assert await publish_due(sessions, FrozenClock(CLOCK() + 59), judge) == []
    assert await publish_due(sessions, FrozenClock(CLOCK() + 60), judge) == ["main"]
    assert await publish_due(sessions, FrozenClock(CLOCK() + 61), judge) == []
    async with sessions.write() as session:
        told = await session.scalar(select(AuditEntry).where(AuditEntry.action == "flow.published"))
        found = await queries.flow(session, "main")
    assert told is not None
    assert told.who == "ann"
    assert told.after is not None
    assert told.after["scheduled_for"] == (NOW + timedelta(minutes=1)).isoformat()
    assert found.published is not None
    assert found.published.published_at == NOW + timedelta(minutes=1)


async def test_what_is_due_first_is_published_first(sessions: Sessions) -> None:
    await scheduled(sessions)
    async with sessions.write() as session:
        for name, seconds in (("late", 90), ("early", 30)):
            await service.create_flow(session, ACT, flow_id=name, name=name, text=text_of(flow=name))
            await service.schedule(session, ACT, name, 1, NOW + timedelta(seconds=seconds))
    assert await publish_due(sessions, FrozenClock(CLOCK() + 90), judge) == ["early", "main", "late"]


async def test_many_processes_that_look_at_once_publish_it_once(sessions: Sessions) -> None:
    await scheduled(sessions)
    later = FrozenClock(CLOCK() + 60)
    done = await asyncio.gather(*(publish_due(sessions, later, judge) for _ in range(4)))
    assert sorted(done) == [[], [], [], ["main"]]
    async with sessions.write() as session:
        assert await states(session) == [(1, "published")]


async def test_a_process_that_dies_while_it_publishes_leaves_it_to_the_next(sessions: Sessions) -> None:
    await scheduled(sessions)
    later = FrozenClock(CLOCK() + 60)

    def dies(text: str, known: object, flow_id: str | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await publish_due(sessions, later, dies)  # type: ignore[arg-type]
    assert await publish_due(sessions, later, judge) == ["main"]


async def test_what_has_become_faulty_since_is_a_draft_again_and_told(sessions: Sessions) -> None:
    await scheduled(sessions)
    async with sessions.write() as session:
        await delete_queue(session, "cards", live=0)
        seen = (await queries.record(session, "main")).version
    assert await publish_due(sessions, FrozenClock(CLOCK() + 60), judge) == ["main"]
    async with sessions.write() as session:
        found = await queries.flow(session, "main")
        assert (await queries.record(session, "main")).version == seen + 1
        assert found.published is None
        assert found.draft is not None
        assert found.draft.publish_at is None
        told = await session.scalar(select(AuditEntry).where(AuditEntry.action == "flow.publication_failed"))
        assert told is not None
        assert told.after is not None
        assert [fault["node"] for fault in told.after["faults"]] == [None, "start"]
