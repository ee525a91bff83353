"""Reads of accounts and keys."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.errors import UserUnknown
from app.auth.models import ApiKey, User
from app.db.rows import in_order


async def user(session: AsyncSession, user_id: str) -> User:
    """The account with this login; raises `UserUnknown`."""
    found = await session.get(User, user_id)
    if found is None:
        raise UserUnknown(f"There is no account {user_id!r}.")
    return found


async def users(session: AsyncSession, limit: int, after: str | None) -> Sequence[User]:
    """Accounts in order of their login, those after `after`."""
    return (await session.scalars(in_order(User, limit, after))).all()


async def keys(session: AsyncSession, limit: int, after: str | None) -> Sequence[ApiKey]:
    """API keys in order of their making, revoked ones too."""
    return (await session.scalars(in_order(ApiKey, limit, after))).all()
