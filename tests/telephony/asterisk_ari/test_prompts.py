"""What is played for prompts where the engine that speaks them fails."""

from pathlib import Path

import pytest

from app.telephony.adapters.asterisk_ari.player import MISSING, Media
from app.telephony.adapters.asterisk_ari.prompts import LAST_RESORT, Prompts
from app.telephony.events import EventType, OrderType
from app.telephony.instructions import Pause, Play, Say, Script
from app.telephony.port import Delivered
from app.telephony.speech import SpeechMissing
from tests.telephony.asterisk_ari.stand_in import incoming, until
from tests.telephony.asterisk_ari.test_switch import Bench, running

HELLO = Script(number=1, instructions=(Say(text="您好", language="zh"), Pause(seconds=1), Play(media="welcome")))
_SAID = [{"do": "say", "text": "hello", "language": "en"}]
MISSING_ZH = Media("speech:zh", missing=True)


class Failing:
    """An engine that fails so."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def render(self, text: str, language: str, voice: str | None = None) -> Path:
        raise self.error


class FaultyPrompts:
    """Nothing is made of prompts."""

    async def playable(self, script: Script) -> None:
        raise OSError("too many open files")


@pytest.mark.parametrize("error", [SpeechMissing("none"), OSError("too many open files"), RuntimeError("broken")])
async def test_what_cannot_be_spoken_is_missing_and_there_is_a_tone_at_last(error: Exception) -> None:
    said, played = await Prompts(Failing(error), ("zh",)).playable(HELLO)
    assert said == (MISSING_ZH, LAST_RESORT)
    assert played[:2] == (Media("sound:welcome"), Media("sound:welcome", "zh"))
    assert played[-1] == LAST_RESORT
    assert played[-2].missing


@pytest.mark.enable_socket
async def test_a_fault_while_prompts_are_made_is_told_and_costs_no_news_of_the_call() -> None:
    bench = Bench()
    bench.prompts = FaultyPrompts()
    async with running(bench):
        await bench.connected()
        await bench.asterisk.call()
        await until(lambda: bench.floor.told)
        assert isinstance(await bench.order(OrderType.SCRIPT, script={"number": 1, "instructions": _SAID}), Delivered)
        await until(lambda: bench.asterisk.said("POST", "channels/17.1/play"))
        assert bench.asterisk.said("POST", "channels/17.1/play")[0]["query"]["media"] == LAST_RESORT.uri
        await bench.asterisk.tell("ChannelDestroyed", channel=incoming("17.1"), cause=16)
        await until(lambda: ("17.1", EventType.CLEARED) in bench.floor.told)
        assert [kind for _, kind in bench.floor.told] == [EventType.OFFERED, MISSING, EventType.CLEARED]
