"""What follows once the prompts of a script are over: music, a transfer, a message, the end. Pure."""

from typing import Protocol

from app.telephony.adapters.asterisk_ari.actions import Action, Told
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.line import names, outcomes
from app.telephony.adapters.asterisk_ari.line.leg import Leg, Setup, dialled
from app.telephony.adapters.asterisk_ari.line.player import Player
from app.telephony.events import EventType
from app.telephony.instructions import Collect, Enqueue, HangUp, Music, Script, Transfer, Voicemail

OFFER = -1
"""The number of the script that offers a callback by the switch's own sentence."""


class Line(Protocol):
    """What is needed of a call here; see `line.Line`. `done` is the number of the script whose prompts are over."""

    setup: Setup
    call: str
    caller: str | None
    contact: str
    from_: str | None
    player: Player
    messages: dict[str, float]
    done: int

    def waits(self, now: float | None = None) -> list[Action]:
        """The customer waits."""

    def choose_music(self, name: str | None) -> list[Action]:
        """The customer hears music of this class from now on."""

    def ringback(self) -> list[Action]:
        """The customer hears that somebody is rung for them."""

    def dial(self, leg: Leg, seconds: float | None = None, caller_id: str | None = None) -> list[Action]:
        """Ring somebody for this call."""

    def end(self) -> list[Action]:
        """Hang up on everybody."""


def played_on(line: Line, actions: list[Action], now: float) -> list[Action]:
    """What follows what the player does; news of our own script go no further."""
    offered = [each for each in actions if isinstance(each, Told) and each.details.get("script") == OFFER]
    if offered:
        kept = [each for each in actions if each not in offered]
        return [*kept, *_callback_answered(line, offered[0])]
    script = line.player.script
    if script is None or not line.player.spoken or line.done == script.number:
        return actions
    if isinstance(line.player.last, Collect):
        return actions
    line.done = script.number
    return [*actions, *_after_prompts(line, script, now)]


def _callback_answered(line: Line, told: Told) -> list[Action]:
    if told.details.get("digits") != "1":
        return line.waits()
    return [Told(type=EventType.CALLBACK_REQUESTED, at=told.at), *line.waits()]


def _after_prompts(line: Line, script: Script, now: float) -> list[Action]:
    assert line.caller is not None
    match line.player.last:
        case Music(media=media) | Enqueue(music=media):
            line.player.stop()
            return line.choose_music(media)
        case Transfer(number=number):
            line.player.stop()
            name = names.Name(line.call, names.PARTY, f"flow-{script.number}")
            address = dialled(line.setup, number)
            if address is None:
                details = {"script": script.number, "transfer": outcomes.UNKNOWN_NUMBER}
                return [Told(type=EventType.SCRIPT_DONE, at=now, details=details)]
            return [*line.ringback(), *line.dial(Leg(name, address, flow=True), caller_id=line.from_)]
        case Voicemail(most_seconds=most, finish_on=key):
            line.player.stop()
            tape = names.message(line.call, script.number, line.contact)
            line.messages[tape] = now
            return [requests.record(line.caller, tape, most_seconds=most, finish_on=key, beep=True)]
        case HangUp():
            return line.end()
    line.player.stop()
    return [Told(type=EventType.SCRIPT_DONE, at=now, details={"script": script.number})]
