"""Who hears a call without being a party to it: supervisors, and recordings. Pure.

Each has a channel of its own that spies on a leg (snoop): a recording on the leg itself would keep prompts from being
played there, and one of the bridge would leave out the time in which nobody speaks.
"""

from typing import Protocol

from app.telephony.adapters.asterisk_ari import names, outcomes, requests
from app.telephony.adapters.asterisk_ari.actions import Action, Stored, Told
from app.telephony.adapters.asterisk_ari.ari import Event, Recording
from app.telephony.adapters.asterisk_ari.leg import JOINS, Leg, Setup
from app.telephony.events import EventType

UNSEEN = "unseen"
"""The state of a recording whose end was not told: how long it is, its file says."""

ROLES = (names.LISTENER, names.SPY, names.TAPE)


class Line(Protocol):
    """What is needed of a call here; see `line.Line`."""

    setup: Setup
    call: str
    caller: str | None
    contact: str
    over: bool
    spies: int
    gone: set[str]
    legs: dict[str, Leg]
    together: set[str]
    tapes: dict[str, float]
    pauses: dict[str, list[tuple[float, float | None]]]
    messages: dict[str, float]

    def of_agent(self, agent: str | None) -> Leg | None:
        """The newest leg of an agent."""

    def drop(self, leg: Leg, why: str) -> list[Action]:
        """End a leg ourselves."""

    def bring_together(self, *channels: str) -> list[Action]:
        """Let these hear each other."""

    def perhaps_alone(self) -> list[Action]:
        """A customer whom the last other one has left hears music."""

    def nobody_left(self) -> list[Action]:
        """What is to be done once the last channel is gone."""

    def end(self) -> list[Action]:
        """Hang up on everybody."""


def listener_up(line: Line, leg: Leg, event: Event) -> list[Action]:
    """A supervisor's phone has answered."""
    return [*place(line, leg), _supervisor(EventType.SUPERVISOR_JOINED, leg, event.at)]


def place(line: Line, leg: Leg) -> list[Action]:
    """Bring a listener to what they are to hear: everybody (joining them), or one agent or the customer unheard."""
    if leg.mode == JOINS:
        return line.bring_together(leg.id)
    line.together.discard(leg.id)
    coached = line.of_agent(leg.handed) if leg.mode == "whisper" else None
    heard = coached.id if coached is not None else line.caller
    if heard is None:
        return []
    order = f"{leg.name.order}-{line.spies}"
    line.spies += 1
    spy = Leg(names.Name(line.call, names.SPY, order, leg.name.who), "", handed=leg.id)
    line.legs[spy.id] = spy
    return [requests.snoop(heard, spy.id, line.setup.app, whisper=coached is not None)]


def replace(line: Line, leg: Leg, mode: str, coached: str) -> list[Action]:
    """A listener is to hear, or to be heard, in another way from now on."""
    leg.mode, leg.handed = mode, coached
    quiet = [one for spy in _spies_of(line, leg) for one in line.drop(spy, outcomes.WITHDRAWN)]
    return [*quiet, *(place(line, leg) if leg.up else [])]


def spy_up(line: Line, leg: Leg, event: Event) -> list[Action]:
    """What is spied can be heard: by its listener, in a room of their own."""
    listener = line.legs.get(leg.handed or "")
    if listener is None:
        return line.drop(leg, outcomes.WITHDRAWN)
    room = names.spying(leg.name)
    return [requests.bridge(room), requests.join(room, leg.id, listener.id)]


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


def listener_lost(line: Line, leg: Leg, cause: str, at: float) -> list[Action]:
    """A supervisor has gone, or was not reached."""
    spies = [one for spy in _spies_of(line, leg) for one in line.drop(spy, outcomes.WITHDRAWN)]
    alone = line.perhaps_alone() if leg.mode == JOINS else []
    return [*spies, _supervisor(EventType.SUPERVISOR_LEFT, leg, at, cause), *alone]


def spy_lost(line: Line, leg: Leg, cause: str, at: float) -> list[Action]:
    """The leg that was heard is over: its listener hears the customer instead, or goes where they were put anew."""
    listener = line.legs.get(leg.handed or "")
    gone: list[Action] = [requests.no_bridge(names.spying(leg.name))]
    if listener is None or leg.withdrawn:
        return gone
    if not leg.up:  # the switch could not make it, and would not the next time
        return [*gone, *line.drop(listener, outcomes.DROPPED)]
    return [*gone, *replace(line, listener, "listen", "")]


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
        tape = next((leg for leg in line.legs.values() if leg.role == names.TAPE and leg.name.who == key), None)
        return [ready, *(line.drop(tape, outcomes.WITHDRAWN) if tape is not None else line.nobody_left())]
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


def _spies_of(line: Line, listener: Leg) -> list[Leg]:
    return [each for each in line.legs.values() if each.role == names.SPY and each.handed == listener.id]


def _supervisor(kind: str, leg: Leg, at: float, cause: str | None = None) -> Told:
    return Told(type=kind, at=at, leg_id=leg.id, cause=cause, details={"supervisor": leg.name.who})
