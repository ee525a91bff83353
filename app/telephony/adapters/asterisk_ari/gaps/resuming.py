"""Calls after a gap in the events: what the switch has, the line and the floor come to know, and what was asked for and
may not have got through is asked for again. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import msgspec

from app.telephony.adapters.asterisk_ari.actions import Action, Request, Told
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event, Recording
from app.telephony.adapters.asterisk_ari.line import names, recordings, referring, supervisors
from app.telephony.adapters.asterisk_ari.line.leg import Leg
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import EventType

NETWORK_OUT_OF_ORDER = 38
"""Q.850: nobody told why a channel that is not there any more has ended."""


class Sight(msgspec.Struct, frozen=True):
    """The channels of a switch at one moment, the bridges that they are in, which recordings do not go on (any more)
    of those that should, the bridges that hold no channel, the recordings of ours that are complete, and whether the
    phones hold of which that is known: those in conversations."""

    channels: dict[str, Channel]
    rooms: dict[str, str]
    finished: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()
    holding: Mapping[str, bool] = MappingProxyType({})

    @property
    def talking(self) -> frozenset[str]:
        """The channels that hear everybody else of their call."""
        return frozenset(channel for channel, room in self.rooms.items() if names.talks(room) is not None)


def resumed(line: Line, there: Sight, now: float) -> list[Action]:
    """What follows for a call that was known: ends and answers that were not told, and what may not have been done."""
    # a caller who is gone waits for nobody, nor is one left to a number that is gone as well, and was only consulted
    consulted = [leg.id for leg in line.legs.values() if leg.role == names.PARTY and not (leg.handed or leg.flow)]
    known = [each for each in dict.fromkeys((line.caller, *consulted, *line.legs)) if each is not None]
    done = [one for each in sorted(there.finished) if line.records(each) for one in line.take(recorded(each, now), now)]
    done += [one for each in known if each not in there.channels for one in line.take(_ended(each, now), now)]
    for leg in list(line.legs.values()):
        done += answered(line, leg, there, now) or supervisors.heard_again(line, leg, there.rooms)
        done += held(line, leg, there, now)
    done += [one for leg in tapes(line) for one in recordings.begun(line, leg)]
    done += [*_ended_again(line, there), *_asked_again(line, there, now)]
    return done if line.over else [*done, *referring.undecided(line, now)]


def left_over(there: Sight, lines: Iterable[Line]) -> list[Request]:
    """The empty bridges of ours that none of these, all that there are, will delete once it has ended."""
    needed = set()
    for line in lines:
        needed.add(names.bridge(line.call))
        needed |= {names.spying(leg.name) for leg in line.legs.values() if leg.role == names.SPY}
    return [requests.no_bridge(each) for each in sorted(there.empty - needed) if names.is_bridge(each)]


def tapes(line: Line) -> list[Leg]:
    """The channels that hear the customer for a recording."""
    return [each for each in line.legs.values() if each.role == names.TAPE and each.up and not each.withdrawn]


def answered(line: Line, leg: Leg, there: Sight, now: float) -> list[Action]:
    """A leg that has come to us while nobody looked."""
    channel = there.channels.get(leg.id)
    if leg.up or channel is None or channel.state != "Up" or channel.dialplan.app_name != "Stasis":
        return []
    return line.take(Event(type="StasisStart", timestamp=timestamp(now), channel=channel), now)


def held(line: Line, leg: Leg, there: Sight, now: float) -> list[Action]:
    """A phone that has held, or holds no more, since nobody looked."""
    holds = there.holding.get(leg.id, leg.holds)
    if holds == leg.holds:
        return []
    kind = "ChannelHold" if holds else "ChannelUnhold"
    return line.take(Event(type=kind, timestamp=timestamp(now), channel=Channel(id=leg.id)), now)


def _ended_again(line: Line, there: Sight) -> list[Action]:
    """Hang-ups that may not have got through; a phone that has joined two may wait for its second call to end."""
    left = [leg for leg in line.legs.values() if (line.over or leg.withdrawn) and leg.id in there.channels]
    return [referring.hang_up(leg, referring.ENDS_SECONDS) for leg in left]


def _asked_again(line: Line, there: Sight, now: float) -> list[Action]:
    if line.over or line.caller is None:
        return []
    sent_on = any(leg.role == names.PARTY and (leg.flow or leg.handed) for leg in line.legs.values())
    if line.caller in line.together:
        return _joined_again(line, there, sent_on)
    talk = names.bridge(line.call)
    apart: list[Action] = [requests.part(talk, line.caller)] if there.rooms.get(line.caller) == talk else []
    done = [*apart, *_joined_again(line, there, sent_on)]
    on_hold = line.held or line.left_on_hold  # maybe by the number that they were sent to
    if line.messages or (sent_on and not on_hold):
        return done
    line.answered = there.channels[line.caller].state == "Up"
    if on_hold:
        return [*done, *line.play_music()]
    line.music, line.perhaps_music = False, True
    if line.player.script is not None:
        return [*done, *line.player.stop(), Told(type=EventType.SCRIPT_LOST, at=now)]
    return [*done, *line.waits()]


def _joined_again(line: Line, there: Sight, sent_on: bool) -> list[Action]:
    """Who is not in the bridge, but in another one or none, has not got there; then nor did what comes before it, so
    that they would hear beside the others what they have heard until now."""
    talk = names.bridge(line.call)
    missing = sorted(each for each in line.together if there.rooms.get(each) != talk)
    if not missing:
        return []
    heard: list[Action] = []
    if line.direction == "outbound":
        heard += [requests.no_ringback(each) for each in missing if each in line.legs]
    if line.caller is not None and line.caller in missing:
        heard += [requests.no_ringback(line.caller)] if sent_on else []
        heard += [requests.no_music(line.caller)]
        heard += [requests.answer(line.caller)] if there.channels[line.caller].state != "Up" else []
    return [*heard, requests.bridge(talk), requests.join(talk, *missing)]


def _ended(channel: str, now: float) -> Event:
    ended = Channel(id=channel)
    return Event(type="ChannelDestroyed", timestamp=timestamp(now), channel=ended, cause=NETWORK_OUT_OF_ORDER)


def recorded(name: str, now: float) -> Event:
    """A recording has ended while nobody looked."""
    tape = Recording(name=name, state=recordings.UNSEEN)
    return Event(type="RecordingFinished", timestamp=timestamp(now), recording=tape)


def timestamp(at: float) -> str:
    """An instant as Asterisk writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat()
