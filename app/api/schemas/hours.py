"""Business hours. What is wrong with them is found by `app.routing.hours.form`, all of it at once."""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    MISSING,
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from app.api.schemas.common import Input, Instant, Name, Output, Slug
from app.routing.hours.calendar import Hours, Interval
from app.routing.hours.form import (
    DATE,
    TIME,
    WEEKDAYS,
    Flaw,
    clock,
    country_flaws,
    date_flaws,
    interval_flaws,
    subdivision_flaws,
    zone_flaws,
)


def _refuse(flaws: Iterable[Flaw], others: Iterable[InitErrorDetails] = ()) -> None:
    details = [*others]
    for flaw in flaws:
        kind = PydanticCustomError("hours", "{what}", {"what": flaw.what, "expected": flaw.accepted})
        details.append(InitErrorDetails(type=kind, loc=flaw.where, input=None))
    if details:
        raise ValidationError.from_exception_data("hours", details)


def _list_checked(find: Callable[[list[Any]], Iterable[Flaw]], *fields: str) -> WrapValidator:
    """Checks a list as a whole by the texts of these fields, also where an item of it is of a wrong shape: an ordinary
    validator would not be asked then, and those faults would be told only after the first are mended."""

    def check(given: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        made, others = None, list[InitErrorDetails]()
        try:
            made = handler(given)
        except ValidationError as error:
            others = [_again(each) for each in error.errors()]
        items = given if isinstance(given, list) else []
        _refuse(find([_texts(item, fields) for item in items]), others)
        return made

    return WrapValidator(check)


def _again(error: ErrorDetails) -> InitErrorDetails:
    kind = PydanticCustomError("hours", "{told}", {**error.get("ctx", {}), "told": error["msg"]})
    return InitErrorDetails(type=kind, loc=error["loc"], input=None)


def _texts(item: Any, fields: Sequence[str]) -> tuple[str | None, ...]:
    found = [item.get(field) if isinstance(item, dict) else None for field in fields]
    return tuple(text if isinstance(text, str) else None for text in found)


class IntervalIn(Input):
    """Open from `opens` up to, not including, `closes`, by the clocks of the time zone. The end of a day is 24:00."""

    opens: str = Field(json_schema_extra={"pattern": TIME}, examples=["08:30"])
    closes: str = Field(json_schema_extra={"pattern": TIME}, examples=["18:00"])


Intervals = Annotated[
    list[IntervalIn],
    Field(max_length=24, description="none: closed all day"),
    _list_checked(interval_flaws, "opens", "closes"),
]


class WeeklyIn(Input):
    """The hours of each weekday; one that is left out is closed."""

    monday: Intervals = Field(default_factory=list)
    tuesday: Intervals = Field(default_factory=list)
    wednesday: Intervals = Field(default_factory=list)
    thursday: Intervals = Field(default_factory=list)
    friday: Intervals = Field(default_factory=list)
    saturday: Intervals = Field(default_factory=list)
    sunday: Intervals = Field(default_factory=list)


class ExceptionIn(Input):
    """A date with hours of its own. It beats the holidays and the weekdays."""

    date: str = Field(json_schema_extra={"format": "date", "pattern": DATE}, examples=["2026-12-24"])
    name: Name
    open: Intervals = Field(default_factory=list)


def _zone(given: str) -> str:
    _refuse(zone_flaws(given))
    return given


def _country(given: str) -> str:
    _refuse(country_flaws(given))
    return given


def _subdivision(given: str | None, info: ValidationInfo) -> str | None:
    # without a country in `data` that one is at fault itself
    if "country" in info.data:
        _refuse(subdivision_flaws(info.data["country"], given))
    return given


Exceptions = Annotated[list[ExceptionIn], Field(max_length=1000), _list_checked(date_flaws, "date")]
Zone = Annotated[str, Field(max_length=64, description="an IANA name, such as Asia/Shanghai"), AfterValidator(_zone)]
Country = Annotated[
    str,
    Field(max_length=2, description="ISO 3166-1; closed on its public holidays, open on the weekends it works"),
    AfterValidator(_country),
]
Subdivision = Annotated[str, Field(max_length=64, description="a part of the country with holidays of its own, as BY")]


class HoursRules(Input):
    """When it is open: the hours of the week, less the holidays of a country, but for the exceptions."""

    time_zone: Zone
    weekly: WeeklyIn
    country: Country | None = None
    subdivision: Annotated[Subdivision | None, AfterValidator(_subdivision), Field(validate_default=True)] = None
    exceptions: Exceptions = Field(default_factory=list)


class HoursIn(HoursRules):
    """New business hours."""

    id: Slug
    name: Name


class HoursPatch(Input):
    """What to change; what is left out stays. `weekly` and `exceptions` replace all of theirs."""

    name: Name | MISSING = MISSING
    time_zone: Zone | MISSING = MISSING
    weekly: WeeklyIn | MISSING = MISSING
    country: Country | MISSING | None = MISSING
    subdivision: Subdivision | MISSING | None = MISSING
    exceptions: Exceptions | MISSING = MISSING


class IntervalOut(Output):
    """Open from `opens` up to, not including, `closes`, by the clocks of the time zone."""

    opens: str
    closes: str

    @classmethod
    def of(cls, interval: Interval) -> "IntervalOut":
        """From minutes of the day."""
        return cls(opens=clock(interval.opens), closes=clock(interval.closes))


def _whole_week(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {weekday: kept.get(weekday, []) for weekday in WEEKDAYS}


class WeeklyOut(Output):
    """The hours of each weekday."""

    monday: list[IntervalOut]
    tuesday: list[IntervalOut]
    wednesday: list[IntervalOut]
    thursday: list[IntervalOut]
    friday: list[IntervalOut]
    saturday: list[IntervalOut]
    sunday: list[IntervalOut]


class ExceptionOut(Output):
    """A date with hours of its own."""

    date: datetime.date
    name: str
    open: list[IntervalOut]


class HoursOut(Output):
    """Business hours."""

    id: str
    name: str
    time_zone: str
    weekly: Annotated[WeeklyOut, BeforeValidator(_whole_week)]
    country: str | None
    subdivision: str | None
    exceptions: list[ExceptionOut]
    created_at: Instant


class HoursPage(Output):
    """A page of business hours."""

    items: list[HoursOut]
    next: str | None


class OpeningOut(Output):
    """Open from one instant up to, not including, another."""

    opens: Instant
    closes: Instant


class DayOut(Output):
    """A date of the time zone: by which rule it is open, the name of the holiday or the exception, the hours by the
    clocks, and the instants, which differ from them where clocks change."""

    date: datetime.date
    weekday: str
    rule: Literal["weekly", "worked_weekend", "holiday", "exception"]
    name: str | None
    hours: list[IntervalOut]
    openings: list[OpeningOut]
    seconds_open: float

    @classmethod
    def of(cls, hours: Hours, day: datetime.date) -> "DayOut":
        """What hours come to on a date."""
        plan, openings = hours.plan(day), hours.openings_on(day)
        told: dict[str, Any] = {
            "hours": [IntervalOut.of(interval) for interval in plan.open],
            "openings": [{"opens": opens, "closes": closes} for opens, closes in openings],
            "seconds_open": sum(closes - opens for opens, closes in openings),
        }
        return cls(date=day, weekday=WEEKDAYS[day.weekday()], rule=plan.rule, name=plan.name, **told)


class PreviewOut(Output):
    """What business hours come to in the coming days."""

    time_zone: str
    days: list[DayOut]
