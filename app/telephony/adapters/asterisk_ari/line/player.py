"""Carries out a script on a caller's channel: prompts one after the other, keys, music. Pure: time is an argument.

Every playback has an id of ours that says which script it is, when that was begun (the same script may be begun again,
also by the next process) and which prompt, so that news of an older one is known to be late.
"""

from collections.abc import Sequence

import msgspec
from pydantic import SecretStr

from app.telephony.adapters.asterisk_ari.actions import Action, Told, Wake
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.events import EventType
from app.telephony.instructions import AnyInstruction, Collect, Pause, Play, Prompt, Say, Script

LONGEST_PROMPT = 300.0
"""Seconds after which a prompt whose end was not told is taken to be over."""

AHEAD_SECONDS = 2.0
"""A key that is pressed after an answer and before what is asked next is taken for that, for so long."""

MISSING = "call.prompt_missing"
"""Kept with the call: a prompt could not be played."""


class Media(msgspec.Struct, frozen=True):
    """Something that the switch can play: a URI of ARI's (`sound:`, `tone:`), and the language to look for it in. What
    is `missing` could not be made: it is told as if the switch had failed to play it."""

    uri: str
    language: str | None = None
    missing: bool = False


Alternatives = tuple[Media, ...]
"""What is played for one prompt: the first one that the switch has."""


def prompts_of(script: Script) -> list[Say | Play]:
    """The prompts of a script, in the order in which they are played."""
    found: list[Say | Play] = []
    for each in script.instructions:
        inner: tuple[Prompt, ...] = getattr(each, "prompts", ())
        found += [one for one in (each, *inner) if isinstance(one, Say | Play)]
    return found


class Player:
    """One script at a time. `last` is what remains of it to be done by the line once its prompts are over."""

    def __init__(self, call: str) -> None:
        self._call = call
        self._channel = ""
        self._steps: list[Alternatives | float] = []
        self._step = 0
        self._try = 0
        self._begun = 0
        self._playing: str | None = None
        self._keys = ""
        self._ahead: list[tuple[str, float]] | None = None
        self._token = ""
        self._prompting = False
        self.script: Script | None = None

    @property
    def number(self) -> int:
        """Of the present script; 0 while there is none."""
        return self.script.number if self.script is not None else 0

    @property
    def last(self) -> AnyInstruction | None:
        """The instruction that ends the script."""
        return self.script.instructions[-1] if self.script is not None and self.script.instructions else None

    @property
    def asks_secret(self) -> bool:
        """Whether a secret is being keyed."""
        return isinstance(self.last, Collect) and self.last.secret

    def begin(self, channel: str, script: Script, media: Sequence[Alternatives], now: float) -> list[Action]:
        """Play this script on a channel, instead of what is being played. `media` are those of `prompts_of`."""
        ahead = [digit for digit, at in self._ahead or () if now - at <= AHEAD_SECONDS]
        before = self.stop()
        self._channel, self.script, self._begun = channel, script, round(now * 1000)
        ready = iter(media)
        for each in script.instructions:
            inner: tuple[Prompt, ...] = getattr(each, "prompts", ())
            for one in (each, *inner):
                if isinstance(one, Say | Play):
                    self._steps.append(next(ready))
                elif isinstance(one, Pause):
                    self._steps.append(one.seconds)
        self._prompting = True
        return [*before, *self._next(now), *(one for digit in ahead for one in self.key(digit, now))]

    def stop(self) -> list[Action]:
        """Play nothing more of the present script."""
        silence: list[Action] = [requests.stop(self._playing)] if self._playing else []
        self._steps, self._step, self._try, self._playing = [], 0, 0, None
        self._keys, self._token, self.script, self._prompting, self._ahead = "", "", None, False, None
        return silence

    def played(self, playback: str, state: str, now: float) -> list[Action]:
        """A playback is over. One that failed is followed by the next alternative, and is told."""
        if playback != self._playing:
            return []
        self._playing = None
        return self._failed(now) if state == "failed" else self._forward(now)

    def _failed(self, now: float) -> list[Action]:
        step = self._steps[self._step]
        media = step[self._try].uri if isinstance(step, tuple) else ""
        missing = Told(type=MISSING, at=now, details={"media": media, "script": self.number})
        self._try += 1
        return [missing, *self._next(now)]

    def unplayed(self, path: str, now: float) -> list[Action]:
        """Asterisk did not take a request to play; it is as if that had failed."""
        refused = self._playing is not None and path == requests.play(self._channel, self._playing, "").path
        return self.played(self._playing or "", "failed", now) if refused else []

    def key(self, digit: str, now: float) -> list[Action]:
        """A key was pressed. One that comes between an answer and the next question belongs to that: who knows the way
        does not wait to be asked."""
        asked = self.last
        if self.script is None and self._ahead is not None:
            self._ahead.append((digit, now))
        if not isinstance(asked, Collect) or (self._prompting and not (asked.barge_in and self._in_collect)):
            return []
        quiet: list[Action] = [requests.stop(self._playing)] if self._playing else []
        self._playing, self._prompting, self._step = None, False, len(self._steps)
        if asked.terminator and digit == asked.terminator:
            return [*quiet, *self._keyed("terminator", now)]
        self._keys += digit
        if len(self._keys) >= asked.most:
            return [*quiet, *self._keyed("length", now)]
        return [*quiet, self._wake(now + asked.between_seconds, "between")]

    def wake(self, token: str, now: float) -> list[Action]:
        """A time that was asked for has come."""
        if not token or token != self._token:
            return []
        self._token = ""
        if self._prompting:
            silence: list[Action] = [requests.stop(self._playing)] if self._playing else []
            self._playing = None
            return [*silence, *self._forward(now)]
        return self._keyed("timeout", now)

    @property
    def _in_collect(self) -> bool:
        """Whether the prompts that play are those of the collect itself."""
        inner = len([one for one in getattr(self.last, "prompts", ()) if isinstance(one, Say | Play | Pause)])
        return self._step >= len(self._steps) - inner

    def _forward(self, now: float) -> list[Action]:
        self._step, self._try = self._step + 1, 0
        return self._next(now)

    def _next(self, now: float) -> list[Action]:
        while self._step < len(self._steps):
            step = self._steps[self._step]
            if not isinstance(step, tuple):
                return [self._wake(now + step, "pause")]
            if self._try < len(step):
                media = step[self._try]
                if media.missing:
                    return self._failed(now)
                self._playing = f"{self._call}.play.{self.number}.{self._begun:x}.{self._step}.{self._try}"
                start = requests.play(self._channel, self._playing, media.uri, media.language)
                return [start, self._wake(now + LONGEST_PROMPT, "prompt")]
            self._step, self._try = self._step + 1, 0
        self._prompting = False
        self._token = ""
        if isinstance(self.last, Collect):
            return [self._wake(now + self.last.first_seconds, "first")]
        return []

    @property
    def spoken(self) -> bool:
        """Whether all prompts of the script have been played."""
        return self.script is not None and not self._prompting

    def _wake(self, at: float, what: str) -> Wake:
        self._token = f"{self.number}.{what}.{self._step}.{len(self._keys)}.{at:.3f}"
        return Wake(at, self._token)

    def _keyed(self, finished: str, now: float) -> list[Action]:
        """What was keyed, told once; whatever comes now comes with the answer."""
        assert isinstance(self.last, Collect)
        keys, number, secret = self._keys, self.number, self.last.secret
        self.stop()
        self._ahead = []
        details: dict[str, object] = {"script": number, "finished": finished}
        if secret and keys:
            return [Told(type=EventType.DIGITS, at=now, details=details, secret=SecretStr(keys))]
        return [Told(type=EventType.DIGITS, at=now, details={**details, "digits": keys})]
