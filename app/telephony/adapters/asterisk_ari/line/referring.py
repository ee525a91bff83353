"""Transfers that a phone asks for itself (REFER). Asterisk tells of them and does nothing (`ari-only`). Pure.

Blind, it is the agent's wish to the floor, which decides as if it were a command at the screen. Attended, the agent has
called somebody at their phone before: the caller and that partner are joined, and the agent is out of both calls. So is
a supervisor who is heard by the caller.
"""

import re
from typing import NamedTuple, Protocol

from app.telephony.adapters.asterisk_ari.actions import Action, Later, Referred, Request, Told, Wake
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event
from app.telephony.adapters.asterisk_ari.line import names
from app.telephony.adapters.asterisk_ari.line.leg import Leg
from app.telephony.adapters.asterisk_ari.line.moments import LINGER, LINGER_SECONDS
from app.telephony.events import EventType

LEAVES_SECONDS = 1.0
"""After that a phone whose transfer was done is hung up on, if it has not done so itself."""

ENDS_SECONDS = 1.0
"""A channel that is about to end is gone after that."""

JOINED_SECONDS = 10.0
"""After that a phone that has joined two is hung up on, also where it could not be told so."""

PATIENCE = "refer."
PATIENCE_SECONDS = 20.0
"""How long a phone waits for what becomes of its wish; after that nothing does."""

UNDECIDED = PATIENCE + "undecided"
UNDECIDED_SECONDS = 5.0
"""How long a phone may go on waiting after a gap: for what a process that is no more may have had ordered for it, and
for what is told meanwhile of a wish that is younger than the gap."""

DUE = PATIENCE + "due."
"""Of a phone, by its channel, that is told now what became of its wish."""

ANSWERED, UNAVAILABLE = "channel_answered", "channel_unavailable"

TRANSFERRED = "transferred"
REFERRED = "refer"
"""Stands for the order of a leg that came into a call in this way."""

_USER = re.compile(r"(?:sips?:)?([^@;>]+)")


class Line(Protocol):
    """What is needed of a call here; see `line.Line`."""

    call: str
    caller: str | None
    contact: str
    held: bool
    holder: str
    over: bool
    legs: dict[str, Leg]
    together: set[str]

    def told(self, kind: str, leg: Leg, at: float, cause: str | None = None) -> Told:
        """News of a leg."""

    def bring_together(self, *channels: str) -> list[Action]:
        """Let these hear each other."""

    def drop(self, leg: Leg, why: str) -> list[Action]:
        """End a leg ourselves."""

    def others(self, leaving: str | None = None) -> list[Leg]:
        """The legs that are a reason for the call to go on when `leaving` (a channel) is gone."""

    def nobody_left(self) -> list[Action]:
        """What is to be done once the last channel is gone."""


class Joined(NamedTuple):
    """What a transfer after a call at the phone leads to: for the caller's call, and for the call with the partner."""

    here: list[Action]
    there: list[Action]


def refused(channel: str) -> list[Request]:
    """Tell a phone that nothing comes of what it asked for."""
    return requests.transfer_progress(channel, UNAVAILABLE)


def hang_up(leg: Leg, late: float = JOINED_SECONDS) -> Action:
    """End a leg ourselves; that of a phone which is to be told something before, after so many seconds."""
    end = requests.hang_up(leg.id)
    return Later(late, end) if leg.due else end


def not_joined(line: Line, channel: str, now: float) -> list[Action]:
    """A phone that has named a second call, which may be about to end, is refused in a moment: see `answered`."""
    leg = line.legs.get(channel)
    if leg is None:
        return [Later(ENDS_SECONDS, each) for each in refused(channel)]
    leg.due = UNAVAILABLE
    return [Wake(now + ENDS_SECONDS, DUE + channel)]


def asked(line: Line, event: Event, now: float) -> list[Action]:
    """A phone on this call wants the other side to go elsewhere. Into a call that is not known here it cannot."""
    source = event.subject
    if source is None:
        return []
    own, target = line.legs.get(source.id), _target(event)
    if own is not None and (own.referring or own.withdrawn or own.due):
        return []  # see `joined`
    if own is None or own.talker is None or not own.up or target is None or not line.contact:
        named = event.refer_to.destination_channel if event.refer_to else None
        return list(refused(source.id)) if named is None else not_joined(line, source.id, now)
    own.referring, own.undecided = f"{source.id}:{event.at:.3f}", False
    wish = Referred(contact=line.contact, agent=own.talker, target=target, channel=source.id, key=own.referring)
    return [wish, Wake(now + PATIENCE_SECONDS, PATIENCE + own.referring)]


def waits(line: Line, referred: Referred) -> bool:
    """Whether the phone still waits for what becomes of this wish."""
    own = line.legs.get(referred.channel)
    return own is not None and own.referring == referred.key


def undecided(line: Line, now: float) -> list[Action]:
    """Of a call after a gap, or that another process had in hand: nobody tells which phones wait for what they have
    asked that process for, or nobody. What it had ordered is given to us; after that they are told that nothing comes
    of it, which those that wait for nothing do not hear. A wish that is known here is decided on as any other."""
    phones = [leg for leg in line.legs.values() if leg.role in names.PHONES and leg.up and not leg.withdrawn]
    phones = [leg for leg in phones if not leg.referring]
    for leg in phones:
        leg.undecided = True
    return [Wake(now + UNDECIDED_SECONDS, UNDECIDED)] if phones else []


def dropped(line: Line, leg: Leg) -> list[Action]:
    """A phone that waits, or may do so, is to leave the call: for what it has asked for, or for something else, as is
    told."""
    if leg.due:
        return [hang_up(leg)]
    if leg.undecided:
        done = ANSWERED if leg.withdrawn == TRANSFERRED else UNAVAILABLE
        return [*requests.transfer_progress(leg.id, done), requests.hang_up(leg.id)]
    if leg.withdrawn == TRANSFERRED:
        return granted(line, leg)
    leg.referring = ""
    return [*refused(leg.id), requests.hang_up(leg.id)]


def granted(line: Line, leg: Leg) -> list[Action]:
    """Its phone is told, and out of the call at once; it is given time to hang up by itself, as phones do then."""
    leg.referring = ""
    return [*_done(leg.id), _out(line, leg), Later(LEAVES_SECONDS, requests.hang_up(leg.id))]


def answered(leg: Leg) -> list[Request]:
    """The second call of a phone that has joined two is gone there: now it is told.

    Not before: with each answer, and with the hang-up of a phone that has none yet, Asterisk (22.10) looks at the
    channel of the second call, to which it holds no reference (`ari_notify` in res_pjsip_refer.c); where that ends at
    the same time, it crashes with all its calls.
    """
    return _done(leg.answers) if leg.answers else []


def heard(line: Line, channel: str, state: str) -> list[Action]:
    """A phone has been told what became of its wish; one that has joined two is given time to hang up by itself."""
    leg = line.legs.get(channel)
    return _told(line, leg) if leg is not None and leg.due == state == ANSWERED else []


def _told(line: Line, leg: Leg) -> list[Action]:
    leg.due = ""
    return [Later(LEAVES_SECONDS, requests.hang_up(leg.id))] if leg.withdrawn or line.over else []


def _done(channel: str) -> list[Request]:
    return requests.transfer_progress(channel, ANSWERED)


def _out(line: Line, leg: Leg) -> Request:
    line.together.discard(leg.id)
    return requests.part(names.bridge(line.call), leg.id)


def declined(line: Line, referred: Referred) -> list[Action]:
    """The floor does not want it: the agent stays where they are."""
    return _given_up(line, [referred.channel]) if waits(line, referred) else []


def not_ordered(line: Line, agent: str | None) -> list[Action]:
    """The floor wanted it, and the switch cannot do it."""
    return _given_up(line, [leg.id for leg in line.legs.values() if agent and leg.talker == agent and leg.referring])


def overdue(line: Line, token: str) -> list[Action]:
    """Nobody has said in time what becomes of it; or a phone is due to be told."""
    if token.startswith(DUE):
        leg = line.legs.get(token.removeprefix(DUE))
        return [*requests.transfer_progress(leg.id, leg.due), *_told(line, leg)] if leg is not None and leg.due else []
    if token == UNDECIDED:
        return _given_up(line, [leg.id for leg in line.legs.values() if leg.undecided and not leg.withdrawn])
    return _given_up(
        line, [leg.id for leg in line.legs.values() if leg.referring and token == PATIENCE + leg.referring]
    )


def _given_up(line: Line, channels: list[str]) -> list[Action]:
    for each in channels:
        line.legs[each].referring, line.legs[each].undecided = "", False
    return [one for each in channels for one in refused(each)]


def joined(line: Line, other: Line, event: Event, agent: str | None, now: float) -> Joined:
    """The caller of `line` and whom the agent has called in `other`; `agent` is who that is, if it is one."""
    source, partner = event.subject, event.refer_to.connected_channel if event.refer_to else None
    own = line.legs.get(source.id) if source is not None else None
    if source is None or (own is not None and (own.referring or own.due or own.withdrawn == TRANSFERRED)):
        return Joined([], [])  # one answer is read for all that the phone waits for: it is that of what came first
    if own is None or own.talker is None or line.caller is None or partner is None or not _talks(other, partner):
        return Joined(not_joined(line, source.id, now), [])
    if line is other or own.withdrawn or _held_by_another(line, own):
        return Joined(not_joined(line, source.id, now), [])
    own.withdrawn, own.due, own.undecided = TRANSFERRED, ANSWERED, False
    leg = _as_leg(line, own.talker, partner, agent)
    here = [
        line.told(EventType.ESTABLISHED, leg, event.at),
        line.told(EventType.TRANSFERRED, own, event.at),
        *line.bring_together(line.caller, partner.id),
        _out(line, own),
        *([] if _second(other, event, own.id) else [Wake(now + ENDS_SECONDS, DUE + own.id)]),
        Later(JOINED_SECONDS, requests.hang_up(own.id)),
    ]
    return Joined(here, _left(other, partner.id, event.at, now))


def _held_by_another(line: Line, own: Leg) -> bool:
    """Whether the caller would be taken off hold who is somebody else's to take back, into what they are not to hear.
    Who holds them is not known of a call that another process had in hand: it may be anybody who is there."""
    there = {leg.id for leg in line.others(own.id) if leg.up}
    return line.held and bool(there & {line.holder} if line.holder in line.legs else there)


def _as_leg(line: Line, by: str, partner: Channel, agent: str | None) -> Leg:
    """The partner as a party of the caller's call; with one at a number it ends."""
    role = names.PARTY if agent is None else names.AGENT
    name = names.Name(line.call, role, REFERRED, agent or "")
    handed = by if agent is None else None
    leg = Leg(name, partner.address, up=True, rang=True, handed=handed, channel=partner.id)
    line.legs[partner.id] = leg
    return leg


def _second(other: Line, event: Event, source: str) -> bool:
    """Whether the phone's channel of its second call, to the partner, is still there. That of one between phones is
    its caller, and one of its legs from now on: the call waits for its end."""
    asking = event.refer_to.destination_channel if event.refer_to else None
    if asking is None:
        return False
    if asking.id == other.caller:
        name = names.Name(other.call, names.PARTY, REFERRED)
        other.legs[asking.id] = Leg(name, asking.address, up=True, channel=asking.id)
    leg = other.legs.get(asking.id)
    if leg is not None:
        leg.answers = source
    return leg is not None


def _talks(other: Line, partner: Channel) -> bool:
    return not other.over and partner.id in other.together


def _left(other: Line, partner: str, at: float, now: float) -> list[Action]:
    """The agent's own call to the partner is over, but not the partner's part in it. What is recorded of it still
    comes, as at the end of every call."""
    other.legs.pop(partner, None)
    spared = {leg.id for leg in other.legs.values() if leg.due}
    rest = [each for each in dict.fromkeys((other.caller, *other.legs)) if each not in (None, partner, *spared)]
    other.over, other.caller = True, None
    ended = [Told(type=EventType.CLEARED, at=at, cause=TRANSFERRED)] if other.contact else []
    hang_ups = [requests.hang_up(each) for each in rest if each]
    return [*ended, *hang_ups, *other.nobody_left(), Wake(now + LINGER_SECONDS, LINGER)]


def _target(event: Event) -> str | None:
    """What was dialled, of an address or alone; None where another call is meant, or nothing."""
    if event.refer_to is None or event.refer_to.destination_channel is not None:
        return None
    wanted = event.refer_to.requested_destination
    text = wanted.get("destination") if isinstance(wanted, dict) else wanted
    found = _USER.match(text) if isinstance(text, str) else None
    return found[1] if found else None
