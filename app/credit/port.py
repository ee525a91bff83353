"""The port to credit bureaus: what is asked, and what comes of asking."""

from datetime import datetime
from typing import Any, Protocol

import msgspec


class Bureau(msgspec.Struct, frozen=True, kw_only=True):
    """A bureau as an administrator sets it up.

    `sends` names the fields of the question and the fact that each holds (`app.credit.facts`). `score_at`,
    `standing_at` and `valid_until_at` are JSON Pointers into the answer; one of the first two is given. A score outside
    `lowest`..`highest` is nonsense, and so is a standing that is not in `standings` (the bureau's word -> ours; None:
    any word is taken as it is). A bureau that tells no standing is given `bands` (standing -> the least score that is
    called so), for people who may not see scores. What the operator keeps as `secret_name` is sent in `secret_header`.
    `timeout_seconds` is for all of the question; an answer is fresh for `fresh_seconds`.
    """

    id: str
    url: str
    method: str = "POST"
    sends: dict[str, str]
    secret_name: str | None = None
    secret_header: str = "Authorization"  # noqa: S105 - a name
    score_at: str | None = None
    standing_at: str | None = None
    valid_until_at: str | None = None
    lowest: float = 0.0
    highest: float = 1000.0
    standings: dict[str, str] | None = None
    bands: dict[str, float] | None = None
    timeout_seconds: float = 5.0
    fresh_seconds: float = 3600.0


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question about one customer. `id` is the same however often it is sent; `facts` are the fields to send."""

    id: str
    facts: dict[str, Any]


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """What a bureau says of a customer; at least one of `score` and `standing` is told."""

    score: float | None = None
    standing: str | None = None
    valid_until: datetime | None = None


class Unanswered(msgspec.Struct, frozen=True):
    """There is no answer that can be used; `detail` says why, for people, and holds nothing that is secret."""

    detail: str


class Asks(Protocol):
    """An adapter."""

    async def ask(self, bureau: Bureau, question: Question) -> Rating | Unanswered:
        """Ask once, within the bureau's time. Never raises for what the other side does."""
