"""The life of a call, told in every order that a network can make of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calls.call import MOST_LEGS, Call, close, open_call, take
from app.calls.leg import MOST_MARKS, TRANSITIONS, LegState, Party
from app.telephony.events import CallEvent

T = 1000.0


def event(kind: str, at: float, **more: Any) -> CallEvent:
    return CallEvent(source="pbx", type=f"call.{kind}", call_id="c1", at=T + at, **more)


def told(*events: CallEvent) -> Call:
    call = open_call(events[0])
    for item in events[1:]:
        call = take(call, item)
    return call


TALE = [
    event("offered", 0, from_="+861", to="+862", sequence=1),
    event("queued", 1, sequence=2),
    event("established", 20, sequence=3),
    event("delivered", 10, agent="ann", leg_id="a", sequence=4),
    event("established", 20, agent="ann", leg_id="a", sequence=5),
    event("held", 30, agent="ann", leg_id="a", sequence=6),
    event("retrieved", 45, agent="ann", leg_id="a", sequence=7),
    event("transferred", 60, agent="ann", leg_id="a", sequence=8),
    event("delivered", 62, agent="bob", leg_id="b", sequence=9),
    event("established", 70, agent="bob", leg_id="b", sequence=10),
    event("connection_cleared", 170, agent="bob", leg_id="b", sequence=11),
    event("cleared", 171, sequence=12),
]


def leg_times(call: Call, agent: str) -> tuple[float, float, float]:
    leg = call.leg_of(agent)
    assert leg is not None
    return leg.ring_seconds, leg.talk_seconds, leg.hold_seconds


def test_transfer_keeps_each_agents_talk_time_apart_asterisk_759() -> None:
    call = told(*TALE)
    assert leg_times(call, "ann") == (10, 25, 15)
    assert leg_times(call, "bob") == (8, 100, 0)
    assert call.customer is not None
    assert call.customer.queue_seconds == 19
    assert call.over


@given(st.permutations(TALE), st.lists(st.sampled_from(TALE), max_size=6))
def test_events_out_of_order_and_repeated_end_in_the_same_legs_nexmo_1653(
    order: list[CallEvent], again: list[CallEvent]
) -> None:
    call, expected = told(*order, *again), told(*TALE)
    times = {leg.agent or "customer": (leg.ring_seconds, leg.talk_seconds, leg.hold_seconds) for leg in call.legs}
    assert times["bob"] == leg_times(expected, "bob")
    assert times["ann"] == leg_times(expected, "ann")
    assert call.over
    assert (call.from_, call.to) == ("+861", "+862")


def test_answered_before_offered_opens_the_call() -> None:
    call = open_call(event("established", 5, agent="ann", from_="+861"))
    assert call.answered_by("ann")
    later = take(call, event("offered", 0, to="+862"))
    assert later.answered_by("ann")
    assert later.to == "+862"


def test_late_event_never_moves_a_leg_backwards() -> None:
    call = told(event("established", 5, agent="ann"), event("delivered", 6, agent="ann"))
    assert call.answered_by("ann")


def test_nothing_moves_a_cleared_call() -> None:
    call = told(event("offered", 0), event("cleared", 10))
    for kind in ("queued", "delivered", "established", "held", "retrieved", "cleared"):
        assert take(call, event(kind, 5)).over


def test_an_agent_who_comes_back_to_the_call_gets_a_leg_of_their_own() -> None:
    call = told(
        event("established", 1, agent="ann"),
        event("transferred", 11, agent="ann"),
        event("established", 20, agent="ann"),
        event("cleared", 25),
    )
    assert [leg.talk_seconds for leg in call.legs if leg.agent == "ann"] == [10, 5]


def test_unknown_event_type_moves_nothing() -> None:
    call = told(event("offered", 0))
    assert take(call, event("sparkled", 3)) == call


def test_failed_agent_leg_leaves_the_call_alive() -> None:
    call = told(event("offered", 0), event("delivered", 2, agent="ann"), event("failed", 9, agent="ann"))
    assert not call.over
    leg = call.leg_of("ann")
    assert leg is not None
    assert (leg.state, leg.ring_seconds) == (LegState.FAILED, 7)


def test_close_ends_every_leg_and_says_why() -> None:
    call = close(told(event("established", 0, agent="ann")), T + 90, "no end received")
    assert call.over
    assert call.cause == "no end received"
    assert call.seconds("talk_seconds", T + 500, Party.AGENT) == 90


def test_clock_of_a_platform_that_runs_backwards_gives_no_negative_time() -> None:
    call = told(
        event("delivered", 50, agent="ann", sequence=1),
        event("established", 20, agent="ann", sequence=2),
        event("cleared", 10, sequence=3),
    )
    assert all(s >= 0 for leg in call.legs for s in (leg.ring_seconds, leg.talk_seconds))


@pytest.mark.parametrize("state", [LegState.CLEARED, LegState.FAILED])
def test_final_states_have_no_way_out(state: LegState) -> None:
    assert TRANSITIONS[state] == {}


def test_third_party_who_leaves_does_not_end_the_customers_call() -> None:
    call = told(
        event("offered", 0),
        event("established", 1, leg_id="L1"),
        event("established", 2, leg_id="a", agent="ann"),
        event("conferenced", 10, leg_id="L9"),
        event("connection_cleared", 20, leg_id="L9"),
    )
    assert not call.over
    assert [leg.party for leg in call.legs] == [Party.CUSTOMER, Party.AGENT, Party.OTHER]
    assert take(call, event("connection_cleared", 30, leg_id="L1")).over


def test_failure_of_an_unknown_leg_is_about_that_leg_only() -> None:
    call = told(event("offered", 0), event("failed", 3, leg_id="phone-of-somebody"))
    assert not call.over


def test_hold_told_without_a_leg_is_the_only_agents_hold() -> None:
    call = told(
        event("offered", 0),
        event("established", 10, agent="ann"),
        event("held", 20),
        event("retrieved", 50),
        event("cleared", 60),
    )
    assert leg_times(call, "ann") == (0, 20, 30)


def test_legs_named_later_are_the_legs_spoken_of_before() -> None:
    call = told(event("delivered", 0, agent="ann"), event("established", 5, agent="ann", leg_id="a"))
    call = take(call, event("held", 9, agent="ann"))
    assert [(leg.id, leg.ring_seconds, leg.talk_seconds) for leg in call.legs] == [("a", 5, 4)]


def test_platform_that_never_stops_talking_of_a_leg_makes_it_no_larger_and_is_heard_at_its_end() -> None:
    again = [event(kind, n, agent="ann") for n in range(MOST_MARKS) for kind in ("held", "retrieved")]
    call = told(event("offered", 0), event("established", 0, agent="ann"), *again)
    leg = call.leg_of("ann")
    assert leg is not None
    assert (len(leg.marks), leg.state) == (MOST_MARKS, LegState.HELD)
    for kind in ("connection_cleared", "connection_cleared", "held"):
        call = take(call, event(kind, 2 * MOST_MARKS, agent="ann"))
    ended = call.leg_of("ann")
    assert ended is not None
    assert (len(ended.marks), ended.state) == (MOST_MARKS + 1, LegState.CLEARED)


def test_platform_that_names_each_leg_anew_makes_no_larger_call_and_is_heard_at_its_end() -> None:
    call = told(event("offered", 0), *(event("established", n, leg_id=f"l{n}") for n in range(2 * MOST_LEGS)))
    assert len(call.legs) == MOST_LEGS
    call = take(call, event("cleared", 3 * MOST_LEGS))
    assert all(leg.ended for leg in call.legs)


def test_agent_who_is_told_first_to_have_handed_the_call_on_has_left_it_and_has_talked_until_then() -> None:
    told_first = told(event("offered", 0), event("delivered", 2, agent="ann"), event("transferred", 9, agent="ann"))
    told_last = take(told_first, event("established", 4, agent="ann"))
    for call, talked in ((told_first, 0), (told_last, 5)):
        leg = call.leg_of("ann")
        assert leg is not None
        assert (leg.state, leg.talk_seconds) == (LegState.CLEARED, talked)


@pytest.mark.parametrize("leg", [None, "a"])
@pytest.mark.parametrize("end", ["connection_cleared", "transferred", "failed"])
def test_agent_who_comes_back_has_gone_again_though_it_is_told_before_that_they_came(end: str, leg: str | None) -> None:
    facts = [
        event("established", 1, agent="ann", leg_id=leg),
        event("connection_cleared", 5, agent="ann", leg_id=leg),
        event(end, 13, agent="ann", leg_id=leg),
        event("established", 10, agent="ann", leg_id=leg),
    ]
    call = told(event("offered", 0), *facts)
    legs = [each for each in call.legs if each.agent == "ann"]
    assert [(each.ended, each.talk_seconds) for each in legs] == [(True, 4), (True, 3)]


def test_leg_that_comes_back_keeps_little_of_what_was_told_before() -> None:
    again = [event("connection_cleared", 10 + n, agent="ann") for n in range(MOST_MARKS)]
    call = told(event("established", 1, agent="ann"), *again, event("established", 11, agent="ann"))
    leg = call.legs[-1]
    assert (leg.state, len(leg.marks)) == (LegState.CLEARED, MOST_MARKS // 2 + 1)


@pytest.mark.parametrize("sequences", [(None, None, None, None), (1, 2, 3, 4)])
@pytest.mark.parametrize("leg", [None, "a"])
def test_agent_who_comes_back_in_the_second_in_which_their_end_is_told_once_more_is_there(
    leg: str | None, sequences: tuple[int | None, ...]
) -> None:
    kinds = (("established", 1), ("transferred", 5), ("connection_cleared", 6), ("established", 6))
    told_in_order = (
        event(kind, at, agent="ann", leg_id=leg, sequence=number)
        for (kind, at), number in zip(kinds, sequences, strict=True)
    )
    call = told(event("offered", 0), *told_in_order)
    assert call.answered_by("ann")


def test_platforms_own_order_tells_what_has_happened_since_an_agent_came_back_in_the_same_second() -> None:
    facts = [("established", 1, 1), ("connection_cleared", 5, 2), ("connection_cleared", 10, 4), ("established", 10, 3)]
    call = told(event("offered", 0), *(event(kind, at, agent="ann", sequence=n) for kind, at, n in facts))
    assert not call.answered_by("ann")


@pytest.mark.parametrize("leg", [None, "a"])
@pytest.mark.parametrize("end", ["connection_cleared", "transferred", "failed"])
@pytest.mark.parametrize("at", [5, 6])
def test_agent_who_has_come_back_stays_when_the_end_of_their_earlier_leg_is_told_late_or_once_more(
    at: float, end: str, leg: str | None
) -> None:
    facts = [("established", 1), ("connection_cleared", 5), ("established", 10), (end, at)]
    call = told(event("offered", 0), *(event(kind, when, agent="ann", leg_id=leg) for kind, when in facts))
    assert call.answered_by("ann")
    assert call.seconds("talk_seconds", T + 12, Party.AGENT) == 4 + 2
    assert not take(call, event(end, 13, agent="ann", leg_id=leg)).answered_by("ann")


@pytest.mark.parametrize("leg", [None, "a"])
def test_what_is_told_late_or_once_more_of_an_agents_earlier_leg_is_no_part_of_the_one_by_which_they_came_back(
    leg: str | None,
) -> None:
    answered = event("established", 7, agent="ann", leg_id=leg)
    call = told(
        event("offered", 0, leg_id="caller"),
        answered,
        event("connection_cleared", 10, agent="ann", leg_id=leg),
        event("established", 12, agent="ann", leg_id=leg),
        answered,
        event("held", 8, agent="ann", leg_id=leg),
        event("retrieved", 9, agent="ann", leg_id=leg),
        event("connection_cleared", 20, agent="ann", leg_id=leg),
    )
    assert [(each.talk_seconds, each.hold_seconds) for each in call.legs[1:]] == [(2, 1), (8, 0)]
