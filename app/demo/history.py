"""Months of past calls and of what the agents did, as the demo bank remembers them. Pure: the same days give the same.

A call goes to whom the floor's engine gives it, by what its queue requires. What the journal would tell of it is told
as far as reports and decisions read it: nobody resumes a socket from before the floor's first hour.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from random import Random
from typing import Any, NamedTuple

import msgspec

from app.core import clock
from app.demo.bank import DAYS, NOTES, QUEUES, SOURCE
from app.demo.clients import DemoCustomer
from app.demo.ids import uuid7_at
from app.demo.past_floor import Call, Course, PastFloor
from app.demo.shifts import DAY, Change, duties

CALLS_A_DAY = 230
WEEKDAYS = (1.25, 1.1, 1.0, 1.0, 1.15, 0.6, 0.45)
HOURS = (0.6, 0.4, 0.3, 0.3, 0.4, 0.8, 1.6, 3, 6, 8.5, 9, 8, 6, 6.5, 7.5, 7.5, 7, 6, 5, 4.5, 4, 3, 2, 1.2)
"""How the calls of a day (by the bank's clock, UTC+8) spread over its hours."""
BANK_OFFSET = 8 * 3600.0
LEAST_PATIENCE, PATIENCE, MOST_PATIENCE = 5.0, 120.0, 600.0
"""Seconds that a caller waits, for an answer: at least, on top of that in the mean, and at most."""

GONE_BY = DAY + 4.0
"""The last callers of a day give up before anybody of the next day's staff is ready."""

LATELY = 900.0
"""Nothing has happened so shortly before now: the floor remembers calls that have ended a moment ago."""

INTERACTION_COLUMNS = (
    "id", "started_at", "ended_at", "channel", "direction", "source_id", "call_id", "from_raw", "to_raw",
    "customer_id", "tier_id", "queue_id", "agent_id", "outcome", "cause", "wait_seconds", "talk_seconds",
    "hold_seconds", "wrap_up_seconds", "wrap_up_code", "note", "legs",
)  # fmt: skip
ENTRY_COLUMNS = ("started_at", "interaction_id", "at", "kind", "data")
VISIT_COLUMNS = (
    "started_at", "interaction_id", "queue_id", "tier_id", "entered_at", "left_at", "outcome", "wait_seconds",
    "agent_id",
)  # fmt: skip
EVENT_COLUMNS = ("floor", "seq", "at", "type", "contact_id", "agent_id", "data")
_encode = msgspec.json.Encoder().encode
Row = tuple[Any, ...]


class PastDay(NamedTuple):
    """The calls of a day, oldest first, and what the agents did; not in order, and some until after midnight."""

    calls: list["PastCall"]
    changes: list[Change]


class PastCall(NamedTuple):
    """One finished contact: its interaction, its timeline and its stay in the queue, in the order of the columns."""

    interaction: Row
    entries: list[Row]
    visit: Row


def past_days(customers: Sequence[DemoCustomer], now: float, seed: int = 1, days: int = DAYS) -> Iterator[PastDay]:
    """The `days` days before `now` (epoch seconds) and today until now, oldest first. Who is on duty now has gone by
    now: the floor is about to open, and nobody is there."""
    midnight = (now + BANK_OFFSET) // DAY * DAY - BANK_OFFSET
    for back in range(days, -1, -1):
        start = midnight - back * DAY
        dice = Random(f"{seed} {int(start)}")
        staff = duties(start, int((start + BANK_OFFSET) // DAY), Random(f"{seed} duties {int(start)}"))
        calls = [_call(began, customers, start + GONE_BY, dice) for began in _instants(start, dice)]
        past = [_told(course, dice) for course in PastFloor(staff, now - LATELY).play(calls)]
        yield PastDay(past, list(_until(now, chain.from_iterable(duty.told for duty in staff))))


def past_events(floor: str, days: Iterable[PastDay]) -> Iterator[Row]:
    """The journal of these days, numbered in order of time from 1."""
    # an agent's own changes follow each other also where they are of the same instant: sorting keeps their order
    changes = sorted(chain.from_iterable(day.changes for day in days), key=lambda change: change.at)
    for seq, change in enumerate(changes, 1):
        yield _event(floor, seq, change)


def _until(now: float, told: Iterable[Change]) -> Iterator[Change]:
    here: dict[str, Change] = {}
    for change in told:
        if change.at < now:
            yield change
            if change.state is not None:
                here[change.agent] = change
    for agent, change in here.items():
        if change.state != "logged_off":
            yield Change(now, agent, "logged_off")


def _event(floor: str, seq: int, change: Change) -> Row:
    at, agent = clock.utc(change.at), change.agent
    if change.state is not None:
        told = {"id": agent, "state": change.state, "reason": change.reason, "connected": change.state != "logged_off"}
        return (floor, seq, at, "agent.state", None, agent, _json({"agent": told}))
    if change.why is None:
        gone = {"contact_id": str(change.contact), "reason": change.reason}
        return (floor, seq, at, "offer.withdrawn", change.contact, agent, _json(gone))
    data = {"contact": {"id": str(change.contact), "queue": change.queue}, "why": change.why}
    return (floor, seq, at, "contact.offered", change.contact, agent, _json(data))


def _instants(start: float, dice: Random) -> list[float]:
    weekday = (datetime.fromtimestamp(start, UTC) + timedelta(seconds=BANK_OFFSET)).weekday()
    number = round(CALLS_A_DAY * WEEKDAYS[weekday] * dice.uniform(0.9, 1.1))
    hours = dice.choices(range(24), HOURS, k=number)
    return sorted(start + hour * 3600 + dice.random() * 3600 for hour in hours)


def _call(began: float, customers: Sequence[DemoCustomer], gone_by: float, dice: Random) -> Call:
    # some people call far more often than others: squaring favours the front of the list
    customer = customers[int(len(customers) * dice.random() ** 2)] if dice.random() < 0.9 else None
    queue = dice.choices(QUEUES, [queue.share for queue in QUEUES])[0]
    patience = min(LEAST_PATIENCE + dice.expovariate(1 / PATIENCE), MOST_PATIENCE, gone_by - began)
    return Call(
        contact=uuid7_at(began, dice),
        began=began,
        queue=queue,
        customer=customer,
        patience=patience,
        rings=min(2.0 + dice.expovariate(1 / 5.0), queue.offer_seconds - 1.0),
        talk=40.0 + dice.expovariate(1 / 180.0),
        hold=dice.uniform(10, 90) if dice.random() < 0.15 else 0.0,
        wrap_up=dice.uniform(5, queue.wrap_up_seconds),
    )


def _told(course: Course, dice: Random) -> PastCall:
    return PastCall(_interaction(course, dice), list(_entries(course)), _visit(course))


def _interaction(course: Course, dice: Random) -> Row:
    answered = course.agent is not None
    contact, queue, customer = course.call.contact, course.call.queue, course.call.customer
    notes = NOTES[customer.language if customer else "zh"]
    return (
        contact,
        clock.utc(course.call.began),
        clock.utc(course.ended),
        "voice",
        "inbound",
        SOURCE,
        f"past-{contact}",
        customer.numbers[0].dialled if customer else f"+86170{dice.randrange(100_000_000):08d}",
        queue.number,
        customer.id if customer else None,
        customer.tier if customer else None,
        queue.id,
        course.agent,
        "answered" if answered else "abandoned",
        "normal" if answered else "caller_gave_up",
        course.wait,
        course.call.talk if answered else 0.0,
        course.call.hold if answered else 0.0,
        course.call.wrap_up if answered else 0.0,
        dice.choice(queue.codes) if answered else None,
        dice.choice(notes) if answered and dice.random() < 0.7 else None,
        _json(_legs(course)),
    )


def _legs(course: Course) -> list[dict[str, Any]]:
    ended = clock.iso(course.ended)
    legs: list[dict[str, Any]] = [_leg("caller", "customer", None, ended, 0.0, 0.0)]
    if course.agent is not None:
        legs.append(_leg("agent-1", "agent", course.agent, ended, course.call.talk, course.call.hold))
    return legs


def _leg(leg_id: str, party: str, agent: str | None, since: str, talk: float, hold: float) -> dict[str, Any]:
    told = {"id": leg_id, "party": party, "agent": agent, "state": "cleared", "since": since}
    return told | {
        "queue_seconds": 0.0,
        "ring_seconds": 0.0,
        "talk_seconds": round(talk, 3),
        "hold_seconds": round(hold, 3),
    }


def _entries(course: Course) -> Iterator[Row]:
    began = course.call.began

    def entry(at: float, kind: str, **data: Any) -> Row:
        return (clock.utc(began), course.call.contact, clock.utc(at), kind, _json(data))

    yield entry(began, "call.offered", leg_id="caller")
    yield entry(began, "contact.queued", queue=course.call.queue.id)
    if course.offer is not None:
        offered, rang, rule = course.offer
        yield entry(offered, "contact.offered", agent=rang, rule=rule)
    if course.agent is not None:
        yield entry(began + course.wait, "call.established", leg_id="agent-1", agent=course.agent)
    yield entry(course.ended, "contact.ended", outcome="answered" if course.agent else "abandoned")


def _visit(course: Course) -> Row:
    call = course.call
    return (
        clock.utc(call.began),
        call.contact,
        call.queue.id,
        call.customer.tier if call.customer else None,
        clock.utc(call.began),
        clock.utc(call.began + course.wait),
        "answered" if course.agent else "abandoned",
        course.wait,
        course.agent,
    )


def _json(value: Any) -> str:
    return _encode(value).decode()
