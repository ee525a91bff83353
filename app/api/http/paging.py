"""Pages by cursor: a page is continued from the last row that was seen, so nothing is skipped or shown twice."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec
from fastapi import Depends, Query, Request

from app.core.errors import Invalid

Row = TypeVar("Row")
Key = TypeVar("Key")


class BadCursor(Invalid):
    """A cursor that was not given by this list."""

    code = "bad-cursor"


@dataclass(frozen=True, slots=True)
class Window:
    """Which page is asked for, and the path of the list that it is `of`: no other list takes its cursors."""

    limit: int
    cursor: str | None
    of: str = ""

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
            mark, found = msgspec.json.decode(key, type=tuple[str, kind])  # type: ignore[valid-type]
            if mark != _mark(self.of):
                raise ValueError("the cursor is of another list")
            return found
        except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
            fault = {"where": "query.cursor", "what": "not a cursor of this list", "accepted": "`next` of a page"}
            raise BadCursor("The cursor is not one that this list gave.", faults=[fault]) from error

    def cut(self, rows: Sequence[Row], key: Callable[[Row], object]) -> tuple[Sequence[Row], str | None]:
        """The rows of this page and the cursor of the next one; `rows` were read with `limit + 1`."""
        if len(rows) <= self.limit:
            return rows, None
        page = rows[: self.limit]
        return page, cursor_of(key(page[-1]), self.of)


def cursor_of(key: object, of: str = "") -> str:
    """The cursor of the page that begins after this key in the list of a path."""
    return base64.urlsafe_b64encode(msgspec.json.encode((_mark(of), key))).decode()


def _mark(of: str) -> str:
    return hashlib.blake2s(of.encode(), digest_size=4).hexdigest()


Cursor = Annotated[str | None, Query(max_length=500, description="`next` of the page before")]


async def _window(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200, description="how many items a page holds")] = 50,
    cursor: Cursor = None,
) -> Window:
    return Window(limit, cursor, request.url.path)


Paged = Annotated[Window, Depends(_window)]
"""Parameter type of a list endpoint: reads `limit` and `cursor`."""
