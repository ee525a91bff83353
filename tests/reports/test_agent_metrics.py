"""Each rate of agents is the one that its name says; nothing is divided by zero; sums are sums."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.reports.agent_metrics import NUMBERS, AgentCounts, added, measure_agent

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


number = st.integers(0, 50)
counts = st.builds(
    AgentCounts,
    **dict.fromkeys(NUMBERS, number),
    not_ready_by_reason=st.dictionaries(st.sampled_from(["break", "lunch", "no_answer"]), number),
)


@given(st.lists(counts), st.lists(counts))
def test_counts_of_parts_add_up_to_those_of_the_whole(some: list[AgentCounts], more: list[AgentCounts]) -> None:
    both = added([*some, *more])
    assert both == added([added(more), added(some)]) == added([both, AgentCounts()])
    for name in NUMBERS:
        assert getattr(both, name) == sum(getattr(each, name) for each in (*some, *more))
    for reason, seconds in both.not_ready_by_reason.items():
        assert seconds == sum(each.not_ready_by_reason.get(reason, 0) for each in (*some, *more))


def test_nothing_adds_up_to_nothing() -> None:
    assert added([]) == AgentCounts()
