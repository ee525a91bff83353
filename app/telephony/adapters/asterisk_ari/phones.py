"""What the floor is told of phones: the newest word of each, and nothing that it knows by itself.

A phone that rings or talks for a call of ours is in use, and the floor knows that from the call. To tell it as well
would cost two commits a call, the second of which comes when the agent could have the next call already.

Of an agent's phone that it does not have the switch says nothing: that follows from what it has.
"""

import asyncio
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping

from app.telephony.adapters.asterisk_ari.line.leg import endpoint
from app.telephony.events import PhoneWord

TECHNOLOGY = "PJSIP/"
"""Asterisk tells device states also of what is no phone, such as its own applications."""

STILL_SECONDS = 0.5
"""A phone that is in use for so long after a call of ours has left it is so by another call."""

_WORDS = {
    "NOT_INUSE": "available",
    "INUSE": "in_use",
    "BUSY": "in_use",
    "ONHOLD": "in_use",
    "RINGING": "in_use",
    "RINGINUSE": "in_use",
    "UNAVAILABLE": "unavailable",
    "INVALID": "unavailable",
}


def phone_word(state: str) -> str | None:
    """What a device state of Asterisk's means for the floor; None where it means nothing."""
    return _WORDS.get(state)


def rung_at(address: str) -> str:
    """The endpoint that is rung at an address: itself, or by which a number or another address is reached, as in
    PJSIP/1001@other."""
    return TECHNOLOGY + address.removeprefix(TECHNOLOGY).partition("/")[0].rpartition("@")[2]


class Phones:
    """`saw` what the switch says; `run` tells it by `tell`, several at once. `ours` says whether an agent is on a call
    of ours at an address, or is being rung there for one."""

    def __init__(self, tell: Callable[[str, str], Awaitable[None]], ours: Callable[[str], bool]) -> None:
        self._tell = tell
        self._ours = ours
        self._seen: dict[str, str] = {}
        self._told: dict[str, str] = {}
        self._trunks: set[str] = set()
        self._news_of: set[str] = set()
        self.missing: frozenset[str] = frozenset()
        """The addresses of agents at which the switch has no phone."""

        self._news: dict[str, None] = {}
        self._waiting = asyncio.Event()

    async def run(self) -> None:
        """Tell, until cancelled."""
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            news, self._news = self._news, {}
            await asyncio.gather(*(self._tell(address, self._told[address]) for address in news))

    def saw(self, address: str, word: str | None) -> None:
        """The switch tells of a device: a phone, or something else that is of no interest."""
        self._news_of.add(address)
        self._see(address, word)

    def _see(self, address: str, word: str | None) -> None:
        if word is None or not address.startswith(TECHNOLOGY) or self._seen.get(address) == word:
            return
        self._seen[address] = word
        self._look(address)

    def being_listed(self) -> None:
        """A list is asked for: what is told from now on is newer."""
        self._news_of.clear()

    def listed(self, phones: Mapping[str, str], new: Container[str] = (), *, anew: bool = False) -> None:
        """These are all phones of the switch. `anew`: at the moment of a new connection, so that they are so now; of
        the `new` ones nothing could be told before they were listed; of the others what was seen is newer."""
        if anew:
            for address in self._seen.keys() - phones.keys():
                del self._seen[address]
        for address, word in phones.items():
            if anew or address not in self._seen or (address in new and address not in self._news_of):
                self._see(address, word)

    def lacks(self, wanted: Iterable[str]) -> frozenset[str]:
        """Those of these addresses, all of the switch's kind, at which no phone was seen."""
        return frozenset(each for each in wanted if each.startswith(TECHNOLOGY) and rung_at(each) not in self._seen)

    def want(self, wanted: Iterable[str]) -> None:
        """Agents' phones are at these addresses: tell where there is none, and no more of those that are nobody's."""
        before, self.missing = self.missing, self.lacks(wanted)
        for address in before - self.missing:
            if self._told.get(address) == PhoneWord.MISSING:
                self._say(address, PhoneWord.UNKNOWN)
        for address in self.missing:
            if self._told.get(address) != PhoneWord.MISSING:
                self._say(address, PhoneWord.MISSING)

    def has(self, address: str) -> bool:
        """Whether the switch has the endpoint that is rung at this address, as far as it is of its kind."""
        return not self.lacks((endpoint(address),))

    def known(self, name: str) -> str | None:
        """The address of the phone that is called by this name, if the switch has one."""
        address = TECHNOLOGY + name
        return address if address in self._seen and address not in self._trunks else None

    def signed_on(self, address: str) -> bool:
        """Whether the switch has last said that it could reach the phone at this address."""
        return self._seen.get(address) in (PhoneWord.AVAILABLE, PhoneWord.IN_USE)

    def is_trunk(self, address: str) -> None:
        """Calls come from outside there: nobody's phone, whose state changes with every call."""
        self._trunks.add(address)

    def left(self, address: str) -> None:
        """A channel at this address has ended."""
        if self._seen.get(address) == PhoneWord.IN_USE:
            asyncio.get_running_loop().call_later(STILL_SECONDS, self._look, address)

    def forget(self) -> None:
        """Nothing is known of any phone any more."""
        self._seen.clear()
        self.missing = frozenset()
        for address, word in self._told.items():
            if word != PhoneWord.UNKNOWN:
                self._say(address, PhoneWord.UNKNOWN)

    def _look(self, address: str) -> None:
        if address in self._trunks:
            return
        word = self._seen.get(address)
        if word == PhoneWord.IN_USE and self._ours(address):
            word = PhoneWord.AVAILABLE
        if word is not None and self._told.get(address) != word:
            self._say(address, word)

    def _say(self, address: str, word: str) -> None:
        self._told[address] = word
        self._news[address] = None
        self._waiting.set()
