"""The definitions of the agents' metrics. Counts and seconds are added up, everything else is computed from them. Pure.

Three things are counted, each where it can only be in one interval. An *offer*, with what became of it, counts where it
was made. A *part* of an agent in a contact (their own legs of it) counts, whole, where the contact ended. *Time* is cut
at the edges of intervals, so an interval has as much of it as lies in it.
"""

from collections.abc import Mapping

import msgspec

from app.reports.metrics import ratio

LOST = "connection_lost"
"""Why an agent is not ready of whom nothing is heard any more: they are not there, so that is no time logged on."""

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


class AgentCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted for one agent and one interval. Counts of several intervals or agents add up.

    `offers` is the sum of the eight after it: `timed_out` is RONA, by the offer or by the phone of who had accepted;
    `rescinded_caller_gone` and `rescinded_otherwise` (a colleague was first, another call came, a supervisor) are no
    doing of the agent; `agent_left` are those whom an agent left by becoming not ready, logging off or losing the
    connection; `pending` stand at this moment. `handled` are contacts in which the agent talked, `transferred` those of
    them that the agent handed over. `conversation_seconds` is talk and hold as time, cut at the edges.
    `not_ready_by_reason` splits `not_ready_seconds`. `logged_on_seconds` are all states but logged off, without the
    time in which the connection was lost.
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

    def __add__(self, other: "AgentCounts") -> "AgentCounts":
        """Both together."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in NUMBERS}
        return AgentCounts(**sums, not_ready_by_reason=_together(self.not_ready_by_reason, other.not_ready_by_reason))


NUMBERS = tuple(name for name in AgentCounts.__struct_fields__ if name != "not_ready_by_reason")
"""The counts that are one number each."""


class AgentMetrics(msgspec.Struct, frozen=True, kw_only=True):
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


def of_state(state: str, reason: str | None, seconds: float) -> AgentCounts:
    """So many seconds in a state; nothing where it is no state of who is here."""
    if state not in STATES:
        return AgentCounts()
    here = 0.0 if (state, reason) == ("not_ready", LOST) else seconds
    by_reason = {reason or "": seconds} if state == "not_ready" else {}
    counts = AgentCounts(logged_on_seconds=here, not_ready_by_reason=by_reason)
    return msgspec.structs.replace(counts, **{STATES[state]: seconds})


def of_offers(outcome: str, reason: str | None, number: int) -> AgentCounts:
    """So many offers, `answered`, `pending` or `withdrawn` for a reason."""
    name = OUTCOMES.get(reason or "", "rescinded_otherwise") if outcome == "withdrawn" else outcome
    return msgspec.structs.replace(AgentCounts(offers=number), **{name: number})


def _together(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {key: one.get(key, 0.0) + other.get(key, 0.0) for key in sorted({*one, *other})}
