"""What is played for prompts where the engine that speaks them fails, or takes its time."""

import asyncio
from pathlib import Path

import pytest

from app.telephony.adapters.asterisk_ari import prompts as module
from app.telephony.adapters.asterisk_ari.line.player import MISSING, Alternatives, Media
from app.telephony.adapters.asterisk_ari.prompts import LAST_RESORT, Prompts
from app.telephony.events import EventType, OrderType
from app.telephony.instructions import Pause, Play, Say, Script
from app.telephony.port import Delivered
from app.telephony.sentences import UNPLAYABLE
from app.telephony.speech import NoSuchVoice, SpeechMissing
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


class SlowPrompts:
    """The prompts of the first script are never ready, those of all others at once."""

    def __init__(self) -> None:
        self.begun: list[int] = []

    async def playable(self, script: Script) -> list[Alternatives]:
        self.begun.append(script.number)
        if script.number == 1:
            await asyncio.Event().wait()
        return [(Media(f"sound:of-script-{script.number}"),)]


class Speaking:
    """An engine that speaks these languages."""

    def __init__(self, *languages: str) -> None:
        self.languages = languages

    async def render(self, text: str, language: str, voice: str | None = None) -> Path:
        if language not in self.languages:
            raise NoSuchVoice("not spoken")
        assert text == UNPLAYABLE[language]
        return Path(f"/speech/{language}.wav")


class Slow:
    """An engine that never comes to an end."""

    async def render(self, text: str, language: str, voice: str | None = None) -> Path:
        await asyncio.Event().wait()
        raise AssertionError


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


@pytest.mark.parametrize(
    ("prompt", "engine", "said"),
    [
        (Play(media="welcome", language="zh"), Speaking("en", "zh"), "zh"),
        (Play(media="welcome", language="en"), Speaking("en", "zh"), "en"),
        (Play(media="welcome"), Speaking("en", "zh", "de"), "de"),
        (Play(media="welcome", language="zh"), Speaking("en", "de"), "de"),
        (Play(media="welcome", language="ta"), Speaking("en"), "en"),
    ],
)
async def test_that_a_recording_is_missing_is_said_in_the_callers_language(
    prompt: Play, engine: Speaking, said: str
) -> None:
    (played,) = await Prompts(engine, ("de", "en")).playable(Script(number=1, instructions=(prompt,)))
    assert played[-2:] == (Media(f"sound:/speech/{said}"), LAST_RESORT)


async def test_what_is_not_spoken_in_time_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.01)
    said, played = await Prompts(Slow(), ("zh",)).playable(HELLO)
    assert said == (MISSING_ZH, LAST_RESORT)
    assert played[-2].missing


@pytest.mark.enable_socket
async def test_news_of_a_call_do_not_wait_for_its_prompts() -> None:
    bench = Bench()
    bench.prompts = slow = SlowPrompts()
    bench.floor.script = HELLO
    async with running(bench):
        await bench.connected()
        await bench.asterisk.call()
        await until(lambda: slow.begun)
        await bench.asterisk.tell("ChannelDestroyed", channel=incoming("17.1"), cause=16)
        await until(lambda: ("17.1", EventType.CLEARED) in bench.floor.told)
        assert not [task for task in asyncio.all_tasks() if "17.1" in task.get_name()]


@pytest.mark.enable_socket
async def test_a_script_takes_the_place_of_one_whose_prompts_are_still_made() -> None:
    bench = Bench()
    bench.prompts = slow = SlowPrompts()
    bench.floor.script = HELLO
    async with running(bench):
        await bench.connected()
        await bench.asterisk.call()
        await until(lambda: slow.begun)
        assert isinstance(await bench.order(OrderType.SCRIPT, script={"number": 2, "instructions": _SAID}), Delivered)
        await until(lambda: bench.asterisk.said("POST", "channels/17.1/play"))
        assert bench.asterisk.said("POST", "channels/17.1/play")[0]["query"]["media"] == "sound:of-script-2"
        assert slow.begun == [1, 2]
        assert [task.get_name() for task in asyncio.all_tasks() if "17.1" in task.get_name()] == ["call 17.1"]
