"""The whole profile of a customer, whoever asks for it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from app.core.clock import Clock, utc
from app.core.errors import Unavailable
from app.customers.masking import Sight
from app.customers.profiles.parts import PARTS
from app.customers.profiles.reading import Parts, assembled, of_customer
from app.db.errors import translated
from app.db.pool import Fetches, Lend

HISTORY = timedelta(days=396)
"""How far back a profile looks for the last contacts; older months are not even opened."""

AHEAD = timedelta(days=1)
"""Upper end of both, so that the months made ahead are left alone; more than any clock may differ."""


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
