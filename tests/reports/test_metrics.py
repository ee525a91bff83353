"""Each service level is the one that metrics.md names; nothing is divided by zero; sums are sums."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.metrics import Counts, Metrics, added, measure

# M/M/n+M with 20 agents, 5 calls a minute, 5 minutes a call, 2 minutes of patience, T = 20 s, of 10,000 callers;
# with s = T the callers who left within T are the short ones
SPREAD = Counts(
    answered=7699,
    abandoned=2301,
    answered_in_target=4168,
    abandoned_in_target=1005,
    abandoned_short=1005,
)


def test_the_same_hour_reads_42_or_54_percent_chatwoot_9747() -> None:
    metrics = measure(SPREAD)
    assert metrics.sl_offered == pytest.approx(0.4168, abs=1e-4)
    assert metrics.sl_answered == pytest.approx(0.5414, abs=1e-4)
    assert metrics.sl_abandon_credit == pytest.approx(0.5173, abs=1e-4)
    assert metrics.sl_excl_short == pytest.approx(0.4634, abs=1e-4)
    assert metrics.sl_no_abandons == metrics.sl_answered


def test_flow_outs_join_the_denominator_of_their_own_variants_only() -> None:
    with_flow_outs = measure(added([SPREAD, Counts(flowed_out=2000)]))
    assert with_flow_outs.sl_offered == measure(SPREAD).sl_offered
    assert with_flow_outs.sl_offered_with_flow_outs == 4168 / 12000
    assert with_flow_outs.sl_excl_short_with_flow_outs == 4168 / (12000 - 1005)
    assert with_flow_outs.sl_no_abandons_with_flow_outs == 4168 / (7699 + 2000)
    assert with_flow_outs.sl_abandon_credit_with_flow_outs == (4168 + 1005) / 12000


def test_short_abandons_leave_both_sides_of_the_abandon_rate() -> None:
    metrics = measure(SPREAD)
    assert metrics.abandon_rate == 0.2301
    assert metrics.abandon_rate_excl_short == (2301 - 1005) / (10000 - 1005)


def test_answer_speed_is_of_the_answered_and_handling_of_the_handled() -> None:
    counts = Counts(
        answered=4, wait_answered_seconds=60, handled=2, talk_seconds=200, hold_seconds=30, wrap_up_seconds=70
    )
    assert (measure(counts).asa_seconds, measure(counts).aht_seconds) == (15, 150)


def test_where_nothing_was_there_is_nothing_to_measure() -> None:
    assert set(msgspec.structs.asdict(measure(Counts())).values()) == {None}
    assert measure(Counts(abandoned=3, abandoned_short=3)).sl_excl_short is None
    assert measure(Counts(abandoned=3)).sl_offered == 0
    assert measure(Counts(flowed_out=1)).abandon_rate == 0


def _possible(
    answered: int, abandoned: int, flowed: int, met: float, left: float, short: float, longest: float
) -> Counts:
    """Counts that can occur: a part is never more than its whole."""
    return Counts(
        answered=answered,
        abandoned=abandoned,
        flowed_out=flowed,
        answered_in_target=int(answered * met),
        abandoned_in_target=int(abandoned * left),
        abandoned_short=int(abandoned * short),
        longest_wait_seconds=longest,
    )


share = st.floats(0, 1)
counts = st.builds(_possible, *[st.integers(0, 50)] * 3, *[share] * 4)


@given(counts)
def test_every_ratio_lies_between_nothing_and_all(one: Counts) -> None:
    ratios = [value for name, value in msgspec.structs.asdict(measure(one)).items() if not name.endswith("seconds")]
    assert all(value is None or 0 <= value <= 1 for value in ratios)


@given(counts, counts, counts)
def test_counts_of_parts_add_up_to_those_of_the_whole(one: Counts, two: Counts, three: Counts) -> None:
    both = added([one, two])
    assert added([both, three]) == added([one, added([two, three])]) == added([three, two, one])
    assert both.offered == one.offered + two.offered
    assert both.longest_wait_seconds == max(one.longest_wait_seconds, two.longest_wait_seconds)
    assert added([one, Counts()]) == added([one]) == one
    assert added([]) == Counts()
    assert isinstance(measure(both), Metrics)
