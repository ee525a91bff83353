"""Publication at an instant: every process looks each second, and exactly one of them does it."""

import asyncio

import structlog
from sqlalchemy import select

from app.audit.service import act_as
from app.audit.service import record as tell
from app.core.clock import Clock, utc
from app.core.errors import Unavailable
from app.db.engine import Sessions, WriteSession
from app.db.errors import DRIVER
from app.ivr.records import queries
from app.ivr.records.errors import FlowDefinitionFaulty
from app.ivr.records.judging import Judge
from app.ivr.records.models import FlowRecord, FlowVersion
from app.ivr.records.service import Act, put_into_service

log = structlog.get_logger(__name__)


async def publish_due(sessions: Sessions, clock: Clock, judge: Judge) -> list[str]:
    """Publish what is due, each in a transaction of its own; gives the flows that were seen to.

    A draft that has become faulty since (its queue is gone) is not published: it is a plain draft again, which the log
    and the audit log tell.
    """
    done: list[str] = []
    while True:
        async with sessions.write() as session:
            record = await _due(session, clock)
            if record is None:
                return done
            await _see_to(session, record, clock, judge)
            done.append(record.id)


async def keep_publishing(sessions: Sessions, clock: Clock, judge: Judge, every: float = 1.0) -> None:
    """Publish what is due, every `every` seconds until cancelled; a database that is away is asked again."""
    while True:
        try:
            await publish_due(sessions, clock, judge)
        except (Unavailable, OSError, *DRIVER) as error:
            log.warning("flows that may be due cannot be published now", error=repr(error))
        except Exception:
            # one flow that nobody can publish must not keep the others waiting for a restart
            log.exception("a flow could not be published")
        await asyncio.sleep(every)


async def _due(session: WriteSession, clock: Clock) -> FlowRecord | None:
    """A flow whose draft is due. It stays locked until the commit; one that another process sees to is passed over."""
    query = (
        select(FlowRecord)
        .join(FlowVersion, FlowVersion.flow_id == FlowRecord.id)
        .where(FlowVersion.state == "draft", FlowVersion.publish_at <= utc(clock()))
        .order_by(FlowVersion.publish_at)
        .limit(1)
        .with_for_update(of=[FlowRecord, FlowVersion], skip_locked=True)
    )
    return await session.scalar(query, execution_options={"populate_existing": True})


async def _see_to(session: WriteSession, record: FlowRecord, clock: Clock, judge: Judge) -> None:
    draft = (await queries.flow(session, record.id)).draft
    assert draft is not None, "its row is locked"
    assert draft.scheduled_by is not None, "a rule of the table"
    assert draft.publish_at is not None, "it is due"
    await act_as(session, draft.scheduled_by)
    act = Act(draft.scheduled_by, utc(clock()), judge)
    when = draft.publish_at.isoformat()
    try:
        await put_into_service(session, act, record, draft, "flow.published", scheduled_for=when)
    except FlowDefinitionFaulty as faulty:
        log.error("a scheduled flow was not published", flow=record.id, number=draft.number, why=faulty.detail)
        draft.publish_at = draft.scheduled_by = None
        record.version += 1
        after = {"number": draft.number, "scheduled_for": when, "faults": faulty.facts["faults"]}
        await tell(session, "flow.publication_failed", "flow", record.id, after=after)
    else:
        log.info("flow published", flow=record.id, number=draft.number, scheduled_for=when)
