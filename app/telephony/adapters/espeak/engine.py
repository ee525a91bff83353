"""espeak-ng as an engine: one short process a text, its result kept."""

import asyncio
import hashlib
import hmac
import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from app.telephony.adapters.espeak.cache import Recordings
from app.telephony.adapters.espeak.wave8k import to_8k
from app.telephony.speech import LONGEST_TEXT, NoSuchVoice, SpeechFailed, SpeechMissing, TextUnspeakable

COMMAND = "espeak-ng"
AT_ONCE = 2
SECONDS = 10.0
PATIENCE_SECONDS = 10.0
"""So long a text waits for its turn: whoever is to hear it does not wait for ever."""

FORM = 2
"""Raised when the same text is to sound or to be kept differently, so that old files are not found any more."""

HOW_TO_INSTALL = (
    "Install it: `apt-get install espeak-ng` (Debian, Ubuntu), `dnf install espeak-ng` (Fedora), "
    "`apk add espeak-ng` (Alpine), `brew install espeak-ng` (macOS)."
)

# a tag that the engine has under another name
_CALLED = {"zh": "cmn", "zh-cn": "cmn", "zh-hans": "cmn", "zh-tw": "cmn", "zh-hant": "cmn", "zh-hk": "yue"}
_VOICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+_-]{0,59}")
_UNSPEAKABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]+")


class Espeak:
    """Renders with espeak-ng. `voice` is one of its voices (`en-us`, `cmn+f3`); without it the language chooses.

    With a `key` nobody without it knows from a text under which name it is kept: recordings are served to whoever
    names them, and what callers hear has their names and balances in it.
    """

    def __init__(
        self,
        recordings: Recordings,
        command: str = COMMAND,
        seconds: float = SECONDS,
        patience: float = PATIENCE_SECONDS,
        key: bytes | None = None,
    ) -> None:
        self._key = key
        self._recordings = recordings
        self._command = command
        self._seconds = seconds
        self._patience = patience
        self._free = asyncio.Semaphore(AT_ONCE)
        self._making: dict[str, asyncio.Lock] = {}
        self._languages: frozenset[str] | None = None

    async def render(self, text: str, language: str, voice: str | None = None) -> Path:
        """See `app.telephony.speech.Speech`."""
        said = _speakable(text)
        program = self._program()
        name = await self._voice(program, language, voice)
        key = self._name([FORM, name, said])
        making = self._making.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(self._patience) as waiting, making:
                try:
                    return self._recordings.get(key) or await self._made(program, key, name, said, waiting)
                finally:
                    self._making.pop(key, None)
        except TimeoutError:
            raise SpeechFailed(f"{self._command} is busy: a text has waited {self._patience:g} s.") from None

    def _name(self, what: list[str | int]) -> str:
        told = json.dumps(what).encode()
        if self._key is None:
            return hashlib.sha256(told).hexdigest()
        return hmac.new(self._key, told, hashlib.sha256).hexdigest()

    async def _made(self, program: str, key: str, voice: str, text: str, waiting: asyncio.Timeout) -> Path:
        async with self._free:
            waiting.reschedule(None)  # its turn has come; what it takes has a limit of its own
            try:
                with tempfile.TemporaryDirectory(prefix="callfloor-speech-") as folder:
                    file = Path(folder, "said.wav")
                    await self._run(program, "-v", voice, "-b", "1", "--stdin", "-w", str(file), text=text)
                    return await asyncio.to_thread(self._kept, key, file)
            except OSError as error:
                raise SpeechFailed(f"The recording cannot be kept: {error.strerror or error}.") from error
            except (ValueError, EOFError) as error:
                raise SpeechFailed(f"{self._command} made no recording that can be used: {error}.") from error

    def _kept(self, key: str, file: Path) -> Path:
        return self._recordings.put(key, to_8k(file.read_bytes()))

    async def _run(self, program: str, *arguments: str, text: str = "") -> str:
        """What the program tells, when it ends well within its time."""
        try:
            running = await _begun(program, arguments, text)
        except OSError as error:  # too many open files, no memory
            raise SpeechFailed(f"{self._command} cannot be started: {error.strerror or error}.") from error
        try:
            told, complaint = await asyncio.wait_for(running.communicate(), self._seconds)
        except TimeoutError as error:
            raise SpeechFailed(f"{self._command} took more than {self._seconds:g} s and was ended.") from error
        finally:
            if running.returncode is None:
                with suppress(ProcessLookupError):
                    running.kill()
                await running.wait()
        if running.returncode:
            why = complaint.decode(errors="replace").strip().splitlines()
            raise SpeechFailed(f"{self._command} failed with status {running.returncode}: {''.join(why[-1:])}")
        return told.decode(errors="replace")

    def _program(self) -> str:
        found = shutil.which(self._command)
        if found is None:
            raise SpeechMissing(
                f"Speech needs {self._command}, which is not installed on this machine. {HOW_TO_INSTALL}"
            )
        return found

    async def _voice(self, program: str, language: str, voice: str | None) -> str:
        if self._languages is None:
            self._languages = _languages(await self._run(program, "--voices"))
        if voice is not None:
            if not _VOICE.fullmatch(voice) or voice.partition("+")[0].lower() not in self._languages:
                raise NoSuchVoice(f"{self._command} has no voice {voice!r}; `{self._command} --voices` lists them.")
            return voice
        tag = language.lower().replace("_", "-")
        parts = tag.split("-")
        for shorter in ("-".join(parts[:count]) for count in range(len(parts), 0, -1)):
            name = _CALLED.get(shorter, shorter)
            if name in self._languages:
                return name
        raise NoSuchVoice(
            f"{self._command} does not speak {language!r}; `{self._command} --voices` lists what it does."
        )


async def _begun(program: str, arguments: Sequence[str], text: str) -> asyncio.subprocess.Process:
    """The program, with its text to be read from a file that nobody else sees: a command line is seen by everybody, a
    text might look like an option, and a pipe may be closed before it is written to. Raises `OSError`."""
    pipe = asyncio.subprocess.PIPE
    if not text:
        none = asyncio.subprocess.DEVNULL
        return await asyncio.create_subprocess_exec(program, *arguments, stdin=none, stdout=pipe, stderr=pipe)
    with tempfile.TemporaryFile() as said:
        said.write(text.encode())
        said.seek(0)
        return await asyncio.create_subprocess_exec(program, *arguments, stdin=said, stdout=pipe, stderr=pipe)


def _speakable(text: str) -> str:
    said = _UNSPEAKABLE.sub(" ", text).replace("[[", "[ [").strip()  # [[ would begin phonemes
    if not said:
        raise TextUnspeakable("There is no text to be spoken.")
    if len(said) > LONGEST_TEXT:
        raise TextUnspeakable(f"The text has {len(said)} characters; at most {LONGEST_TEXT} are spoken at once.")
    return said


def _languages(told: str) -> frozenset[str]:
    """The names under which the engine knows its voices: the second column, and what stands in brackets."""
    found: set[str] = set()
    for line in told.splitlines()[1:]:
        columns = line.split()
        found |= {name.lower() for name in columns[1:2]}
        found |= {name.lower() for name in re.findall(r"\(([^\s()]+) \d+\)", line)}
    return frozenset(found)
