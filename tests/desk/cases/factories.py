"""Cases for tests, through the real service."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.clock import now, utc
from app.db.engine import WriteSession
from app.desk.cases.models import Case
from app.desk.cases.opening import NewCase, open_case
from app.desk.cases.working import close, solve


async def make_case(
    session: WriteSession, who: UUID, subject: str = "Card lost", *, at: datetime | None = None, **given: Any
) -> Case:
    """A case of a customer, opened by lin."""
    return await open_case(session, NewCase(customer_id=who, subject=subject, **given), "lin", at or utc(now()))


async def make_closed(session: WriteSession, who: UUID, *, at: datetime | None = None, **given: Any) -> Case:
    """A case that was solved and closed."""
    moment = at or utc(now())
    made = await make_case(session, who, at=moment, **given)
    await solve(session, made.id, None, "done", "lin", moment)
    return await close(session, made.id, None, "lin", moment)
