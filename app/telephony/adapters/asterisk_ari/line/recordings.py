"""The recordings of a call: those that are ordered, and the message that a caller leaves. Pure.

One that is ordered has a channel of its own that spies on the customer's leg (snoop): a recording on the leg itself
would keep prompts from being played there, and one of the bridge would leave out the time in which nobody speaks.
"""

from typing import Protocol

import msgspec

from app.telephony.adapters.asterisk_ari.actions import Action, Pause, Request, Stored, Told
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.ari.events import Event, Recording
from app.telephony.adapters.asterisk_ari.line import names, outcomes
from app.telephony.adapters.asterisk_ari.line.leg import Leg, Setup
from app.telephony.events import EventType

BEGINS, LASTS, ENDS = "begins", "lasts", "ends"
GONE, NOT_RECORDING = 404, 409
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
    if line.caller is None or str(name) in (*line.legs, *line.gone) or tape_of(line, recording):
        return []
    line.legs[str(name)] = Leg(name, "")
    return [requests.snoop(line.caller, str(name), line.setup.app, vital=True)]


def pause(line: Line, recording: str, at: float) -> list[Action]:
    """Silence from now on; of a recording that is only about to begin, once it does: Asterisk would not take it yet."""
    tape, before = _running(line, recording), _paused(line, recording)
    if before is None:
        line.pauses.setdefault(recording, []).append((at, None))
    if not tape:
        return []
    return _silence(Pause(tape, at, BEGINS), True) if before is None else still_silent(Pause(tape, before, LASTS), True)


def resume(line: Line, recording: str, at: float) -> list[Action]:
    """End of the silence."""
    tape, since = _running(line, recording), _paused(line, recording)
    spans = line.pauses.get(recording, [])
    if since is not None:
        spans[-1] = (since, at)
    return _sound(Pause(tape, spans[-1][0] if spans else at, ENDS), True) if tape else []


def stop(line: Line, recording: str) -> list[Action]:
    """End of the recording. One that is about to begin would not be stopped: it ends with the channel that hears."""
    tape, leg = tape_of(line, recording), _leg_of(line, recording)
    stopped: list[Action] = [requests.stop_recording(tape)] if tape else []
    return [*stopped, *(line.drop(leg, outcomes.WITHDRAWN) if leg is not None else [])]


def tape_up(line: Line, leg: Leg, event: Event) -> list[Action]:
    """What is spied can be recorded."""
    name = names.tape(line.call, event.channel.created if event.channel is not None else 0.0, leg.name.who)
    line.tapes[name] = event.at
    return [requests.record(leg.id, name)]


def told(line: Line, kind: str, recording: Recording, at: float) -> list[Action]:
    """News of a recording: it has begun, or is over."""
    if kind != "RecordingStarted":
        return recorded(line, recording, at)
    leg = _leg_of(line, _recording(recording.name))
    return begun(line, leg) if leg is not None else []


def begun(line: Line, leg: Leg) -> list[Action]:
    """A recording goes on; in silence, where a pause was ordered already. A pause's beginning or end that was ordered
    before a gap may not have got through."""
    leg.taping = True
    tape = _running(line, leg.name.who)
    spans = line.pauses.get(leg.name.who)
    if not tape or not spans:
        return []
    since, until = spans[-1]
    return still_silent(Pause(tape, since, LASTS)) if until is None else _sound(Pause(tape, since, ENDS))


def tape_of(line: Line, recording: str) -> str | None:
    """The name on the switch of a recording that goes on, or is about to."""
    return next((name for name in line.tapes if _recording(name) == recording), None)


def tape_lost(line: Line, leg: Leg, cause: str, at: float) -> list[Action]:
    """The channel that heard the customer is over. The end of its recording was told, or nobody will tell it any more:
    what there is of it is on the switch; one that never began has failed."""
    tape = tape_of(line, leg.name.who)
    if tape is not None:
        return recorded(line, Recording(name=tape, state=UNSEEN), at)
    return [] if leg.name.who in line.gone else [_failed(leg.name.who, at, cause)]


def recorded(line: Line, recording: Recording, at: float) -> list[Action]:
    """A recording has ended: an ordered one, or the message of a caller, whose call ends with it."""
    ready = _complete(line, recording, at)
    if ready is None:
        return []
    if not ready.ordered:
        return [ready, *(line.nobody_left() if line.over else line.end())]
    tape = _leg_of(line, ready.recording)
    return [ready, *(line.drop(tape, outcomes.WITHDRAWN) if tape is not None else [])]


def still_silent(about: Pause, vital: bool = False) -> list[Action]:
    """Silence where it should be silent already: nothing is written meanwhile, since what is heard may be a secret."""
    suspend, go_on = requests.suspend_recording(about.tape), requests.go_on_recording(about.tape)
    return [*_asked(about, vital, suspend), *_silence(about, vital), *_asked(about, vital, go_on)]


def given_up(line: Line, at: float) -> list[Action]:
    """The call has been over for long, and the ends of these were not told: what there is of them is on the switch."""
    ended = [Recording(name=name, state=UNSEEN) for name in (*line.tapes, *line.messages)]
    return [ready for each in ended if (ready := _complete(line, each, at)) is not None]


def not_begun(line: Line, name: str, at: float) -> list[Action]:
    """The switch would not record: nobody is to believe that it does, nor to speak to nothing."""
    if line.messages.pop(name, None) is not None:
        line.gone.add(name)
        failed = Told(type=EventType.RECORDING_FAILED, at=at, cause=outcomes.UNAVAILABLE)
        return [failed, *(line.nobody_left() if line.over else line.end())]
    key = _recording(name)
    leg = _leg_of(line, key)
    if line.tapes.pop(name, None) is None:
        return []
    line.gone.add(key)
    gone = line.drop(leg, outcomes.WITHDRAWN) if leg is not None else []
    return [_failed(key, at, outcomes.UNAVAILABLE), *gone]


def _complete(line: Line, recording: Recording, at: float) -> Stored | None:
    """The recording as it is to be fetched; once."""
    name, unseen = recording.name, recording.state == UNSEEN
    started = line.tapes.pop(name, None)
    if started is not None:
        key = _recording(name)
        line.gone.add(key)
        pauses = tuple((begin, at if end is None else end) for begin, end in line.pauses.pop(key, []))
        seconds = None if unseen else max(0.0, at - started)
        return Stored(name=name, recording=key, started_at=started, seconds=seconds, pauses=pauses)
    started = line.messages.pop(name, None)
    if started is None and names.is_message(line.call, name) and name not in line.gone:
        # a process that is no more let it be left
        found = names.taped(name)
        started = found.started_at or at if unseen and found is not None else at - recording.duration
    if started is None:
        return None
    line.gone.add(name)
    seconds = None if unseen else max(0.0, at - started)
    return Stored(name=name, recording=names.MESSAGE, started_at=started, seconds=seconds, ordered=False)


def pause_refused(line: Line, about: Pause, ordered: bool, now: float) -> list[Action]:
    """The switch would not do what a pause takes; of several requests, the first one refused counts. The floor learns
    it by its order, and stops what may be a secret; where no order waits for the answer, it is stopped here. A pause
    whose end is refused goes on, where it was ordered."""
    key = _recording(about.tape)
    spans = line.pauses.get(key, [])
    if not spans or spans[-1][0] != about.since:
        return []
    since, until = spans[-1]
    if about.step == ENDS and ordered:
        spans[-1] = (since, None)
    elif until is None and about.step == BEGINS:
        spans.pop()
    elif until is None and about.step == LASTS and not ordered:
        spans[-1] = (since, now)
        return stop(line, key)
    return []


def _asked(about: Pause, vital: bool, *requested: Request, settled: tuple[int, ...] = (GONE,)) -> list[Action]:
    return [msgspec.structs.replace(each, pause=about, vital=vital, settled=settled) for each in requested]


def _silence(about: Pause, vital: bool) -> list[Action]:
    """Silence instead of what was heard until now. Asterisk 22.10 changes over at each request for silence, so that a
    recording that is silent after all has to be asked for sound first."""
    return _asked(about, vital, requests.unmute_recording(about.tape), requests.mute_recording(about.tape))


def _sound(about: Pause, vital: bool = False) -> list[Action]:
    """What is heard, also where a process ended while it made sure of silence; of one that is over, nothing."""
    unmute, go_on = requests.unmute_recording(about.tape), requests.go_on_recording(about.tape)
    over = (GONE, NOT_RECORDING)
    return [*_asked(about, vital, unmute, settled=over), *_asked(about, False, go_on, settled=over)]


def _failed(recording: str, at: float, cause: str) -> Told:
    return Told(type=EventType.RECORDING_FAILED, at=at, cause=cause, details={"recording": recording})


def _paused(line: Line, recording: str) -> float | None:
    """Since when it is, if it is."""
    return next((since for since, until in line.pauses.get(recording, []) if until is None), None)


def _running(line: Line, recording: str) -> str | None:
    """The name on the switch of a recording that has begun."""
    leg = _leg_of(line, recording)
    return tape_of(line, recording) if leg is not None and leg.taping else None


def _recording(name: str) -> str:
    found = names.taped(name)
    return name if found is None else found.recording


def _leg_of(line: Line, recording: str) -> Leg | None:
    """The channel that hears the customer for a recording."""
    return next((leg for leg in line.legs.values() if leg.role == names.TAPE and leg.name.who == recording), None)
