"""Telling that something happened, in the transaction in which it does."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ARRAY, Text, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.subscriptions.kinds import EVENTS

# sockets with a profile open do not hear by this: they are notified of the customers that they show (open_profiles)
_ANNOUNCE = text("select announce_changes(:type, :subjects, :data, :keys)").bindparams(
    bindparam("subjects", type_=ARRAY(Text)),
    bindparam("data", type_=ARRAY(JSONB)),
    bindparam("keys", type_=ARRAY(Text)),
)


class Change(msgspec.Struct, frozen=True):
    """What happened: `subject` as kind:id, in whose order it is told; `data` is what receivers get. A change that has a
    `key` is told once, however often it is announced."""

    subject: str
    data: dict[str, Any]
    key: str | None = None


async def announce(session: AsyncSession, kind: str, changes: Sequence[Change]) -> None:
    """Tell those who want events of this `kind` (one of `EVENTS`) once the session commits. Costs nothing but a look
    where nobody does."""
    assert kind in EVENTS, kind
    if changes:
        columns = {
            "subjects": [change.subject for change in changes],
            "data": [change.data for change in changes],
            "keys": [change.key for change in changes],
        }
        await session.execute(_ANNOUNCE, {"type": kind, **columns})
