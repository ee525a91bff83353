"""What a customer has many of, as a feed tells it: what is given is there afterwards, what is not given any more of
this source and of the labels that the feed tells is gone. What other sources and people gave stays.

The caller's session commits."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.tabbed import cell
from app.db.copying import copy, copy_lines


class PartKind(NamedTuple):
    """A kind of part: its table, the columns that a feed gives, what tells one part from another (of the row `{0}`),
    and the column that labels are in. `conflict` is the unique key beside the customer."""

    table: str
    columns: tuple[str, ...]
    key: str
    label: str
    conflict: str | None

    @property
    def stage(self) -> str:
        """The temporary table of the given parts."""
        return f"feed_{self.table}"


NUMBERS = PartKind(
    "customer_numbers",
    ("raw", "e164", "label", "extension"),
    "coalesce({0}.e164, {0}.raw), coalesce({0}.extension, '')",
    "label",
    "raw",
)
EMAILS = PartKind("customer_emails", ("address", "kind"), "{0}.address", "kind", "address")
ADDRESSES = PartKind(
    "customer_addresses", ("kind", "lines", "city", "postal_code", "country"), "{0}.kind, {0}.source", "kind", None
)
Rows = Sequence[tuple[Any, ...]]
Lines = Iterable[str]


def lines_of(rows: Rows, source: str) -> Lines:
    """Parts as COPY reads them; a row is the customer's id and the columns of the kind."""
    last = cell(source)
    return ("\t".join([str(row[0]), *map(cell, row[1:]), last]) for row in rows)


async def insert_parts(session: AsyncSession, kind: PartKind, lines: Lines) -> None:
    """Give new customers their parts."""
    await copy_lines(session, kind.table, ("customer_id", *kind.columns, "source"), lines)


async def stage_parts(
    session: AsyncSession, kind: PartKind, source: str, rows: Rows, labels: Collection[str]
) -> set[UUID]:
    """Put the parts of known customers (those in feed_customers) aside; the customers of whom they change something."""
    columns = ", ".join(f"{column} text" for column in kind.columns)
    await session.execute(
        text(f"create temp table {kind.stage} (customer_id uuid, {columns}, source text) on commit drop")
    )
    await copy(session, kind.stage, ("customer_id", *kind.columns, "source"), [(*row, source) for row in rows])
    found = await session.scalars(text(_DIFFERENT.format(**_words(kind))), {"source": source, "labels": list(labels)})
    return set(found)


async def apply_parts(
    session: AsyncSession, kind: PartKind, source: str, labels: Collection[str], of: Collection[UUID]
) -> None:
    """Let these customers have what was put aside, once their version is raised."""
    given = {"source": source, "labels": list(labels), "ids": list(of)}
    await session.execute(text(_DROP.format(**_words(kind))), given)
    await session.execute(text(_UPDATE.format(**_words(kind))), given)
    await session.execute(text(_INSERT.format(**_words(kind))), given)


_GONE = """n.source = :source and coalesce(n.{label}, '') = any(:labels)
    and not exists (select from {stage} g where {same})"""
_DROP = f"delete from {{table}} n where n.customer_id = any(:ids) and {_GONE}"  # noqa: S608 - constants
_UPDATE = """
    update {table} n set ({columns}) = row({given}) from {stage} g
    where {same} and n.source = :source and ({held}) is distinct from ({given}) and n.customer_id = any(:ids)"""
_INSERT = """
    insert into {table} (customer_id, {columns}, source) select g.customer_id, {given}, g.source from {stage} g
    where g.customer_id = any(:ids) and not exists (select from {table} n where {same}) on conflict do nothing"""
_DIFFERENT = f"""
    select g.customer_id from {{stage}} g where not exists (
        select from {{table}} n where {{same}}
        and (n.source is distinct from :source or ({{held}}) is not distinct from ({{given}}))
        or n.customer_id = g.customer_id and {{clash}} and n.source is distinct from :source)
    union select n.customer_id from {{table}} n join feed_customers s on s.id = n.customer_id where {_GONE}"""  # noqa: S608


def _words(kind: PartKind) -> dict[str, str]:
    """What stands in the statements for a kind."""
    return {
        "table": kind.table,
        "stage": kind.stage,
        "label": kind.label,
        "columns": ", ".join(kind.columns),
        "held": ", ".join(f"n.{column}" for column in kind.columns),
        "given": ", ".join(f"g.{column}" for column in kind.columns),
        "same": f"n.customer_id = g.customer_id and ({kind.key.format('n')}) = ({kind.key.format('g')})",
        "clash": f"n.{kind.conflict} = g.{kind.conflict}" if kind.conflict else "false",
    }
