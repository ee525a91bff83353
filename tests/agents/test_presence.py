"""The presence table, read as a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.agents.presence import TRANSITIONS, AgentState, PresenceEvent, WrongState, move


def test_ready_while_talking_is_refused_with_the_present_state() -> None:
    with pytest.raises(WrongState) as refusal:
        move(AgentState.BUSY, PresenceEvent.MAKE_READY)
    assert refusal.value.facts["state"] == "busy"
    assert "not_ready" in refusal.value.facts["accepted"]


def test_status_is_never_flipped_to_ready_by_a_connection_flex_290() -> None:
    for state, row in TRANSITIONS.items():
        for event in (PresenceEvent.LOG_ON, PresenceEvent.LOSE_CONNECTION):
            assert row.get(event) != AgentState.READY, (state, event)


@given(st.lists(st.sampled_from(PresenceEvent)))
def test_every_state_can_be_left_again_opensips_3123(events: list[PresenceEvent]) -> None:
    state = AgentState.LOGGED_OFF
    for event in events:
        try:
            state = move(state, event)
        except WrongState:
            continue
    assert set(TRANSITIONS[state].values()) - {state}


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(AgentState)
