"""Feeds over HTTP: sources, runs, and what became of the rows of a stream."""

from typing import Annotated, Any, Literal, Self

from pydantic import MISSING, Field

from app.api.schemas.common import Input, Instant, Output
from app.customers.feed_models import FeedSource
from app.customers.feeds.streams import Taken

FeedName = Literal["customers", "holdings", "usage", "agreements"]
MappingText = Annotated[str, Field(max_length=1_000_000, description="a mapping as YAML or JSON, see docs/feeds.md")]


class FeedSourceIn(Input):
    """How a source ranks (50 if nobody says it; people are the source `hand`, usually 100), and its mappings by feed.
    What is left out stays; the mappings are replaced as a whole."""

    rank: Annotated[int, Field(ge=0, le=1000)] | MISSING = MISSING
    mappings: dict[FeedName, MappingText] | MISSING = MISSING


class FeedSourceOut(Output):
    """A source, without its secrets."""

    id: str
    rank: int
    mappings: dict[str, Any]
    signs: bool

    @classmethod
    def of(cls, row: FeedSource) -> Self:
        """From its record."""
        return cls(id=row.id, rank=row.rank, mappings=row.mappings, signs=bool(row.secrets))


class FeedSecret(Output):
    """The only answer that shows a secret."""

    secret: str


class FeedCounts(Output):
    """What became of the rows; `kept` are single fields that people or higher sources have set, `repeated` rows have a
    later one of the same id."""

    made: int
    changed: int
    unchanged: int
    kept: int
    refused: int
    repeated: int


class FeedRunOut(FeedCounts):
    """A run; `position` is the last row that is committed."""

    id: str
    source: str
    feed: str
    name: str
    state: str
    position: int
    started_by: str | None
    started_at: Instant
    updated_at: Instant


class FeedFault(Output):
    """One thing that is wrong with a row; `where` is its key, empty for the row as a whole."""

    where: str
    what: str
    accepted: str


class FaultyLine(Output):
    """A line that was refused."""

    line: int
    faults: list[FeedFault]


class FeedAnswer(Output):
    """What became of a stream of `lines`: at most the first 1,000 faulty ones are listed."""

    run: str
    lines: int
    counts: FeedCounts
    faulty: list[FaultyLine]

    @classmethod
    def of(cls, taken: Taken) -> Self:
        """From what was taken."""
        faulty = [
            FaultyLine(
                line=row.number,
                faults=[FeedFault(where=it.column, what=it.what, accepted=it.accepted) for it in row.faults],
            )
            for row in taken.faulty
        ]
        return cls(run=taken.run, lines=taken.rows, counts=FeedCounts(**taken.counts), faulty=faulty)
