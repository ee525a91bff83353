"""Writing the audit log, in the transaction of the change that it tells of."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.audit.models import AuditEntry
from app.db.engine import WriteSession

WHO = "callfloor.who"
"""The setting of a transaction that says on whose behalf it works; the triggers read it too."""


WHY = "callfloor.why"
"""The setting of a transaction that says why it changes what it changes; kept with the versions of customers."""


async def because(session: WriteSession, why: str | None) -> None:
    """From here to the commit, what the session changes is changed for this reason."""
    await session.execute(select(func.set_config(WHY, why or "", True)))


async def act_as(session: WriteSession, who: str) -> None:
    """From here to the commit, what the session changes is done by `who`."""
    await session.execute(select(func.set_config(WHO, who, True)))


async def record(
    session: WriteSession,
    action: str,
    kind: str,
    thing: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Tell of a change, e.g. `flow.published` of the `flow` `main`. Never pass a secret."""
    who = func.nullif(func.current_setting(WHO, True), "")
    told = {"before": None if before is None else dict(before), "after": None if after is None else dict(after)}
    await session.execute(insert(AuditEntry).values(who=who, action=action, kind=kind, thing=thing, **told))
