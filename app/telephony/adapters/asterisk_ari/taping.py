"""The recordings of a call: those that are ordered, and the message that a caller leaves. Pure.

One that is ordered has a channel of its own that spies on the customer's leg (snoop): a recording on the leg itself
would keep prompts from being played there, and one of the bridge would leave out the time in which nobody speaks.
"""

from typing import Protocol

from app.telephony.adapters.asterisk_ari import names, outcomes, requests
from app.telephony.adapters.asterisk_ari.actions import Action, Stored, Told
from app.telephony.adapters.asterisk_ari.ari import Event, Recording
from app.telephony.adapters.asterisk_ari.leg import Leg, Setup
from app.telephony.events import EventType

UNSEEN = "unseen"
"""The state of a recording whose end was not told: how long it is, its file says."""


class Line(Protocol):
    """What is needed of a call here; see `line.Line`."""

    setup: Setup
    call: str
    caller: str | None
    over: bool
    gone: set[str]
    legs: dict[str, Leg]
    tapes: dict[str, float]
    pauses: dict[str, list[tuple[float, float | None]]]
    messages: dict[str, float]

    def drop(self, leg: Leg, why: str) -> list[Action]:
        """End a leg ourselves."""

    def nobody_left(self) -> list[Action]:
        """What is to be done once the last channel is gone."""

    def end(self) -> list[Action]:
        """Hang up on everybody."""


def start(line: Line, key: str, recording: str) -> list[Action]:
    """Record the call from now on, once however often it is ordered."""
    name = names.Name(line.call, names.TAPE, key, recording)
    if line.caller is None or str(name) in line.legs or tape_of(line, recording):
        return []
    line.legs[str(name)] = Leg(name, "")
    return [requests.snoop(line.caller, str(name), line.setup.app)]


def pause(line: Line, recording: str, at: float) -> list[Action]:
    """Silence from now on."""
    tape = tape_of(line, recording)
    line.pauses.setdefault(recording, []).append((at, None))
    return [requests.mute_recording(tape)] if tape else []


def resume(line: Line, recording: str, at: float) -> list[Action]:
    """End of the silence."""
    tape = tape_of(line, recording)
    spans = line.pauses.get(recording, [])
    if spans and spans[-1][1] is None:
        spans[-1] = (spans[-1][0], at)
    return [requests.unmute_recording(tape)] if tape else []


def stop(line: Line, recording: str) -> list[Action]:
    """End of the recording, also of one that has not begun yet."""
    tape = tape_of(line, recording)
    if tape is not None:
        return [requests.stop_recording(tape)]
    leg = _leg_of(line, recording)
    return [] if leg is None else line.drop(leg, outcomes.WITHDRAWN)


def tape_up(line: Line, leg: Leg, event: Event) -> list[Action]:
    """What is spied can be recorded."""
    name = names.tape(line.call, event.channel.created if event.channel is not None else 0.0, leg.name.who)
    line.tapes[name] = event.at
    return begin(line, leg.id, name)


def begin(line: Line, channel: str, name: str) -> list[Action]:
    """Record what a channel hears; silence, where a pause was ordered already."""
    paused = any(until is None for _, until in line.pauses.get(_recording(name), []))
    return [requests.record(channel, name), *([requests.mute_recording(name)] if paused else [])]


def tape_of(line: Line, recording: str) -> str | None:
    """The name on the switch of a recording that goes on."""
    return next((name for name in line.tapes if _recording(name) == recording), None)


def tape_lost(line: Line, leg: Leg, cause: str, at: float) -> list[Action]:
    """The end of its recording is told by itself; one that never began has failed."""
    if leg.up:
        return []
    details = {"recording": leg.name.who}
    return [Told(type=EventType.RECORDING_FAILED, at=at, cause=cause, details=details)]


def recorded(line: Line, recording: Recording, at: float) -> list[Action]:
    """A recording has ended: an ordered one, or the message of a caller, whose call ends with it."""
    name, unseen = recording.name, recording.state == UNSEEN
    started = line.tapes.pop(name, None)
    if started is not None:
        key, seconds = _recording(name), None if unseen else max(0.0, at - started)
        pauses = tuple((begin, at if end is None else end) for begin, end in line.pauses.pop(key, []))
        ready = Stored(name=name, recording=key, started_at=started, seconds=seconds, pauses=pauses)
        tape = _leg_of(line, key)
        return [ready, *(line.drop(tape, outcomes.WITHDRAWN) if tape is not None else [])]
    started = line.messages.pop(name, None)
    if started is None and names.is_message(line.call, name) and name not in line.gone:
        # a process that is no more let it be left
        found = names.taped(name)
        started = found.started_at or at if unseen and found is not None else at - recording.duration
    if started is None:
        return []
    line.gone.add(name)
    seconds = None if unseen else max(0.0, at - started)
    message = Stored(name=name, recording=names.MESSAGE, started_at=started, seconds=seconds, ordered=False)
    return [message, *(line.nobody_left() if line.over else line.end())]


def _recording(name: str) -> str:
    found = names.taped(name)
    return name if found is None else found.recording


def _leg_of(line: Line, recording: str) -> Leg | None:
    """The channel that hears the customer for a recording."""
    return next((leg for leg in line.legs.values() if leg.role == names.TAPE and leg.name.who == recording), None)
