"""Looks out for what an Asterisk does not tell of phones: those of agents that it does not have, and endpoints that its
configuration has got since, of which it tells once it is asked to."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from app.core.errors import Unavailable
from app.telephony.adapters.asterisk_ari.ari.connection import AriConnection
from app.telephony.adapters.asterisk_ari.gaps.inventory import phones_heard_of
from app.telephony.adapters.asterisk_ari.phones import TECHNOLOGY, Phones, rung_at

LOOK_SECONDS = 1.0
RELIST_SECONDS = 60.0
"""How soon an endpoint is found that is no agent's."""

LIST_SECONDS = 15.0
"""How soon an endpoint is found that an agent's phone has been missing."""


class Lookout:
    """`wanted` gives the addresses of agents' phones, or raises `Unavailable`; `connection` the present one."""

    def __init__(
        self, phones: Phones, wanted: Callable[[], frozenset[str]], connection: Callable[[], AriConnection | None]
    ) -> None:
        self._phones = phones
        self._wanted = wanted
        self._connection = connection
        self._listed_at = 0.0
        self._known: frozenset[str] | None = None

    def connected(self, phones: Mapping[str, str]) -> None:
        """There is a new connection to the switch, which has these phones."""
        self._listed_at, self._known = asyncio.get_running_loop().time(), None
        self._phones.listed(phones, anew=True)
        with suppress(Unavailable):
            self._known = self._wanted()
            self._phones.want(self._known)

    async def listen(self, connection: AriConnection) -> None:
        """Be told of phones over a new connection. Raises `SwitchAway` and `SwitchUnusable`."""
        await phones_heard_of(connection, self._awaited())

    async def run(self) -> None:
        """Look, until cancelled. What is missing is told only after the switch was asked once more."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            connection = self._connection()
            if connection is not None:
                with suppress(Unavailable):
                    await self._look(connection)

    async def _look(self, connection: AriConnection) -> None:
        since, wanted = asyncio.get_running_loop().time() - self._listed_at, self._wanted()
        if wanted is self._known and not self._phones.missing and since < RELIST_SECONDS:
            return  # the most frequent by far, with thousands of agents
        lacking = self._phones.lacks(wanted)
        if lacking - self._phones.missing or since > (LIST_SECONDS if lacking else RELIST_SECONDS):
            await self._list(connection)
        self._phones.want(wanted)
        self._known = wanted

    async def _list(self, connection: AriConnection) -> None:
        self._listed_at = asyncio.get_running_loop().time()
        self._phones.being_listed()
        try:
            phones, new = await phones_heard_of(connection, self._awaited())
        except Unavailable as error:  # nobody hears of phones any more, and perhaps of nothing
            connection.give_up(error.detail)
            raise
        self._phones.listed(phones, new)

    def _awaited(self) -> frozenset[str]:
        """The endpoints at which agents' phones are rung, also those that the switch lacks: it tells of them as soon as
        it has them."""
        with suppress(Unavailable):
            return frozenset(rung_at(each) for each in self._wanted() if each.startswith(TECHNOLOGY))
        return frozenset()
