"""Calls that a process which is no more had in hand: what their channels and bridges say of them, and what follows.
Pure."""

from collections.abc import Callable, Container, Iterable, Mapping
from types import MappingProxyType

from app.telephony.adapters.asterisk_ari.actions import Action, Told
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event
from app.telephony.adapters.asterisk_ari.gaps.resuming import Sight, answered, held, recorded, tapes, timestamp
from app.telephony.adapters.asterisk_ari.line import names, outcomes, referring, sent_on, supervisors
from app.telephony.adapters.asterisk_ari.line.leg import Leg, Setup
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.adapters.asterisk_ari.line.phone_calls import DIALLED, PrivateCall
from app.telephony.adapters.asterisk_ari.line.recordings import begun, tape_of
from app.telephony.adapters.asterisk_ari.line.referring import REFERRED
from app.telephony.events import EventType
from app.telephony.port import KnownCall, KnownRecording

TALKERS = (names.AGENT, names.CUSTOMER, names.PARTY)
FLOW = "flow-"
"""How the order of a leg begins to which a flow sent the caller."""

NOTHING: Mapping[str, KnownCall] = MappingProxyType({})
Whose = Callable[[Channel], str | None]
"""Tells whose phone a channel is at, if it is an agent's."""


def nobodys(channel: Channel) -> None:
    """No phone is an agent's."""


def adopted(
    setup: Setup,
    there: Sight,
    known: Container[str],
    now: float,
    believed: Mapping[str, KnownCall] = NOTHING,
    whose: Whose = nobodys,
    recordings: Iterable[KnownRecording] = (),
) -> list[tuple[Line, list[Action]]]:
    """The calls of ours that nobody here knows, and what follows for each; `known` are the channels of others,
    `believed` the calls that the floor holds to be alive, `recordings` those that it knows of, with their pauses."""
    agents = {leg.id: leg.agent for each in believed.values() for leg in each.legs}
    holding = {leg.id for each in believed.values() for leg in each.legs if leg.held}
    calls: dict[str, list[Channel]] = {}
    for channel in there.channels.values():
        call = None if channel.id in known else _call_of(channel, setup.app, there)
        if call is not None:
            calls.setdefault(call, []).append(channel)
    found = []
    for call, channels in calls.items():
        line = _line(setup, call, channels, call in believed)
        for channel in channels:
            _place(line, channel, there, lambda it: agents.get(it.id) or whose(it))
        line.pauses.update({each.id: list(each.pauses) for each in recordings if each.call == call})
        _known_to_hold(line, there, holding)
        if call in believed:
            _left(line, believed[call], there)
            _left_with(line, believed[call])
        private = isinstance(line, PrivateCall)
        found.append((line, _private(line, there, now) if private else _news(line, there, holding, now)))
    return found


def left_behind(line: Line, known: KnownCall, now: float) -> list[Action]:
    """The parties and supervisors whom the floor believes on an adopted call, and who are not there; and what becomes
    of a caller whom one of them had for the floor. Numbers come first: an agent who seems to go before one that they
    consulted has the caller left to it, who would be there alone."""
    missing = [leg for leg in known.legs if leg.id not in line.legs and leg.id != line.caller]
    missing.sort(key=lambda leg: leg.agent is not None)
    gone = sent_on.left_unseen(line, missing, now, waits=known.waits)
    left = supervisors.left_unseen(line, known.supervisors, now)
    line.number_gone = known.away and sent_on.with_supervisors(line)
    if not known.away or line.caller is None or line.others():
        return [*gone, *left, *(line.perhaps_alone() if left else [])]
    return [*gone, *left, *sent_on.lost_unseen(line, now)]


def _left(line: Line, known: KnownCall, there: Sight) -> None:
    """Who has left, and only was not hung up on any more, does not come back."""
    for leg in line.legs.values():
        if leg.id in known.left:
            leg.withdrawn, leg.up = outcomes.DROPPED, leg.up or _in_hand(leg, there)
            line.together.discard(leg.id)


def _left_with(line: Line, known: KnownCall) -> None:
    """With whom a caller was left, at a number that was consulted, the call ends; not with who is beside one who waits
    for an agent."""
    if known.waits:
        sent_on.with_nobody(line)
    for leg in line.legs.values():
        if leg.role == names.PARTY and (known.away or leg.id == known.left_to):
            leg.handed = leg.handed or REFERRED


def _known_to_hold(line: Line, there: Sight, holding: Container[str]) -> None:
    """Whose phones the floor believes to hold; of a supervisor's it does not say, so that it is told in any case. While
    the caller is apart it believes it of who holds them by command: then it is not told what the phones do."""
    for leg in line.legs.values():
        if leg.id not in there.holding:
            continue
        if line.caller not in line.together:
            leg.holds = there.holding[leg.id]
        else:
            leg.holds = not there.holding[leg.id] if leg.role == names.LISTENER else leg.id in holding


# -- whose a channel is


def _call_of(channel: Channel, app: str, there: Sight) -> str | None:
    """The call that a channel belongs to: the one that it was brought into, or else its own."""
    into = names.talks(there.rooms.get(channel.id, ""))
    if into is not None:
        return into
    name = names.read(channel.id)
    if name is not None:
        return name.call
    return channel.id if _came(channel, app, "inbound") or _came(channel, app, "phone") else None


def _came(channel: Channel, app: str, what: str) -> bool:
    """Whether a channel came to us by the dialplan, from outside or from a phone."""
    plan = channel.dialplan
    return plan.app_name == "Stasis" and plan.app_data.startswith(f"{app},{what}")


def _line(setup: Setup, call: str, channels: list[Channel], believed: bool) -> Line:
    """The call, with nobody on it yet. What an agent has dialled is a call to a colleague where nothing says that it is
    one to a customer."""
    read = [name for each in channels if (name := names.read(each.id)) is not None and name.call == call]
    dialled = {name.role for name in read if name.order == DIALLED}
    phone = next((each for each in channels if each.id == call and _came(each, setup.app, "phone")), None)
    if names.PARTY in dialled or (phone is not None and names.CUSTOMER not in dialled and not believed):
        return PrivateCall(setup, call)
    line = Line(setup, call)
    if phone is not None or any(name.role == names.CUSTOMER for name in read):
        line.direction = "outbound"
        line.contact = "" if phone is not None or dialled else call
    return line


def _place(line: Line, channel: Channel, there: Sight, whose: Whose) -> None:
    """A channel, where it belongs on the call."""
    name, up, bridged = names.read(channel.id), channel.state == "Up", channel.id in there.rooms
    leg: Leg | None = None
    if channel.id == line.call:
        leg = _first(line, channel, bridged, whose)
    elif name is None or name.call != line.call:
        leg = _brought(line, channel, whose(channel))
    elif name.role == names.CUSTOMER and up and not isinstance(line, PrivateCall):
        line.caller, line.answered = channel.id, True
    else:
        leg = _leg(line, channel, name, bridged)
    if leg is not None:
        line.legs[channel.id] = leg
    if bridged and (leg is None or leg.role in TALKERS):
        line.bridged = True
        line.together.add(channel.id)


def _first(line: Line, channel: Channel, bridged: bool, whose: Whose) -> Leg | None:
    """With whom the call began: a caller, or an agent at the phone who has called a customer."""
    if line.direction == "inbound":
        line.caller, line.answered = channel.id, channel.state == "Up"
        line.from_, line.to = channel.caller.number or None, channel.dialplan.exten or None
        return None
    line.to = channel.dialplan.exten or None
    name = names.Name(line.call, names.AGENT, DIALLED, whose(channel) or "")
    return Leg(name, channel.address, up=bridged, rang=True, channel=channel.id)


def _brought(line: Line, channel: Channel, agent: str | None) -> Leg:
    """Somebody whom an agent has called before, and handed the caller to from the phone."""
    name = names.Name(line.call, names.PARTY if agent is None else names.AGENT, REFERRED, agent or "")
    handed = REFERRED if agent is None else None
    return Leg(name, channel.address, up=True, rang=True, handed=handed, channel=channel.id)


def _leg(line: Line, channel: Channel, name: names.Name, bridged: bool) -> Leg:
    """Somebody for whom an order made a channel."""
    flow = name.role == names.PARTY and name.order.startswith(FLOW)
    here = channel.state == "Up" and (bridged or name.role in (names.SPY, names.TAPE))
    handed = name.who or None if name.role == names.PARTY else None
    if name.order == DIALLED and name.role == names.PARTY:
        handed = DIALLED
    if name.role == names.TAPE:
        line.tapes[names.tape(line.call, channel.created, name.who)] = channel.created
    return Leg(name, channel.address, up=here, rang=True, flow=flow, handed=handed, channel=channel.id)


# -- what follows


def _news(line: Line, there: Sight, holding: Container[str], now: float) -> list[Action]:
    line.bridged = line.bridged or names.bridge(line.call) in there.empty
    supervisors.found(line, there.talking)
    if _pointless(line):
        line.over = True
        return [*_ended(line, there), Told(type=EventType.CLEARED, at=now, cause=outcomes.DROPPED)]
    talking = [leg for leg in line.legs.values() if leg.up and leg.role in TALKERS and not leg.withdrawn]
    line.held = _on_hold(line, holding)
    line.ringing = sent_on.away(line) and line.caller not in line.together and not line.held
    line.perhaps_music = line.caller not in line.together
    line.holder = _holder(line, holding) if line.held else ""
    told = [*_offered(line, now), *_taped(line, there, now)]
    told += [line.told(EventType.ESTABLISHED, leg, now) for leg in talking]
    told += [one for leg in list(line.legs.values()) for one in held(line, leg, there, now)]
    for leg in list(line.legs.values()):
        told += [requests.hang_up(leg.id)] if leg.withdrawn else _come(line, leg, there, now)
    told += [*line.for_nobody(), *referring.undecided(line, now)]
    if line.held or line.together or line.caller is None:
        return told
    return [*told, Told(type=EventType.SCRIPT_LOST, at=now)]


def _on_hold(line: Line, holding: Container[str]) -> bool:
    """Whether somebody holds the caller who is apart from those who are there; while a number rings to which they were
    sent it may be that they hear, unless the floor knows who holds them."""
    there = [leg.id for leg in line.others() if leg.up]
    apart = bool(there) and line.caller not in line.together
    return apart and (not sent_on.away(line) or any(each in holding for each in there))


def _holder(line: Line, holding: Container[str]) -> str:
    """By whom the caller is on hold, where the floor believes that of one alone of those who are there."""
    who = [leg.id for leg in line.others() if leg.up and leg.id in holding]
    return who[0] if len(who) == 1 else ""


def _pointless(line: Line) -> bool:
    """Whether nobody is left for whom it would go on, nobody was called yet, or nobody knows who has called them."""
    phone = line.legs.get(line.call)
    customer = line.caller is not None or any(leg.role == names.CUSTOMER for leg in line.legs.values())
    return not customer or (phone is not None and not phone.agent)


def _offered(line: Line, now: float) -> list[Action]:
    """Who the call began with, and that a customer whom we have called is there."""
    phone = line.legs.get(line.call)
    if phone is not None:
        told: list[Action] = [line.told(EventType.OFFERED, phone, now)]
    else:
        told = [Told(type=EventType.OFFERED, at=now, leg_id=line.caller)] if line.caller else []
    if line.caller is not None and line.direction == "outbound":
        told.append(Told(type=EventType.ESTABLISHED, at=now, leg_id=line.caller))
    return told


def _come(line: Line, leg: Leg, there: Sight, now: float) -> list[Action]:
    """Somebody who does not hear the others yet. An agent who has dialled has come to us long ago, and hears that it
    rings."""
    if leg.up or leg.id != line.call:
        came = answered(line, leg, there, now)
    else:
        channel = there.channels[leg.id]
        picked_up = [] if channel.state == "Up" else [requests.answer(channel.id)]
        start = Event(type="StasisStart", timestamp=timestamp(now), channel=channel)
        came = [*picked_up, *line.take(start, now)]
    heard_ringing = came and leg.agent and line.direction == "outbound" and line.caller is not None
    return [requests.no_ringback(leg.id), *came] if heard_ringing else came


def _private(line: Line, there: Sight, now: float) -> list[Action]:
    """What nobody else needs to know of: with whom only one is left it is over."""
    line.over = line.caller is None
    line.ringing = sent_on.away(line) and line.caller not in line.together
    line.bridged = line.bridged or names.bridge(line.call) in there.empty
    if line.caller is None or not line.legs:
        return _ended(line, there)
    return [one for leg in list(line.legs.values()) for one in answered(line, leg, there, now)]


def _ended(line: Line, there: Sight) -> list[Action]:
    """Everybody is hung up on."""
    for leg in line.legs.values():
        leg.up = leg.up or _in_hand(leg, there)
    return line.end()


def _in_hand(leg: Leg, there: Sight) -> bool:
    """Whether a channel has come to us; then its end is told as such."""
    return there.channels[leg.id].dialplan.app_name == "Stasis"


def _taped(line: Line, there: Sight, now: float) -> list[Action]:
    """Recordings that have ended while nobody looked, or were never begun."""
    done = [one for each in sorted(there.stored) if line.records(each) for one in line.take(recorded(each, now), now)]
    for leg in tapes(line):
        name = tape_of(line, leg.name.who)
        if name in there.finished:
            done.append(requests.record(leg.id, name))
        elif name is not None:
            done += begun(line, leg)
    return done
