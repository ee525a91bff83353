"""What somebody types finds the names that contain it, in either script, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customers.names.search import MAX_WORD, NameQuery, fold, query, tokens


def found(typed: str, *names: str | None) -> bool:
    """What the database does with a query: all tokens there, then every part inside some stored word."""
    stored, wanted = tokens(*names), query(typed)
    words = [token for token in stored if token.startswith("=")]
    return wanted is not None and (
        set(wanted.tokens) <= set(stored) and all(any(part in word for word in words) for part in wanted.parts)
    )


@pytest.mark.parametrize(
    "typed",
    [
        *["小明", "王", "明", "王小明", "王 xiaoming", "王 小明", "wxm", "xm", "w", "wa", "xi", "aomin"],
        *["wang xiaoming", "WANG XIAOMING", "xiaoming", "xiaoming wang", "wangxiaoming", "xiao ming"],
        *["Wáng Xiǎomíng", "ｗａｎｇ"],
    ],
)
def test_a_chinese_name_is_found_by_characters_pinyin_and_initials(typed: str) -> None:
    assert found(typed, "王小明")


@pytest.mark.parametrize("typed", ["李", "明小", "王明", "xiaohong", "wangming", "wxh", "mingxiao", "gx", "!!", ""])
def test_other_text_does_not_find_it(typed: str) -> None:
    assert not found(typed, "王小明")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("zeng", "曾国藩"),
        ("ceng", "曾国藩"),
        ("shan", "单雄信"),
        ("lvbu", "吕布"),
        ("lü bu", "吕布"),
        ("lyu", "吕布"),
        ("ouyang", "欧阳娜娜"),
        ("oynn", "欧阳娜娜"),
        ("艾山", "阿卜杜拉·艾山"),
        ("王小明", "王 小明"),
    ],
)
def test_every_reading_of_a_character_is_known(typed: str, name: str) -> None:
    assert found(typed, name)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("zoe", "Zoë Müller"),
        ("MÜLL", "Zoë Müller"),
        ("ulle", "Zoë Müller"),
        ("muller zoe", "Zoë Müller"),
        ("m", "Zoë Müller"),
        ("o'brien", "Seán O’Brien"),
        ("strasse", "Anna Straße"),
        ("łukasz", "Lukasz Wójcik"),
        ("иван", "Иванов"),
        ("김철", "김철수"),
        ("Jean-Luc", "Jean-Luc Picard"),
    ],
)
def test_a_latin_name_is_found_without_case_and_accents(typed: str, name: str) -> None:
    assert found(typed, name)


def test_the_same_trigrams_in_another_order_are_no_match() -> None:
    wanted = query("abcabd")
    assert wanted is not None
    assert set(wanted.tokens) <= set(tokens("bcabda abcab"))
    assert not found("abcabd", "bcabda abcab")


def test_both_names_are_searched_and_no_name_is_needed() -> None:
    assert found("max 小", "王小明", "Max Wang")
    assert tokens(None, "") == []


def test_a_query_is_bounded() -> None:
    wanted = query(" ".join(f"{i}" * 200 for i in range(50)))
    assert wanted is not None
    assert len(wanted.parts) == 8
    assert len(wanted.parts[0]) == MAX_WORD
    assert query("li") == NameQuery(["^li"], [])


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=5))
def test_every_part_of_any_chinese_name_finds_it(name: str) -> None:
    assert all(found(name[i:j], name) for i in range(len(name)) for j in range(i + 1, len(name) + 1))


@given(st.text(min_size=1, max_size=20))
def test_any_text_can_be_a_name_and_finds_itself(name: str) -> None:
    assert found(name, name) or query(name) is None


def test_folding_is_stable() -> None:
    assert fold("ﬁ İstanbul ẞ Ａ") == fold(fold("ﬁ İstanbul ẞ Ａ")) == "fi istanbul ss a"
