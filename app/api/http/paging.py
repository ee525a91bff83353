"""Pages by cursor: a page is continued from the last row that was seen, so nothing is skipped or shown twice."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec
from fastapi import Depends, Query

from app.core.errors import Invalid

Row = TypeVar("Row")
Key = TypeVar("Key")


class BadCursor(Invalid):
    """A cursor that was not given by this list."""

    code = "bad-cursor"


@dataclass(frozen=True, slots=True)
class Window:
    """Which page is asked for."""

    limit: int
    cursor: str | None

    def after(self, kind: type[Key]) -> Key | None:
        """The key after which the page starts, None for the first page.

        `kind` is the type of the key, e.g. `tuple[datetime, UUID]`; a cursor of another type is refused.
        """
        if self.cursor is None:
            return None
        try:
            key = base64.b64decode(self.cursor, altchars=b"-_", validate=True)
            if b"\\u0000" in key:
                raise ValueError("no key has a NUL in it: PostgreSQL keeps none")
            return msgspec.json.decode(key, type=kind)
        except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
            fault = {"where": "query.cursor", "what": "not a cursor of this list", "accepted": "`next` of a page"}
            raise BadCursor("The cursor is not one that this list gave.", faults=[fault]) from error

    def cut(self, rows: Sequence[Row], key: Callable[[Row], object]) -> tuple[Sequence[Row], str | None]:
        """The rows of this page and the cursor of the next one; `rows` were read with `limit + 1`."""
        if len(rows) <= self.limit:
            return rows, None
        page = rows[: self.limit]
        return page, cursor_of(key(page[-1]))


def cursor_of(key: object) -> str:
    """The cursor of the page that begins after this key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode()


Cursor = Annotated[str | None, Query(max_length=500, description="`next` of the page before")]


async def _window(
    limit: Annotated[int, Query(ge=1, le=200, description="how many items a page holds")] = 50,
    cursor: Cursor = None,
) -> Window:
    return Window(limit, cursor)


Paged = Annotated[Window, Depends(_window)]
"""Parameter type of a list endpoint: reads `limit` and `cursor`."""
