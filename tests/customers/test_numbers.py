"""Numbers are read, never guessed, and nothing that a platform sends makes the reading fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customers.numbers import Number, extension_of, normalise

MOBILE = "+8613800138000"


@pytest.mark.parametrize(
    "raw",
    [
        "+8613800138000",
        "13800138000",
        "008613800138000",
        "8613800138000",
        "+86 138 0013 8000",
        "138-0013-8000",
        "(+86) 138/0013/8000",
        "１３８００１３８０００",
        "\u202a+8613800138000\u202c",
        "  +86\u00a0138\u00a00013\u00a08000 ",
        "+86 138\u20130013\u20138000",
        "13800138000 ext 5",
        "13800138000转12",
        "tel:+86-138-0013-8000;ext=5",
        "sip:+8613800138000@host",
        "SIPS:+8613800138000@host:5061;user=phone",
        "sip:%2B8613800138000@host",
        "sip:13800138000@carrier.example",
        "+8613800138000@host",
        "13800138000@host",
        "138\a0013\a8000",
        '"Wang" <sip:+8613800138000@host;tag=1>',
    ],
)
def test_every_spelling_of_a_number_is_the_same_number(raw: str) -> None:
    assert normalise(raw, "CN") == Number(raw.strip(), MOBILE)


@pytest.mark.parametrize(
    ("raw", "region", "e164"),
    [
        ("010/8888 1234", "CN", "+861088881234"),
        ("030 / 23125-000", "DE", "+493023125000"),
        ("+1 (415) 555-2671", "CN", "+14155552671"),
        ("415-555-2671", "US", "+14155552671"),
        ("400-810-8888", "CN", "+864008108888"),
        ("+39 06 69812345", "CN", "+390669812345"),
    ],
)
def test_numbers_with_slashes_and_of_other_countries_are_read(raw: str, region: str, e164: str | None) -> None:
    """zammad#4872."""
    assert normalise(raw, region).e164 == e164


@pytest.mark.parametrize(
    "raw",
    [
        *["", " ", "anonymous", "Anonymous", "unknown", "1001", "8001", "95555", "*67", "#31#", "+", "()", "/"],
        *["sip:bob@x", "sip:bob123456789@x", "sip:1001@pbx", "sip:13800138000bob@x", "bob@13800138000", "sip:", "@"],
        *["😀", "☎️ 138", "1" * 40, "+" + "9" * 40, "1" * 5000, "1-800-FLOWERS", "13800138000/13900139000"],
        *["tel:13800138000;phone-context=+1", "<>", "<<", "\x00", "\ud83d", "sip:anonymous@anonymous.invalid"],
        *["+0013800138000", "１" * 30, "٣", "null", "-1", "1e10", "0x1234567"],
    ],
)
def test_what_is_no_number_is_kept_and_has_no_e164(raw: str) -> None:
    """livekit/sip#385: a SIP name is not a number."""
    kept = raw.encode("utf-8", "ignore").decode().replace("\x00", "").strip()
    assert normalise(raw, "CN") == Number(kept, None)


@pytest.mark.parametrize(
    "raw",
    [
        *["", "anonymous", "Unknown", "sip:anonymous@anonymous.invalid", "<sip:Restricted@x>", "+266696687", "\x00"],
        *["unavailable", "private", "withheld", "blocked", "none", "null", "7378742833", "2562533", "8656696"],
    ],
)
def test_a_withheld_number_identifies_nobody(raw: str) -> None:
    assert not normalise(raw, "CN").matchable


@pytest.mark.parametrize("raw", ["1001", "sip:bob@x", MOBILE, "😀"])
def test_anything_else_may_identify_somebody(raw: str) -> None:
    assert normalise(raw, "CN").matchable


@pytest.mark.parametrize(
    ("raw", "extension"),
    [
        ("010 6666 8888 ext 12", "12"),
        ("010 6666 8888 extension. 0012", "0012"),
        ("010-66668888转１２", "12"),
        ("sip:+861066668888;ext=12@host", "12"),
        ('"Wang" <tel:+861066668888;ext=12>', "12"),
        ("sip:+861066668888;EXT=12?subject=x", "12"),
        ("tel:+861066668888;ext=12a", None),
        ("tel:+861066668888;ext=12", "12"),
        ("tel:+861066668888;ext=12;phone-context=x", "12"),
        ("010 6666 8888 x12345678", None),
        ("010 6666 8888", None),
        ("ext 12", None),
        ("sip:bob@x", None),
        ("", None),
        ("010 6666 8888" + " " * 200 + "x12", None),
    ],
)
def test_the_extension_behind_a_number_is_told(raw: str, extension: str | None) -> None:
    assert extension_of(raw) == extension


def test_nothing_longer_than_64_characters_is_looked_at() -> None:
    apart = "138{}00138000"
    assert normalise(apart.format(" " * 53), "CN").e164 == MOBILE
    assert normalise(apart.format(" " * 54), "CN").e164 is None


@given(st.one_of(st.text(), st.text(alphabet="+0123456789 ()/-.ext;:sip@<>%", max_size=40)))
def test_no_text_makes_it_fail_and_its_own_answer_reads_the_same(raw: str) -> None:
    number = normalise(raw, "CN")
    if number.e164 is not None:
        assert normalise(number.e164, "DE").e164 == number.e164
