"""Callers who are sent to a number: who has nobody else hears that it rings there, and who has talks on with them until
it comes to both. Pure."""

from collections.abc import Sequence
from typing import Protocol

from app.telephony.adapters.asterisk_ari.actions import Action, Told
from app.telephony.adapters.asterisk_ari.ari.events import Event
from app.telephony.adapters.asterisk_ari.line import names, outcomes
from app.telephony.adapters.asterisk_ari.line.leg import Leg
from app.telephony.adapters.asterisk_ari.line.referring import REFERRED, TRANSFERRED
from app.telephony.events import EventType
from app.telephony.port import KnownLeg


class Line(Protocol):
    """What is needed of a call here; see `line.Line`."""

    caller: str | None
    held: bool
    number_gone: bool
    holder: str
    ringing: bool
    together: set[str]
    legs: dict[str, Leg]
    done: int

    def told(self, kind: str, leg: Leg, at: float, cause: str | None = None) -> Told:
        """News of a leg."""

    def bring_together(self, *channels: str) -> list[Action]:
        """Let these hear each other."""

    def put_on_hold(self, held: bool = True) -> list[Action]:
        """The customer hears music apart from the others."""

    def ringback(self) -> list[Action]:
        """The customer hears that somebody is rung for them."""

    def no_ringback(self) -> list[Action]:
        """End of that."""

    def drop(self, leg: Leg, why: str) -> list[Action]:
        """End a leg ourselves."""

    def others(self, leaving: str | None = None) -> list[Leg]:
        """The legs that are a reason for the call to go on when `leaving` (a channel) is gone."""

    def waits(self, now: float | None = None) -> list[Action]:
        """The customer waits."""

    def perhaps_alone(self) -> list[Action]:
        """A customer whom the last other one has left hears music."""

    def end(self) -> list[Action]:
        """Hang up on everybody."""


def away(line: Line) -> bool:
    """Whether a number is rung to which the caller was sent: they hear that, and not that they wait."""
    return any(_sent_to(leg) and not leg.up for leg in line.others())


def left_there(line: Line, own: Leg) -> bool:
    """Whether an agent who has gone was the last one of a caller who is with a number to which they were sent, or to
    whom it comes yet: they go on there, whoever has sent them, and however the agent has gone."""
    return own.up and own.withdrawn != TRANSFERRED and any(_sent_to(leg) for leg in _without_agents(line, own.id))


def _without_agents(line: Line, leaving: str | None = None) -> list[Leg]:
    """The others of a caller who has no agent on the call."""
    others = line.others(leaving)
    return [] if line.caller is None or any(leg.agent and leg.up for leg in others) else others


def alone_there(line: Line, leaving: str | None = None) -> bool:
    """Whether the caller is with nobody but a number to which they were sent, or that is rung for them."""
    others = _without_agents(line, leaving)
    return any(_sent_to(leg) for leg in others) and not any(leg.role == names.LISTENER for leg in others)


def left(line: Line, own: Leg, to: str) -> list[Action]:
    """An agent leaves the caller, who is to come to somebody else (by the order `to`): while others are there they are
    with those, also if the agent alone has held them; else whoever was still rung for this talk is so no longer."""
    others = [leg for leg in line.others(own.id) if leg.name.order != to]
    there = {leg.id for leg in others if leg.up}
    if not there:
        rung = [one for leg in others for one in line.drop(leg, outcomes.WITHDRAWN)]
        return [*rung, *line.put_on_hold(held=False)]
    if line.held and line.caller is not None and line.holder not in there:
        return line.bring_together(line.caller)
    return []


def with_nobody(line: Line, leaving: str | None = None) -> None:
    """No agent stays, and the caller waits for one of ours: whoever is at a number beside them is not whom they were
    left to, with whom the call would end."""
    for leg in _without_agents(line, leaving):
        leg.handed, leg.flow = None, False


def rings(line: Line, own: Leg) -> list[Action]:
    """What a caller hears whom an agent who leaves has sent to a number."""
    return [] if any(leg.up for leg in line.others(own.id)) else line.ringback()


def answers(line: Line, leg: Leg, event: Event) -> list[Action]:
    """Somebody at a number comes into the call; a caller whom somebody holds hears them later."""
    apart = line.held or line.caller is None
    together = line.bring_together(leg.id) if apart else line.bring_together(line.caller or "", leg.id)
    return [*together, line.told(EventType.ESTABLISHED, leg, event.at)]


def lost(line: Line, leg: Leg, cause: str, at: float) -> list[Action]:
    """Whoever was at a number is gone. A caller who was sent there leaves with them, or comes back if nobody was
    reached, unless they have been sent on since."""
    news = line.told(EventType.CONNECTION_CLEARED if leg.up else EventType.FAILED, leg, at, cause)
    if not _sent_to(leg) or line.caller is None:
        return [news, *line.perhaps_alone()]
    if leg.up:
        line.number_gone = with_supervisors(line)
        return [news, *(line.perhaps_alone() if line.others() else line.end())]
    if leg.withdrawn or away(line):
        return [news]
    return [news, *_back(line, cause, at, leg.handed)]


def left_unseen(line: Line, gone: Sequence[KnownLeg], at: float, *, waits: bool = False) -> list[Action]:
    """These have gone while nobody looked. The last agent who had talked has left the caller to the number where they
    are, or to which they go, as whoever is seen to go, unless the caller `waits` for another: who was last nobody
    knows, and it is all the same. So is how a number has come with which they are alone by now, and for how long."""
    talked = [leg.id for leg in gone if leg.agent is not None and leg.talked and not waits]
    others = _without_agents(line) if talked else []
    supervised = any(leg.role == names.LISTENER for leg in others)
    for other in others:
        if other.role == names.PARTY and not supervised and line.together.issuperset((line.caller, other.id)):
            other.handed = other.handed or REFERRED
    talked = talked if any(_sent_to(leg) for leg in others) else []
    told: list[Action] = []
    for leg in gone:
        last = leg.id in talked[-1:]
        kind, cause = (EventType.TRANSFERRED, None) if last else (EventType.CONNECTION_CLEARED, outcomes.DROPPED)
        told.append(Told(type=kind, at=at, leg_id=leg.id, agent=leg.agent, cause=cause))
    if not talked:
        return told
    return [*told, *(line.bring_together(line.caller or "") if line.held else line.perhaps_alone())]


def with_supervisors(line: Line) -> bool:
    """Whether only supervisors are with the caller."""
    others = line.others()
    return bool(others) and all(leg.role == names.LISTENER for leg in others)


def left_by_all(line: Line, at: float) -> list[Action]:
    """The last supervisor has gone. A caller whom a number has left before has nobody any more, which the floor cannot
    know of one who was sent away."""
    if line.number_gone and not line.others():
        return _back(line, outcomes.DROPPED, at)
    return line.perhaps_alone()


def lost_unseen(line: Line, at: float) -> list[Action]:
    """Whoever was at the number to which the caller was sent, or left, and whom nobody here knows any more, has gone: a
    caller who is in a conversation with nobody has had one with them."""
    if line.caller in line.together:
        return line.end()
    line.ringing = True
    return _back(line, outcomes.DROPPED, at)


def _back(line: Line, cause: str, at: float, sent_by: str | None = None) -> list[Action]:
    details = {"script": line.done, "transfer": cause} | ({"agent": sent_by} if sent_by else {})
    back = Told(type=EventType.SCRIPT_DONE, at=at, details=details)
    return [*line.no_ringback(), back, *line.perhaps_alone(), *line.waits()]


def _sent_to(leg: Leg) -> bool:
    return leg.role == names.PARTY and bool(leg.handed or leg.flow)
