"""Who may say that what they write comes from another system. A source may rank above people, so it is not for anybody
who serves customers to speak as one."""

from typing import Annotated

from fastapi import Depends

from app.api.deps import CurrentUser

CLAIMING = ("integration", "administrator")


async def _claims(user: CurrentUser) -> bool:
    return user.role in CLAIMING


Claims = Annotated[bool, Depends(_claims)]
"""Whether whoever is asking may name a `source`."""
