"""Names are alike or not, in whatever script, and what is alike is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customers.names.likeness import alike, compare, near
from app.customers.names.search import tokens


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("王小明", "王 小 明", "same_name"),
        ("Jonathan Smith", "SMITH, jonathan", "same_name"),
        ("Zoë O'Brien", "zoe obrien", "same_name"),
        ("王小明", "Wang Xiaoming", "same_reading"),
        ("王小明", "Xiaoming Wang", "same_reading"),
        ("王小明", "WANG XIAO MING", "same_reading"),
        ("王小明", "王晓明", "same_reading"),
        ("单雄信", "Shan Xiongxin", "same_reading"),
        ("Jonathan Smith", "Jonathon Smith", "similar_name"),
        ("王小明", "Wang Xaioming", "similar_name"),
        ("Mary Jones", "李娜", "different_name"),
        ("Acme Trading Ltd", "Bob", "different_name"),
    ],
)
def test_two_names_are_compared(one: str, other: str, kind: str) -> None:
    assert compare(one, other).kind == kind
    assert compare(other, one) == compare(one, other)


@pytest.mark.parametrize("nothing", ["", " ", "😀", "--", "'"])
def test_a_name_without_a_word_says_nothing(nothing: str) -> None:
    assert compare(nothing, "王小明").kind is None
    assert alike(nothing) == near(nothing) == []


def found(sought: str, stored: str) -> bool:
    """Whether the index would find a stored name by what is sought."""
    held = set(tokens(stored))
    return any(held.issuperset(each) for each in (*alike(sought), *near(sought)))


@pytest.mark.parametrize(
    ("sought", "stored"),
    [
        ("王小明", "王小明"),
        ("王小明", "王晓明"),
        ("王小明", "Xiaoming Wang"),
        ("Wang Xiaoming", "王小明"),
        ("Xiaoming Wang", "王小明"),
        ("Wang Xiao Ming", "王小明"),
        ("欧阳娜娜", "Ouyang Nana"),
        ("Jonathan Smith", "Jonathon Smith"),
        ("Jonathan Smyth", "Jonathan Smith"),
        ("王小明", "Wangxiaomin"),
        ("Zoë O'Brien", "OBRIEN zoe"),
    ],
)
def test_what_is_alike_is_found(sought: str, stored: str) -> None:
    assert found(sought, stored)


@pytest.mark.parametrize(("sought", "stored"), [("王小明", "李丽"), ("Jonathan Smith", "Mary Jones"), ("王伟", "张伟")])
def test_what_is_not_alike_is_not_found(sought: str, stored: str) -> None:
    assert not found(sought, stored)


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=11, max_size=20), st.integers(0, 10), st.sampled_from("abcxyz"))
def test_a_long_word_with_one_letter_wrong_is_found(word: str, place: int, letter: str) -> None:
    assert found(word, word[:place] + letter + word[place + 1 :])


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_makes_it_fail(one: str, other: str) -> None:
    assert 0 <= compare(one, other).ratio <= 1
    assert all(near(one))
