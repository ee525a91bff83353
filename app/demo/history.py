"""Months of past calls, as the demo bank remembers them. Pure: the same days give the same calls."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from app.core import clock
from app.demo.bank import AGENTS, DAYS, NOTES, QUEUES, SOURCE, QueuePlan
from app.demo.clients import DemoCustomer
from app.demo.ids import uuid7_at

CALLS_A_DAY = 230
WEEKDAYS = (1.25, 1.1, 1.0, 1.0, 1.15, 0.6, 0.45)
HOURS = (0.6, 0.4, 0.3, 0.3, 0.4, 0.8, 1.6, 3, 6, 8.5, 9, 8, 6, 6.5, 7.5, 7.5, 7, 6, 5, 4.5, 4, 3, 2, 1.2)
"""How the calls of a day (by the bank's clock, UTC+8) spread over its hours."""
BANK_OFFSET = 8 * 3600.0

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
_SKILLED = {
    (queue.id, language): [
        agent.id
        for agent in AGENTS
        if all(agent.skills.get(s, 0) >= v for s, v in (queue.requires | {language: queue.language_level}).items())
    ]
    for queue in QUEUES
    for language in ("zh", "en")
}
Row = tuple[Any, ...]


class PastCall(NamedTuple):
    """One finished contact: its interaction, its timeline and its stay in the queue, in the order of the columns."""

    interaction: Row
    entries: list[Row]
    visit: Row


class _Course(NamedTuple):
    """How a call went: instants and seconds."""

    began: float
    wait: float
    talk: float
    hold: float
    wrap_up: float
    agent: str | None

    @property
    def ended(self) -> float:
        return self.began + self.wait + self.talk + self.hold


def past_calls(customers: Sequence[DemoCustomer], now: float, seed: int = 1, days: int = DAYS) -> Iterator[PastCall]:
    """The calls of the `days` days before `now` (epoch seconds) and of today until now, oldest first."""
    midnight = (now + BANK_OFFSET) // 86400 * 86400 - BANK_OFFSET
    for back in range(days, -1, -1):
        start = midnight - back * 86400
        dice = Random(f"{seed} {int(start)}")
        for began in _instants(start, dice):
            if began < now - 900:
                yield _call(began, customers, dice)


def _instants(start: float, dice: Random) -> list[float]:
    weekday = (datetime.fromtimestamp(start, UTC) + timedelta(seconds=BANK_OFFSET)).weekday()
    number = round(CALLS_A_DAY * WEEKDAYS[weekday] * dice.uniform(0.9, 1.1))
    hours = dice.choices(range(24), HOURS, k=number)
    return sorted(start + hour * 3600 + dice.random() * 3600 for hour in hours)


def _call(began: float, customers: Sequence[DemoCustomer], dice: Random) -> PastCall:
    # some people call far more often than others: squaring favours the front of the list
    customer = customers[int(len(customers) * dice.random() ** 2)] if dice.random() < 0.9 else None
    queue = dice.choices(QUEUES, [queue.share for queue in QUEUES])[0]
    course = _course(began, queue, customer, dice)
    contact = uuid7_at(began, dice)
    return PastCall(
        _interaction(contact, queue, customer, course, dice),
        list(_entries(contact, queue, course)),
        _visit(contact, queue, customer, course),
    )


def _course(began: float, queue: QueuePlan, customer: DemoCustomer | None, dice: Random) -> _Course:
    wait = dice.expovariate(1 / 14.0)
    if dice.random() < 0.06:
        return _Course(began, 5.0 + dice.expovariate(1 / 50.0), 0.0, 0.0, 0.0, None)
    language = customer.language if customer else "zh"
    hold = dice.uniform(10, 90) if dice.random() < 0.15 else 0.0
    talk = 40.0 + dice.expovariate(1 / 180.0)
    agent = dice.choice(_SKILLED[queue.id, language])
    return _Course(began, wait, talk, hold, dice.uniform(5, queue.wrap_up_seconds), agent)


def _interaction(contact: UUID, queue: QueuePlan, customer: DemoCustomer | None, course: _Course, dice: Random) -> Row:
    answered = course.agent is not None
    notes = NOTES[customer.language if customer else "zh"]
    return (
        contact,
        clock.utc(course.began),
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
        course.talk,
        course.hold,
        course.wrap_up,
        dice.choice(queue.codes) if answered else None,
        dice.choice(notes) if answered and dice.random() < 0.7 else None,
        json.dumps(_legs(course)),
    )


def _legs(course: _Course) -> list[dict[str, Any]]:
    ended = clock.iso(course.ended)
    legs: list[dict[str, Any]] = [_leg("caller", "customer", None, ended, 0.0, 0.0)]
    if course.agent is not None:
        legs.append(_leg("agent-1", "agent", course.agent, ended, course.talk, course.hold))
    return legs


def _leg(leg_id: str, party: str, agent: str | None, since: str, talk: float, hold: float) -> dict[str, Any]:
    told = {"id": leg_id, "party": party, "agent": agent, "state": "cleared", "since": since}
    return told | {
        "queue_seconds": 0.0,
        "ring_seconds": 0.0,
        "talk_seconds": round(talk, 3),
        "hold_seconds": round(hold, 3),
    }


def _entries(contact: UUID, queue: QueuePlan, course: _Course) -> Iterator[Row]:
    def entry(at: float, kind: str, **data: Any) -> Row:
        return (clock.utc(course.began), contact, clock.utc(at), kind, json.dumps(data, ensure_ascii=False))

    yield entry(course.began, "call.offered", leg_id="caller")
    yield entry(course.began, "contact.queued", queue=queue.id)
    if course.agent is not None:
        answered = course.began + course.wait
        yield entry(max(course.began, answered - 3), "contact.offered", agent=course.agent)
        yield entry(answered, "call.established", leg_id="agent-1", agent=course.agent)
    yield entry(course.ended, "contact.ended", outcome="answered" if course.agent else "abandoned")


def _visit(contact: UUID, queue: QueuePlan, customer: DemoCustomer | None, course: _Course) -> Row:
    return (
        clock.utc(course.began),
        contact,
        queue.id,
        customer.tier if customer else None,
        clock.utc(course.began),
        clock.utc(course.began + course.wait),
        "answered" if course.agent else "abandoned",
        course.wait,
        course.agent,
    )
