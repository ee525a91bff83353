"""The definitions of the agents' metrics. Counts and seconds are added up, everything else is computed from them. Pure.

Three things are counted, each where it can only be in one interval. An *offer*, with what became of it, counts where it
was made. A *part* of an agent in a contact (their own legs of it) counts, whole, where the contact ended. *Time* is cut
at the edges of intervals, so an interval has as much of it as lies in it.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter

import msgspec

from app.reports.metrics import ratio

OUTCOMES = {
    "expired": "timed_out",
    "phone_not_answered": "timed_out",
    "declined": "declined",
    "phone_declined": "declined",
    "caller_gone": "rescinded_caller_gone",
    "not_ready": "agent_left",
    "logged_off": "agent_left",
    "connection_lost": "agent_left",
    "connect_failed": "phone_failed",
    "phone_failed": "phone_failed",
    "phone_busy": "phone_failed",
    "phone_unregistered": "phone_failed",
    "phone_missing": "phone_failed",
}
"""What became of an offer, by the reason for which it was withdrawn; any other is `rescinded_otherwise`."""

STATES = {
    "ready": "ready_seconds",
    "reserved": "reserved_seconds",
    "busy": "busy_seconds",
    "working_after_call": "wrap_up_seconds",
    "not_ready": "not_ready_seconds",
}
"""Where the time in a state is counted; logged off is nobody's time."""

FATES = ("answered", *dict.fromkeys(OUTCOMES.values()), "rescinded_otherwise", "pending")
"""What can have become of an offer: each is a count."""


class AgentCounts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is counted for one agent and one interval. Counts of several intervals or agents add up.

    `offers` is the sum of the eight after it: `timed_out` is RONA, by the offer or by the phone of who had accepted;
    `rescinded_caller_gone` and `rescinded_otherwise` (a colleague was first, another call came, a supervisor) are no
    doing of the agent; `agent_left` are those whom an agent left by becoming not ready, logging off or losing the
    connection; `pending` stand at this moment. `handled` are contacts in which the agent talked, `transferred` those of
    them that the agent handed over. `conversation_seconds` is talk and hold as time, cut at the edges.
    `not_ready_by_reason` splits `not_ready_seconds`. `logged_on_seconds` are all states but logged off, without the
    time not ready in which nothing was heard of the agent.
    """

    offers: int = 0
    answered: int = 0
    timed_out: int = 0
    declined: int = 0
    rescinded_caller_gone: int = 0
    rescinded_otherwise: int = 0
    agent_left: int = 0
    phone_failed: int = 0
    pending: int = 0
    handled: int = 0
    transferred: int = 0
    talk_seconds: float = 0.0
    hold_seconds: float = 0.0
    conversation_seconds: float = 0.0
    ready_seconds: float = 0.0
    reserved_seconds: float = 0.0
    busy_seconds: float = 0.0
    wrap_up_seconds: float = 0.0
    not_ready_seconds: float = 0.0
    logged_on_seconds: float = 0.0
    not_ready_by_reason: Mapping[str, float] = {}


NUMBERS = tuple(name for name in AgentCounts.__struct_fields__ if name != "not_ready_by_reason")
"""The counts that are one number each."""

_figures = attrgetter(*NUMBERS)


def added(parts: Sequence[AgentCounts]) -> AgentCounts:
    """All of them together."""
    if len(parts) == 1:
        return parts[0]
    by_reason: dict[str, float] = {}
    for part in parts:
        for reason, seconds in part.not_ready_by_reason.items():
            by_reason[reason] = by_reason.get(reason, 0.0) + seconds
    sums = map(sum, zip(*map(_figures, parts), strict=True))
    return AgentCounts(**dict(zip(NUMBERS, sums, strict=False)), not_ready_by_reason=dict(sorted(by_reason.items())))


class AgentMetrics(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is read off the counts; ratios from 0 to 1, None where nothing was there to measure.

    Offers that are still pending are in no rate. `rona_rate_with_abandons` counts a caller who hung up while
    it rang as not answered by the agent. Utilisation means different things in different houses, so each bears its
    denominator: all time logged on, or only that of handling and of idling.
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


def measure_agent(counts: AgentCounts) -> AgentMetrics:
    """All metrics of the counts.

    AHT is (talk + hold + wrap-up) / handled. Occupancy is (talk + hold + wrap-up) / (talk + hold + wrap-up + idle), all
    of it as time in the interval; idle is the time ready.
    """
    made = counts.offers - counts.pending
    handling = counts.conversation_seconds + counts.wrap_up_seconds
    handling_and_idle = handling + counts.ready_seconds
    return AgentMetrics(
        answer_rate=ratio(counts.answered, made),
        rona_rate_with_abandons=ratio(counts.timed_out + counts.rescinded_caller_gone, made),
        rona_rate_without_abandons=ratio(counts.timed_out, made),
        decline_rate=ratio(counts.declined, made),
        transfer_rate=ratio(counts.transferred, counts.handled),
        aht_seconds=ratio(counts.talk_seconds + counts.hold_seconds + counts.wrap_up_seconds, counts.handled),
        occupancy=ratio(handling, handling_and_idle),
        utilisation_of_logged_on=ratio(handling, counts.logged_on_seconds),
        utilisation_of_handling_and_idle=ratio(counts.conversation_seconds, handling_and_idle),
    )
