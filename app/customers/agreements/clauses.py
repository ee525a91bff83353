"""The clauses of an agreement as data, and what can be wrong with them together. Pure.

Times of day are those of the agreement's time zone, "HH:MM" from 00:00 to 24:00. What a clause says of a contact is
judged by the database, in the commit that records the contact (`judge_agreement`).
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from zoneinfo import available_timezones

import msgspec

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"
CONTACTS = "contacts"
"""What an allowance counts that every answered contact uses up."""
WEEKS_OF_HOURS = 13
"""A time that is counted in service hours must pass within so many weeks."""
MOST_COUNTED = 10
"""So many times of an agreement may be counted in service hours: each is worked out while a contact is recorded."""
NO_ZONES = ("Factory", "localtime")

Per = Literal["month", "quarter", "year"]
Counted = Literal["always", "service_hours"]


class Open(msgspec.Struct, frozen=True):
    """Open from `opens` up to, not including, `closes`."""

    opens: str
    closes: str


class _Clause(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """`id` is the clause's number in the contract, `text` its words. With `only_channels` or `only_queues` it is about
    those contacts only."""

    id: str
    text: str
    only_channels: tuple[str, ...] = ()
    only_queues: tuple[str, ...] = ()


class ServiceHours(_Clause, frozen=True, kw_only=True, tag="service_hours"):
    """When the customer is served; a weekday that is left out is closed, and so are the dates `closed_on`."""

    weekly: dict[str, tuple[Open, ...]]
    closed_on: tuple[date, ...] = ()


class Channels(_Clause, frozen=True, kw_only=True, tag="channels"):
    """Over which channels the customer is served."""

    channels: tuple[str, ...]


class ResponseTime(_Clause, frozen=True, kw_only=True, tag="response_time"):
    """Within how many seconds of the contact's beginning somebody speaks with the customer."""

    seconds: int
    counted: Counted = "always"


class ResolutionTime(_Clause, frozen=True, kw_only=True, tag="resolution_time"):
    """Within how many seconds of the contact's beginning its matter is settled."""

    seconds: int
    counted: Counted = "always"


class FollowUp(_Clause, frozen=True, kw_only=True, tag="follow_up"):
    """Within how many seconds of the contact's end the bank comes back to the customer."""

    seconds: int
    after: Literal["every", "unanswered"] = "every"


class NamedManager(_Clause, frozen=True, kw_only=True, tag="named_manager"):
    """Who is told of each contact, within how many seconds of its end."""

    manager: str
    seconds: int = 0


class FieldVisits(_Clause, frozen=True, kw_only=True, tag="field_visits"):
    """So many visits are included."""

    count: int
    per: Per


class FeeWaiver(_Clause, frozen=True, kw_only=True, tag="fee_waiver"):
    """A fee that is not taken; with `count` so many times a period, without as often as it comes."""

    fee: str
    count: int | None = None
    per: Per | None = None


class Allowance(_Clause, frozen=True, kw_only=True, tag="allowance"):
    """So many of `of` a period. Those of `contacts` are counted by themselves, others when their use is recorded."""

    of: str
    count: int
    per: Per


Clause = (
    ServiceHours
    | Channels
    | ResponseTime
    | ResolutionTime
    | FollowUp
    | NamedManager
    | FieldVisits
    | FeeWaiver
    | Allowance
)
Counting = FieldVisits | FeeWaiver | Allowance
ONCE = (ServiceHours, Channels, NamedManager)
"""Of these an agreement has one: two would contradict each other."""


class Flaw(NamedTuple):
    """One thing that is wrong: the way to it among the clauses, what it is, what would be accepted."""

    where: tuple[str | int, ...]
    what: str
    accepted: str


def records(clauses: Sequence[Clause]) -> list[dict[str, Any]]:
    """The clauses as they are kept."""
    kept: list[dict[str, Any]] = msgspec.json.decode(msgspec.json.encode(clauses))
    return kept


def clauses_of(kept: Sequence[Any]) -> list[Clause]:
    """The clauses that were kept. Raises `msgspec.ValidationError` for what is none."""
    return msgspec.convert(kept, list[Clause])


@lru_cache(maxsize=1_000)
def zone_known(name: str) -> bool:
    """Whether it is a time zone such as Asia/Shanghai. Remembered, as the list of them is read from the disk."""
    return name in available_timezones() and name not in NO_ZONES


def flaws(clauses: Sequence[Clause]) -> Iterator[Flaw]:
    """What is wrong with the clauses of one agreement."""
    first: dict[object, int] = {}
    for place, clause in enumerate(clauses):
        same = first.setdefault(clause.id, place)
        if same != place:
            yield Flaw((place, "id"), f"is the id of clause {same} too", "an id that no other clause has")
        if isinstance(clause, ONCE):
            same = first.setdefault(type(clause), place)
            if same != place:
                yield Flaw((place, "kind"), f"is the kind of clause {same} too", "one clause of this kind")
    hours = next((clause for clause in clauses if isinstance(clause, ServiceHours)), None)
    counted = [place for place, clause in enumerate(clauses) if getattr(clause, "counted", "") == "service_hours"]
    for place in counted[MOST_COUNTED:]:
        accepted = f"'always', or at most {MOST_COUNTED} clauses that count in service hours"
        yield Flaw((place, "counted"), "is one too many of its kind", accepted)
    for place, clause in enumerate(clauses):
        for flaw in _flaws_of(clause, hours):
            yield flaw._replace(where=(place, *flaw.where))


def _flaws_of(clause: Clause, hours: ServiceHours | None) -> Iterator[Flaw]:
    match clause:
        case ServiceHours():
            yield from _hours_flaws(clause)
        case ResponseTime() | ResolutionTime() if clause.counted == "service_hours":
            yield from _counted_flaws(clause, hours)
        case FeeWaiver() if (clause.count is None) != (clause.per is None):
            missing = "count" if clause.count is None else "per"
            yield Flaw((missing,), "is missing beside the other", "both a count and its period, or neither")
        case _:
            pass
    if isinstance(clause, Counting) and clause.count is not None and clause.count < 1:
        yield Flaw(("count",), "allows nothing", "1 or more")


def _counted_flaws(clause: ResponseTime | ResolutionTime, hours: ServiceHours | None) -> Iterator[Flaw]:
    if hours is None:
        yield Flaw(("counted",), "needs a clause of service hours", "'always', or such a clause beside it")
    elif clause.seconds > WEEKS_OF_HOURS * week_seconds(hours):
        accepted = f"at most {WEEKS_OF_HOURS} weeks of the service hours"
        yield Flaw(("seconds",), "would hardly ever be over", accepted)


def _hours_flaws(hours: ServiceHours) -> Iterator[Flaw]:
    for day, intervals in hours.weekly.items():
        if day not in WEEKDAYS:
            yield Flaw(("weekly", day), "is no weekday", ", ".join(WEEKDAYS))
        latest = 0
        for place, each in sorted(enumerate(intervals), key=lambda pair: (pair[1].opens, pair[1].closes)):
            where = ("weekly", day, place)
            if not _are_times(each):
                yield Flaw(where, "is not two times of day", "HH:MM from 00:00 to 24:00")
            elif each.closes <= each.opens:
                yield Flaw((*where, "closes"), "is not after 'opens'", "a time after 'opens', at the latest 24:00")
            elif _minutes(each.opens) < latest:
                yield Flaw((*where, "opens"), "lies within another interval of the day", "intervals that are apart")
            else:
                latest = _minutes(each.closes)
    if not any(hours.weekly.values()):
        yield Flaw(("weekly",), "is never open", "hours on one weekday at least")


def week_seconds(hours: ServiceHours) -> int:
    """How long it is open in a week, in seconds; what is not two times of day counts for nothing."""
    opened = (each for intervals in hours.weekly.values() for each in intervals)
    return 60 * sum(_minutes(each.closes) - _minutes(each.opens) for each in opened if _are_times(each))


def _are_times(each: Open) -> bool:
    return re.fullmatch(TIME, each.opens) is not None and re.fullmatch(TIME, each.closes) is not None


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:5])
