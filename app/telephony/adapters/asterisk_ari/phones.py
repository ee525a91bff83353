"""What the phones at one Asterisk are, on its way to the floor."""

from collections.abc import Awaitable, Callable

from app.core.tasks import Supervisor
from app.telephony.events import PhoneWord

TECHNOLOGY = "PJSIP/"
"""Asterisk tells device states also of what is no phone, such as its own applications."""


class Phones:
    """Tells `tell` what is new, of each phone the newest word last; `tell` comes back once it is taken."""

    def __init__(self, tell: Callable[[str, str], Awaitable[None]], tasks: Supervisor) -> None:
        self._tell = tell
        self._tasks = tasks
        self._words: dict[str, str] = {}
        self._untold: dict[str, list[str]] = {}

    def say(self, address: str, word: str | None) -> None:
        """A phone is so; None says nothing."""
        if word is None or not address.startswith(TECHNOLOGY) or self._words.get(address) == word:
            return
        self._words[address] = word
        if address in self._untold:
            self._untold[address] = [word]
            return
        self._untold[address] = [word]
        self._tasks.start(f"phone {address}", self._until_told(address))

    def forget(self) -> None:
        """Nothing is known of any phone any more."""
        for address in list(self._words):
            self.say(address, PhoneWord.UNKNOWN)

    async def _until_told(self, address: str) -> None:
        while self._untold[address]:
            await self._tell(address, self._untold[address].pop())
        del self._untold[address]
