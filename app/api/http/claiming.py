"""What an API key may do, and who may say that what they write comes from another system.

A source may rank above people, so it is not for anybody who serves customers to speak as one, nor for a key that is
bound to one source to speak as another, or like people.
"""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant

from app.api.http.deps import CurrentUser
from app.api.http.gates import Gate, asked_by
from app.auth.access_tokens import Principal
from app.auth.errors import KeyReadOnly
from app.customers.errors import SourceUntold
from app.customers.record.changing import Sources, ensure_may_name

CLAIMING = ("integration", "administrator")
READING = ("GET", "HEAD", "OPTIONS")


async def _claims(user: CurrentUser) -> Sources:
    return user.sources if user.role in CLAIMING else ()


async def _bound_to(user: CurrentUser) -> Sources:
    return user.sources


async def _of_key(user: CurrentUser, request: Request) -> None:
    ensure_may_name("path.source", [request.path_params["source"]], user.sources)


async def _looks() -> None:
    """Nothing to ask: the route only looks, though its method would let it write."""


Claims = Annotated[Sources, Depends(_claims)]
"""Which sources whoever is asking may name in a body."""
BoundTo = Annotated[Sources, Depends(_bound_to)]
"""The same where people name systems, too: what a key is bound to, None for everybody else."""
OF_KEY = Depends(_of_key)
"""For `dependencies=` of a route whose path names a `source`: that a key which is bound to sources has it."""
LOOKS = Depends(_looks)
"""For `dependencies=` of a route that writes nothing by a method other than GET."""

_OPEN_TO_BOUND_KEYS = {_claims, _bound_to, _of_key, _looks}


class _WithinKey(Gate):
    """Keeps keys to what they were made for."""

    def ensure(self, user: Principal, request: Request, route: Dependant) -> None:
        """Raises `SourceUntold` or `KeyReadOnly`."""
        if request.method in READING or (user.sources is None and not user.read_only):
            return
        asked = set(asked_by(route))
        if user.sources is not None and _OPEN_TO_BOUND_KEYS.isdisjoint(asked):
            raise SourceUntold(f"{request.method} {request.url.path}", user.sources)
        if user.read_only and _looks not in asked:
            raise KeyReadOnly(
                f"This API key only reads, and {request.method} {request.url.path} changes something; "
                "use a key that was made without read_only."
            )


WITHIN_KEY = Depends(_WithinKey())
"""For all resources: a key that is bound to sources writes only by routes that ask which source is named, and one that
only reads by none."""
