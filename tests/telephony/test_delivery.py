"""The pause before the next attempt, as plain arithmetic."""

import pytest

from app.floor.call_control.contacts import CONNECT_SECONDS
from app.floor.memory.under_way import TRIED_SECONDS
from app.telephony.delivery import Again, GiveUp, RetryPolicy, decide, too_late
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
    assert decide(Missed("busy", 20.0), HOLD, 1, 40.0, POLICY, 0.0) == Again(20.0)


def test_a_platform_that_asks_to_wait_too_long_is_given_up_at_once() -> None:
    decision = decide(Missed("busy", 120.0), HOLD, 1, 0.0, POLICY, 0.0)
    assert decision == GiveUp("busy (it asks to wait 120 s, longer than we can)")


@pytest.mark.parametrize("kind", ["call.connect", "call.dial", "call.consult", "call.conference", "call.listen"])
def test_what_rings_is_given_up_before_the_floor_stops_waiting_for_the_phone(kind: str) -> None:
    assert RetryPolicy().ring_patience < CONNECT_SECONDS
    assert isinstance(decide(MISSED, kind, 9, 25.0, POLICY, 0.0), GiveUp)
    assert isinstance(decide(MISSED, kind, 9, 24.0, POLICY, 0.0), Again)


@pytest.mark.parametrize(
    ("kind", "seconds"), [("call.connect", 25), ("call.dial", 25), (HOLD, 60), ("call.transfer", 60)]
)
def test_what_is_too_old_is_not_sent_even_once(kind: str, seconds: float) -> None:
    late = too_late(kind, 3600.0, POLICY)
    assert late == GiveUp(f"not sent: it was given 3600 s ago, and {kind} is worth sending for {seconds} s")
    assert isinstance(too_late(kind, seconds, POLICY), GiveUp)
    assert too_late(kind, seconds - 0.1, POLICY) is None


def test_the_floor_waits_for_an_order_as_long_as_it_is_tried() -> None:
    assert RetryPolicy().patience == TRIED_SECONDS


def test_a_hang_up_is_never_too_old_to_be_sent() -> None:
    assert too_late("call.disconnect", 1e9, POLICY) is None


def test_an_attempt_to_connect_ends_with_the_patience() -> None:
    assert POLICY.time_left("call.connect", 20.0) == 5.0
    assert POLICY.time_left("call.disconnect", 20.0) is None
