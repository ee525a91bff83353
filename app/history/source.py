"""What a kind of entry is to the timeline: where its rows are, and what of them is told. The database merges the newest
of each source; none is read further than a page, so it does not matter how much a customer has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    FromClause,
    Select,
    SQLColumnExpression,
    Text,
    Uuid,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.customers.names.search import is_han
from app.history.errors import NoWords, TimesReversed
from app.history.words import words_of

Column = SQLColumnExpression[Any]
INSTANT = DateTime(timezone=True)
DIGITS = 20
"""Numbers are told in so many digits where they are put in order as text."""


class Place(NamedTuple):
    """Where an entry stands: newest first, then by the name of its source, then by its id (`Source.told_id`)."""

    at: datetime
    source: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What entries must fit, all of it. `since` is included, `until` is not; no `kinds`: all. `agent` is whoever did
    it; `q` words that somebody wrote.

    Raises NoWords, TimesReversed.
    """

    kinds: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    agent: str | None = None
    q: str | None = None

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise TimesReversed(self.since, self.until)
        if self.q is not None and not words_of(self.q):
            raise NoWords


class Shape(NamedTuple):
    """What a question is like, without what it names: of one shape there is one statement. `after` is the source of the
    place that is gone on from; `long` that a Chinese word of three characters or more is looked for; `of_one` that it
    is about one customer."""

    kinds: tuple[str, ...]
    since: bool
    until: bool
    agent: bool
    q: bool
    long: bool
    of_one: bool
    after: str | None


def given(name: str, kind: Any) -> Column:
    """What the question names, where it stands in the statement."""
    return cast(literal_column(f":{name}"), kind)


ROOT: Column = given("root", Uuid)
AGENT: Column = given("agent", Text)


def shape_of(asked: Asked, after: Place | None, *, of_one: bool) -> Shape:
    """The shape of a question."""
    source = None if after is None else after.source
    filters = (asked.since is not None, asked.until is not None, asked.agent is not None, asked.q is not None)
    return Shape(tuple(sorted(asked.kinds)), *filters, bool(long_words(asked.q)), of_one, source)


def long_words(typed: str | None) -> list[str]:
    """Chinese words of which the index knows only that each two characters stand side by side somewhere."""
    return [word for word in words_of(typed or "") if is_han(word) and len(word) > 2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows of one table (or a join) that are entries. Of a customer they are read by an index on (customer, at, id),
    so columns that are told should cost nothing for rows that are not.

    `kind` names one of `kinds` for each row, None where there is only one. `what` is what happened, in a word; `text`
    what somebody wrote; `thing` the id of what can be asked for more. `words` is the very expression of an index of
    `history_words`; a source without it has nothing that can be looked for. `fits` leaves rows out, and
    `served` holds for those of the agent who is asked for, where that is more than `agent`; they may name `ROOT`, who
    the customer is, and `AGENT`. Ids are UUIDs, or numbers (`numbered`).
    """

    name: str
    kinds: tuple[str, ...]
    rows: FromClause
    customer: Column
    at: Column
    id: Column
    what: Column
    agent: Column
    details: Column
    kind: Column | None = None
    thing: Column | None = None
    channel: Column | None = None
    text: Column | None = None
    words: Column | None = None
    fits: Sequence[Column] = ()
    served: Column | None = None
    numbered: bool = False

    @property
    def told_id(self) -> Column:
        """The id as text that sorts as the id does."""
        as_text = cast(self.id, Text)
        return func.lpad(as_text, DIGITS, "0") if self.numbered else as_text

    def own_id(self, told: str) -> UUID | int:
        """The id that was told. Raises ValueError if it cannot be one of this source."""
        if not self.numbered:
            return UUID(told)
        if not (told.isascii() and told.isdigit() and len(told) == DIGITS and int(told) < 2**63):
            raise ValueError(told)
        return int(told)

    def page(self, shape: Shape, member: Column | None) -> Select[*tuple[Any, ...]]:
        """The newest entries that fit; of the customer `member`, None: of everybody."""
        query = self._told().where(*self.fits, *self._fitting(shape), *self._after(shape))
        if shape.q:
            # whose it is is among the words; by an index of the customer's own the planner would read all they have
            query = query.where(*self._containing(shape, null() if member is None else member))
        elif member is not None:
            query = query.where(self.customer == member)
        return query.order_by(self.at.desc(), self.id.desc()).limit(given("limit", BigInteger))

    def _containing(self, shape: Shape, customer: Any) -> list[Column]:
        assert self.words is not None
        assert self.text is not None
        found = self.words.op("@@")(func.history_query(customer, given("q", Text)))
        exact = [self.text.op("like")(func.all(given("patterns", ARRAY(Text))))] if shape.long else []
        return [self.text.is_not(None), found, *exact]

    def _told(self) -> Select[*tuple[Any, ...]]:
        nothing = cast(null(), Text)
        return select(
            self.at.label("at"),
            literal(self.name).label("source"),
            self.told_id.label("id"),
            (literal(self.kinds[0]) if self.kind is None else self.kind).label("kind"),
            self.what.label("what"),
            cast(self.customer, Uuid).label("customer_id"),
            cast(self.agent, Text).label("agent"),
            (nothing if self.channel is None else self.channel).label("channel"),
            (nothing if self.text is None else self.text).label("text"),
            cast(self.id if self.thing is None else self.thing, Text).label("thing"),
            cast(self.details, JSONB).label("details"),
        ).select_from(self.rows)

    def _fitting(self, shape: Shape) -> list[Column]:
        conditions: list[Column] = []
        if shape.since:
            conditions.append(self.at >= given("since", INSTANT))
        if shape.until:
            conditions.append(self.at < given("until", INSTANT))
        if shape.agent:
            conditions.append(self.agent == AGENT if self.served is None else self.served)
        if shape.kinds and self.kind is not None and not set(self.kinds) <= set(shape.kinds):
            conditions.append(self.kind.in_(shape.kinds))
        return conditions

    def _after(self, shape: Shape) -> list[Column]:
        if shape.after is None:
            return []
        at = given("at", INSTANT)
        if self.name != shape.after:
            return [self.at <= at if self.name > shape.after else self.at < at]
        # the first condition follows from the second; the planner leaves out months only by the first
        own = given("id", BigInteger if self.numbered else Uuid)
        return [self.at <= at, tuple_(self.at, self.id) < tuple_(at, own)]
