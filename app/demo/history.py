"""Months of past calls and of what the agents did, as the demo bank remembers them. Pure: the same days give the same.

A call is answered by whoever was on duty and free. What the journal would tell of it is told as far as reports and
decisions read it: nobody resumes a socket from before the floor's first hour.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from app.core import clock
from app.demo.bank import AGENTS, DAYS, NOTES, QUEUES, SOURCE, QueuePlan
from app.demo.clients import DemoCustomer
from app.demo.ids import uuid7_at
from app.demo.shifts import Change, Choice, Roster
from app.routing.engine import AGENT_FINDS_CONTACT, CONTACT_FINDS_AGENT

CALLS_A_DAY = 230
WEEKDAYS = (1.25, 1.1, 1.0, 1.0, 1.15, 0.6, 0.45)
HOURS = (0.6, 0.4, 0.3, 0.3, 0.4, 0.8, 1.6, 3, 6, 8.5, 9, 8, 6, 6.5, 7.5, 7.5, 7, 6, 5, 4.5, 4, 3, 2, 1.2)
"""How the calls of a day (by the bank's clock, UTC+8) spread over its hours."""
BANK_OFFSET = 8 * 3600.0
GIVE_UP = 0.04
"""The share of callers who hang up whoever is free."""

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
_SKILLED = {
    (queue.id, language): frozenset(
        agent.id
        for agent in AGENTS
        if all(agent.skills.get(s, 0) >= v for s, v in (queue.requires | {language: queue.language_level}).items())
    )
    for queue in QUEUES
    for language in ("zh", "en")
}
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


class _Course(NamedTuple):
    """How a call went: instants and seconds."""

    began: float
    offered: float
    wait: float
    talk: float
    hold: float
    wrap_up: float
    agent: str | None

    @property
    def ended(self) -> float:
        return self.began + self.wait + self.talk + self.hold


def past_days(customers: Sequence[DemoCustomer], now: float, seed: int = 1, days: int = DAYS) -> Iterator[PastDay]:
    """The `days` days before `now` (epoch seconds) and today until now, oldest first. Who is on duty now has gone by
    now: the floor is about to open, and nobody is there."""
    midnight = (now + BANK_OFFSET) // 86400 * 86400 - BANK_OFFSET
    for back in range(days, -1, -1):
        start = midnight - back * 86400
        dice = Random(f"{seed} {int(start)}")
        roster = Roster(start, int((start + BANK_OFFSET) // 86400), Random(f"{seed} duties {int(start)}"))
        made = (_call(began, customers, roster, now, dice) for began in _instants(start, dice))
        yield PastDay([call for call in made if call is not None], list(_until(now, roster.told())))


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
    rule = AGENT_FINDS_CONTACT if change.waited else CONTACT_FINDS_AGENT
    why = {"rule": rule, "waited_seconds": change.waited, "idle_seconds": change.idle, "considered": change.considered}
    data = {"contact": {"id": str(change.contact), "queue": change.queue}, "why": why}
    return (floor, seq, at, "contact.offered", change.contact, agent, _json(data))


def _instants(start: float, dice: Random) -> list[float]:
    weekday = (datetime.fromtimestamp(start, UTC) + timedelta(seconds=BANK_OFFSET)).weekday()
    number = round(CALLS_A_DAY * WEEKDAYS[weekday] * dice.uniform(0.9, 1.1))
    hours = dice.choices(range(24), HOURS, k=number)
    return sorted(start + hour * 3600 + dice.random() * 3600 for hour in hours)


def _call(began: float, customers: Sequence[DemoCustomer], roster: Roster, now: float, dice: Random) -> PastCall | None:
    """A call, unless it is not over yet."""
    # some people call far more often than others: squaring favours the front of the list
    customer = customers[int(len(customers) * dice.random() ** 2)] if dice.random() < 0.9 else None
    queue = dice.choices(QUEUES, [queue.share for queue in QUEUES])[0]
    language = customer.language if customer else "zh"
    leaves = dice.random() < GIVE_UP
    choice = None if leaves else roster.choose(_SKILLED[queue.id, language], language, began)
    course = _course(began, queue, choice, dice)
    if course.ended + course.wrap_up >= now - LATELY:
        return None
    contact = uuid7_at(began, dice)
    if choice is not None:
        _serve(contact, queue, course, choice)
    return PastCall(
        _interaction(contact, queue, customer, course, dice),
        list(_entries(contact, queue, course)),
        _visit(contact, queue, customer, course),
    )


def _serve(contact: UUID, queue: QueuePlan, course: _Course, choice: Choice) -> None:
    waited, idle = round(choice.at - course.began, 3), round(choice.at - choice.duty.idle_since, 3)
    offer = Change(choice.at, choice.duty.agent.id, None, None, contact, waited, idle, choice.considered, queue.id)
    choice.duty.serve(offer, course.began + course.wait, course.ended, course.ended + course.wrap_up)


def _course(began: float, queue: QueuePlan, choice: Choice | None, dice: Random) -> _Course:
    if choice is None:
        return _Course(began, began, min(5.0 + dice.expovariate(1 / 50.0), 600.0), 0.0, 0.0, 0.0, None)
    rings = min(2.0 + dice.expovariate(1 / 5.0), queue.offer_seconds - 1.0)
    hold = dice.uniform(10, 90) if dice.random() < 0.15 else 0.0
    talk = 40.0 + dice.expovariate(1 / 180.0)
    wrap_up = dice.uniform(5, queue.wrap_up_seconds)
    return _Course(began, choice.at, choice.at - began + rings, talk, hold, wrap_up, choice.duty.agent.id)


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
        _json(_legs(course)),
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
        return (clock.utc(course.began), contact, clock.utc(at), kind, _json(data))

    yield entry(course.began, "call.offered", leg_id="caller")
    yield entry(course.began, "contact.queued", queue=queue.id)
    if course.agent is not None:
        answered = course.began + course.wait
        yield entry(course.offered, "contact.offered", agent=course.agent)
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


def _json(value: Any) -> str:
    return _encode(value).decode()
