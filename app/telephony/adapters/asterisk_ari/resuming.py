"""Calls after a gap in the events, or in the process: what the switch has, the line and the floor come to know, and
what was asked for and may not have got through is asked for again. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from app.telephony.adapters.asterisk_ari import ears, names, outcomes, requests, taping
from app.telephony.adapters.asterisk_ari.actions import Action, Request, Told
from app.telephony.adapters.asterisk_ari.ari import Channel, Event, Recording
from app.telephony.adapters.asterisk_ari.leg import Leg, Setup
from app.telephony.adapters.asterisk_ari.line import Line
from app.telephony.events import EventType
from app.telephony.port import KnownCall, KnownRecording

NETWORK_OUT_OF_ORDER = 38
"""Q.850: nobody told why a channel that is not there any more has ended."""

TALKERS = (names.AGENT, names.CUSTOMER, names.PARTY)
FLOW = "flow-"
"""How the order of a leg begins to which a flow sent the caller."""


class Sight(msgspec.Struct, frozen=True):
    """The channels of a switch at one moment, which of them are in a bridge, which recordings do not go on (any more)
    of those that should, the bridges that hold no channel, the recordings of ours that are complete, and the channels
    that hear everybody else of their call."""

    channels: dict[str, Channel]
    bridged: frozenset[str]
    finished: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()
    talking: frozenset[str] = frozenset()


def resumed(line: Line, there: Sight, now: float) -> list[Action]:
    """What follows for a call that was known: ends and answers that were not told, and what may not have been done."""
    known = [each for each in (line.caller, *line.legs) if each is not None]  # a caller who is gone waits for nobody
    done = [
        one for each in sorted(there.finished) if line.records(each) for one in line.take(_recorded(each, now), now)
    ]
    done += [one for each in known if each not in there.channels for one in line.take(_ended(each, now), now)]
    for leg in list(line.legs.values()):
        done += _answered(line, leg, there, now)
    done += [one for leg in _tapes(line) for one in taping.begun(line, leg)]
    return [*done, *_ended_again(line, there), *_asked_again(line, there, now)]


def adopted(
    setup: Setup, there: Sight, known: Iterable[str], now: float, recordings: Iterable[KnownRecording] = ()
) -> list[tuple[Line, list[Action]]]:
    """The calls of ours that nobody here knows, taken by a process that is no more, and what follows for them.
    `recordings` are those that the floor knows of, with their pauses."""
    lines: dict[str, Line] = {}
    for channel in there.channels.values():
        call = None if channel.id in known else _call_of(channel, setup.app)
        if call is not None:
            _adopt(lines.get(call) or lines.setdefault(call, Line(setup, call)), channel, channel.id in there.bridged)
    for each in recordings:
        if each.call in lines:
            lines[each.call].pauses[each.id] = list(each.pauses)
    return [(line, _news(line, there, now)) for line in lines.values()]


def strays(setup: Setup, there: Sight, known: Iterable[str]) -> list[Request]:
    """Phones whose own calls a process that is no more had in hand: nobody knows whom they were for, and nobody is to
    sit in silence."""
    ours = f"{setup.app},phone"
    found = [each for each in there.channels.values() if each.id not in known and names.read(each.id) is None]
    return [
        requests.hang_up(each.id)
        for each in found
        if each.dialplan.app_name == "Stasis" and each.dialplan.app_data.startswith(ours)
    ]


def left_over(there: Sight, lines: Iterable[Line]) -> list[Request]:
    """The empty bridges of ours that none of these, all that there are, will delete once it has ended."""
    needed = set()
    for line in lines:
        needed.add(names.bridge(line.call))
        needed |= {names.spying(leg.name) for leg in line.legs.values() if leg.role == names.SPY}
    return [requests.no_bridge(each) for each in sorted(there.empty - needed) if names.is_bridge(each)]


def left_behind(line: Line, known: KnownCall, now: float) -> list[Action]:
    """The parties whom the floor believes on an adopted call, and who are not there."""
    return [
        Told(type=EventType.CONNECTION_CLEARED, at=now, leg_id=leg.id, agent=leg.agent, cause=outcomes.DROPPED)
        for leg in known.legs
        if leg.id not in line.legs and leg.id != line.caller
    ]


def _adopt(line: Line, channel: Channel, bridged: bool) -> None:
    name = names.read(channel.id)
    up = channel.state == "Up"
    if name is None or (name.role == names.CUSTOMER and up):
        line.caller, line.answered = channel.id, up
    else:
        flow = name.role == names.PARTY and name.order.startswith(FLOW)
        here = up and (bridged or name.role in (names.SPY, names.TAPE))
        handed = name.who or None if name.role == names.PARTY else None
        line.legs[channel.id] = Leg(
            name, channel.address, up=here, rang=True, flow=flow, handed=handed, channel=channel.id
        )
    if name is not None and name.role == names.CUSTOMER:
        line.direction = "outbound"
    if name is not None and name.role == names.TAPE:
        line.tapes[names.tape(line.call, channel.created, name.who)] = channel.created
    if channel.id == line.call:
        line.from_, line.to = channel.caller.number or None, channel.dialplan.exten or None
    if bridged and (name is None or name.role in TALKERS):
        line.bridged = True
        line.together.add(channel.id)


def _news(line: Line, there: Sight, now: float) -> list[Action]:
    line.bridged = line.bridged or names.bridge(line.call) in there.empty
    ears.found(line, there.talking)
    line.contact = line.call if line.direction == "outbound" else ""
    if line.caller is None and all(leg.role != names.CUSTOMER for leg in line.legs.values()):
        line.over = True  # nobody is left, or nobody was called yet, for whom it would go on
        cleared = Told(type=EventType.CLEARED, at=now, cause=outcomes.DROPPED)
        return [*(requests.hang_up(leg) for leg in line.legs), cleared]
    talking = [leg for leg in line.legs.values() if leg.up and leg.role in TALKERS]
    line.held = bool(talking) and line.caller not in line.together
    told: list[Action] = [Told(type=EventType.OFFERED, at=now, leg_id=line.caller)] if line.caller else []
    told += _taped(line, there, now)
    told += [line.told(EventType.ESTABLISHED, leg, now) for leg in talking]
    for leg in list(line.legs.values()):
        told += _answered(line, leg, there, now)
    if line.held or line.together or line.caller is None:
        return told
    return [*told, Told(type=EventType.SCRIPT_LOST, at=now)]


def _taped(line: Line, there: Sight, now: float) -> list[Action]:
    """Recordings that have ended while nobody looked, or were never begun."""
    done = [one for each in sorted(there.stored) if line.records(each) for one in line.take(_recorded(each, now), now)]
    for leg in _tapes(line):
        name = taping.tape_of(line, leg.name.who)
        if name in there.finished:
            done.append(requests.record(leg.id, name))
        elif name is not None:
            done += taping.begun(line, leg)
    return done


def _tapes(line: Line) -> list[Leg]:
    """The channels that hear the customer for a recording."""
    return [each for each in line.legs.values() if each.role == names.TAPE and each.up and not each.withdrawn]


def _answered(line: Line, leg: Leg, there: Sight, now: float) -> list[Action]:
    """A leg that has come to us while nobody looked."""
    channel = there.channels.get(leg.id)
    if leg.up or channel is None or channel.state != "Up" or channel.dialplan.app_name != "Stasis":
        return []
    return line.take(Event(type="StasisStart", timestamp=_timestamp(now), channel=channel), now)


def _ended_again(line: Line, there: Sight) -> list[Action]:
    """Hang-ups that may not have got through."""
    return [
        requests.hang_up(leg.id)
        for leg in line.legs.values()
        if (line.over or leg.withdrawn) and leg.id in there.channels
    ]


def _asked_again(line: Line, there: Sight, now: float) -> list[Action]:
    if line.over or line.caller is None:
        return []
    talk, missing = names.bridge(line.call), sorted(line.together - there.bridged)
    done: list[Action] = [requests.bridge(talk), requests.join(talk, *missing)] if missing else []
    if line.caller in line.together or line.messages or any(leg.flow or leg.handed for leg in line.legs.values()):
        return done
    line.answered, line.music = there.channels[line.caller].state == "Up", False
    if line.held:
        return [*done, requests.music(line.caller)]
    if line.player.script is not None:
        return [*done, *line.player.stop(), Told(type=EventType.SCRIPT_LOST, at=now)]
    return [*done, *line.waits()]


def _call_of(channel: Channel, app: str) -> str | None:
    name = names.read(channel.id)
    if name is not None:
        return name.call
    plan = channel.dialplan
    inbound = plan.app_name == "Stasis" and plan.app_data.startswith(f"{app},inbound")
    return channel.id if inbound else None


def _ended(channel: str, now: float) -> Event:
    ended = Channel(id=channel)
    return Event(type="ChannelDestroyed", timestamp=_timestamp(now), channel=ended, cause=NETWORK_OUT_OF_ORDER)


def _recorded(name: str, now: float) -> Event:
    return Event(
        type="RecordingFinished", timestamp=_timestamp(now), recording=Recording(name=name, state=taping.UNSEEN)
    )


def _timestamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
