"""Words: what the database makes of a text and of what is looked for, and where in a text they stand."""

from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.history.words import found_in, words_of

FOUND = [
    ("客户要求更换信用卡", "信用卡", ["信用卡"]),
    ("客户要求更换信用卡", "卡", ["卡"]),
    ("卡，卡。信用卡", "卡", ["卡", "卡", "卡"]),
    ("Zoë O'Brien's CARD", "zoe obriens card", ["Zoë", "O'Brien's", "CARD"]),
    ("ＣＡＲＤ ４２", "card 42", ["ＣＡＲＤ", "４２"]),
    ("discard, a card, cards", "card", ["card", "card"]),
    ("to do or not to do", "to", ["to", "to"]),
    ("tomorrow", "to", []),
    ("信用卡lost她的card", "lost card", ["lost", "card"]),
    ("\N{GRINNING FACE} 龙 \N{GRINNING FACE}", "龙", ["龙"]),
    ("card cards", "card cards", ["card", "cards"]),
    ("", "card", []),
    ("a.*b(", "a b", ["a", "b"]),
]


@pytest.mark.parametrize(("written", "typed", "wanted"), FOUND)
def test_places_of_words(written: str, typed: str, wanted: list[str]) -> None:
    spans = found_in(written, typed)
    assert [written[start:end] for start, end in spans] == wanted
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


async def test_the_database_finds_what_has_a_place_in_the_text(session: AsyncSession) -> None:
    query = text("select history_words(null, :written) @@ history_query(null, :typed)")
    for written, typed, wanted in FOUND:
        found = await session.scalar(query, {"written": written, "typed": typed})
        assert found == bool(wanted), (written, typed)


@pytest.mark.parametrize(
    ("written", "typed"),
    [("信用，用卡", "信用卡 x"), ("card", "card lost"), ("card", "ard"), ("信 用 卡", "信用"), ("it", "i"), ("", "x")],
)
async def test_what_is_not_there_is_not_found(session: AsyncSession, written: str, typed: str) -> None:
    query = text("select history_words(null, :written) @@ history_query(null, :typed)")
    assert await session.scalar(query, {"written": written, "typed": typed}) is False


async def test_odd_texts_have_words_or_none(session: AsyncSession) -> None:
    """What cannot be taken apart must not keep a contact from being recorded."""
    query = text("select cast(history_words(null, :written) as text)")
    for written, words in (
        ("", ""),
        ("!?，。", ""),
        ("'; drop table customers; --", "'customers' 'drop' 'table'"),
        ("\\ : & | ! <-> ( ) 'x' \"", "'x'"),
        ("\u202eabc\u0000"[:-1], "'abc'"),
        ("한국어 ガギ", "'カキ' '한국어'"),
        ("𠮷野家", "'家' '野家' '𠮷野'"),
    ):
        assert await session.scalar(query, {"written": written}) == words
    for long in ("长" * 1_000_000, "x" * 1_000_000, "é " * 100_000, "'" * 100_000):
        assert await session.scalar(query, {"written": long}) is not None


def test_words_of_what_is_typed() -> None:
    assert words_of("  Zoë, 信用卡_2 ") == ["zoe", "信用卡", "2"]
    assert words_of("?!。") == []
