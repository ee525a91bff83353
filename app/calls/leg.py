"""One leg of a call: a party's connection to it, in the connection states of CSTA (ECMA-269, clause 6.1.5).

A leg is what its *marks* say: the facts told about it, sorted into the order in which they happened and folded through
`TRANSITIONS`. A late, early or repeated fact is therefore nothing special: it is sorted in and the leg read again.
"""

from enum import StrEnum

import msgspec

from app.telephony.events import EventType as E


class LegState(StrEnum):
    """CSTA connection states; `cleared` and `failed` are final."""

    NULL = "null"
    INITIATED = "initiated"
    QUEUED = "queued"
    ALERTING = "alerting"
    CONNECTED = "connected"
    HELD = "held"
    FAILED = "failed"
    CLEARED = "cleared"


class Party(StrEnum):
    """Whose leg it is."""

    CUSTOMER = "customer"
    AGENT = "agent"
    OTHER = "other"
    """Somebody who was added to the call; their leaving does not end it."""


_S = LegState
ENDINGS: dict[str, LegState] = {
    E.FAILED: _S.FAILED,
    E.CONNECTION_CLEARED: _S.CLEARED,
    E.DIVERTED: _S.CLEARED,
    E.TRANSFERRED: _S.CLEARED,
}
_ANSWERED: dict[str, LegState] = {
    E.ESTABLISHED: _S.CONNECTED,
    E.CONFERENCED: _S.CONNECTED,
    E.RETRIEVED: _S.CONNECTED,
    E.HELD: _S.HELD,
}

TRANSITIONS: dict[LegState, dict[str, LegState]] = {
    _S.NULL: {
        E.OFFERED: _S.INITIATED,
        E.QUEUED: _S.QUEUED,
        E.DELIVERED: _S.ALERTING,
        **_ANSWERED,
        **ENDINGS,
    },
    _S.INITIATED: {E.QUEUED: _S.QUEUED, E.DELIVERED: _S.ALERTING, **_ANSWERED, **ENDINGS},
    _S.QUEUED: {E.DELIVERED: _S.ALERTING, **_ANSWERED, **ENDINGS},
    _S.ALERTING: {E.QUEUED: _S.QUEUED, **_ANSWERED, **ENDINGS},
    _S.CONNECTED: {E.QUEUED: _S.QUEUED, E.HELD: _S.HELD, **ENDINGS},
    _S.HELD: {
        E.RETRIEVED: _S.CONNECTED,
        E.CONFERENCED: _S.CONNECTED,
        **ENDINGS,
    },
    _S.FAILED: {},
    _S.CLEARED: {},
}
"""(state, fact) -> state. A pair that is not listed moves nothing: the fact came too late to matter."""

FINAL = frozenset({LegState.FAILED, LegState.CLEARED})
MOST_MARKS = 1000
"""From so many facts on only the end of a leg is taken: what keeps them all is written anew with each of them."""

_RANK: dict[str, int] = {str(kind): rank for rank, kind in enumerate(E)}
_BUCKET = {
    LegState.QUEUED: "queue_seconds",
    LegState.ALERTING: "ring_seconds",
    LegState.CONNECTED: "talk_seconds",
    LegState.HELD: "hold_seconds",
}


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """One fact about a leg: when it happened by the platform's clock, and its place in the platform's own order."""

    at: float
    kind: str
    sequence: int | None = None


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """A leg and the seconds it has spent queued, ringing, talking and on hold up to `since`."""

    id: str
    party: Party
    agent: str | None = None
    marks: tuple[Mark, ...] = ()
    state: LegState = LegState.NULL
    since: float = 0.0
    queue_seconds: float = 0.0
    ring_seconds: float = 0.0
    talk_seconds: float = 0.0
    hold_seconds: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether the leg is over for good."""
        return self.state in FINAL

    @property
    def talked(self) -> bool:
        """Whether anybody has talked by it until `since`, or was on hold."""
        return self.talk_seconds + self.hold_seconds > 0

    @property
    def began(self) -> float:
        """The instant of the first fact about it."""
        return self.marks[0].at if self.marks else self.since

    def told(self, mark: Mark) -> "Leg":
        """The leg after one more fact. The fact itself counts once, however often it is told."""
        full = len(self.marks) >= MOST_MARKS and (self.ended or mark.kind not in ENDINGS)
        if full or any(_same(mark, known) for known in self.marks):
            return self
        return _fold(msgspec.structs.replace(self, marks=_in_order((*self.marks, mark))))

    def seconds(self, bucket: str, now: float) -> float:
        """Seconds spent in `bucket` (such as "talk_seconds"), including what is still running at `now`."""
        spent: float = getattr(self, bucket)
        if _BUCKET.get(self.state) == bucket:
            spent += max(0.0, now - self.since)
        return spent


def _same(one: Mark, other: Mark) -> bool:
    if one.kind != other.kind:
        return False
    if one.sequence is not None and other.sequence is not None:
        return one.sequence == other.sequence
    return one.at == other.at


def _in_order(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    if all(mark.sequence is not None for mark in marks):
        return tuple(sorted(marks, key=lambda mark: (mark.sequence or 0, mark.at)))
    return tuple(sorted(marks, key=lambda mark: (mark.at, _RANK.get(mark.kind, len(_RANK)))))


def _fold(leg: Leg) -> Leg:
    state, since = LegState.NULL, leg.marks[0].at
    spent = dict.fromkeys(_BUCKET.values(), 0.0)
    for mark in leg.marks:
        following = TRANSITIONS[state].get(mark.kind)
        if following is None:
            continue
        at = max(since, mark.at)
        if state in _BUCKET:
            spent[_BUCKET[state]] += at - since
        state, since = following, at
    return msgspec.structs.replace(leg, state=state, since=since, **spent)
