"""Phones that hold a call themselves: the switch plays music to who is alone with them, and only to them. Pure."""

from typing import Protocol

from app.telephony.adapters.asterisk_ari.actions import Action, Told
from app.telephony.adapters.asterisk_ari.ari.events import Event
from app.telephony.adapters.asterisk_ari.line import names
from app.telephony.adapters.asterisk_ari.line.leg import Leg
from app.telephony.events import EventType


class Line(Protocol):
    """What is needed of a call here; see `line.Line`."""

    caller: str | None
    held: bool
    holder: str
    left_on_hold: bool
    legs: dict[str, Leg]
    together: set[str]

    def bring_together(self, *channels: str) -> list[Action]:
        """Let these hear each other."""

    def put_on_hold(self, held: bool = True) -> list[Action]:
        """The customer hears music apart from the others."""

    def others(self, leaving: str | None = None) -> list[Leg]:
        """The legs that are a reason for the call to go on when `leaving` (a channel) is gone."""


def told(line: Line, channel: str, event: Event) -> list[Action]:
    """A phone holds, or holds no more."""
    leg = line.legs.get(channel)
    if leg is None or not leg.up:
        return []
    leg.holds = event.type == "ChannelHold"
    back = line.bring_together(line.caller or "") if _taken_back_by(line, leg) else []
    who = leg.name.who if leg.role == names.LISTENER else leg.talker  # what it means of a listener the floor knows
    if who is None or leg.withdrawn or (line.held and not leg.holds and line.holder in ("", leg.id)):
        return back  # by command they hold on, or may do so: who is shown to talk could not take them back
    kind = EventType.HELD if leg.holds else EventType.RETRIEVED
    return [*back, Told(type=kind, at=event.at, leg_id=leg.id, agent=who)]


def left(line: Line) -> list[Action]:
    """Somebody has left. Whose phone holds while others are there has the switch play no music, also once those have
    left: the caller would hear nothing."""
    there = [leg for leg in line.others() if leg.up]
    if line.caller not in line.together or not there or not all(leg.holds for leg in there):
        return []
    music = line.put_on_hold(held=False)
    line.left_on_hold = True
    return music


def taken_back(line: Line, own: Leg) -> list[Action] | None:
    """Somebody takes the caller back by command. Whose own phone holds gives them back to the others, if to anybody;
    None where the caller would hear nothing, since the phone's hold stands: they come back with its end, whoever held
    them by command, and may have gone since."""
    if own.holds and not any(leg.up and not leg.holds for leg in line.others(own.id)):
        line.held, line.left_on_hold = False, line.held or line.left_on_hold
        return None
    return line.bring_together(line.caller or "") if line.held or not own.holds else []


def _taken_back_by(line: Line, leg: Leg) -> bool:
    """Whether the caller comes back as this phone holds no more: also by command only who has this phone holds them,
    and consults nobody. Who does nobody knows after a restart: where several are there, they may be consulting."""
    if leg.holds or leg.withdrawn or not leg.speaks or line.caller is None:
        return False
    others = line.others(leg.id)
    alone = not others if line.holder == leg.id else not line.holder and not any(each.up for each in others)
    return line.left_on_hold or (line.held and alone)
