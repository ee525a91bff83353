"""Use cases of sources: who may send us events, how they are signed, and which queue a dialled number means."""

import base64
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from app.db.engine import WriteSession
from app.db.errors import violated_constraint
from app.db.rows import insert_new
from app.telephony import queries
from app.telephony.errors import (
    LastSecret,
    NoSuchQueue,
    NumberUnknown,
    SecretUnknown,
    SourceTaken,
    TooManySecrets,
)
from app.telephony.models import CtiSource, DialledNumber

MOST_SECRETS = 5


def new_secret() -> str:
    """A fresh signing secret in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def secret_id(secret: str) -> str:
    """What a secret is called without being told: the beginning of its hash."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


async def create_source(session: WriteSession, **values: Any) -> tuple[CtiSource, str]:
    """A new source (`id`, `name`, `command_url`, `default_queue`) and its secret, which is shown only now.
    Raises `SourceTaken` or `NoSuchQueue`."""
    secret = new_secret()
    with _known_queue(values.get("default_queue"), "body.default_queue"):
        made = await insert_new(session, CtiSource, **values, secrets=[secret])
    if made is None:
        raise SourceTaken(f"There is a source {values['id']!r} already.", id=values["id"])
    return made, secret


async def change_source(session: WriteSession, source_id: str, changes: Mapping[str, Any]) -> CtiSource:
    """Change `name`, `command_url`, `default_queue` or `active`. Raises `SourceUnknown` or `NoSuchQueue`."""
    found = await queries.source(session, source_id)
    for field, value in changes.items():
        setattr(found, field, value)
    with _known_queue(found.default_queue, "body.default_queue"):
        await session.flush()
    return found


async def rotate_secret(session: WriteSession, source_id: str) -> tuple[CtiSource, str]:
    """Add a secret that signs from now on; the older ones still verify until they are removed.
    Raises `SourceUnknown` or `TooManySecrets`."""
    found = await queries.source(session, source_id, lock=True)
    if len(found.secrets) >= MOST_SECRETS:
        raise TooManySecrets(f"{source_id!r} has {MOST_SECRETS} secrets; remove old ones first.")
    secret = new_secret()
    found.secrets = [secret, *found.secrets]
    return found, secret


async def remove_secret(session: WriteSession, source_id: str, which: str) -> CtiSource:
    """Accept a secret no longer; `which` is its `secret_id`. Raises `SourceUnknown`, `SecretUnknown`, `LastSecret`."""
    found = await queries.source(session, source_id, lock=True)
    kept = [secret for secret in found.secrets if secret_id(secret) != which]
    if len(kept) == len(found.secrets):
        raise SecretUnknown(f"{source_id!r} has no secret {which!r}.", secrets=[secret_id(s) for s in found.secrets])
    if not kept:
        raise LastSecret(f"{which!r} is the only secret of {source_id!r}; rotate first.")
    found.secrets = kept
    return found


async def set_dialled_number(session: WriteSession, source_id: str, number: str, queue_id: str) -> DialledNumber:
    """Calls to `number` (as the platform sends it) wait in `queue_id` from now on.
    Raises `SourceUnknown` or `NoSuchQueue`."""
    await queries.source(session, source_id)
    made = insert(DialledNumber).values(source_id=source_id, number=number, queue_id=queue_id)
    key = [DialledNumber.source_id, DialledNumber.number]
    upsert = made.on_conflict_do_update(index_elements=key, set_={"queue_id": queue_id}).returning(DialledNumber)
    with _known_queue(queue_id, "body.queue_id"):
        row = await session.scalar(upsert, execution_options={"populate_existing": True})
    assert row is not None, "an upsert returns its row"
    return row


async def remove_dialled_number(session: WriteSession, source_id: str, number: str) -> None:
    """The number leads to the source's default queue again. Raises `NumberUnknown`."""
    those = (DialledNumber.source_id == source_id) & (DialledNumber.number == number)
    gone = await session.scalar(delete(DialledNumber).where(those).returning(DialledNumber.number))
    if gone is None:
        raise NumberUnknown(f"{source_id!r} has no dialled number {number!r}.")


@contextmanager
def _known_queue(queue: str | None, where: str) -> Iterator[None]:
    # queues belong to a room above this one, so the foreign key is asked
    try:
        yield
    except IntegrityError as error:
        rule = violated_constraint(error) or ""
        if not rule.endswith("_queues"):
            raise
        raise NoSuchQueue(queue, where) from error
