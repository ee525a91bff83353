"""Predicted waits: what theory says exactly, what is never said, and what a caller is told again."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.routing import estimate as it
from app.routing.engine.requirement import Requirement
from app.routing.engine.waiting import Place, WaitingLine
from app.routing.estimate import Average, Because, Entry, Flow, Reach
from app.routing.staffing.patience import wait_law

SECONDS = st.floats(0, 1e5)
POSITIVE = st.floats(0.1, 1e4)
AHEAD = st.integers(0, 3000)
AGENTS = st.integers(1, 2000)
RATES = st.one_of(st.just(0.0), st.floats(1e-6, 1.0))
MAYBE = st.none() | st.builds(Average, SECONDS, st.floats(1, 1e6))
FLOWS = st.builds(
    Flow,
    last_wait=st.none() | SECONDS,
    last_at=SECONDS,
    left=st.integers(0, 5),
    handling=MAYBE,
    pace=MAYBE,
    ringing=MAYBE,
    waited=MAYBE,
    lost=st.none() | st.builds(Average, st.floats(0, 1), st.floats(1, 1e6)),
)


def alone(agents: int) -> list[Reach]:
    """The reach of a contact with one step."""
    return [Reach(0.0, agents)]


def entry(waited: float, at: float, lined: bool = True, agents: int = 10, left: int = 1) -> Entry:
    """Somebody is connected."""
    return Entry(waited, at, lined, agents, left)


# theory


@given(AHEAD, AGENTS, POSITIVE)
def test_without_hang_ups_it_is_the_conditional_mean_of_m_m_n(ahead: int, agents: int, handling: float) -> None:
    exact = (ahead + 1) * handling / agents
    assert it.queue_length(ahead, agents, handling) == pytest.approx(exact)
    assert it.answered_wait(ahead, agents, handling) == pytest.approx(exact)
    assert it.estimate(Flow(handling=Average(handling)), ahead, alone(agents), 0.0) == pytest.approx(exact)


def test_who_is_handled_in_no_time_waits_for_nobody() -> None:
    assert it.queue_length(9, 1, 0.0, 0.1) == it.answered_wait(9, 1, 0.0, 0.1) == 0.0


@given(AHEAD, AGENTS, POSITIVE, RATES)
def test_with_hang_ups_it_is_the_sum_of_the_steps(ahead: int, agents: int, handling: float, rate: float) -> None:
    whole = [1 / (agents / handling + j * rate) for j in range(ahead + 2)]
    assert it.queue_length(ahead, agents, handling, rate) == pytest.approx(sum(whole[:-1]), rel=1e-8)
    assert it.answered_wait(ahead, agents, handling, rate) == pytest.approx(sum(whole[1:]), rel=1e-8)


def test_over_all_states_it_is_the_mean_wait_of_the_answered_in_erlang_a() -> None:
    agents, load, patience = 50, 48.0, 2.0  # in handling times
    weight, weights, seconds = 1.0, 0.0, 0.0  # of the states with j in line, as who comes then finds them
    for j in range(1000):
        answered = agents / (agents + (j + 1) / patience)
        weights += weight
        seconds += weight * answered * it.answered_wait(j, agents, 1.0, 1 / patience)
        weight *= load / (agents + (j + 1) / patience)
    assert seconds / weights == pytest.approx(wait_law(agents, load, 1.0, patience).answered_wait_seconds, rel=1e-7)


# what the flow learns


def test_the_pace_is_agent_seconds_per_contact_while_others_wait() -> None:
    flow = it.entered_service(None, entry(30, at=100))
    for number in range(1, 400):
        flow = it.entered_service(flow, entry(30, at=100 + 9 * number))
    assert flow.pace is not None
    assert flow.pace.value == pytest.approx(90)
    assert it.estimate(flow, 4, alone(10), 4000) == pytest.approx(45)
    assert it.estimate(flow, 4, alone(5), 4000) == pytest.approx(90)


@pytest.mark.parametrize(("left", "lined"), [(0, True), (1, False)])
def test_time_in_which_an_agent_may_have_been_ready_is_not_pace(left: int, lined: bool) -> None:
    flow = it.entered_service(None, entry(30, at=100, left=left))
    assert it.entered_service(flow, entry(5, at=500, lined=lined)).pace is None


def test_the_handling_time_is_the_first_guess_of_the_pace() -> None:
    flow = it.entered_service(it.handled(None, 100), entry(30, at=100))
    assert it.entered_service(flow, entry(30, at=100)).pace == Average(100 - 100 / 11, 11)


def test_ringing_is_learned_from_those_for_whom_an_agent_was_ready_and_added() -> None:
    flow = it.handled(it.entered_service(None, entry(4, at=0, lined=False)), 100)
    assert it.estimate(flow, 0, alone(1), 10) == pytest.approx(104)


def test_who_hangs_up_shortens_the_line() -> None:
    flow = it.handled(None, 100)
    before = it.estimate(flow, 9, alone(1), 0)
    flow = it.hung_up(it.entered_service(flow, entry(60, at=0)), 40)
    assert flow.hang_up_rate == pytest.approx(1 / 100)
    after = it.estimate(flow, 9, alone(1), 0)
    assert before is not None
    assert after is not None
    assert after < before / 2


# little is known


def test_nothing_known_nothing_said() -> None:
    assert it.estimate(None, 3, alone(5), 0) is None
    assert it.estimate(Flow(), 3, alone(5), 0) is None
    assert it.estimate(it.handled(None, 100), 3, alone(0), 0) is None
    assert it.estimate(it.handled(None, 100), 3, [], 0) is None


def test_without_a_handling_time_the_last_wait_is_said_while_it_is_fresh() -> None:
    flow = it.entered_service(None, entry(75, at=1000, left=0))
    assert it.estimate(flow, 3, alone(5), 1000 + it.STALE_SECONDS) == 75
    assert it.estimate(flow, 3, alone(5), 1001 + it.STALE_SECONDS) is None
    assert it.estimate(flow, 3, alone(0), 1000) is None


# steps and places


def test_a_step_to_come_counts_from_when_it_begins() -> None:
    flow = it.handled(None, 100)
    assert it.estimate(flow, 0, [Reach(0, 1), Reach(30, 10)], 0) == 30
    assert it.estimate(flow, 9, [Reach(0, 1), Reach(30, 10)], 0) == 100
    assert it.estimate(flow, 0, [Reach(0, 10), Reach(30, 20)], 0) == 10
    assert it.estimate(flow, 0, [Reach(0, 0), Reach(30, 20)], 0) == 30


@pytest.mark.parametrize(("own", "others", "before"), [(300, 3, 0), (300, 900, 1), (1500, 0, 0), (100, 2000, 1)])
def test_only_those_of_the_queue_who_stand_before_the_place_are_ahead(own: int, others: int, before: int) -> None:
    """`others` of another queue wait, too, in a higher precedence where `before` is 1."""
    line = WaitingLine()
    queue = {f"own{number}": None for number in range(own)}
    for number, contact in enumerate(queue):
        line.add(Requirement(), Place(0, number, contact))
    for other in range(others):
        line.add(Requirement(), Place(-before, other, f"zzz{other}"))
    assert it.ahead_of(line, Place(-2, 50, ""), queue) == 0
    assert it.ahead_of(line, Place(0, 50, ""), queue) == (50 if before * others < it.COUNTED else 100)
    assert it.ahead_of(line, Place(0, 5000, ""), queue) == own


# properties


@given(st.none() | FLOWS, AHEAD, st.lists(st.builds(Reach, SECONDS, st.integers(0, 100)), max_size=4), SECONDS)
def test_no_prediction_is_negative_or_endless(flow: Flow | None, ahead: int, reach: list[Reach], now: float) -> None:
    told = it.estimate(flow, ahead, reach, now)
    assert told is None or 0 <= told < inf


@given(FLOWS, AHEAD, AGENTS)
def test_more_ahead_wait_no_shorter_and_more_agents_no_longer(flow: Flow, ahead: int, agents: int) -> None:
    told = it.estimate(flow, ahead, alone(agents), 0)
    more_ahead, more_agents = (
        it.estimate(flow, ahead + 1, alone(agents), 0),
        it.estimate(flow, ahead, alone(agents + 1), 0),
    )
    if told is None:
        assert more_ahead is more_agents is None
        return
    assert more_ahead is not None
    assert more_agents is not None
    assert more_ahead >= told * (1 - 1e-9)
    assert more_agents <= told * (1 + 1e-9)


@given(st.lists(st.tuples(SECONDS, SECONDS, st.booleans(), st.integers(0, 50), st.integers(0, 5), st.booleans())))
def test_whatever_a_queue_sees_its_averages_stay_within_what_it_saw(
    seen: list[tuple[float, float, bool, int, int, bool]],
) -> None:
    flow, at = Flow(), 0.0
    for waited, gap, lined, agents, left, lost in seen:
        at += gap
        flow = it.handled(flow, gap)
        flow = it.hung_up(flow, waited) if lost else it.entered_service(flow, Entry(waited, at, lined, agents, left))
    assert flow.hang_up_rate >= 0
    for average in (flow.handling, flow.pace, flow.ringing, flow.waited, flow.lost):
        assert average is None or 0 <= average.value < inf


# announcing again


def test_the_first_announcement_is_the_prediction() -> None:
    assert it.announce(None, 0, 50, 90, 0) == (90, Because.PREDICTED)
    assert it.announce(None, 0, 50, None, 0) == (None, Because.UNKNOWN)


def test_a_longer_prediction_counts_down_unless_higher_tiers_have_arrived() -> None:
    assert it.announce(100, 0, 30, 120, 0) == (70, Because.COUNTED_DOWN)
    assert it.announce(100, 0, 30, 120, 2) == (120, Because.OVERTAKEN)
    assert it.announce(100, 0, 30, 50, 2) == (50, Because.PREDICTED)
    assert it.announce(100, 0, 130, 20, 0) == (0, Because.COUNTED_DOWN)
    assert it.announce(100, 0, 30, None, 1) == (70, Because.COUNTED_DOWN)


@given(SECONDS, st.lists(st.tuples(SECONDS, st.none() | SECONDS, st.integers(0, 2))))
def test_what_is_said_never_counts_up_without_saying_that_higher_tiers_came(
    first: float, asked: list[tuple[float, float | None, int]]
) -> None:
    said, said_at, now = first, 0.0, 0.0
    for gap, predicted, overtaken in asked:
        now += gap
        told = it.announce(said, said_at, now, predicted, overtaken)
        assert told.seconds is not None
        assert told.seconds >= 0
        if told.because is not Because.OVERTAKEN:
            assert told.seconds <= max(0.0, said - (now - said_at))
        else:
            assert overtaken
        said, said_at = told.seconds, now
