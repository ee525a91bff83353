"""Recorded calls, played to the pure half once more."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from app.telephony.adapters.asterisk_ari.actions import Action, Ended, Perform, Request, Told, Wake
from app.telephony.adapters.asterisk_ari.ari import events
from app.telephony.adapters.asterisk_ari.line.leg import Setup
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.adapters.asterisk_ari.line.orders import obey
from app.telephony.adapters.asterisk_ari.line.player import Media
from app.telephony.port import Refused, SwitchCommand

RECORDED = Path(__file__).parent / "recorded"
STORIES = tuple(sorted(path.stem for path in RECORDED.glob("*.jsonl")))
CALL = "1700000000.1"
ANNA = "1700000000~1.agent.main-1.anna"
SETUP = Setup(dial="PJSIP/{number}@carrier", caller_id="+8695555")
MISSING, PROMPT = Media("sound:there-is-none"), Media("sound:all-circuits-busy-now")


def recorded(story: str) -> list[dict[str, Any]]:
    """The lines of a story."""
    return [json.loads(line) for line in (RECORDED / f"{story}.jsonl").read_text().splitlines()]


class Replay:
    """A line, and all that came of what it was given."""

    def __init__(self) -> None:
        self.line = Line(SETUP, CALL, caller=CALL)
        self.line.from_, self.line.to = "13800001111", "4001"
        self.actions: list[Action] = []
        self.now = 0.0

    def play(self, lines: Iterable[dict[str, Any]]) -> "Replay":
        """Give it these lines, in this order."""
        for line in lines:
            self.give(line)
        return self

    def give(self, line: dict[str, Any]) -> list[Action]:
        """One line; what comes of it is kept, and given."""
        came = self._come_of(line)
        for each in list(came):
            if isinstance(each, Perform):
                came += self.line.perform(each.script, [(MISSING, PROMPT), (PROMPT,)], self.now)
        self.actions += came
        return came

    def _come_of(self, line: dict[str, Any]) -> list[Action]:
        if "order" in line:
            self.now = line["at"]
            obeyed = obey(self.line, SwitchCommand(line["key"], line["order"], self.now, line["data"]), self.now)
            return [] if isinstance(obeyed, Refused) else list(obeyed)
        if "refused" in line:
            self.now = line["at"]
            return list(self.line.refused(msgspec.convert(line["refused"], Request), line["status"], self.now))
        event = events.decode(json.dumps(line))
        self.now = event.at
        return list(self.line.take(event, event.at))

    @property
    def told(self) -> list[tuple[str, str | None, str | None]]:
        """What the floor is told: type, agent and cause."""
        return [(each.type, each.agent, each.cause) for each in self.actions if isinstance(each, Told)]

    @property
    def asked(self) -> list[str]:
        """What the switch is asked, as method and path."""
        return [f"{each.method} {each.path}" for each in self.actions if isinstance(each, Request)]

    @property
    def wakes(self) -> list[Wake]:
        """The instants that were asked for."""
        return [each for each in self.actions if isinstance(each, Wake)]

    def asked_when_woken(self) -> list[str]:
        """What the switch is asked once the last of these instants has come."""
        came = self.line.wake(self.wakes[-1].token, self.wakes[-1].at)
        return [f"{each.method} {each.path}" for each in came if isinstance(each, Request)]

    @property
    def ended(self) -> int:
        """How often it was said that nothing of the call is left."""
        return sum(isinstance(each, Ended) for each in self.actions)


def replayed(story: str) -> Replay:
    """A story as it happened."""
    return Replay().play(recorded(story))
