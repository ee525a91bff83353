"""Reports as they are told. Ratios run from 0 to 1; null means that there was nothing to measure."""

from app.api.schemas.common import Instant, Output


class CountsOut(Output):
    """What was counted; what the counts of several intervals or queues add up to, theirs together is.

    `called_back` and `callbacks_failed` are callbacks; their callers have flowed out before and are not offered again.
    """

    answered: int
    abandoned: int
    flowed_out: int
    called_back: int
    callbacks_failed: int
    answered_in_target: int
    abandoned_in_target: int
    abandoned_short: int
    wait_answered_seconds: float
    longest_wait_seconds: float
    predicted: int
    prediction_error_seconds: float
    prediction_miss_seconds: float
    handled: int
    talk_seconds: float
    hold_seconds: float
    wrap_up_seconds: float


class MetricsOut(Output):
    """What is read off the counts. Every variant of the service level bears its name.

    With T the target and s the threshold of a short abandon, both inclusive: sl_answered is answered within T by
    answered; sl_offered divides by answered and abandoned; sl_excl_short leaves out who left within s; sl_no_abandons
    all who left; sl_abandon_credit counts who left within T as served. `_with_flow_outs` adds stays that ended in
    another queue, a callback or a time-out to the denominator. abandon_rate is of all stays; asa_seconds runs from
    queue entry to connection, ringing included; aht_seconds is talk, hold and wrap-up of the handled contacts;
    prediction_bias_seconds is the mean of predicted minus waited, prediction_mae_seconds that of its size.
    """

    sl_answered: float | None
    sl_offered: float | None
    sl_excl_short: float | None
    sl_no_abandons: float | None
    sl_abandon_credit: float | None
    sl_offered_with_flow_outs: float | None
    sl_excl_short_with_flow_outs: float | None
    sl_no_abandons_with_flow_outs: float | None
    sl_abandon_credit_with_flow_outs: float | None
    abandon_rate: float | None
    abandon_rate_excl_short: float | None
    asa_seconds: float | None
    aht_seconds: float | None
    prediction_bias_seconds: float | None
    prediction_mae_seconds: float | None


class FiguresOut(Output):
    """Counts and metrics; `offered` are all stays that began, callbacks apart."""

    offered: int
    counts: CountsOut
    metrics: MetricsOut


class IntervalFiguresOut(FiguresOut):
    """Those from `start` up to, not including, `end`."""

    start: Instant
    end: Instant


class QueueFiguresOut(Output):
    """One queue; `name` is null if it has been removed since. The total is the sum of the intervals."""

    queue: str
    name: str | None
    service_level_seconds: float
    short_abandon_seconds: float
    total: FiguresOut
    intervals: list[IntervalFiguresOut]


class QueueReportOut(Output):
    """Counts and metrics by queue and interval. The total is the sum of the queues."""

    start: Instant
    end: Instant
    interval: str
    time_zone: str
    total: FiguresOut
    queues: list[QueueFiguresOut]


class AgentCountsOut(Output):
    """What was counted of an agent; what the counts of several intervals or agents add up to, theirs together is.

    An offer counts where it was made, with what became of it: answered, timed out (RONA), declined, rescinded because
    the caller hung up or otherwise, left by an agent who was ready no longer, failed by the phone, or pending still. A
    part in a contact (`handled`, `transferred`, `talk_seconds`, `hold_seconds`) counts whole where the contact ended.
    All other seconds are time, cut at the edges of the interval: `conversation_seconds` is talk and hold as such,
    `logged_on_seconds` leaves out time not ready without a connection.
    """

    offers: int
    answered: int
    timed_out: int
    declined: int
    rescinded_caller_gone: int
    rescinded_otherwise: int
    agent_left: int
    phone_failed: int
    pending: int
    handled: int
    transferred: int
    talk_seconds: float
    hold_seconds: float
    conversation_seconds: float
    ready_seconds: float
    reserved_seconds: float
    busy_seconds: float
    wrap_up_seconds: float
    not_ready_seconds: float
    logged_on_seconds: float
    not_ready_by_reason: dict[str, float]


class AgentMetricsOut(Output):
    """What is read off the counts of an agent.

    Rates of offers leave those out that are pending. rona_rate_with_abandons is timed out or rescinded because
    the caller hung up, by offers; ..._without_abandons only timed out; aht_seconds is talk, hold and wrap-up
    by handled; transfer_rate transferred by handled; occupancy is conversation and wrap-up by these and ready;
    utilisation_of_logged_on is conversation and wrap-up by all time logged on; utilisation_of_handling_and_idle is
    conversation alone by conversation, wrap-up and ready.
    """

    answer_rate: float | None
    rona_rate_with_abandons: float | None
    rona_rate_without_abandons: float | None
    decline_rate: float | None
    transfer_rate: float | None
    aht_seconds: float | None
    occupancy: float | None
    utilisation_of_logged_on: float | None
    utilisation_of_handling_and_idle: float | None


class AgentFiguresOut(Output):
    """Counts and metrics."""

    counts: AgentCountsOut
    metrics: AgentMetricsOut


class AgentIntervalOut(AgentFiguresOut):
    """Those from `start` up to, not including, `end`."""

    start: Instant
    end: Instant


class AgentToldOut(Output):
    """One agent and the team they are in now; `name` is null if they have been removed since. The total is the sum of
    the intervals."""

    agent: str
    name: str | None
    team: str | None
    total: AgentFiguresOut
    intervals: list[AgentIntervalOut]


class AgentReportOut(Output):
    """Counts and metrics by agent and interval, of what had happened by `counted_until`. The total is the sum of the
    agents that are told; with `limit` these are a page, and `next` is the `cursor` of the one after it."""

    start: Instant
    end: Instant
    counted_until: Instant
    interval: str
    time_zone: str
    total: AgentFiguresOut
    agents: list[AgentToldOut]
    next: str | None
