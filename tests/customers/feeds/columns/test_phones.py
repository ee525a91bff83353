"""The quick way reads a number as the slow one does, or not at all."""

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.customers.feeds.columns.phones import _quick_reader, phone_reader
from app.customers.feeds.columns.records import Phone
from app.customers.feeds.formats.cells import Unfit
from app.customers.numbers import normalise

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = (0, 1, 2, 3, 4, 6, 7)


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A country, and a number that is written there, with slips of the hand."""
    home = draw(
        st.sampled_from(["CN", "US", "GB", "DE", "IT", "AR", "BR", "MX", "RU", "AU"]) | st.sampled_from(REGIONS)
    )
    region = home if draw(st.booleans()) else draw(st.sampled_from(REGIONS))
    number = phonenumbers.example_number_for_type(region, draw(st.sampled_from(KINDS)))
    number = number or phonenumbers.example_number("CN")
    assert number is not None
    text = list(phonenumbers.format_number(number, draw(st.sampled_from([0, 1, 2]))))
    for place, new in draw(
        st.lists(st.tuples(st.integers(0, len(text) - 1), st.sampled_from("0123456789-")), max_size=3)
    ):
        text[place] = new
    return home, draw(st.sampled_from(["", "", "", "0", "00", "+", "86"])) + "".join(text)


@given(numbers())
@example(("CN", "010 8888 1234"))
@example(("CN", "17951 138 0013 8000"))
@example(("AR", "011 15 2345 6789"))
def test_the_quick_way_says_what_the_library_says(given: tuple[str, str]) -> None:
    home, text = given
    quick = _quick_reader(home)(text)
    assert quick is None or quick == normalise(text, home).e164


@pytest.mark.parametrize(
    ("home", "text"),
    [
        ("CN", "13800138000"),
        ("CN", "138-0013-8000"),
        ("CN", "(010) 8888 1234"),
        ("CN", "+8613800138000"),
        ("CN", "+49 171 1234567"),
        ("US", "(415) 555-2671"),
        ("GB", "020 7946 0958"),
        ("DE", "0171/1234567"),
        ("IT", "02 12345678"),
    ],
)
def test_usual_numbers_go_the_quick_way(home: str, text: str) -> None:
    assert _quick_reader(home)(text) == normalise(text, home).e164 is not None


def test_a_number_is_kept_as_it_was_with_its_label() -> None:
    assert phone_reader("CN", "home", False)("010-8888 1234") == Phone("010-8888 1234", "+861088881234", "home")
    assert phone_reader("CN", None, False)("13800138000 ext 5") == Phone("13800138000 ext 5", "+8613800138000")


@pytest.mark.parametrize("text", ["12x", "8001", "+", "13800138000/13900139000", "１２３", "=1+1", "0" * 40])
def test_what_is_no_number_is_a_fault_unless_it_is_kept(text: str) -> None:
    with pytest.raises(Unfit, match="no valid telephone number") as unfit:
        phone_reader("CN", None, False)(text)
    assert unfit.value.accepted == "a number of CN, or one with + and the code of its country"
    assert phone_reader("CN", None, True)(text) == Phone(text)


def test_a_text_that_is_far_too_long_is_never_kept_as_a_number() -> None:
    with pytest.raises(Unfit):
        phone_reader("CN", None, True)("1" * 65)
