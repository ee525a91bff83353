"""What a kind of entry is to the timeline: where its rows are, and what of them is told. The database merges the newest
of each source; none is read further than a page, so it does not matter how much a customer has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import FromClause, Select, SQLColumnExpression, Text, Uuid, cast, func, literal, null, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB

from app.customers.search import is_han
from app.history.errors import NoWords, TimesReversed
from app.history.words import words_of

Column = SQLColumnExpression[Any]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows of one table (or a join) that are entries. Of a customer they are read by an index on (customer, at, id),
    so columns that are told should cost nothing for rows that are not.

    `kind` names one of `kinds` for each row, None where there is only one. `what` is what happened, in a word; `text`
    what somebody wrote; `thing` the id of what can be asked for more. `words` is the very expression of an index of
    `history_words`; a source without it has nothing that can be looked for. `fits` may leave rows out, knowing who
    the customer is, and `served` says whose they are, where that is more than `agent`. Ids are
    UUIDs, or numbers (`numbered`).
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
    fits: Callable[[UUID | None], Sequence[Column]] = lambda _: ()
    served: Callable[[str], Column] | None = None
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

    def page(self, asked: Asked, root: UUID | None, member: Column | None, limit: int, after: Place | None) -> Any:
        """The newest `limit` entries that fit, those after a place; of the customer `member`, None: of everybody."""
        query = self._told().where(*self.fits(root), *self._fitting(asked), *self._after(after))
        if asked.q is not None:
            # whose it is is among the words; an index of the customer's own would have the planner read them all
            query = query.where(*self._containing(asked.q, null() if member is None else member))
        elif member is not None:
            query = query.where(self.customer == member)
        return query.order_by(self.at.desc(), self.id.desc()).limit(limit)

    def _containing(self, typed: str, customer: Any) -> list[Column]:
        """Of a Chinese word of three characters or more the index knows that each two stand side by side somewhere;
        and it knows of what is written only."""
        assert self.words is not None
        assert self.text is not None
        long = [word for word in words_of(typed) if is_han(word) and len(word) > 2]
        found = self.words.op("@@")(func.history_query(customer, typed))
        return [self.text.is_not(None), found, *(self.text.contains(word, autoescape=True) for word in long)]

    def _told(self) -> Select[*tuple[Any, ...]]:
        nothing = cast(null(), Text)
        return select(
            self.at.label("at"),
            literal(self.name, literal_execute=True).label("source"),
            self.told_id.label("id"),
            (literal(self.kinds[0], literal_execute=True) if self.kind is None else self.kind).label("kind"),
            self.what.label("what"),
            cast(self.customer, Uuid).label("customer_id"),
            cast(self.agent, Text).label("agent"),
            (nothing if self.channel is None else self.channel).label("channel"),
            (nothing if self.text is None else self.text).label("text"),
            cast(self.id if self.thing is None else self.thing, Text).label("thing"),
            cast(self.details, JSONB).label("details"),
        ).select_from(self.rows)

    def _fitting(self, asked: Asked) -> list[Column]:
        conditions: list[Column] = []
        if asked.since is not None:
            conditions.append(self.at >= asked.since)
        if asked.until is not None:
            conditions.append(self.at < asked.until)
        if asked.agent is not None:
            conditions.append(self.agent == asked.agent if self.served is None else self.served(asked.agent))
        if asked.kinds and self.kind is not None and not set(self.kinds) <= set(asked.kinds):
            conditions.append(self.kind.in_(asked.kinds))
        return conditions

    def _after(self, place: Place | None) -> list[Column]:
        if place is None:
            return []
        if self.name > place.source:
            return [self.at <= place.at]
        if self.name < place.source:
            return [self.at < place.at]
        # the first condition follows from the second; the planner leaves out months only by the first
        return [self.at <= place.at, tuple_(self.at, self.id) < (place.at, self.own_id(place.id))]
