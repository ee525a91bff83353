"""When a rule of a queue takes effect, which of several is followed, and what is told of it."""

import pytest

from app.routing.overflow.rules import CLOSED, Do, OverflowRule, Situation, When, applies, chosen, next_wait

USUAL = Situation(open=True, agents_logged_on=True, length=3, since=100.0, now=160.0, estimated_wait=45.0)
NIGHT = Situation(open=False, agents_logged_on=False, length=0, since=100.0, now=100.0)


def rule(when: When, at: float = 0.0, do: Do = Do.VOICEMAIL, queue: str | None = None) -> OverflowRule:
    return OverflowRule(when=when, at=at, do=do, queue=queue)


@pytest.mark.parametrize(
    ("when", "limit", "beyond", "only_entering"),
    [
        (When.LENGTH, 3, 4, True),
        (When.WAIT, 60, 60.001, False),
        (When.ESTIMATED_WAIT, 45, 45.001, True),
    ],
)
def test_a_limit_is_reached_and_not_only_exceeded(when: When, limit: float, beyond: float, only_entering: bool) -> None:
    assert USUAL.measure(when) == limit
    assert applies(rule(when, limit), USUAL, entering=True)
    assert not applies(rule(when, beyond), USUAL, entering=True)
    assert applies(rule(when, limit), USUAL, entering=False) is not only_entering


@pytest.mark.parametrize("entering", [True, False])
def test_a_closed_queue_and_one_without_agents_take_nobody_and_keep_nobody(entering: bool) -> None:
    for when in (When.CLOSED, When.NO_AGENT):
        assert applies(rule(when), NIGHT, entering)
        assert not applies(rule(when), USUAL, entering)


def test_an_estimate_that_is_not_known_reaches_no_limit() -> None:
    assert not applies(rule(When.ESTIMATED_WAIT, 0), NIGHT, entering=True)
    assert NIGHT.measure(When.ESTIMATED_WAIT) == 0


def test_the_first_rule_that_applies_is_followed() -> None:
    rules = (rule(When.NO_AGENT), rule(When.LENGTH, 3), rule(When.WAIT, 60))
    assert chosen(rules, USUAL, (), asked=False, entering=True) == rules[1]
    assert chosen(rules, USUAL, (), asked=False, entering=False) == rules[2]
    assert chosen(rules[:2], USUAL, (), asked=False, entering=False) is None
    assert chosen((rules[1],), NIGHT, (), asked=False, entering=False) == CLOSED


def test_nobody_is_led_back_to_a_queue_or_asked_twice_whether_to_be_called_back() -> None:
    other, back = rule(When.WAIT, 60, Do.QUEUE, "other"), rule(When.WAIT, 60, Do.CALLBACK)
    assert chosen((other, back), USUAL, ("first",), asked=True, entering=False) == other
    assert chosen((other, back), USUAL, ("first", "other"), asked=False, entering=False) == back
    assert chosen((other, back), USUAL, ("first", "other"), asked=True, entering=False) is None
    message = rule(When.WAIT, 60, Do.MESSAGE)
    assert chosen((back, message), USUAL, (), asked=True, entering=False) == message


def test_only_limits_of_waiting_that_are_still_to_come_are_waited_for() -> None:
    rules = (rule(When.LENGTH, 5), rule(When.WAIT, 90), rule(When.WAIT, 30), rule(When.ESTIMATED_WAIT, 10))
    assert [next_wait(rules, 100.0, now) for now in (100.0, 129.9, 130.0, 190.0)] == [130, 130, 190, None]
