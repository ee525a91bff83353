"""Supervisors, who hear a call without being a party to it, each by a channel of their own that spies on a leg (snoop).
Pure."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from app.telephony.adapters.asterisk_ari.actions import Action, Told
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.ari.events import Event
from app.telephony.adapters.asterisk_ari.line import holding, names, outcomes, sent_on
from app.telephony.adapters.asterisk_ari.line.leg import JOINS, Leg, Setup
from app.telephony.adapters.asterisk_ari.line.referring import TRANSFERRED
from app.telephony.events import EventType
from app.telephony.port import KnownSupervisor

ROLES = (names.LISTENER, names.SPY, names.TAPE)


class Line(holding.Line, sent_on.Line, Protocol):
    """What is needed of a call here; see `line.Line`."""

    setup: Setup
    call: str
    over: bool
    spies: int

    def of_agent(self, agent: str | None) -> Leg | None:
        """The newest leg of an agent."""


def talker(line: Line, agent: str | None) -> Leg | None:
    """By what an agent is on the call: as one, or as a supervisor who is heard by everybody, since whoever takes a call
    over comes into it like that."""
    own = line.of_agent(agent)
    if own is not None and own.up and not own.withdrawn:
        return own
    ears = (leg for leg in line.legs.values() if leg.role == names.LISTENER and leg.name.who == agent)
    return next((leg for leg in ears if leg.speaks and not leg.withdrawn), own)


def listener_up(line: Line, leg: Leg, event: Event) -> list[Action]:
    """A supervisor's phone has answered."""
    return [*place(line, leg), _supervisor(EventType.SUPERVISOR_JOINED, leg, event.at)]


def place(line: Line, leg: Leg) -> list[Action]:
    """Bring a listener to what they are to hear: everybody (joining them), or one agent or the customer unheard."""
    if leg.mode == JOINS:
        return line.bring_together(leg.id)
    left = _goes_apart(line, leg)
    coached = talker(line, leg.handed) if leg.mode == "whisper" else None
    heard = coached.id if coached is not None else line.caller
    if heard is None:
        return left
    order = f"{leg.name.order}-{line.spies}"
    line.spies += 1
    spy = Leg(names.Name(line.call, names.SPY, order, leg.name.who), "", handed=leg.id)
    line.legs[spy.id] = spy
    return [*left, requests.snoop(heard, spy.id, line.setup.app, whisper=coached is not None)]


def _goes_apart(line: Line, leg: Leg) -> list[Action]:
    """Who was heard by everybody leaves the conversation, maybe to others whose phones hold."""
    if leg.id not in line.together:
        return []
    line.together.discard(leg.id)
    return holding.left(line)


def found(line: Line, talking: frozenset[str]) -> None:
    """Who listens to a call that another process had in hand: those among the `talking` have joined, and the others
    hear by the spies that were made for them."""
    for leg in [each for each in line.legs.values() if each.role == names.LISTENER]:
        if leg.id in talking:
            leg.mode = JOINS
            line.together.add(leg.id)
        for spy in line.legs.values():
            order, _, number = spy.name.order.rpartition("-")
            if spy.role == names.SPY and (order, spy.name.who) == (leg.name.order, leg.name.who):
                spy.handed = leg.id
                line.spies = max(line.spies, int(number) + 1 if number.isdecimal() else 0)


def replace(line: Line, leg: Leg, mode: str, coached: str) -> list[Action]:
    """A listener is to hear, or to be heard, in another way from now on."""
    leg.mode, leg.handed = mode, coached
    quiet = [one for spy in _spies_of(line, leg) for one in line.drop(spy, outcomes.WITHDRAWN)]
    return [*quiet, *(place(line, leg) if leg.up else [])]


def spy_up(line: Line, leg: Leg, event: Event) -> list[Action]:
    """What is spied can be heard: by its listener, in a room of their own."""
    listener = line.legs.get(leg.handed or "")
    return _in_a_room(leg, listener) if listener is not None else line.drop(leg, outcomes.WITHDRAWN)


def heard_again(line: Line, leg: Leg, rooms: Mapping[str, str]) -> list[Action]:
    """A spy and its listener who have not come together (`rooms`: the bridge that each channel is in): the listener
    would hear nothing, or be heard on by everybody."""
    listener = line.legs.get(leg.handed or "")
    if leg.role != names.SPY or not leg.up or leg.withdrawn or listener is None or listener.mode == JOINS:
        return []
    together = {rooms.get(leg.id), rooms.get(listener.id)} == {names.spying(leg.name)}
    return [] if together else _in_a_room(leg, listener)


def _in_a_room(leg: Leg, listener: Leg) -> list[Action]:
    room = names.spying(leg.name)
    return [requests.bridge(room), requests.join(room, leg.id, listener.id)]


def listener_lost(line: Line, leg: Leg, cause: str, at: float) -> list[Action]:
    """A supervisor has gone, or was not reached."""
    spies = [one for spy in _spies_of(line, leg) for one in line.drop(spy, outcomes.WITHDRAWN)]
    alone = sent_on.left_by_all(line, at) if leg.mode == JOINS else []
    handed_on = [line.told(EventType.TRANSFERRED, leg, at)] if _leaves_to_a_number(line, leg) else []
    return [*spies, *handed_on, _supervisor(EventType.SUPERVISOR_LEFT, leg, at, cause), *alone]


def _leaves_to_a_number(line: Line, leg: Leg) -> bool:
    """Whether the caller goes on with a number to which they were sent, as after an agent who was the last one: the
    floor, to whom this supervisor may have had them, would look for somebody else."""
    return leg.speaks and leg.withdrawn != TRANSFERRED and sent_on.alone_there(line, leg.id)


def left_unseen(line: Line, known: Iterable[KnownSupervisor], at: float) -> list[Action]:
    """Those of these supervisors who are not there have gone while nobody looked; the last may have left the caller to
    a number, as one who is seen to go."""
    gone = [each for each in known if each.id not in line.legs]
    last = gone[-1:] if sent_on.alone_there(line) else []
    handed_on = (Told(type=EventType.TRANSFERRED, at=at, leg_id=each.id, agent=each.supervisor) for each in last)
    return [*handed_on, *(_left_unseen(each, at) for each in gone)]


def _left_unseen(known: KnownSupervisor, at: float) -> Told:
    left, details = EventType.SUPERVISOR_LEFT, {"supervisor": known.supervisor}
    return Told(type=left, at=at, leg_id=known.id, cause=outcomes.DROPPED, details=details)


def spy_lost(line: Line, leg: Leg, cause: str, at: float) -> list[Action]:
    """The leg that was heard is over: its listener hears the customer instead, or goes where they were put anew."""
    listener = line.legs.get(leg.handed or "")
    gone: list[Action] = [requests.no_bridge(names.spying(leg.name))]
    if listener is None or leg.withdrawn or line.over:
        return gone
    if not leg.up:  # the switch could not make it, and would not the next time
        return [*gone, *line.drop(listener, outcomes.DROPPED)]
    return [*gone, *replace(line, listener, "listen", "")]


def _spies_of(line: Line, listener: Leg) -> list[Leg]:
    return [each for each in line.legs.values() if each.role == names.SPY and each.handed == listener.id]


def _supervisor(kind: str, leg: Leg, at: float, cause: str | None = None) -> Told:
    return Told(type=kind, at=at, leg_id=leg.id, cause=cause, details={"supervisor": leg.name.who})
