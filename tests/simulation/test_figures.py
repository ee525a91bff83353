"""Estimates and figures from given data."""

import math
import random

import msgspec
import pytest

from app.reports.metrics import Counts, measure
from app.simulation.estimates import (
    Estimate,
    Percentile,
    Ratio,
    percentile,
    percentile_difference,
    percentile_of,
    ratio,
    ratio_difference,
    student_quantile,
)
from app.simulation.goals import ABANDON_RATE, Figure, Goal, Verdict
from app.simulation.ledger import batch_edges
from app.simulation.measures import SERVICE_LEVELS, Batch, ratio_of
from app.simulation.scenario import Queue
from tests.simulation.scenes import calls, figures, group


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 12.7062), (2, 4.3027), (5, 2.5706), (24, 2.0639), (29, 2.0452), (999, 1.9623)]
)
def test_students_t(freedom: int, quantile: float) -> None:
    assert student_quantile(freedom) == pytest.approx(quantile, abs=5e-5)


def test_with_even_batches_a_ratio_is_a_mean_of_batch_means() -> None:
    it = ratio(Ratio((10.0, 20.0, 30.0), (10.0, 10.0, 10.0)))
    assert it.value == 2
    assert it.half_width == pytest.approx(4.30265 * 1 / math.sqrt(3), abs=1e-4)


def test_what_never_varies_is_as_sure_as_is_said_of_it() -> None:
    mean, alone = Ratio((30.0, 30.0), (10.0, 10.0)), Ratio((30.0,), (10.0,))
    assert [ratio(mean, 0.0), ratio(mean), ratio(alone, 0.0)] == [Estimate(3, 0), Estimate(3, None), Estimate(3, None)]
    assert ratio(Ratio((5.0, 5.0), (10.0, 10.0), share=True)) == Estimate(0.5, None)
    assert [Estimate(3, 0.5).holds(it) for it in (2.5, 3.5, 3.6)] == [True, True, False]
    assert not Estimate(3, None).holds(3)


def test_a_difference_is_that_of_the_second_in_pairs_of_batches() -> None:
    one, more, steady = (Ratio(parts, (10.0,) * 3) for parts in ((10.0, 20.0, 30.0), (12.0, 22.0, 32.0), (10.0,) * 3))
    assert tuple(msgspec.structs.astuple(ratio_difference(one, more))) == pytest.approx((0.2, 0))
    for pair, value in (((steady, one), 1), ((one, steady), -1)):
        told = ratio_difference(*pair)
        assert told.value == value
        assert told.half_width == pytest.approx(ratio(one).half_width)
    assert ratio_difference(steady, Ratio((20.0,) * 3, (10.0,) * 3)) == Estimate(1, None)
    assert ratio_difference(one, Ratio((0.0,), (0.0,))) == Estimate(None, None)


def test_a_difference_of_percentiles_is_of_the_batches_that_both_have() -> None:
    one = Percentile(5.0, (4.0, 5.0, 6.0, math.nan), told=True)
    other = Percentile(8.0, (6.0, 8.0, 9.0, 1.0), told=True)
    gaps = Ratio((2.0, 3.0, 3.0), (1.0, 1.0, 1.0))
    told = percentile_difference(one, other)
    assert told.value == 3
    assert told.half_width == pytest.approx(ratio(gaps).half_width)
    untold, nothing = Percentile(5.0, (4.0, 6.0), told=False), Percentile(None, (math.nan,), told=True)
    alone = Percentile(5.0, (5.0,), told=True)
    assert percentile_difference(untold, Percentile(6.0, (5.0, 8.0), told=True)) == Estimate(1, None)
    assert percentile_difference(alone, Percentile(5.0, (5.0,), told=False)) == Estimate(0, None)
    assert percentile_difference(nothing, alone) == percentile_difference(alone, nothing) == Estimate(None, None)
    assert percentile(alone) == Estimate(5, None)
    assert percentile_of([[1.0, 2.0]], 0.0).value == 1


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    dice = random.Random(1)
    held = 0
    for _ in range(2000):
        wholes = tuple(float(dice.randint(50, 150)) for _ in range(25))
        parts = tuple(sum(dice.random() < 0.3 for _ in range(int(whole))) for whole in wholes)
        held += ratio(Ratio(tuple(map(float, parts)), wholes)).holds(0.3)
    assert held / 2000 == pytest.approx(0.95, abs=0.015)


def test_nothing_measured_is_no_number() -> None:
    assert ratio(Ratio((0.0, 0.0), (0.0, 0.0))).value is None
    assert ratio(Ratio((1.0,), (2.0,))).half_width is None
    assert percentile(percentile_of([[], []], 0.5)).value is None
    assert ratio_difference(Ratio((0.0,), (0.0,)), Ratio((1.0,), (2.0,))).value is None


@pytest.mark.parametrize(("share", "least"), [(0.5, 10), (0.8, 10), (0.95, 20), (0.99, 100)])
def test_a_percentile_of_small_batches_has_no_interval(share: float, least: int) -> None:
    dice = random.Random(1)
    large, small = ([sorted(dice.expovariate(1) for _ in range(n)) for _ in range(25)] for n in (least, least - 1))
    enough, few = percentile_of(large, share), percentile_of([*large[1:], small[0]], share)
    assert percentile(enough).half_width is not None
    assert percentile(few).value is not None
    assert percentile(few).half_width is None
    assert percentile_difference(enough, few).half_width is None
    assert percentile(percentile_of([*large, []], share)).half_width is not None


def test_the_interval_of_a_percentile_holds_the_truth_nearly_as_often_as_it_says() -> None:
    dice = random.Random(1)
    for share, size in ((0.9, 10), (0.99, 100)):
        batches = ([sorted(dice.expovariate(1) for _ in range(size)) for _ in range(25)] for _ in range(200))
        held = sum(percentile(percentile_of(each, share)).holds(-math.log(1 - share)) for each in batches)
        assert held / 200 > 0.85


def test_what_never_happened_may_still_happen() -> None:
    none, every = (Ratio((part,) * 25, (40.0,) * 25, share=True) for part in (0.0, 40.0))
    assert (ratio(none), ratio(every)) == (Estimate(0.0, 0.003), Estimate(1.0, 0.003))
    assert ratio(Ratio((0.0, 0.0), (1.0, 1.0), share=True)).half_width == 1
    assert ratio(Ratio((0.0,) * 25, (40.0,) * 25)) == Estimate(0.0, None), "seconds: nobody waited"
    assert ratio_difference(none, none) == Estimate(0.0, None)
    told = figures(contacts=300, arrivals=[calls(1, 1)], agents=[group(50)]).total
    assert told.abandon_rate == told.probability_of_waiting == Estimate(0.0, 0.01)
    assert told.service_level["sl_offered"] == Estimate(1.0, 0.01)
    assert told.mean_wait_seconds == Estimate(0.0, None)


def test_a_goal_of_what_never_happened_is_met_only_as_far_as_the_run_can_tell() -> None:
    lost = Ratio((0.0,) * 25, (40.0,) * 25, share=True)
    verdicts = [Goal(Figure(ABANDON_RATE), bound, -1).verdict(ratio(lost)) for bound in (0.05, 0.001)]
    assert verdicts == [Verdict.MET, Verdict.UNDECIDED]


def test_percentiles_are_nearest_ranks() -> None:
    batches = [[float(n) for n in range(1, 51)], [float(n) for n in range(51, 101)]]
    assert [percentile_of(batches, share).value for share in (0.5, 0.8, 0.95, 0.99)] == [50, 80, 95, 99]
    assert percentile_of(batches, 0.5).batches == (25, 75)


def test_batches_are_consecutive_and_even() -> None:
    assert batch_edges(100, 1100, 25) == list(range(100, 1100, 40))
    assert batch_edges(0, 10, 25) == [0, 5]
    assert batch_edges(0, 1, 25) == [0]


def test_service_levels_are_those_of_the_reports() -> None:
    queue = Queue(service_level_seconds=20, short_abandon_seconds=5)
    batch, dice = Batch(), random.Random(2)
    for _ in range(300):
        batch.add(dice.choice([1, 1, 2]), dice.choice([0.0, 5.0, 5.5, 20.0, 20.5, 90.0]), 1, queue)
    batch.close()
    counts = Counts(
        answered=batch.answered,
        abandoned=batch.abandoned,
        answered_in_target=batch.answered_in_target,
        abandoned_in_target=batch.abandoned_in_target,
        abandoned_short=batch.abandoned_short,
        wait_answered_seconds=batch.wait_answered,
    )
    reported = measure(counts)
    for name, what in SERVICE_LEVELS.items():
        assert ratio_of([batch], *what).value == pytest.approx(getattr(reported, name))
    assert ratio_of([batch], "wait_answered", "answered").value == reported.asa_seconds
    assert ratio_of([batch], "abandoned", "offered").value == reported.abandon_rate
