"""Queues that do not take everybody, in shorthand."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from app.floor.configuration.config import FloorConfig
from app.floor.memory.effects import EndContact
from app.routing.hours.calendar import Hours, Interval
from app.routing.overflow.rules import Do, OverflowRule, When
from tests.floor.factories import CONFIG, T0, Bench


def to_loans(when: When, at: float = 0) -> OverflowRule:
    return OverflowRule(when=when, at=at, do=Do.QUEUE, queue="loans")


def rules(*overflow: OverflowRule, **changes: Any) -> FloorConfig:
    """The small bank, where the queue of cards overflows."""
    cards = msgspec.structs.replace(CONFIG.queues["cards"], overflow=overflow, **changes)
    return msgspec.structs.replace(CONFIG, queues={**CONFIG.queues, "cards": cards})


def hours(opens: int, closes: int) -> Hours:
    """Open between two minutes of every day, UTC."""
    return Hours(time_zone="UTC", weekly=((Interval(opens, closes),),) * 7)


def minute_of_day(instant: float) -> int:
    moment = datetime.fromtimestamp(instant, UTC)
    return moment.hour * 60 + moment.minute


def outcomes(floor: Bench) -> list[str]:
    return [effect.outcome for effect in floor.last.effects if isinstance(effect, EndContact)]


def ways(floor: Bench, contact: str) -> list[str | None]:
    return [visit.outcome for visit in floor.contact(contact).visits]


def open_for_two_minutes(**changes: Any) -> FloorConfig:
    minute = minute_of_day(T0)
    return rules(hours=hours(minute, minute + 2), **changes)
