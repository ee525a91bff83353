"""From SIP statuses and Q.850 causes to words."""

import pytest

from app.floor.memory.reasons import FAILED, NOT_ANSWERED, UNREGISTERED, why_not_reached
from app.telephony.adapters.asterisk_ari.line import outcomes
from app.telephony.events import HUNG_UP


@pytest.mark.parametrize(("cause", "status", "rang", "word"), [
    (19, 480, True, "no_answer"), (19, 480, False, "unavailable"), (17, 486, True, "busy"), (21, 603, True, "declined"),
    (1, 404, False, "unknown_number"), (34, 503, False, "congestion"), (58, 488, False, "not_acceptable"),
    (127, 487, True, "withdrawn"), (16, None, True, "no_answer"), (18, None, False, "no_answer"),
    (None, None, False, "dropped"), (0, 0, False, "dropped"), (99, 799, False, "dropped"), (17, 799, False, "busy"),
])  # fmt: skip
def test_the_sip_status_says_why_nobody_answered_then_the_cause(
    cause: int | None, status: int | None, rang: bool, word: str
) -> None:
    assert outcomes.unanswered(cause, status, rang) == word


@pytest.mark.parametrize(("status", "word"), [
    (404, "unknown_number"), (408, "no_answer"), (480, "unavailable"), (484, "unknown_number"), (486, "busy"),
    (487, "withdrawn"), (488, "not_acceptable"), (503, "congestion"), (600, "busy"), (603, "declined"),
    (604, "unknown_number"),
])  # fmt: skip
def test_a_trunk_that_tells_a_sip_status_and_no_cause_is_understood(status: int, word: str) -> None:
    assert outcomes.unanswered(None, status, rang=False) == word


@pytest.mark.parametrize(("cause", "word"), [
    (1, "unknown_number"), (17, "busy"), (18, "no_answer"), (19, "no_answer"), (20, "unavailable"), (21, "declined"),
    (28, "unknown_number"), (34, "congestion"), (38, "dropped"), (41, "dropped"), (42, "congestion"),
    (outcomes.NO_SOUND, "dropped"), (58, "not_acceptable"), (127, "withdrawn"),
])  # fmt: skip
def test_a_trunk_that_tells_a_cause_and_no_sip_status_is_understood(cause: int, word: str) -> None:
    assert outcomes.unanswered(cause, None, rang=False) == word


@pytest.mark.parametrize("cause", [None, 0, 16])
def test_whoever_was_connected_and_is_gone_has_hung_up(cause: int | None) -> None:
    assert outcomes.ended(cause) == HUNG_UP


@pytest.mark.parametrize("cause", [38, 41, 17, 99])
def test_any_other_end_of_a_connection_is_a_mishap(cause: int) -> None:
    assert outcomes.ended(cause) == outcomes.DROPPED


@pytest.mark.parametrize(
    ("status", "phone_away", "word", "reason"),
    [(500, True, "unregistered", UNREGISTERED), (500, False, "switch_failed", FAILED)],
)
def test_a_leg_that_cannot_be_made_fails_for_its_phone_only_where_that_is_away(
    status: int, phone_away: bool, word: str, reason: str
) -> None:
    assert outcomes.not_made(status, phone_away) == word
    assert why_not_reached(word) == reason


def test_the_floor_knows_that_a_phone_rang_in_vain() -> None:
    assert why_not_reached(outcomes.NO_ANSWER) == NOT_ANSWERED
