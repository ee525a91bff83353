"""When a webhook is tried again."""

import pytest

from app.core.retry_after import LONGEST
from app.subscriptions.policy import Policy
from app.subscriptions.posting import outcome_of

POLICY = Policy()


def test_the_ladder_is_climbed_once_and_then_it_is_dead() -> None:
    pauses = [POLICY.pause(attempts, 0.5) for attempts in range(1, 9)]
    assert pauses == [5, 60, 300, 1800, 7200, 28_800, 86_400, None]


def test_pauses_are_spread_so_that_an_outage_does_not_come_back_in_one_instant() -> None:
    assert POLICY.pause(2, 0) == pytest.approx(54)
    assert POLICY.pause(2, 0.999) == pytest.approx(66, abs=0.1)


def test_a_receiver_that_asks_for_time_gets_it_but_not_for_ever() -> None:
    assert POLICY.pause(1, 0.5, 90) == 90
    assert POLICY.pause(3, 0.5, 1) == 300
    assert POLICY.pause(1, 0.5, 1e9) == POLICY.longest_wait


def test_a_receiver_that_fails_is_left_alone_for_longer_and_longer() -> None:
    assert [POLICY.rest_after(failures) for failures in (0, 1, 2, 3, 6, 10_000)] == [0, 1, 2, 4, 20, 20]


def test_a_lease_outlasts_an_attempt_and_a_rest() -> None:
    assert POLICY.lease > POLICY.attempt + POLICY.longest_rest


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_what_was_taken(status: int) -> None:
    assert outcome_of(status, None, 0).error is None


@pytest.mark.parametrize("status", [199, 301, 302, 307, 400, 404, 410, 429, 500, 503])
def test_what_was_not_taken(status: int) -> None:
    told = outcome_of(status, None, 0)
    assert str(status) in (told.error or "")
    assert told.gone == (status == 410)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 120),
        ("Thu, 01 Jan 1960 00:02:00 GMT", 0),
        ("soon", None),
        ("9" * 400, LONGEST),
        ("-5", None),
    ],
)
def test_how_long_a_receiver_asks_to_be_left_alone(header: str | None, seconds: float | None) -> None:
    assert outcome_of(503, header, 0).wait == seconds
