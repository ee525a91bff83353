"""Who may say that what they write comes from another system. A source may rank above people, so it is not for anybody
who serves customers to speak as one, nor for a key that is bound to one source to speak as another."""

from typing import Annotated

from fastapi import Depends, Request

from app.api.deps import CurrentUser
from app.auth.errors import KeyBound
from app.customers.changing import Sources, ensure_may_name

CLAIMING = ("integration", "administrator")


async def _claims(user: CurrentUser) -> Sources:
    return user.sources if user.role in CLAIMING else ()


async def _of_key(user: CurrentUser, request: Request) -> None:
    ensure_may_name("path.source", [request.path_params["source"]], user.sources)


async def _of_no_source(user: CurrentUser) -> None:
    if user.sources is not None:
        bound = ", ".join(map(repr, user.sources))
        raise KeyBound(
            f"This API key is bound to {bound}; this needs one that is bound to none.", bound_to=user.sources
        )


Claims = Annotated[Sources, Depends(_claims)]
"""Which sources whoever is asking may name in a body."""
OF_KEY = Depends(_of_key)
"""For `dependencies=` of a route whose path names a `source`: that a key which is bound to sources has it."""
OF_NO_SOURCE = Depends(_of_no_source)
"""For `dependencies=` of a route that changes how customers prove who they are: that is not for a key which is bound to
sources, or who has got hold of it could call as anybody."""
