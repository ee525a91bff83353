"""Changes of a stated version: over `If-Match` (RFC 9110), or as `version` in the body."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, Header

from app.api.schemas.common import VISIBLE
from app.core.errors import Invalid, PreconditionFailed
from app.core.wire import fault
from app.customers.errors import VersionConflict

_TAG = re.compile(r'"(\d{1,9})"')
_ACCEPTED = 'the ETag that you read, such as "3", or * for whatever is there'


class VersionNotStated(Invalid):
    """A change that does not say of which version it is, or says it in a form that nobody reads."""

    code = "version-not-stated"


def tag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


class Precondition:
    """What a request says of the version that it changes."""

    def __init__(self, if_match: str | None) -> None:
        self._if_match = None if if_match is None else if_match.strip()

    @asynccontextmanager
    async def version(self, in_body: int | None, where: str = "body.version") -> AsyncIterator[int | None]:
        """The version that the block is to change, None for any. `where` is the place of the one that `in_body` is.

        A stale one of the header raises PreconditionFailed, of the body VersionConflict; none at all is refused with
        VersionNotStated. Where both are given the header counts.
        """
        if self._if_match is None:
            if in_body is None:
                raise _not_stated(where, "is missing, and so is the header If-Match", "the version you read")
            yield in_body
            return
        try:
            yield self._stated()
        except VersionConflict as stale:
            now = stale.facts["version"]
            detail = f"If-Match says {self._if_match}, but the ETag is {tag(now)} now: read it again and repeat."
            raise PreconditionFailed(detail, **stale.facts) from stale

    def _stated(self) -> int | None:
        assert self._if_match is not None
        if self._if_match == "*":
            return None
        match = _TAG.fullmatch(self._if_match)
        if match is None:
            raise _not_stated("header.If-Match", "is not one ETag", _ACCEPTED)
        return int(match[1])


def _not_stated(where: str, what: str, accepted: str) -> VersionNotStated:
    return VersionNotStated("Say which version you change.", faults=[fault(where, what, accepted)])


async def _stated(
    if_match: Annotated[
        str | None, Header(max_length=200, description="the ETag that you read; 412 if it has changed")
    ] = None,
) -> Precondition:
    return Precondition(if_match)


Stated = Annotated[Precondition, Depends(_stated)]
"""Parameter type of an endpoint that changes a stated version."""

RepeatKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        pattern=VISIBLE,
        description="the same when the same is sent again; it is done once, and the answer tells how it stands",
    ),
]
"""Parameter type of an endpoint that makes something and may be asked again by whoever heard no answer."""
