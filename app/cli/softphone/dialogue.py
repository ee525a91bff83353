"""What keys mean: some wish at once, some first ask for a word or two. Pure: keys in, commands out."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from app.cli.softphone import wishes
from app.cli.softphone.wishes import Command, NotNow
from app.demo.client.desk import Desk

ENTER, ESCAPE, BACKSPACE = "enter", "escape", "backspace"
LONGEST = 500


class Question(NamedTuple):
    """Something to be typed: what is asked, and what is taken for an empty answer."""

    asks: str
    otherwise: str = ""


class Key(NamedTuple):
    """A key: its letter, what it does, whether that makes sense now, what it asks, what it wishes."""

    letter: str
    label: str
    fits: Callable[[Desk], bool]
    asks: Sequence[Question]
    wish: Callable[..., Command]


BECOME_READY = frozenset({"not_ready", "working_after_call", "logged_off"})


def _on_call(desk: Desk) -> bool:
    return desk.call is not None


KEYS = (
    Key("r", "ready", lambda desk: desk.agent.get("state") in BECOME_READY, (), wishes.ready),
    Key("n", "not ready", lambda desk: not desk.call, (Question("reason", "break"),), wishes.not_ready),
    Key("a", "accept", lambda desk: desk.offer is not None, (), wishes.accept),
    Key("d", "decline", lambda desk: desk.offer is not None, (), wishes.decline),
    Key("h", "hold", _on_call, (), wishes.hold_or_retrieve),
    Key("x", "hang up", _on_call, (), wishes.hang_up),
    Key("t", "transfer", _on_call, (Question("to queue, @agent or number"),), wishes.transfer),
    Key("w", "wrap up", lambda desk: desk.wrap_up is not None, (Question("code"), Question("note")), wishes.wrap_up),
    Key("c", "call", lambda desk: not desk.call and not desk.offer, (Question("number"),), wishes.dial),
)
BY_LETTER = {key.letter: key for key in KEYS}


class Dialogue:
    """Follows the keys of one person. `typed` is the answer in the making; `question` what it answers, if any."""

    def __init__(self, desk: Desk) -> None:
        self.typed = ""
        self.said = ""
        self.quitting = False
        self._desk = desk
        self._key: Key | None = None
        self._answers: list[str] = []

    @property
    def question(self) -> Question | None:
        """What is being asked."""
        return self._key.asks[len(self._answers)] if self._key else None

    def press(self, key: str) -> Command | None:
        """Take one key (a character, or ENTER, ESCAPE, BACKSPACE); returns the command that it completes."""
        self.said = ""
        try:
            return self._type(key) if self._key else self._choose(key)
        except NotNow as refusal:
            self.said = str(refusal)
            self._drop()
            return None

    def _choose(self, key: str) -> Command | None:
        if key == "q":
            self.quitting = True
        chosen = BY_LETTER.get(key.lower())
        if chosen is None:
            return None
        if not chosen.asks or not chosen.fits(self._desk):
            return chosen.wish(self._desk, *("" for _ in chosen.asks))
        self._key = chosen
        return None

    def _type(self, key: str) -> Command | None:
        if key == ENTER:
            return self._answer()
        if key == ESCAPE:
            self._drop()
        elif key == BACKSPACE:
            self.typed = self.typed[:-1]
        elif key.isprintable() and len(self.typed) < LONGEST:
            self.typed += key
        return None

    def _answer(self) -> Command | None:
        assert self._key is not None
        assert self.question is not None
        self._answers.append(self.typed.strip() or self.question.otherwise)
        self.typed = ""
        if len(self._answers) < len(self._key.asks):
            return None
        wish, answers = self._key.wish, tuple(self._answers)
        self._drop()
        return wish(self._desk, *answers)

    def _drop(self) -> None:
        self._key, self._answers, self.typed = None, [], ""
