"""Inserting a record that must be new, and pages of records by their keys."""

from typing import Any, TypeVar

from sqlalchemy import Select, inspect, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from app.db.base import Base
from app.db.engine import WriteSession

Row = TypeVar("Row", bound=Base)
Key = TypeVar("Key")
Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


async def insert_new(session: WriteSession, kind: type[Row], **values: Any) -> Row | None:
    """The new row with what the database filled in, None if one with this primary key is there already.

    One statement decides, so of two at the same time exactly one gets the row.
    """
    key = inspect(kind).primary_key
    made = insert(kind).values(**values).on_conflict_do_nothing(index_elements=key).returning(kind)
    row: Row | None = await session.scalar(made)
    return row


def in_order(kind: type[Row], limit: int, after: str | None) -> Select[Row]:
    """Up to `limit` rows in order of their primary key, those after `after`."""
    (key,) = inspect(kind).primary_key
    query = select(kind).order_by(key).limit(limit)
    return query if after is None else query.where(key > after)


def oldest(query: Query, key: InstrumentedAttribute[Key], limit: int, after: Key | None) -> Query:
    """Up to `limit` of what is asked for, those with the lowest key first, above `after`."""
    query = query.order_by(key).limit(limit)
    return query if after is None else query.where(key > after)


def newest(query: Query, key: InstrumentedAttribute[Key], limit: int, before: Key | None) -> Query:
    """Up to `limit` of what is asked for, those with the highest key first, below `before`."""
    query = query.order_by(key.desc()).limit(limit)
    return query if before is None else query.where(key < before)
