"""A bank with one queue and one flow that leads there."""

from app.core.clock import FrozenClock, utc
from app.db.engine import WriteSession
from app.ivr.records import queries, service
from app.ivr.records.judging import judge
from app.ivr.records.queries import FlowProfile
from app.ivr.records.service import Act
from app.routing.records.queues import create_queue
from tests.ivr.texts import text_of

CLOCK = FrozenClock()
NOW = utc(CLOCK())
SAY = {"type": "say", "text": "Hello", "next": "start"}
ACT = Act("ann", NOW, judge)


async def new_flow(session: WriteSession, text: str | None = None) -> FlowProfile:
    """A queue and a flow that leads there."""
    await create_queue(session, {}, id="cards", name="Cards")
    return await service.create_flow(session, ACT, flow_id="main", name="Main", text=text or text_of())


async def published(session: WriteSession) -> FlowProfile:
    """The same, published."""
    await new_flow(session)
    return await service.publish(session, ACT, "main", 1)


async def states(session: WriteSession) -> list[tuple[int, str]]:
    """The versions of the flow with their states, the oldest first."""
    return [(each.number, each.state) for each in await queries.versions(session, "main", 100, None)][::-1]
