"""Credit standing and the bureaus that tell of it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.api.schemas.common import HEADER, POINTER, PRINTABLE, Input, Instant, Name, OpenUrl, Output, Slug
from app.api.schemas.seen import SeenNote
from app.core.addresses import shown
from app.credit.bureaus import how
from app.credit.desk import Wish
from app.credit.models import CreditBureau, CreditCheck
from app.credit.port import Bureau
from app.credit.queries import Standing

Url = Annotated[
    OpenUrl,
    Field(
        max_length=2000,
        description="where it is asked: https, or http in a network of your own; the values of its query are shown as "
        "`***`, and sent back so the address stays",
    ),
]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PRINTABLE)]
Pointer = Annotated[
    str,
    StringConstraints(max_length=500, pattern=POINTER),
    Field(description="a JSON Pointer into the answer, such as /rating/score"),
]
Word = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=PRINTABLE)]
Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
Header = Annotated[str, StringConstraints(max_length=100, pattern=HEADER)]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=PRINTABLE),
    Field(description="why this must be known; kept with the question for good"),
]


class BureauIn(Input):
    """How a bureau is asked and its answer read. `sends` says which fields it is told: field -> fact. What the operator
    keeps as `secret_name` (CALLFLOOR_CREDIT_SECRETS) is sent in `secret_header`."""

    name: Name
    active: bool = True
    url: Url
    method: Literal["GET", "POST"] = "POST"
    sends: Annotated[dict[FieldName, FieldName], Field(min_length=1, max_length=20)]
    secret_name: Slug | None = None
    secret_header: Header = "Authorization"  # noqa: S105 - a name
    score_at: Pointer | None = None
    standing_at: Pointer | None = None
    valid_until_at: Pointer | None = None
    lowest: Finite = 0.0
    highest: Finite = 1000.0
    standings: Annotated[
        dict[Word, Word] | None,
        Field(max_length=100, description="the bureau's word -> ours; any other word is nonsense. null: any is taken"),
    ] = None
    bands: Annotated[
        dict[Word, Finite] | None,
        Field(
            max_length=20,
            description="where the bureau tells a score only: standing -> the least score that is called so",
        ),
    ] = None
    timeout_seconds: Annotated[float, Field(ge=0.1, le=30)] = 5.0
    fresh_seconds: Annotated[float, Field(ge=0, le=31_536_000, description="so long nobody asks again")] = 3600.0

    def bureau(self, bureau_id: str) -> Bureau:
        """As the service takes it."""
        return Bureau(id=bureau_id, **self.model_dump(exclude={"name", "active"}))


class BureauOut(Output):
    """A bureau. Its secret is known by name only."""

    id: str
    name: str
    active: bool
    url: str
    method: str
    sends: dict[str, str]
    secret_name: str | None
    secret_header: str
    score_at: str | None
    standing_at: str | None
    valid_until_at: str | None
    lowest: float
    highest: float
    standings: dict[str, str] | None
    bands: dict[str, float] | None
    timeout_seconds: float
    fresh_seconds: float

    @classmethod
    def of(cls, row: CreditBureau) -> "BureauOut":
        """From the record."""
        told = how(row)
        own = {name: getattr(told, name) for name in Bureau.__struct_fields__}
        own["url"] = shown(told.url)
        return cls(**own, name=row.name, active=row.active)


class BureauPage(Output):
    """A page of bureaus."""

    items: list[BureauOut]
    next: str | None


class CreditIn(Input):
    """A question to a bureau: which (left out: the only one), and whether `anew` though what is known is fresh."""

    reason: Reason
    bureau: Slug | None = None
    anew: bool = False

    def wish(self, by: str) -> Wish:
        """As the service takes it."""
        return Wish(by=by, reason=self.reason, bureau=self.bureau, anew=self.anew)


class CreditTryOut(Output):
    """The last time that a bureau was asked: `outcome` is asking, answered or failed with `error`."""

    at: Instant
    source: str
    outcome: str
    error: str | None


class CreditOut(Output):
    """What is known of a customer's credit, and how old that is. All of it null: nobody was ever answered. The score
    itself is for supervisors, administrators and other systems; to agents it is null."""

    customer_id: UUID
    standing: str | None
    score: float | None
    source: str | None
    answered_at: datetime | None
    age_seconds: float | None
    valid_until: datetime | None
    expired: bool
    last_try: CreditTryOut | None

    @classmethod
    def of(cls, known: Standing, now: datetime, *, with_score: bool) -> "CreditOut":
        """From what is stored, at the instant `now`."""
        answer, last = known.answer, known.last
        at = answer.settled_at if answer else None
        until = answer.valid_until if answer else None
        return cls(
            customer_id=known.customer_id,
            standing=answer.standing if answer else None,
            score=answer.score if answer and with_score else None,
            source=answer.source if answer else None,
            answered_at=at,
            age_seconds=max(0.0, (now - at).total_seconds()) if at else None,
            valid_until=until,
            expired=until is not None and until <= now,
            last_try=_tried(last) if last else None,
        )


class CreditAnswerOut(CreditOut):
    """The standing after a question; `asked`: a bureau was asked for it, else what was known is fresh."""

    asked: bool


class CreditCheckOut(Output):
    """One question that was asked, with the consent it stood on and what came of it."""

    id: UUID
    customer_id: UUID
    source: str
    asked_at: Instant
    asked_by: str
    reason: SeenNote
    consent_id: int | None
    consent_at: Instant
    consent_origin: str
    outcome: str
    settled_at: datetime | None
    score: float | None
    standing: str | None
    valid_until: datetime | None
    error: str | None


class CreditCheckPage(Output):
    """A page of questions."""

    items: list[CreditCheckOut]
    next: str | None


def _tried(last: CreditCheck) -> CreditTryOut:
    return CreditTryOut(at=last.asked_at, source=last.source, outcome=last.outcome, error=last.error)
