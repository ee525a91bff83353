"""What a staffing plan is asked with, and how it is told. Shares run from 0 to 1, times are seconds."""

from typing import Annotated

from pydantic import Field, StringConstraints

from app.api.schemas.common import PRINTABLE, Input, Output, Seconds
from app.routing.staffing.erlang import ServiceLevel
from app.routing.staffing.staffing import LONGEST, MOST_CONTACTS, SHORTEST_INTERVAL

MOST_INTERVALS = 336
"""A week in half hours. One interval costs milliseconds; the limit bounds what one request may cost."""

Share = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
Duration = Annotated[float, Field(ge=1, le=LONGEST, allow_inf_nan=False)]
Label = Annotated[str, StringConstraints(max_length=64, pattern=PRINTABLE)]
Variant = Annotated[ServiceLevel, Field(strict=False, description="which service level, by its name in reports")]


class TargetsIn(Input):
    """What is to be reached, all at once; at least one of service_level, asa_seconds, occupancy and abandon_rate.

    The service level is reached or passed; the others are not passed. The short abandons of sl_excl_short are those
    within short_abandon_seconds. A limit to abandon_rate needs a patience.
    """

    service_level: Share | None = None
    variant: Variant = ServiceLevel.OFFERED
    within_seconds: Seconds = 20
    short_abandon_seconds: Seconds = 5
    asa_seconds: Annotated[float, Field(gt=0, le=LONGEST, allow_inf_nan=False)] | None = None
    occupancy: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    abandon_rate: Share | None = None


class DemandIn(Input):
    """What comes in one interval; `start` is a label that is told back."""

    start: Label | None = None
    contacts: Annotated[float, Field(ge=0, le=MOST_CONTACTS, allow_inf_nan=False)]
    aht_seconds: Annotated[Duration, Field(description="mean handling time: talk, hold and wrap-up")]


class StaffingIn(Input):
    """A profile to be staffed. Without a patience nobody ever leaves (Erlang C), with one callers do (Erlang A)."""

    intervals: Annotated[list[DemandIn], Field(min_length=1, max_length=MOST_INTERVALS)]
    interval_seconds: Annotated[float, Field(ge=SHORTEST_INTERVAL, le=LONGEST, allow_inf_nan=False)]
    targets: TargetsIn
    patience_seconds: (
        Annotated[Duration, Field(description="mean time after which who waits leaves, if nobody answered before")]
        | None
    ) = None
    shrinkage: Annotated[
        float, Field(ge=0, lt=1, allow_inf_nan=False, description="share of paid time that is not spent at the desk")
    ] = 0


class TargetsOut(Output):
    """The targets, as they were understood."""

    service_level: float | None
    variant: ServiceLevel
    within_seconds: float
    short_abandon_seconds: float
    asa_seconds: float | None
    occupancy: float | None
    abandon_rate: float | None


class ExpectedOut(Output):
    """What so many agents would bring about, on average. Names mean what they mean in reports.

    p_wait is the share that finds no agent free; asa_seconds the mean wait of the answered; 95 % of all contacts,
    answered or not, wait no longer than wait_p95_seconds.
    """

    agents: int
    sl_offered: float
    sl_answered: float
    sl_abandon_credit: float
    sl_excl_short: float
    p_wait: float
    asa_seconds: float
    wait_p95_seconds: float
    abandon_rate: float
    occupancy: float


class StaffingOut(Output):
    """What one interval needs: `agents` at the desk, `scheduled` with those who are paid but not at the desk.

    load is in Erlangs. limited_by names the targets that one agent less would miss, or `load` if fewer could not carry
    it. one_less is null where that is nobody, or where the queue would grow without end; expected is null where nothing
    comes in.
    """

    start: str | None
    contacts: float
    aht_seconds: float
    load: float
    agents: int
    scheduled: int
    limited_by: list[str]
    expected: ExpectedOut | None
    one_less: ExpectedOut | None


class StaffingTotalOut(Output):
    """All intervals together; hours are agents times the length of the interval."""

    contacts: float
    most_agents: int
    most_scheduled: int
    agent_hours: float
    scheduled_hours: float


class StaffingPlanOut(Output):
    """The intervals in the order given. `model` is erlang_c, or erlang_a where there is a patience."""

    model: str
    targets: TargetsOut
    interval_seconds: float
    patience_seconds: float | None
    shrinkage: float
    total: StaffingTotalOut
    intervals: list[StaffingOut]
