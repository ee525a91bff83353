"""Whose word stays: the rule of ranks that feeds, rules, wishes and other systems' changes go by."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.customers.errors import FieldsKept
from app.customers.feed_models import HAND, FeedSource
from app.customers.models import Customer
from app.customers.segment_models import RULES

SOURCE = "callfloor.source"
"""The setting of a transaction that says which source changes what it changes; triggers read it."""

_UNTRACKED = ("external_id",)
"""Columns of which nobody knows who set them: of people, then."""


class SourceIsPeople(Invalid):
    """The name of people is none of a system."""

    code = "source-is-people"


def ensure_system(source: str) -> None:
    """That `source` may be the name of another system. Raises SourceIsPeople."""
    if source in (HAND, RULES):
        who = "people change by hand" if source == HAND else "rules of tiers and segments give"
        raise SourceIsPeople(f"{source!r} is what {who}; accepted: the name of another system.")


async def blocking(session: AsyncSession, source: str) -> tuple[str, ...]:
    """The sources whose word a feed does not overwrite: those of a higher rank, and people unless the feed's is higher
    than theirs."""
    rows = {row.id: row.rank for row in await session.execute(select(FeedSource.id, FeedSource.rank))}
    own = rows.get(source, 50)
    return tuple(
        sorted(each for each, rank in rows.items() if each != source and (rank > own or (each == HAND and rank == own)))
    )


async def speak_as(session: AsyncSession, source: str) -> None:
    """From here to the commit, what the session changes is told by `source`, not by people; it has a rank from now on.
    Raises SourceIsPeople."""
    ensure_system(source)
    await session.execute(insert(FeedSource).values(id=source).on_conflict_do_nothing())
    await session.execute(select(func.set_config(SOURCE, source, True)))


async def ensure_outranking(session: AsyncSession, customer: Customer, fields: Iterable[str], source: str) -> None:
    """That the source may change these fields, columns and `attribute.*`, as a feed of it would. Raises FieldsKept."""
    barred = await blocking(session, source)
    held = {field: by for field in fields if (by := _told_by(customer, field)) in barred}
    if held:
        raise FieldsKept({_place(field): by for field, by in held.items()}, source)


def _place(field: str) -> str:
    """Where a request has it."""
    return "tier" if field == "tier_id" else field.replace("attribute.", "attributes.", 1)


def _told_by(customer: Customer, field: str) -> str | None:
    """Who has told what the field is; None: nobody."""
    if (origin := customer.origins.get(field)) is not None:
        return str(origin)
    kind, _, attribute = field.partition(".")
    present = attribute in customer.attributes if kind == "attribute" else getattr(customer, field) not in (None, [])
    if not present:
        return None
    return HAND if field in _UNTRACKED else customer.source
