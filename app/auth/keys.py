"""API keys: how other systems sign in. A key is shown once; only its hash is kept."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime

from app.auth.access_tokens import Principal
from app.auth.errors import BadToken, KeyUnknown
from app.auth.models import ApiKey
from app.core.clock import utc
from app.core.ids import new_id
from app.db.engine import WriteSession
from app.db.pool import Fetches

PREFIX = "cfk_"

_HOLDER = "SELECT id, name, sources, read_only, expires_at, revoked_at FROM api_keys WHERE hash = $1"


def is_key(credential: str) -> bool:
    """Whether a bearer credential has the form of an API key."""
    return credential.startswith(PREFIX)


def _hash(key: str) -> bytes:
    # the key is 256 random bits, so a plain hash cannot be guessed back
    return hashlib.sha256(key.encode()).digest()


async def holder(connection: Fetches, key: str, now: float) -> Principal:
    """The system behind a key, with role integration; raises `BadToken` if it is unknown, revoked or over by `now`."""
    found = await connection.fetchrow(_HOLDER, _hash(key))
    if found is None or found["revoked_at"] is not None:
        raise BadToken("The API key is unknown or revoked.")
    if found["expires_at"] is not None and found["expires_at"] <= utc(now):
        raise BadToken("The API key has expired; an administrator makes a new one.")
    sources = None if found["sources"] is None else tuple(found["sources"])
    return Principal(found["id"], found["name"], "integration", sources=sources, read_only=found["read_only"])


async def create_key(
    session: WriteSession,
    name: str,
    sources: Collection[str] | None = None,
    expires_at: datetime | None = None,
    read_only: bool = False,
) -> tuple[ApiKey, str]:
    """A new key, as record and as the text that only this answer shows; bound to `sources`, at least one, or with None
    to none; or one that only reads, and so has no sources; good until `expires_at`, or with None until it is
    revoked."""
    key = PREFIX + secrets.token_urlsafe(32)
    bound = None if sources is None else sorted(set(sources))
    record = ApiKey(id=new_id(), name=name, hash=_hash(key), sources=bound, expires_at=expires_at, read_only=read_only)
    session.add(record)
    await session.flush()
    await session.refresh(record)
    return record, key


async def revoke_key(session: WriteSession, key_id: str, now: float) -> ApiKey:
    """Make a key worthless from now on; revoking again changes nothing. Raises `KeyUnknown`."""
    record = await session.get(ApiKey, key_id)
    if record is None:
        raise KeyUnknown(f"There is no API key {key_id!r}.")
    if record.revoked_at is None:
        record.revoked_at = utc(now)
    return record
