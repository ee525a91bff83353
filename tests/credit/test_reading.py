"""What is taken from a bureau's answer, and what makes no sense."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from app.credit.port import Bureau, Rating
from app.credit.reading import Nonsense, rating_of

BUREAU = Bureau(
    id="b",
    url="http://bureau.example",
    sends={"id": "external_id"},
    score_at="/score",
    standing_at="/class",
    valid_until_at="/until",
    lowest=300,
    highest=850,
)
GOOD: dict[str, Any] = {"score": 300, "class": "A", "until": None}


def changed(**fields: Any) -> Bureau:
    return msgspec.structs.replace(BUREAU, **fields)


@pytest.mark.parametrize(
    ("told", "until"),
    [
        (None, None),
        ("2027-01-31", datetime(2027, 1, 31, 23, 59, 59, 999999, UTC)),
        ("2027-01-31T00:00:00+08:00", datetime(2027, 1, 30, 16, tzinfo=UTC)),
    ],
)
def test_a_rating_is_read_with_the_end_of_its_validity(told: str | None, until: datetime | None) -> None:
    assert rating_of(BUREAU, {**GOOD, "until": told}) == Rating(score=300.0, standing="A", valid_until=until)


def test_a_bureau_may_tell_a_standing_only_or_a_score_only() -> None:
    assert rating_of(changed(score_at=None, valid_until_at=None), {"class": 3}) == Rating(standing="3")
    assert rating_of(changed(standing_at=None, valid_until_at=None), {"score": 850}) == Rating(score=850.0)


def test_words_of_the_bureau_become_ours() -> None:
    assert rating_of(changed(standings={"A": "good"}), GOOD).standing == "good"
    with pytest.raises(Nonsense, match="the standing 'B' is none of A"):
        rating_of(changed(standings={"A": "good"}), {**GOOD, "class": "B"})


BAD: dict[str, tuple[Any, ...]] = {
    "score": (None, True, "300", [], 299.99, 850.01, -1, 10**400),
    "class": (None, True, "", "x" * 41, "A\nB", "\x00", {}, 1.5),
    "until": (1, "", "soon", "2027-13-01", "2027-01-31T00:00:00", [], "0001-01-01T00:00+14:00"),
}
NONSENSE: list[Any] = [[], "A", None, {}, *({**GOOD, name: value} for name in BAD for value in BAD[name])]


@pytest.mark.parametrize("document", NONSENSE, ids=lambda each: ascii(each)[:40])
def test_an_answer_that_makes_no_sense_is_taken_as_none(document: Any) -> None:
    with pytest.raises(Nonsense) as told:
        rating_of(BUREAU, document)
    assert len(str(told.value)) < 120
    assert str(told.value).isprintable()


@pytest.mark.parametrize(("score", "standing"), [(300, "poor"), (579, "poor"), (580, "fair"), (850, "good")])
def test_who_may_not_see_scores_sees_the_band_of_a_bureau_that_tells_scores_only(score: int, standing: str) -> None:
    plan = changed(standing_at=None, valid_until_at=None, bands={"poor": 0, "good": 700, "fair": 580})
    assert rating_of(plan, {"score": score}).standing == standing
