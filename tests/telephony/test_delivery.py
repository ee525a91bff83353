"""The pause before the next attempt, as plain arithmetic."""

import pytest

from app.floor.contacts import CONNECT_SECONDS
from app.telephony.delivery import Again, GiveUp, RetryPolicy, decide
from app.telephony.port import Missed

POLICY = RetryPolicy(first=1.0, factor=2.0, ceiling=8.0, jitter=0.5, patience=60.0)
MISSED = Missed("switch answered 503")
HOLD = "call.hold"


@pytest.mark.parametrize(("attempt", "pause"), [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 8.0), (5000, 8.0)])
def test_pauses_double_up_to_the_ceiling(attempt: int, pause: float) -> None:
    assert decide(MISSED, HOLD, attempt, 0.0, POLICY, 0.0) == Again(pause)


def test_jitter_shortens_a_pause_by_up_to_its_share() -> None:
    assert decide(MISSED, HOLD, 3, 0.0, POLICY, 0.5) == Again(3.0)


def test_the_last_attempt_falls_on_the_end_of_patience() -> None:
    assert decide(MISSED, HOLD, 9, 57.0, POLICY, 0.0) == Again(3.0)


def test_after_the_patience_it_is_given_up_with_the_reason() -> None:
    decision = decide(MISSED, HOLD, 9, 60.0, POLICY, 0.0)
    assert decision == GiveUp("switch answered 503 (given up after 9 attempts)")


def test_retry_after_is_honoured_when_longer_than_the_pause() -> None:
    assert decide(Missed("busy", 5.0), HOLD, 1, 0.0, POLICY, 0.0) == Again(5.0)
    assert decide(Missed("busy", 0.0), HOLD, 1, 0.0, POLICY, 0.0) == Again(1.0)


def test_a_platform_that_asks_to_wait_too_long_is_given_up_at_once() -> None:
    decision = decide(Missed("busy", 120.0), HOLD, 1, 0.0, POLICY, 0.0)
    assert decision == GiveUp("busy (it asks to wait 120 s, longer than we can)")


def test_a_connect_is_given_up_before_the_floor_stops_waiting_for_the_phone() -> None:
    assert RetryPolicy().connect_patience < CONNECT_SECONDS
    assert isinstance(decide(MISSED, "call.connect", 9, 25.0, POLICY, 0.0), GiveUp)
    assert isinstance(decide(MISSED, "call.connect", 9, 24.0, POLICY, 0.0), Again)
