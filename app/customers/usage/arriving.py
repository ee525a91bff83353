"""Usage events arrive: they are kept, and the rules that they concern are held against the customers they touch."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
import structlog

from app.core.clock import Clock, utc
from app.core.errors import Invalid, Unavailable
from app.core.wire import fault
from app.customers.usage.alerting import Alerted
from app.customers.usage.given import Batch, GivenEvent, Refused, read_batch
from app.customers.usage.looking import Arrival, Looked, look
from app.customers.usage.remembered import look_at, remember
from app.customers.usage.storing import Stored, store
from app.db.engine import Sessions, WriteSession
from app.db.errors import DRIVER

log = structlog.get_logger(__name__)

TOLD = 100


class Ahead(msgspec.Struct, frozen=True):
    """An event whose clock was too far ahead: it counts at `counts_at`, when it came."""

    line: int
    id: str
    at: datetime
    counts_at: datetime


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch. `ahead` are the first of the events whose clock was too far ahead, `clock_ahead_seconds`
    tells by how much the worst was. `disproved` counts alerts that a late event showed to be wrong."""

    taken: int
    repeated: int
    refused: Sequence[Refused]
    ahead: Sequence[Ahead]
    ahead_events: int
    clock_ahead_seconds: float
    alerts_opened: int
    alerts_grown: int
    alerts_disproved: int


class Arrived(NamedTuple):
    """What became of each event, in order, and of the rules that were held."""

    stored: Sequence[Stored]
    alerted: Alerted
    disproved: int


async def arrive(
    session: WriteSession, source: str, events: Sequence[tuple[int, GivenEvent]], received_at: datetime
) -> Arrived:
    """Keep those events that are new and somebody's, and alert to what they tell."""
    stored = await store(session, source, events, received_at)
    looked = await look(session, _arrivals(stored), received_at)
    return Arrived(stored, Alerted(looked.opened, looked.grown), looked.disproved)


async def take(session: WriteSession, source: str, body: bytes, received_at: datetime) -> Taken:
    """Keep the events of a batch and alert to what they tell. Raises Invalid if none of it can be taken."""
    batch = read_batch(body, received_at)
    stored, alerted, disproved = await arrive(session, source, batch.events, received_at)
    return _taken(batch, stored, Looked(*alerted, disproved))


async def take_in_parts(sessions: Sessions, source: str, body: bytes, clock: Clock) -> Taken:
    """The same in short transactions: the events are kept, then looked at a page at a time. Where that is broken off,
    they are kept nevertheless, and those that nobody has looked at are looked at later."""
    received_at = utc(clock())
    batch = await asyncio.to_thread(read_batch, body, received_at)  # large ones would hold the loop for long
    async with sessions.write() as session:
        stored = await store(session, source, batch.events, received_at)
        waiting = await remember(session, _arrivals(stored), received_at)
        _ensure_any(batch, stored)
    looked, now = Looked(), utc(clock())  # what others have kept since this came must be seen, too
    try:
        for ids in waiting:
            async with sessions.write() as session:
                looked = looked.and_(await look_at(session, ids, now))
    except (Unavailable, OSError, *DRIVER) as error:
        log.warning("usage was kept and is looked at later", source=source, error=repr(error))
    return _taken(batch, stored, looked)


def _ensure_any(batch: Batch, stored: Sequence[Stored]) -> list[Refused]:
    """What was refused, in order; raises Invalid where that is everything."""
    unknown = [Refused(each.line, each.event.id, [_unknown(each)]) for each in stored if each.root is None]
    refused = sorted([*batch.refused, *unknown], key=lambda each: each.line)
    if len(unknown) == len(stored):
        told = [{**each, "where": f"line {one.line}: {each['where']}"} for one in refused[:TOLD] for each in one.faults]
        raise Invalid(f"None of the {len(refused)} events was taken.", faults=told)
    return refused


def _taken(batch: Batch, stored: Sequence[Stored], looked: Looked) -> Taken:
    refused = _ensure_any(batch, stored)
    kept = [each for each in stored if each.root is not None]
    ahead = [each for each in kept if each.ahead]
    return Taken(
        taken=sum(each.fresh for each in kept),
        repeated=sum(not each.fresh for each in kept),
        refused=refused,
        ahead=[Ahead(each.line, each.event.id, each.event.at, each.counts_at) for each in ahead[:TOLD]],
        ahead_events=len(ahead),
        clock_ahead_seconds=max((_ahead(each) for each in ahead), default=0.0),
        alerts_opened=looked.opened,
        alerts_grown=looked.grown,
        alerts_disproved=looked.disproved,
    )


def _arrivals(stored: Sequence[Stored]) -> list[Arrival]:
    """What is new, by customer and kind."""
    found: dict[tuple[UUID, str], list[datetime]] = defaultdict(list)
    for each in stored:
        if each.fresh and each.root is not None:
            found[each.root, each.event.kind].append(each.counts_at)
    return [Arrival(root, kind, instants) for (root, kind), instants in found.items()]


def _ahead(each: Stored) -> float:
    return (each.event.at - each.counts_at).total_seconds()


def _unknown(each: Stored) -> dict[str, str]:
    event = each.event
    where = "external_id" if event.customer_id is None else "customer_id"
    return fault(
        where, f"{getattr(event, where)!s} is nobody's", "a customer who is there; send it again once they are"
    )
