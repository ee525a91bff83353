"""What the answer of a bureau says: all of it makes sense, or none of it is taken. Pure."""

from datetime import UTC, date, datetime, time
from math import isfinite
from typing import Any

from app.core.pointers import pointed_at
from app.credit.port import Bureau, Rating

LONGEST = 40
"""A standing is a word or two, not a page."""

_LATEST = datetime(9999, 12, 31, tzinfo=UTC)


class Nonsense(Exception):
    """An answer that cannot be meant; the message says what of it, without repeating what may be hostile at length."""


def rating_of(bureau: Bureau, document: Any) -> Rating:
    """The rating in the JSON `document` of the bureau's answer. Raises Nonsense."""
    told, word = _at(document, bureau.score_at), _at(document, bureau.standing_at)
    score = None if bureau.score_at is None else _score(bureau, told)
    return Rating(
        score=score,
        standing=_banded(bureau, score) if bureau.standing_at is None else _standing(bureau, word),
        valid_until=_until(_at(document, bureau.valid_until_at)),
    )


def _at(document: Any, pointer: str | None) -> Any:
    try:
        return None if pointer is None else pointed_at(document, pointer)
    except LookupError as error:
        raise Nonsense(str(error.args[0])) from error


def _score(bureau: Bureau, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Nonsense(f"the score is no number but {_brief(value)}")
    if not bureau.lowest <= value <= bureau.highest or not isfinite(value):
        raise Nonsense(f"the score {_brief(value)} is not from {bureau.lowest:g} to {bureau.highest:g}")
    return float(value)


def _banded(bureau: Bureau, score: float | None) -> str | None:
    """The band with the highest beginning that the score reaches."""
    reached = [(least, word) for word, least in (bureau.bands or {}).items() if score is not None and score >= least]
    return max(reached)[1] if reached else None


def _standing(bureau: Bureau, value: Any) -> str:
    word = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(word, str) or not 0 < len(word) <= LONGEST or not word.isprintable():
        raise Nonsense(f"the standing is no word but {_brief(value)}")
    if bureau.standings is None:
        return word
    if word not in bureau.standings:
        raise Nonsense(f"the standing {_brief(value)} is none of {', '.join(bureau.standings)}")
    return bureau.standings[word]


def _until(value: Any) -> datetime | None:
    """An instant with its offset, or a day, which is meant to its end (UTC); null: no end is told."""
    if value is None:
        return None
    try:
        day = date.fromisoformat(value) if len(value) == len("2026-01-01") else None
        at = datetime.combine(day, time.max, UTC) if day else datetime.fromisoformat(value)
        return min(at.astimezone(UTC), _LATEST) if at.tzinfo else _no_date(value)
    except (TypeError, ValueError, OverflowError):
        return _no_date(value)


def _no_date(value: Any) -> datetime:
    raise Nonsense(f"the end of its validity is no date but {_brief(value)}")


def _brief(value: Any) -> str:
    told = ascii(value) if isinstance(value, str | int | float | bool | None) else f"a {type(value).__name__}"
    return told if len(told) <= LONGEST else f"{told[:LONGEST]}…"
