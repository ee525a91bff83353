"""The whole profile of a customer, whoever asks for it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import msgspec

from app.core.clock import Clock, utc
from app.core.errors import Unavailable
from app.customers.masking import Sight
from app.customers.profiles.parts import PARTS
from app.customers.profiles.reading import Parts, assembled, of_customer
from app.db.errors import translated

HISTORY = timedelta(days=396)
"""How far back a profile looks for the last contacts; older months are not even opened."""

AHEAD = timedelta(days=1)
"""Upper end of both, so that the months made ahead are left alone; more than any clock may differ."""


class Fetches(Protocol):
    """What is needed of the database: an asyncpg connection or pool."""

    async def fetch(self, query: str, *args: Any) -> Any:
        """All rows of the answer."""

    async def fetchrow(self, query: str, *args: Any, timeout: float | None = None) -> Any:  # noqa: ASYNC109
        """The first row of the answer."""


Lend = Callable[[], AbstractAsyncContextManager[Fetches]]
"""Lends a connection for a while, as `acquire` of a pool does."""


class Profile(msgspec.Struct, frozen=True):
    """A whole profile: whose it is, its parts as JSON, and which of them could not be told."""

    customer_id: UUID
    parts: Mapping[str, str]
    unavailable: tuple[str, ...]

    def body(self, sight: Sight) -> bytes:
        """As JSON, for somebody with this sight."""
        return assembled(PARTS, self.parts, sight, candidates="[]")


def bounds(moment: datetime) -> tuple[datetime, datetime, datetime]:
    return moment - HISTORY, moment + AHEAD, moment


async def whole_profile(database: Fetches, customer_id: UUID, now: float, parts: Parts) -> Profile | None:
    """All that there is to see of a customer, or of who survives them; None if there is no such customer."""
    found = await parts.read(database, of_customer, (customer_id, *bounds(utc(now))), PARTS, now)
    if found is None:
        return None
    return Profile(found.row["customer_id"], found.parts, found.unavailable)


class Profiles:
    """Reads profiles over connections that it borrows, and remembers which parts are in trouble."""

    def __init__(self, lend: Lend, clock: Clock) -> None:
        self._lend = lend
        self._clock = clock
        self._parts = Parts()

    async def read(self, customer_id: UUID) -> Profile | None:
        """All that there is to see of a customer, or of who survives them; None if there is no such customer. Raises
        Unavailable without a database."""
        try:
            with translated():
                async with self._lend() as connection:
                    return await whole_profile(connection, customer_id, self._clock(), self._parts)
        except TimeoutError as error:
            raise Unavailable("The customer could not be read in time. Try again shortly.") from error
