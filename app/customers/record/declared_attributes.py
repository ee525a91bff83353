"""Declarations of attributes as records, and values held against them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, NotFound
from app.customers.record.attributes import Definition, faults_of, limit_faults
from app.customers.record_models import AttributeDefinition
from app.db.engine import WriteSession


class AttributeUnknown(NotFound):
    """No attribute of that name is declared."""

    code = "attribute-unknown"


class AttributeUnfit(Invalid):
    """Values do not fit what is declared of their attributes, or a declaration contradicts itself."""

    code = "attribute-unfit"


async def definitions(session: AsyncSession) -> list[Definition]:
    """All that is declared, by name; so few that they come at once."""
    rows = await session.scalars(select(AttributeDefinition).order_by(AttributeDefinition.name))
    return [Definition(row.name, row.title, row.type, row.limits) for row in rows]


async def declared(session: AsyncSession, limit: int, after: str | None) -> Sequence[AttributeDefinition]:
    """Declarations in order of their names, those after `after`."""
    query = select(AttributeDefinition).order_by(AttributeDefinition.name).limit(limit)
    if after is not None:
        query = query.where(AttributeDefinition.name > after)
    return (await session.scalars(query)).all()


async def declare(session: WriteSession, given: Definition) -> AttributeDefinition:
    """Declare an attribute, or declare it otherwise. Values that are there are not looked at: they are held against it
    when they change. Raises AttributeUnfit."""
    wrong = limit_faults(given, "body.limits")
    if wrong:
        raise AttributeUnfit(f"The limits of the attribute {given.name!r} do not fit its type.", faults=wrong)
    row = AttributeDefinition(name=given.name, title=given.title, type=given.type, limits=given.limits)
    return await session.merge(row)


async def undeclare(session: WriteSession, name: str) -> None:
    """Let the attribute be free again. Raises AttributeUnknown."""
    found = await session.get(AttributeDefinition, name)
    if found is None:
        raise AttributeUnknown(f"No attribute {name!r} is declared.")
    await session.delete(found)


async def ensure_fit(session: AsyncSession, given: Mapping[str, Any], present: Mapping[str, Any]) -> None:
    """Hold values that differ from the present ones against what is declared. Raises AttributeUnfit."""
    changed = {name: value for name, value in given.items() if name not in present or present[name] != value}
    wrong = faults_of(await definitions(session), changed, "body.attributes") if changed else []
    if wrong:
        raise AttributeUnfit(f"{len(wrong)} attribute(s) are not what they may be.", faults=wrong)
