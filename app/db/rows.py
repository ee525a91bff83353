"""Inserting a record that must be new."""

from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlalchemy.dialects.postgresql import insert

from app.db.base import Base
from app.db.engine import WriteSession

Row = TypeVar("Row", bound=Base)


async def insert_new(session: WriteSession, kind: type[Row], **values: Any) -> Row | None:
    """The new row with what the database filled in, None if one with this primary key is there already.

    One statement decides, so of two at the same time exactly one gets the row.
    """
    key = inspect(kind).primary_key
    made = insert(kind).values(**values).on_conflict_do_nothing(index_elements=key).returning(kind)
    row: Row | None = await session.scalar(made)
    return row
