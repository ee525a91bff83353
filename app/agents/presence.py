"""An agent's presence as a table: (state, event) -> state. Pure; the floor keeps who is where, and since when."""

from enum import StrEnum

from app.core.errors import Conflict


class AgentState(StrEnum):
    """CSTA agent states, with `reserved` for an agent to whom a contact is on offer."""

    LOGGED_OFF = "logged_off"
    NOT_READY = "not_ready"
    READY = "ready"
    RESERVED = "reserved"
    BUSY = "busy"
    WORKING_AFTER_CALL = "working_after_call"


class PresenceEvent(StrEnum):
    """What moves an agent: their own wishes, and what their contacts do to them."""

    LOG_ON = "log_on"
    LOG_OFF = "log_off"
    MAKE_READY = "make_ready"
    MAKE_NOT_READY = "make_not_ready"
    LOSE_CONNECTION = "lose_connection"
    RESERVE = "reserve"
    RELEASE = "release"
    MISS = "miss"
    ENGAGE = "engage"
    FINISH = "finish"
    WRAP_UP_DONE = "wrap_up_done"


_S, _E = AgentState, PresenceEvent

TRANSITIONS: dict[AgentState, dict[PresenceEvent, AgentState]] = {
    _S.LOGGED_OFF: {_E.LOG_ON: _S.NOT_READY, _E.ENGAGE: _S.BUSY, _E.LOG_OFF: _S.LOGGED_OFF},
    _S.NOT_READY: {
        _E.MAKE_READY: _S.READY,
        _E.MAKE_NOT_READY: _S.NOT_READY,
        _E.LOG_OFF: _S.LOGGED_OFF,
        _E.ENGAGE: _S.BUSY,
    },
    _S.READY: {
        _E.MAKE_READY: _S.READY,
        _E.MAKE_NOT_READY: _S.NOT_READY,
        _E.LOSE_CONNECTION: _S.NOT_READY,
        _E.LOG_OFF: _S.LOGGED_OFF,
        _E.RESERVE: _S.RESERVED,
        _E.ENGAGE: _S.BUSY,
    },
    _S.RESERVED: {
        _E.RELEASE: _S.READY,
        _E.MISS: _S.NOT_READY,
        _E.MAKE_NOT_READY: _S.NOT_READY,
        _E.LOSE_CONNECTION: _S.NOT_READY,
        _E.LOG_OFF: _S.LOGGED_OFF,
        _E.ENGAGE: _S.BUSY,
    },
    _S.BUSY: {
        _E.ENGAGE: _S.BUSY,
        _E.RESERVE: _S.BUSY,
        _E.RELEASE: _S.READY,
        _E.MISS: _S.NOT_READY,
        _E.FINISH: _S.WORKING_AFTER_CALL,
    },
    _S.WORKING_AFTER_CALL: {
        _E.WRAP_UP_DONE: _S.READY,
        _E.MAKE_READY: _S.READY,
        _E.MAKE_NOT_READY: _S.NOT_READY,
        _E.LOG_OFF: _S.LOGGED_OFF,
        _E.ENGAGE: _S.BUSY,
    },
}

ON_DUTY = frozenset({_S.READY, _S.RESERVED, _S.BUSY, _S.WORKING_AFTER_CALL})
"""States of an agent who takes contacts now or in a moment."""

_WISHES = {
    _E.MAKE_READY: "become ready",
    _E.MAKE_NOT_READY: "become not ready",
    _E.LOG_OFF: "log off",
}


class WrongState(Conflict):
    """The agent's present state does not allow it; `state` names it, `accepted` the states that would."""

    code = "wrong-state"


def move(state: AgentState, event: PresenceEvent) -> AgentState:
    """The state after `event`.

    Raises WrongState, with the present state and those in which the event is accepted.
    """
    following = TRANSITIONS[state].get(event)
    if following is None:
        accepted = sorted(str(other) for other, row in TRANSITIONS.items() if event in row)
        wish = _WISHES.get(event, event.replace("_", " "))
        raise WrongState(
            f"Cannot {wish} while {state}; possible while {', '.join(accepted)}.",
            state=str(state),
            accepted=accepted,
        )
    return following
