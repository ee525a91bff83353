"""What the bench says of calls over an Asterisk, and what it holds against its targets, of rounds as they might be."""

import pytest

from app.bench.calls import OURS, QUEUE, Calls, Round
from app.bench.calls_report import call_targets, calls_told
from app.bench.figures import Latency


def took(median: float, p99: float) -> Latency:
    return Latency(count=100, median=median, p95=p99, p99=p99, worst=p99)


def idle(rival: str, rate: float, median: float, p99: float, lost: int = 0) -> Round:
    return Round(rival, rate, 100, lost, took(median, p99), None, {"asterisk": 3.0, "client": 9.0})


def saturated(rival: str, median: float, lost: int = 0) -> Round:
    return Round(rival, 20.0, 100, lost, took(4.0, 9.0), took(median, 2 * median), {"asterisk": 3.0, "server": 5.0})


def measured(*more: Round, freed: float = 0.02) -> Calls:
    both = [saturated(OURS, freed), saturated(QUEUE, 0.47)]
    return Calls("Asterisk 22", 200, [idle(QUEUE, 50.0, 0.005, 0.010), *more], both)


@pytest.mark.parametrize(
    ("told", "met"),
    [
        (measured(idle(OURS, 50.0, 0.015, 0.039)), [True, True, True]),
        (measured(idle(OURS, 50.0, 0.016, 0.039)), [False, True, True]),
        (measured(idle(OURS, 50.0, 0.015, 0.040)), [True, False, True]),
        (measured(idle(OURS, 50.0, 0.015, 0.039, lost=1)), [False, False, True]),
        (measured(idle(OURS, 50.0, 0.015, 0.039), freed=0.031), [True, True, False]),
        (measured(idle(OURS, 20.0, 0.015, 0.900), idle(QUEUE, 20.0, 0.005, 0.010)), [True, True]),
        ("none can be had", []),
    ],
)
def test_calls_are_held_against_what_is_wanted(told: Calls | str, met: list[bool]) -> None:
    assert [target.met for target in call_targets(told)] == met


def test_both_rivals_are_told_with_what_a_call_costs_and_what_was_lost() -> None:
    text = "\n".join(calls_told(measured(idle(OURS, 50.0, 0.015, 0.039, lost=2))))
    assert "| 50 | Callfloor | 100 (2 lost) | 15.0 ms | 39.0 ms | 39.0 ms | 39.0 ms | asterisk 3.0 |" in text
    assert "asterisk 3.0, server 5.0 | 4.0 s, 9.0 s |" in text
    assert "470.0 ms" in text


def test_where_there_is_no_asterisk_the_section_says_so() -> None:
    assert "Left out: there is no Asterisk here, none can be had." in calls_told("none can be had")
