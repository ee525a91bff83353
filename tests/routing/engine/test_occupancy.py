"""How occupied agents were lately: what an hour does to it, and that their order stays while they are idle."""

from math import exp, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.routing.engine.occupancy import after_busy, after_idle, occupancy_key

shares = st.floats(0, 1)
spans = st.floats(0, 20_000)


def test_what_was_an_hour_ago_counts_a_third() -> None:
    assert after_busy(0.0, 3600) == pytest.approx(1 - exp(-1))
    assert after_idle(1.0, 3600) == pytest.approx(exp(-1))
    assert after_busy(0.5, 1800) == pytest.approx(1 - 0.5 * exp(-0.5))
    assert after_idle(0.5, 1800) == pytest.approx(0.5 * exp(-0.5))


@given(shares, st.floats(-1e6, 0))
def test_a_clock_that_is_set_back_changes_nothing(occupancy: float, seconds: float) -> None:
    assert after_busy(occupancy, seconds) == pytest.approx(occupancy)
    assert after_idle(occupancy, seconds) == occupancy


@given(shares, spans, spans)
def test_it_does_not_matter_how_often_it_is_looked_at(occupancy: float, first: float, second: float) -> None:
    for after in (after_busy, after_idle):
        assert after(after(occupancy, first), second) == pytest.approx(after(occupancy, first + second))
        assert 0 <= after(occupancy, first) <= 1


@given(st.floats(0.01, 1), spans, st.floats(0.01, 1), spans)
def test_the_order_of_idle_agents_is_that_of_their_occupancies_at_any_later_time(
    one: float, one_since: float, other: float, other_since: float
) -> None:
    key, other_key = occupancy_key(one, one_since), occupancy_key(other, other_since)
    later = max(one_since, other_since) + 100
    now, other_now = after_idle(one, later - one_since), after_idle(other, later - other_since)
    assert key == pytest.approx(other_key) or (key < other_key) == (now < other_now)


def test_who_was_never_occupied_comes_first() -> None:
    assert occupancy_key(0.0, 1e9) == -inf < occupancy_key(1e-300, 0.0)
