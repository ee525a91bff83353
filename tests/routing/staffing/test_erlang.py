"""Erlang B, C and A: published values, what the theory proves of them, and the same queue reckoned in another way."""

import math
import random
from bisect import insort

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.routing.staffing.erlang import (
    ErlangA,
    ServiceLevel,
    System,
    Unstable,
    erlang_a,
    erlang_c,
    service_level,
)

agents = st.integers(1, 300)
crowding = st.floats(0.05, 5)
"""Load by agent."""
impatience = st.floats(-3, 3).map(lambda power: 10.0**power)
"""Mean handling time by mean patience."""
AHT = 300.0


def impatient(n: int, crowd: float, hurry: float) -> ErlangA:
    return erlang_a(n, n * crowd / AHT, AHT, AHT / hurry)


@pytest.mark.parametrize(("n", "p_wait", "asa", "level"), [(13, 0.2853, 17.1, 0.7956), (14, 0.1741, 7.8, 0.8884)])
def test_erlang_c_of_the_textbook_half_hour(n: int, p_wait: float, asa: float, level: float) -> None:
    """100 calls in 30 minutes of 180 seconds each."""
    queue = erlang_c(n, 100 / 1800, 180)
    assert queue.p_wait == pytest.approx(p_wait, abs=5e-5)
    assert queue.asa_seconds == pytest.approx(asa, abs=0.05)
    assert service_level(queue, ServiceLevel.OFFERED, 20) == pytest.approx(level, abs=5e-5)
    assert queue.occupancy == pytest.approx(10 / n)


def test_erlang_a_of_mandelbaum_and_zeltyn() -> None:
    queue = erlang_a(50, 48 / 60, 60, 120)
    assert queue.p_wait == pytest.approx(0.4678, abs=5e-5)
    assert queue.p_abandon == pytest.approx(0.0309, abs=5e-5)
    assert queue.mean_wait_seconds == pytest.approx(3.71, abs=5e-3)


def test_the_same_hour_reads_42_or_54_percent() -> None:
    queue = erlang_a(20, 5 / 60, 300, 120)
    read = {variant.name: service_level(queue, variant, 20, 20) for variant in ServiceLevel}
    known = {"OFFERED": 0.4168, "ANSWERED": 0.5414, "ABANDON_CREDIT": 0.5173, "EXCL_SHORT": 0.4634}
    assert read == pytest.approx(known, abs=5e-5)


def turned_away(n: int, load: float) -> float:
    """Erlang B: the share that is turned away if nobody may wait, by the whole recursion."""
    blocked = 1.0
    for k in range(1, n + 1):
        blocked = load * blocked / (k + load * blocked)
    return blocked


@given(st.integers(1, 3000), st.floats(0.01, 0.99))
def test_starting_late_changes_nothing_of_the_recursion(n: int, crowd: float) -> None:
    load = n * crowd
    blocked = turned_away(n, load)
    p_wait = n * blocked / (n - load * (1 - blocked))
    assert erlang_c(n, load / AHT, AHT).p_wait == pytest.approx(p_wait, rel=1e-9)


def test_large_and_fractional_loads_neither_overflow_nor_lose() -> None:
    large = erlang_c(10_000, 9_900 / 180, 180)
    assert 0 < large.p_wait < 1
    assert erlang_c(10_000, 0.5 / 180, 180).p_wait == 0
    assert erlang_c(1, 0.25, 1).p_wait == pytest.approx(0.25)  # M/M/1: P(wait) is the load
    flooded = erlang_a(10_000, 1e6, 86_400, 1)
    assert (flooded.p_wait, flooded.p_abandon) == pytest.approx((1, 1 - 10_000 / 8.64e10), rel=1e-12)
    drowned = erlang_a(1, 1e18, 86_400, 1)
    assert (drowned.p_abandon, service_level(drowned, ServiceLevel.ANSWERED, 20)) == (1, 0)


@pytest.mark.parametrize("n", [9, 10])
def test_agents_who_never_catch_up_are_told_and_what_would_do(n: int) -> None:
    with pytest.raises(Unstable, match="the queue grows without end") as told:
        erlang_c(n, 1 / 18, 180)
    [fault] = told.value.facts["faults"]
    assert (fault["where"], fault["what"]) == ("agents", str(told.value))
    assert fault["accepted"].startswith("at least 11 agents")
    assert erlang_c(11, 1 / 18, 180).p_wait > 0.5
    with pytest.raises(Unstable) as told:
        erlang_c(n, 10.5 / 180, 180)
    assert told.value.facts["faults"][0]["accepted"].startswith("at least 11 agents")


@pytest.mark.parametrize("wrong", [0, -1, math.inf, math.nan])
def test_what_is_no_queue_is_refused_with_every_fault(wrong: float) -> None:
    with pytest.raises(Invalid) as told:
        erlang_a(3, wrong, 180, wrong)
    assert [fault["where"] for fault in told.value.facts["faults"]] == ["arrival_rate", "patience_seconds"]
    with pytest.raises(Invalid) as told:
        erlang_c(0, wrong, 180)
    faults = told.value.facts["faults"]
    assert [(fault["where"], fault["what"]) for fault in faults] == [
        ("agents", "0 is no number above 0"),
        ("arrival_rate", f"{wrong} is no number above 0"),
    ]
    assert {fault["accepted"] for fault in faults} == {"a finite number above 0"}


@given(agents, crowding, impatience)
def test_flow_in_is_flow_out(n: int, crowd: float, hurry: float) -> None:
    queue = impatient(n, crowd, hurry)
    assert queue.p_abandon == pytest.approx(queue.mean_wait_seconds / queue.patience_seconds)
    assert queue.occupancy * n + queue.p_abandon * n * crowd == pytest.approx(n * crowd)
    ended = queue.within(60 * queue.patience_seconds)
    assert tuple(ended) == pytest.approx((1 - queue.p_abandon, queue.p_abandon), abs=1e-12)
    assert queue.within(0) == pytest.approx((1 - queue.p_wait, 0), abs=1e-12)


def measures(queue: System, target: float, short: float) -> dict[str, float]:
    """What must not grow with another agent."""
    levels = {variant: -service_level(queue, variant, target, short) for variant in ServiceLevel}
    return levels | {
        "p_wait": queue.p_wait,
        "p_abandon": queue.p_abandon,
        "asa": queue.asa_seconds,
        "mean wait": queue.mean_wait_seconds,
        "occupancy": queue.occupancy,
        "percentile": queue.wait_percentile(0.9),
    }


@given(agents, crowding, impatience, st.floats(0, 600), st.floats(0, 1))
def test_another_agent_never_makes_it_worse(n: int, crowd: float, hurry: float, target: float, part: float) -> None:
    rate = n * crowd / AHT
    before = measures(erlang_a(n, rate, AHT, AHT / hurry), target, part * target)
    after = measures(erlang_a(n + 1, rate, AHT, AHT / hurry), target, part * target)
    for name, value in before.items():
        assert after[name] <= value + 1e-10 * max(1, abs(value)), name


@given(agents, st.floats(0.05, 0.95), st.floats(0, 600))
def test_everlasting_patience_is_erlang_c(n: int, crowd: float, target: float) -> None:
    patient, endless = impatient(n, crowd, 1e-9), erlang_c(n, n * crowd / AHT, AHT)
    assert patient.p_wait == pytest.approx(endless.p_wait, rel=1e-5)
    assert patient.asa_seconds == pytest.approx(endless.asa_seconds, rel=1e-5)
    assert patient.within(target) == pytest.approx(endless.within(target), abs=1e-5)


@given(agents, crowding)
def test_no_patience_at_all_is_erlang_b(n: int, crowd: float) -> None:
    assert impatient(n, crowd, 1e9).p_abandon == pytest.approx(turned_away(n, n * crowd), abs=1e-5)


@given(agents, crowding, impatience, st.floats(0, 600))
def test_many_agents_let_nobody_wait(n: int, crowd: float, hurry: float, target: float) -> None:
    roomy = impatient(2000, n * crowd / 2000, hurry)
    assert (roomy.p_wait, roomy.p_abandon, roomy.asa_seconds) == pytest.approx((0, 0, 0), abs=1e-6)
    assert service_level(roomy, ServiceLevel.OFFERED, target) == pytest.approx(1)


@given(agents, crowding, impatience, st.floats(0, 0.999))
def test_a_percentile_is_where_that_share_has_been_reached(n: int, crowd: float, hurry: float, share: float) -> None:
    queue = impatient(n, crowd, hurry)
    wait = queue.wait_percentile(share)
    reached = sum(queue.within(wait))
    assert reached == pytest.approx(share, abs=1e-9) if wait else reached >= share - 1e-12


def test_percentiles_of_erlang_c() -> None:
    queue = erlang_c(13, 100 / 1800, 180)
    assert queue.wait_percentile(0.7) == 0
    assert queue.within(queue.wait_percentile(0.95)).answered == pytest.approx(0.95)


@pytest.mark.parametrize(("n", "load", "hurry"), [(3, 2.0, 0.5), (20, 25.0, 2.5), (50, 48.0, 0.5), (1, 0.4, 20.0)])
def test_the_balance_of_births_and_deaths_says_the_same(n: int, load: float, hurry: float) -> None:
    """Another way: the stationary distribution itself, summed state by state, time in units of a call."""
    weights, deaths = [1.0], [min(k, n) + max(0, k - n) * hurry for k in range(1, 1500)]
    for death in deaths:
        weights.append(weights[-1] * load / death)
    whole = math.fsum(weights)
    queue = erlang_a(n, load, 1.0, 1 / hurry)
    assert queue.p_wait == pytest.approx(math.fsum(weights[n:]) / whole, rel=1e-11)
    length = math.fsum((k - n) * weight for k, weight in enumerate(weights) if k > n) / whole
    assert load * queue.mean_wait_seconds == pytest.approx(length, rel=1e-11)  # Little


def waits_played(n: int, rate: float, aht: float, patience: float, contacts: int) -> list[tuple[float, bool]]:
    """A queue played contact by contact: (wait, answered) of each, first come first served."""
    dice = random.Random(20_260)
    free_at, now, told = [0.0] * n, 0.0, []
    for _ in range(contacts):
        now += dice.expovariate(rate)
        wait, limit = max(0.0, free_at[0] - now), dice.expovariate(1 / patience)
        if wait <= limit:
            free_at.pop(0)
            insort(free_at, now + wait + dice.expovariate(1 / aht))
        told.append((min(wait, limit), wait <= limit))
    return told


def interval(values: list[float], batches: int = 30) -> tuple[float, float]:
    """Mean, and four standard errors by the means of batches."""
    size = len(values) // batches
    means = [sum(values[i * size : (i + 1) * size]) / size for i in range(batches)]
    mean = sum(means) / batches
    variance = sum((each - mean) ** 2 for each in means) / (batches - 1)
    return mean, 4 * math.sqrt(variance / batches)


def test_a_queue_played_contact_by_contact_agrees() -> None:
    played = waits_played(20, 5 / 60, 300, 120, 250_000)[6_000:]
    queue = erlang_a(20, 5 / 60, 300, 120)
    (answered, abandoned), late = queue.within(20), queue.wait_percentile(0.9)
    expected: dict[float, list[float]] = {
        queue.p_wait: [float(wait > 0) for wait, _ in played],
        queue.p_abandon: [float(not served) for _, served in played],
        queue.mean_wait_seconds: [wait for wait, _ in played],
        queue.asa_seconds * (1 - queue.p_abandon): [wait * served for wait, served in played],
        answered: [float(wait <= 20 and served) for wait, served in played],
        abandoned: [float(wait <= 20 and not served) for wait, served in played],
        0.9: [float(wait <= late) for wait, _ in played],
    }
    for theory, seen in expected.items():
        mean, margin = interval(seen)
        assert theory == pytest.approx(mean, abs=margin)
        assert margin < 0.05 * theory


def test_a_system_is_a_value() -> None:
    assert erlang_a(3, 0.01, 180, 60) == erlang_a(3, 0.01, 180, 60)
    assert "p_wait" in msgspec.structs.asdict(erlang_c(3, 0.01, 180))
