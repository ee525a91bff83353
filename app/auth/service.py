"""Use cases of accounts: making, changing and disabling them. Whoever asks has been found entitled at the edge."""

import re
import secrets
from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.auth import queries
from app.auth.errors import AdministratorExists, BadLogin, LastAdministrator, LoginTaken
from app.auth.models import InstanceSecret, RefreshToken, User
from app.auth.passwords import Passwords
from app.core.clock import Clock, utc
from app.core.wire import fault
from app.db.engine import WriteSession
from app.db.rows import insert_new

SIGNING_KEY = "access-token-key"
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


async def signing_key(session: WriteSession) -> bytes:
    """The key that signs access tokens."""
    return await instance_secret(session, SIGNING_KEY)


async def instance_secret(session: WriteSession, name: str) -> bytes:
    """The secret of this name, made by whichever process asks first and shared by all of the database."""
    made = insert(InstanceSecret).values(name=name, value=secrets.token_bytes(32))
    await session.execute(made.on_conflict_do_nothing())
    kept = select(InstanceSecret.value).where(InstanceSecret.name == name)
    return cast("bytes", await session.scalar(kept))


async def create_user(
    session: WriteSession, passwords: Passwords, *, user_id: str, name: str, role: str, password: str
) -> User:
    """A new account. Raises `BadLogin`, `WeakPassword` or `LoginTaken`."""
    if not _LOGIN.fullmatch(user_id):
        accepted = "1 to 64 of a-z, 0-9, '.', '_' and '-', starting with a letter or digit"
        raise BadLogin(f"A login must be {accepted}.", faults=[fault("body.id", "is not a login", accepted)])
    kept = await passwords.hash(password)
    user = await insert_new(session, User, id=user_id, name=name, role=role, password_hash=kept)
    if user is None:
        raise LoginTaken(f"The login {user_id!r} is taken.", id=user_id)
    return user


async def create_first_administrator(
    session: WriteSession, passwords: Passwords, *, user_id: str, name: str, password: str
) -> User:
    """The account with which a new installation begins; raises `AdministratorExists` if there is one already."""
    await session.execute(text("lock table users in share row exclusive mode"))
    present = await session.scalar(select(User.id).where(User.role == "administrator").limit(1))
    if present is not None:
        raise AdministratorExists(f"There is an administrator already: {present!r} can make further accounts.")
    role = "administrator"
    return await create_user(session, passwords, user_id=user_id, name=name, role=role, password=password)


async def change_user(session: WriteSession, user_id: str, changes: Mapping[str, Any], clock: Clock) -> User:
    """Change `name`, `role` or `active` of an account. A new role or a disabled account ends its sign-ins: at
    once for requests, within about a second for open sockets. Raises `UserUnknown` or `LastAdministrator`."""
    user = await queries.user(session, user_id)
    before = (user.role, user.active)
    if before == ("administrator", True):
        await _keep_an_administrator(session, user_id, changes)
    for field, value in changes.items():
        setattr(user, field, value)
    if (user.role, user.active) != before:
        await _end_sign_ins(session, user_id, clock)
    return user


async def _keep_an_administrator(session: WriteSession, user_id: str, changes: Mapping[str, Any]) -> None:
    if changes.get("role", "administrator") == "administrator" and changes.get("active", True):
        return
    able = select(User.id).where(User.role == "administrator", User.active).order_by(User.id).with_for_update()
    if not set(await session.scalars(able)) - {user_id}:
        raise LastAdministrator(f"{user_id!r} is the last administrator; make another one first.")


async def set_password(session: WriteSession, passwords: Passwords, user_id: str, password: str, clock: Clock) -> None:
    """Give an account a new password and end its sign-ins. Raises `WeakPassword` or `UserUnknown`."""
    kept = await passwords.hash(password)
    user = await queries.user(session, user_id)
    user.password_hash = kept
    await _end_sign_ins(session, user_id, clock)


async def _end_sign_ins(session: WriteSession, user_id: str, clock: Clock) -> None:
    open_ones = update(RefreshToken).where(RefreshToken.user_id == user_id, RefreshToken.revoked_at.is_(None))
    await session.execute(open_ones.values(revoked_at=utc(clock())))
