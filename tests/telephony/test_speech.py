"""Speech by the engine of the system: what is rendered, kept, and told when it cannot be."""

import array
import asyncio
import os
import shutil
import stat
import wave
from collections import Counter
from collections.abc import Callable
from math import pi, sin, sqrt
from pathlib import Path

import pytest

from app.core.loops import runner
from app.telephony.adapters.espeak.cache import Recordings
from app.telephony.adapters.espeak.engine import AT_ONCE, Espeak
from app.telephony.adapters.espeak.wave8k import to_8k
from app.telephony.speech import NoSuchVoice, SpeechFailed, SpeechMissing, TextUnspeakable
from tests.fixtures.waiting import eventually

real_engine = pytest.mark.skipif(
    shutil.which("espeak-ng") is None,
    reason="ESPEAK-NG IS MISSING, so no real speech was tested: apt-get install espeak-ng",
)

Engine = Callable[..., Espeak]


def recording(rate: int, *tones: float, seconds: float = 0.5) -> bytes:
    """A WAV file with tones, each at a quarter of the full strength."""
    import io

    samples = [
        round(sum(8_192 * sin(2 * pi * tone * place / rate) for tone in tones)) for place in range(int(rate * seconds))
    ]
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(array.array("h", samples).tobytes())
    return target.getvalue()


def heard(file: Path | bytes) -> "array.array[int]":
    """The samples of a file, which must be as switches have it."""
    import io

    with wave.open(io.BytesIO(file) if isinstance(file, bytes) else str(file)) as read:
        assert (read.getframerate(), read.getsampwidth(), read.getnchannels()) == (8_000, 2, 1)
        return array.array("h", read.readframes(read.getnframes()))


def strength(samples: "array.array[int]") -> float:
    """How loud the middle of it is."""
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    return sqrt(sum(each * each for each in middle) / len(middle))


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Makes an engine out of a shell script; `$OUT` is where the recording is to go."""
    source = tmp_path / "source.wav"
    source.write_bytes(recording(22_050, 440.0))

    def make(script: str, seconds: float = 2.0) -> Espeak:
        program = tmp_path / "engine"
        program.write_text(
            '#!/bin/sh\nif [ "$1" = --voices ]; then\n'
            "echo 'Pty Language Age/Gender VoiceName File Other'\n"
            "echo ' 5  cmn  --/M  Chinese  sit/cmn  (zh-cmn 5)(zh 5)'\n"
            "echo ' 2  en-gb  --/M  English  gmw/en  (en 2)'\n"
            f"exit; fi\nfor OUT; do :; done\nSOURCE={source}\nCOUNT={tmp_path}/count\n{script}\n"
        )
        program.chmod(0o755)
        return Espeak(Recordings(tmp_path / "kept"), str(program), seconds=seconds)

    return make


COPY = 'cat > /dev/null; echo "$@" >> $COUNT; cp $SOURCE $OUT'


def runs(tmp_path: Path) -> list[str]:
    return (tmp_path / "count").read_text().splitlines()


@real_engine
@pytest.mark.parametrize(("text", "language"), [("您好，欢迎致电。", "zh"), ("Hello, welcome.", "en"), ("Hi", "en-US")])
async def test_the_real_engine_speaks_mandarin_and_english(tmp_path: Path, text: str, language: str) -> None:
    file = await Espeak(Recordings(tmp_path)).render(text, language)
    samples = heard(file)
    assert len(samples) > 2_000
    assert strength(samples) > 100


@real_engine
async def test_the_real_engine_takes_a_text_that_looks_like_an_option_as_a_text(tmp_path: Path) -> None:
    engine = Espeak(Recordings(tmp_path))
    plain = heard(await engine.render("-f /etc/passwd", "en"))
    assert 4_000 < len(plain) < 40_000
    assert heard(await engine.render("[[p@'ast]] is said as it stands", "en"))


@real_engine
async def test_the_real_engine_tells_what_it_does_not_speak(tmp_path: Path) -> None:
    engine = Espeak(Recordings(tmp_path))
    with pytest.raises(NoSuchVoice, match="does not speak 'xx-XX'"):
        await engine.render("Hello", "xx-XX")
    with pytest.raises(NoSuchVoice):
        await engine.render("Hello", "en", voice="../../etc/passwd")
    assert heard(await engine.render("您好", "zh", voice="cmn+f3")) != heard(await engine.render("您好", "zh"))


async def test_a_missing_engine_says_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(SpeechMissing, match="apt-get install espeak-ng"):
        await Espeak(Recordings(tmp_path), "no-such-engine").render("Hello", "en")


async def test_the_same_text_is_rendered_once(engine: Engine, tmp_path: Path) -> None:
    speech = engine(COPY)
    files = await asyncio.gather(*(speech.render("Hello", "en") for _ in range(5)))
    assert len(set(files)) == len(runs(tmp_path)) == 1
    again = engine(COPY)
    assert await again.render(" Hello ", "en-IN") == files[0]
    assert await again.render("Hello", "zh") != files[0]
    assert len(runs(tmp_path)) == 2
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700


async def test_only_so_many_run_at_once(engine: Engine, tmp_path: Path) -> None:
    count = "cat >/dev/null; touch $COUNT.$$; ls $COUNT.* | wc -l >> $COUNT; sleep 0.2; cp $SOURCE $OUT; rm $COUNT.$$"
    speech = engine(count)
    await asyncio.gather(*(speech.render(f"Text {number}", "en") for number in range(6)))
    assert max(int(each) for each in runs(tmp_path)) <= AT_ONCE


async def test_a_text_does_not_wait_for_ever_for_its_turn(engine: Engine, tmp_path: Path) -> None:
    speech = engine(
        f"cat >/dev/null; echo >> $COUNT; while [ ! -e {tmp_path}/go ]; do sleep 0.01; done; cp $SOURCE $OUT",
        seconds=30.0,
    )
    first = asyncio.gather(*(speech.render(f"Text {number}", "en") for number in range(AT_ONCE)))
    async with asyncio.timeout(60):
        while not (tmp_path / "count").exists() or len(runs(tmp_path)) < AT_ONCE:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    speech._patience = 0.05
    with pytest.raises(SpeechFailed, match=r"is busy: a text has waited 0\.05 s"):
        await speech.render("Another text", "en")
    with pytest.raises(SpeechFailed, match="is busy"):
        await speech.render("Text 0", "en")
    (tmp_path / "go").touch()
    assert len(await first) == AT_ONCE


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("exec sleep 60", "took more than 2 s"),
        ("echo no tongue >&2; exit 3", "failed with status 3: no tongue"),
        ("cat >/dev/null", "cannot be kept: No such file"),
        ("cat >/dev/null; echo nonsense > $OUT", "no recording that can be used"),
        ("cat >/dev/null; : > $OUT", "no recording that can be used"),
    ],
)
async def test_an_engine_that_fails_leaves_nothing_behind(
    engine: Engine, tmp_path: Path, script: str, told: str
) -> None:
    with pytest.raises(SpeechFailed, match=told):
        await engine(script).render("Hello", "en")
    assert not _names(tmp_path / "kept")


def _names(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.exists() else []


async def test_an_engine_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    program = tmp_path / "engine"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    with pytest.raises(SpeechFailed, match="cannot be started: No such file"):
        await Espeak(Recordings(tmp_path), str(program)).render("Hello", "en")


async def test_an_engine_that_is_given_no_text_has_nothing_to_read_before_it_ends(tmp_path: Path) -> None:
    program = tmp_path / "engine"
    program.write_text("#!/bin/sh\n[ -c /dev/stdin ] || exit 3\necho 'Pty Language'\n")
    program.chmod(0o755)
    with pytest.raises(NoSuchVoice):
        await Espeak(Recordings(tmp_path / "kept"), str(program)).render("Hello", "en", "none")


def test_an_engine_that_ends_before_it_has_read_its_text_has_failed(engine: Engine) -> None:
    speech, came = engine("exec <&-; exit 3"), Counter[str]()

    async def render() -> None:
        for number in range(40):
            try:
                await speech.render(f"Hello {number}", "en")
            except Exception as error:
                came[type(error).__name__] += 1

    with runner() as loop:
        loop.run(render())
    assert came == {"SpeechFailed": 40}


async def test_whoever_is_cancelled_ends_the_engine(engine: Engine, tmp_path: Path) -> None:
    speech = engine("echo $$ > $COUNT; exec sleep 60", seconds=30)
    async with asyncio.TaskGroup() as group:
        rendering = group.create_task(speech.render("Hello", "en"))
        await eventually(lambda: asyncio.sleep(0, (tmp_path / "count").exists() and runs(tmp_path)), bool)
        rendering.cancel()
    assert rendering.cancelled()
    with pytest.raises(ProcessLookupError):
        os.kill(int(runs(tmp_path)[0]), 0)


@pytest.mark.parametrize("text", ["", "  \n\t", "\x00", "x" * 2_001])
async def test_what_cannot_be_said_is_refused(engine: Engine, text: str) -> None:
    with pytest.raises(TextUnspeakable):
        await engine(COPY).render(text, "en")


async def test_half_a_character_is_no_trouble(engine: Engine) -> None:
    assert await engine(COPY).render("Hello \ud83d there", "en")


def test_the_least_recently_used_recordings_make_room(tmp_path: Path) -> None:
    kept = Recordings(tmp_path, most_bytes=250)
    for place, key in enumerate(("a", "b")):
        os.utime(kept.put(key, b"x" * 100), (place, place))
    assert kept.get("a")
    kept.put("c", b"x" * 100)
    assert [kept.get(key) is not None for key in "abc"] == [True, False, True]


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100])
def test_what_8_khz_can_carry_stays_as_loud_and_as_long(rate: int) -> None:
    for tone in (100.0, 1_000.0, 3_000.0):
        samples = heard(to_8k(recording(rate, tone)))
        assert len(samples) == pytest.approx(4_000, abs=2)
        assert strength(samples) == pytest.approx(8_192 / sqrt(2), rel=0.05), tone


@pytest.mark.parametrize("rate", [16_000, 22_050])
def test_what_8_khz_cannot_carry_is_silenced_and_not_folded(rate: int) -> None:
    assert strength(heard(to_8k(recording(rate, 6_000.0)))) < 8_192 / 100


def test_what_is_no_recording_is_refused() -> None:
    for odd in (b"", b"RIFF", recording(8_000, 100.0)[:20], b"x" * 100):
        with pytest.raises((ValueError, EOFError)):
            to_8k(odd)


@real_engine
async def test_what_callers_hear_is_kept_under_names_that_nobody_can_tell_from_the_text(tmp_path: Path) -> None:
    """`/media` asks nobody who they are: by the text alone one could ask it who has called, and what they have."""
    said = "Good day, Wang Fang. It is 12.50."
    kept = Recordings(tmp_path)
    public, one, same, other = [
        (await Espeak(kept, key=key).render(said, "en")).name for key in (None, b"1" * 32, b"1" * 32, b"2" * 32)
    ]
    assert one == same
    assert len({public, one, other}) == 3
