"""What is sent again by somebody who heard no answer is done once."""

from uuid import UUID, uuid5

from sqlalchemy import func, select

from app.db.engine import WriteSession

_SPACE = UUID("4a0f6b0e-6d4e-5c53-9d0a-0c1f3f0d7f5b")


async def id_by(session: WriteSession, kind: str, who: str, key: str) -> UUID:
    """The id of what somebody makes by this key, held to the commit, so that of two at once the second finds what the
    first has made."""
    made = uuid5(_SPACE, f"{kind}\n{who}\n{key}")
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(made), 0))))
    return made
