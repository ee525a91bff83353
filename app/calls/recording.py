"""A recording of a call: what was ordered of it, what the platform said of it, and how it stands therefore.

It stands as it was ordered to, at once; an order that the platform did not take is taken back (`without`).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

import msgspec

Do = Literal["start", "pause", "resume", "stop"]


class RecordingState(StrEnum):
    """How a recording stands. `ready`: the platform has all of it; `failed`: there is none, or no more of it."""

    RECORDING = "recording"
    PAUSED = "paused"
    STOPPED = "stopped"
    READY = "ready"
    FAILED = "failed"


LIVE = (RecordingState.RECORDING, RecordingState.PAUSED)

ACCEPTED: Mapping[RecordingState | None, tuple[Do, ...]] = {
    None: ("start",),
    RecordingState.RECORDING: ("pause", "stop"),
    RecordingState.PAUSED: ("resume", "stop"),
    RecordingState.STOPPED: ("start",),
    RecordingState.READY: ("start",),
    RecordingState.FAILED: ("start",),
}
"""What can be asked where the last recording of a call stands so; None: there is none."""


class Pause(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A time that is not recorded; `secret` while one is keyed. `order` and `resume` number the orders for it."""

    begins: float
    order: int
    secret: bool = False
    ends: float | None = None
    resume: int | None = None


class Recording(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One recording. Asked for `by` somebody, or by the rule of the `queue`; `order` and `stop` number the orders."""

    id: str
    started_at: float
    order: int
    by: str | None = None
    queue: str | None = None
    pauses: tuple[Pause, ...] = ()
    stopped_at: float | None = None
    stop: int | None = None
    seconds: float | None = None
    outcome: RecordingState | None = None

    @property
    def state(self) -> RecordingState:
        """How it stands."""
        if self.outcome is not None:
            return self.outcome
        if self.stopped_at is not None:
            return RecordingState.STOPPED
        return RecordingState.RECORDING if self.open_pause is None else RecordingState.PAUSED

    @property
    def live(self) -> bool:
        """Whether it goes on."""
        return self.state in LIVE

    @property
    def open_pause(self) -> Pause | None:
        """The pause that it is in."""
        return self.pauses[-1] if self.pauses and self.pauses[-1].ends is None else None

    @property
    def for_secret(self) -> bool:
        """Whether it is paused only while a secret is keyed."""
        pause = self.open_pause
        return self.state is RecordingState.PAUSED and pause is not None and pause.secret


def paused(recording: Recording, at: float, order: int, secret: bool = False) -> Recording:
    """Paused from `at` on."""
    return _with(recording, pauses=(*recording.pauses, Pause(begins=at, order=order, secret=secret)))


def resumed(recording: Recording, at: float, order: int) -> Recording:
    """Going on from `at`."""
    *before, last = recording.pauses
    return _with(recording, pauses=(*before, msgspec.structs.replace(last, ends=at, resume=order)))


def stopped(recording: Recording, at: float, order: int | None = None) -> Recording:
    """Over at `at`; without an order the call itself is over."""
    return _with(recording, stopped_at=at, stop=order)


def ready(recording: Recording, at: float, seconds: float | None) -> Recording:
    """The platform has all of it. What it said is final."""
    over = stopped(recording, at) if recording.stopped_at is None else recording
    return _with(over, outcome=RecordingState.READY, seconds=seconds)


def failed(recording: Recording) -> Recording:
    """There is nothing of it; one that was ready stays so."""
    return recording if recording.outcome is not None else _with(recording, outcome=RecordingState.FAILED)


def without(recording: Recording, order: int) -> Recording:
    """As it stands where the platform did not take this order."""
    if order == recording.order:
        return failed(recording)
    if order == recording.stop and recording.outcome is None:
        return _with(recording, stopped_at=None, stop=None)
    kept = (_unless_resumed(pause, order) for pause in recording.pauses if pause.order != order)
    return _with(recording, pauses=tuple(kept))


def _unless_resumed(pause: Pause, order: int) -> Pause:
    return msgspec.structs.replace(pause, ends=None, resume=None) if pause.resume == order else pause


def _with(recording: Recording, **changes: object) -> Recording:
    return msgspec.structs.replace(recording, **changes)
