"""Each rate of agents is the one that its name says; nothing is divided by zero; sums are sums."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.reports.agent_metrics import (
    LOST,
    NUMBERS,
    OUTCOMES,
    AgentCounts,
    AgentMetrics,
    measure_agent,
    of_offers,
    of_state,
)

SHIFT = AgentCounts(
    offers=21, answered=14, timed_out=2, declined=1, rescinded_caller_gone=2, rescinded_otherwise=1, pending=1,
    handled=14, transferred=7, talk_seconds=2800, hold_seconds=280, conversation_seconds=3000, ready_seconds=600,
    wrap_up_seconds=420, logged_on_seconds=4500,
)  # fmt: skip


def test_rates_of_offers_leave_out_those_that_are_pending() -> None:
    metrics = measure_agent(SHIFT)
    assert (metrics.answer_rate, metrics.decline_rate) == (14 / 20, 1 / 20)


def test_rona_is_told_with_and_without_callers_who_hung_up() -> None:
    metrics = measure_agent(SHIFT)
    assert metrics.rona_rate_without_abandons == 2 / 20
    assert metrics.rona_rate_with_abandons == 4 / 20


def test_handling_is_of_whole_contacts_and_occupancy_is_of_time() -> None:
    metrics = measure_agent(SHIFT)
    assert metrics.aht_seconds == (2800 + 280 + 420) / 14
    assert metrics.transfer_rate == 0.5
    assert metrics.occupancy == 3420 / 4020


def test_utilisation_names_its_denominator() -> None:
    metrics = measure_agent(SHIFT)
    assert metrics.utilisation_of_logged_on == 3420 / 4500
    assert metrics.utilisation_of_handling_and_idle == 3000 / 4020


def test_where_nothing_was_there_is_nothing_to_measure() -> None:
    assert set(msgspec.structs.asdict(measure_agent(AgentCounts())).values()) == {None}
    assert measure_agent(AgentCounts(offers=1, pending=1)).answer_rate is None
    assert measure_agent(AgentCounts(ready_seconds=5)).occupancy == 0


def test_every_reason_of_a_withdrawal_is_one_outcome() -> None:
    for reason in (*OUTCOMES, "taken", "busy", "released", None):
        counts = of_offers("withdrawn", reason, 3)
        whole = sum(getattr(counts, name) for name in {*OUTCOMES.values(), "rescinded_otherwise"})
        assert (counts.offers, whole) == (3, 3)
    assert of_offers("withdrawn", "taken", 1).rescinded_otherwise == 1
    assert of_offers("answered", None, 2) == AgentCounts(offers=2, answered=2)


def test_who_has_lost_the_connection_is_not_logged_on() -> None:
    lost, at_lunch = of_state("not_ready", LOST, 60), of_state("not_ready", "lunch", 30)
    both = lost + at_lunch
    assert both.logged_on_seconds == 30
    assert both.not_ready_seconds == 90
    assert both.not_ready_by_reason == {LOST: 60, "lunch": 30}
    assert of_state("logged_off", None, 60) == AgentCounts()


number = st.integers(0, 50)
counts = st.builds(
    AgentCounts,
    **dict.fromkeys(NUMBERS, number),
    not_ready_by_reason=st.dictionaries(st.sampled_from(["break", "lunch", LOST]), number),
)


@given(counts, counts, counts)
def test_counts_of_parts_add_up_to_those_of_the_whole(one: AgentCounts, two: AgentCounts, three: AgentCounts) -> None:
    assert (one + two) + three == one + (two + three)
    assert one + two == two + one
    assert (one + AgentCounts()) == one
    assert (one + two).offers == one.offers + two.offers


@given(st.lists(st.sampled_from([*OUTCOMES, "taken"])), st.lists(st.floats(0, 1e6)))
def test_every_ratio_lies_between_nothing_and_all(reasons: list[str], seconds: list[float]) -> None:
    total = AgentCounts(handled=3, transferred=2)
    for reason in reasons:
        total += of_offers("withdrawn", reason, 1)
    for state, spent in zip(["ready", "working_after_call", "busy"] * len(seconds), seconds, strict=False):
        total += of_state(state, None, spent)
    metrics: AgentMetrics = measure_agent(total)
    ratios = [value for name, value in msgspec.structs.asdict(metrics).items() if not name.endswith("seconds")]
    assert all(value is None or 0 <= value <= 1 + 1e-9 for value in ratios)
