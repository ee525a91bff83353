"""(j) Feeds, told: the section of the document, and the targets."""

from collections.abc import Iterator
from typing import NamedTuple

from app.bench.feeds import BULK, FRESH, Feeds, Load
from app.bench.words import table

WANTED = 50_000


class FeedTarget(NamedTuple):
    """What is wanted, what was measured, and whether that suffices."""

    target: str
    wanted: str
    measured: str
    met: bool


def feeds_told(told: Feeds) -> Iterator[str]:
    """The section."""
    yield "## (j) Feeds"
    yield ""
    yield (
        "Files in CSV, imported as `callfloor import` does: read, checked, written and committed 10,000 at a time. A "
        "customer has a name in Chinese and in Latin letters and two numbers. Beside it COPY (binary, from memory, one "
        "transaction) of the rows that they became: into the same tables with all their indexes, keys and triggers, "
        "and into tables without any. µs are processor time a row; program and database work side by side."
    )
    yield ""
    yield from table(
        ("", "rows", "rows/s", "program, µs", "database, µs", "of COPY into the same", "of COPY into bare tables"),
        (_row(told, each) for each in told.loads),
    )
    yield from table(
        ("COPY of the rows of", "into the same tables, rows/s", "database, µs", "into bare tables, rows/s"),
        (
            [what, f"{each.per_second:,.0f}", _us(each, each.database), f"{told.bare[what].per_second:,.0f}"]
            for what, each in told.same.items()
        ),
    )
    yield from table(
        (f"What {BULK} can come to", "rows/s", "database, µs"),
        ([each.what, f"{each.per_second:,.0f}", _us(each, each.database)] for each in told.limits),
    )


def _row(told: Feeds, load: Load) -> list[str]:
    of = load.what if load.what in told.same else FRESH
    ratios = [f"{load.per_second / beside[of].per_second:.2f}" for beside in (told.same, told.bare)]
    return [
        load.what,
        f"{load.rows:,}",
        f"{load.per_second:,.0f}",
        _us(load, load.program),
        _us(load, load.database),
        *ratios,
    ]


def _us(load: Load, seconds: float) -> str:
    return f"{seconds / load.rows * 1e6:.0f}"


def feed_targets(told: Feeds) -> Iterator[FeedTarget]:
    """How quickly new customers are there."""
    for what in (BULK, FRESH):
        load, copied = told.at(what), told.same[FRESH]
        yield FeedTarget(
            f"(j) {what}",
            f"at least {WANTED:,} rows/s",
            f"{load.per_second:,.0f}/s, {load.per_second / copied.per_second:.2f} of COPY into the same tables",
            load.per_second >= WANTED,
        )
