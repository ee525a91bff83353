"""Drafts, publication, roll-back: what may happen to the versions of a flow."""

from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import select, text

from app.agents.service import create_skill
from app.audit.models import AuditEntry
from app.audit.service import act_as
from app.core.errors import Invalid
from app.db.engine import WriteSession
from app.ivr.records import service
from app.ivr.records.errors import (
    DraftScheduled,
    FlowDefinitionFaulty,
    FlowTaken,
    FlowUnpublished,
    FlowVersionConflict,
    NoDraft,
    NotScheduled,
)
from app.ivr.records.removals import delete_queue, delete_skill
from app.routing.records.errors import QueueInUse, SkillInUse
from app.routing.records.queues import create_queue
from tests.fixtures.database import Database
from tests.ivr.factories import ACT, NOW, SAY, new_flow, published, states
from tests.ivr.texts import text_of


async def test_a_draft_is_published_and_the_next_one_takes_its_place(session: WriteSession) -> None:
    made = await new_flow(session)
    assert (made.flow.version, made.published) == (1, None)
    done = await service.publish(session, ACT, "main", 1)
    assert (done.flow.version, done.draft) == (2, None)
    assert done.published is not None
    assert done.published.uses == [
        {"kind": "queue", "id": "cards", "node": "", "where": "fallback_queue"},
        {"kind": "queue", "id": "cards", "node": "start", "where": "nodes.start.queue"},
    ]
    assert (done.published.published_at, done.published.published_by) == (NOW, "ann")
    await service.save_draft(session, ACT, "main", 2, text_of(more=SAY))
    await service.publish(session, ACT, "main", 3)
    assert await states(session) == [(1, "retired"), (2, "published")]


async def test_an_id_is_given_once(session: WriteSession) -> None:
    await new_flow(session)
    with pytest.raises(FlowTaken):
        await service.create_flow(session, ACT, flow_id="main", name="Other", text="")


async def test_a_faulty_draft_is_kept_but_not_published_and_the_old_one_serves_on(session: WriteSession) -> None:
    await published(session)
    await service.save_draft(session, ACT, "main", 2, text_of("nowhere"))
    with pytest.raises(FlowDefinitionFaulty) as refused:
        await service.publish(session, ACT, "main", 3)
    assert [(fault["where"], fault["node"], fault["line"]) for fault in refused.value.facts["faults"]] == [
        ("fallback_queue", None, 4),
        ("nodes.start.queue", "start", 9),
    ]
    assert await states(session) == [(1, "published"), (2, "draft")]


async def test_who_writes_over_what_they_have_not_read_is_refused(session: WriteSession) -> None:
    await new_flow(session)
    await service.save_draft(session, ACT, "main", 1, text_of())
    with pytest.raises(FlowVersionConflict) as refused:
        await service.save_draft(session, ACT, "main", 1, text_of("other"))
    assert refused.value.facts == {"version": 2, "given": 1}


async def test_without_a_draft_there_is_nothing_to_publish(session: WriteSession) -> None:
    await published(session)
    with pytest.raises(NoDraft):
        await service.publish(session, ACT, "main", 2)
    with pytest.raises(NoDraft):
        await service.discard_draft(session, "main", 2)


async def test_rolling_back_publishes_an_old_text_as_a_new_version_and_leaves_the_draft(session: WriteSession) -> None:
    await published(session)
    await service.save_draft(session, ACT, "main", 2, text_of(second=SAY))
    await service.publish(session, ACT, "main", 3)
    await service.save_draft(session, ACT, "main", 4, "half a thought")
    done = await service.roll_back(session, ACT, "main", 5, to=1)
    assert done.published is not None
    assert (done.published.number, done.published.from_number, done.published.text) == (3, 1, text_of())
    assert done.draft is not None
    assert (done.draft.number, done.draft.text) == (4, "half a thought")
    assert await states(session) == [(1, "retired"), (2, "retired"), (3, "published"), (4, "draft")]
    with pytest.raises(FlowUnpublished):
        await service.roll_back(session, ACT, "main", 6, to=3)


async def test_rolling_back_to_what_names_a_queue_since_removed_is_refused(session: WriteSession) -> None:
    await published(session)
    await create_queue(session, {}, id="loans", name="Loans")
    await service.save_draft(session, ACT, "main", 2, text_of("loans"))
    await service.publish(session, ACT, "main", 3)
    await delete_queue(session, "cards", live=0)
    with pytest.raises(FlowDefinitionFaulty):
        await service.roll_back(session, ACT, "main", 4, to=1)


async def test_a_scheduled_draft_is_not_changed_until_the_schedule_is_cancelled(session: WriteSession) -> None:
    await new_flow(session)
    later = NOW + timedelta(hours=1)
    with pytest.raises(NotScheduled):
        await service.cancel_schedule(session, "main", 1)
    with pytest.raises(Invalid, match="has passed"):
        await service.schedule(session, ACT, "main", 1, NOW)
    await service.schedule(session, ACT, "main", 1, later)
    with pytest.raises(DraftScheduled):
        await service.save_draft(session, ACT, "main", 2, text_of())
    with pytest.raises(DraftScheduled):
        await service.discard_draft(session, "main", 2)
    await service.cancel_schedule(session, "main", 2)
    await service.discard_draft(session, "main", 3)
    assert await states(session) == []


async def test_a_faulty_draft_is_not_scheduled(session: WriteSession) -> None:
    await new_flow(session, text_of("nowhere"))
    with pytest.raises(FlowDefinitionFaulty):
        await service.schedule(session, ACT, "main", 1, NOW + timedelta(hours=1))


async def test_what_a_published_flow_names_is_not_removed(session: WriteSession) -> None:
    await create_skill(session, "gold", "Gold")
    await new_flow(
        session, text_of(asks={"type": "queue", "queue": "cards", "requires": {"gold": 3}, "closed": "start"})
    )
    await service.publish(session, ACT, "main", 1)
    with pytest.raises(QueueInUse) as refused:
        await delete_queue(session, "cards", live=0)
    assert refused.value.facts["used_by"][1] == {"flow": "main", "number": 1, "where": "nodes.asks.queue"}
    with pytest.raises(SkillInUse):
        await delete_skill(session, "gold")


@pytest.mark.parametrize(
    "change",
    [
        "update flow_versions set text = 'other'",
        "update flow_versions set state = 'draft', published_at = null",
        "update flow_versions set state = 'retired', retired_at = now(), note = 'other'",
        "update flow_versions set published_by = 'other'",
        "delete from flow_versions",
        "delete from flows",
    ],
)
async def test_the_database_itself_keeps_what_has_been_published(session: WriteSession, change: str) -> None:
    await published(session)
    await session.flush()
    with pytest.raises(Exception, match=r"stays as it is|fk_flow_versions_flow_id_flows"):
        await session.execute(text(change))


async def test_the_database_itself_keeps_to_one_draft_and_one_published_version(database: Database) -> None:
    connection = await asyncpg.connect(database.dsn)
    await connection.execute("insert into flows (id, name) values ('f', 'F')")
    columns = "flow_id, number, text, author, state, published_at"
    made = f"insert into flow_versions ({columns}) values ('f', $1, '', 'a', $2, $3)"
    for number, state, at in ((1, "draft", None), (2, "published", NOW)):
        await connection.execute(made, number, state, at)
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(made, number + 5, state, at)
    await connection.close()


async def test_floors_notice_a_publication_and_not_a_draft(session: WriteSession) -> None:
    version = text("select version from configuration")
    await new_flow(session)
    before = await session.scalar(version)
    await service.save_draft(session, ACT, "main", 1, text_of())
    assert await session.scalar(version) == before
    await service.publish(session, ACT, "main", 2)
    assert await session.scalar(version) == before + 1
    await service.save_draft(session, ACT, "main", 3, text_of(second=SAY))
    await service.publish(session, ACT, "main", 4)
    assert await session.scalar(version) == before + 3
    await service.roll_back(session, ACT, "main", 5, to=1)
    assert await session.scalar(version) == before + 5


async def test_every_change_is_in_the_audit_log(session: WriteSession) -> None:
    await act_as(session, "ann")
    await published(session)
    await service.rename_flow(session, "main", 2, "Main line")
    await service.save_draft(session, ACT, "main", 3, text_of(), "second thoughts")
    await service.schedule(session, ACT, "main", 4, NOW + timedelta(hours=1))
    await service.cancel_schedule(session, "main", 5)
    await service.discard_draft(session, "main", 6)
    told = (await session.scalars(select(AuditEntry).where(AuditEntry.kind == "flow").order_by(AuditEntry.id))).all()
    assert [(each.action.partition(".")[2], each.who, each.thing) for each in told] == [
        (action, "ann", "main")
        for action in (
            "created",
            "published",
            "renamed",
            "draft_saved",
            "scheduled",
            "schedule_cancelled",
            "draft_discarded",
        )
    ]
    assert told[2].before == {"name": "Main"}
    assert told[2].after == {"name": "Main line"}
