"""What follows where the switch does not take a request that is about no leg of its own. Pure."""

from typing import Protocol

from app.telephony.adapters.asterisk_ari.actions import Action, Request, Told
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.line import recordings
from app.telephony.adapters.asterisk_ari.line.leg import Leg
from app.telephony.events import EventType


class Line(recordings.Line, Protocol):
    """What is needed of a call here; see `line.Line`."""

    held: bool

    def bring_together(self, *channels: str) -> list[Action]:
        """Let these hear each other."""

    def told(self, kind: str, leg: Leg, at: float, cause: str | None = None) -> Told:
        """News of a leg."""


def follow(line: Line, request: Request, status: int, now: float) -> list[Action]:
    """What is done about it; nothing where it speaks of something that is gone, whose end is told as well."""
    again: list[Action] = list(requests.one_by_one(request))
    if status in request.settled:
        return again
    if request.path.endswith("/record"):
        return recordings.not_begun(line, str(request.query["name"]), now)
    if request.pause is not None:
        return recordings.pause_refused(line, request.pause, request.vital, now)
    return [*again, *(_not_held(line, now) if request.vital and line.held else [])]


def _not_held(line: Line, now: float) -> list[Action]:
    """A caller who cannot be parted from the others, or would hear nothing, stays with them."""
    if line.over or line.caller is None:
        return []
    agents = [leg for leg in line.legs.values() if leg.agent and leg.up and not leg.withdrawn]
    back = line.bring_together(line.caller, *(leg.id for leg in agents))
    return [*back, *(line.told(EventType.RETRIEVED, leg, now) for leg in agents)]
