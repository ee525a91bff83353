"""Erasures and retention by turns. Both let go of rows of the same tables and of what goes with these, each in an order
of its own: at the same moment they could wait for each other, and the database would undo one of them."""

from sqlalchemy import func, select

from app.db.engine import WriteSession

_LOCK = 0x43464C45  # "CFLE"


async def among_erasures(session: WriteSession) -> None:
    """Until the commit, erase beside other erasures and beside no retention. Before any row is locked."""
    await session.execute(select(func.pg_advisory_xact_lock_shared(_LOCK)))


async def apart_from_erasures(session: WriteSession) -> None:
    """Until the commit, nobody is erased. Before any row is locked."""
    await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
