"""How long each kind of record is kept, as administrators say it. The caller's session commits."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import record as tell
from app.customers.errors import VersionConflict
from app.db.engine import WriteSession
from app.privacy.errors import PolicyUnknown, PolicyUnsafe
from app.privacy.kinds import ALL, BY_NAME, Kind
from app.privacy.models import RetentionPolicy


class Policy(NamedTuple):
    """A kind of record and how many days it is kept, None: for ever. `version` is 0 where nobody has said anything."""

    kind: Kind
    days: int | None
    version: int
    changed_by: str | None
    changed_at: datetime | None


def kind_of(name: str) -> Kind:
    """The kind of that name. Raises PolicyUnknown."""
    if name not in BY_NAME:
        raise PolicyUnknown(name, list(BY_NAME))
    return BY_NAME[name]


def ensure_safe(kind: Kind, days: int | None) -> None:
    """Raises PolicyUnsafe."""
    if days is not None and not kind.least <= days <= (kind.most or days):
        raise PolicyUnsafe(kind.name, kind.least, kind.most, kind.why)


async def policies(session: AsyncSession) -> list[Policy]:
    """The policy of every kind."""
    rows = {row.kind: row for row in await session.scalars(select(RetentionPolicy))}
    return [_policy(kind, rows.get(kind.name)) for kind in ALL]


async def set_policy(
    session: WriteSession, name: str, days: int | None, version: int | None, *, by: str, now: datetime
) -> Policy:
    """Keep a kind for so many days from now on; `version` is the one that was read, None any. Raises PolicyUnknown,
    PolicyUnsafe, VersionConflict."""
    kind = kind_of(name)
    ensure_safe(kind, days)
    row = await session.get(RetentionPolicy, name, with_for_update=True)
    present = 0 if row is None else row.version
    if version is not None and version != present:
        raise VersionConflict(version, present, f"the policy of {name}")
    before = None if row is None else row.days
    if row is None:
        values = {"kind": name, "days": days, "changed_by": by, "changed_at": now}
        made = insert(RetentionPolicy).values(values).on_conflict_do_nothing().returning(RetentionPolicy)
        row = await session.scalar(made)
        if row is None:  # somebody set it at this moment
            raise VersionConflict(0, 1, f"the policy of {name}")
    else:
        row.days, row.version, row.changed_by, row.changed_at = days, row.version + 1, by, now
    await tell(session, "retention.changed", "retention", name, before={"days": before}, after={"days": days})
    await session.flush()
    return _policy(kind, row)


def _policy(kind: Kind, row: RetentionPolicy | None) -> Policy:
    if row is None:
        return Policy(kind, None, 0, None, None)
    return Policy(kind, row.days, row.version, row.changed_by, row.changed_at)
