"""What each kind of field accepts."""

from decimal import Decimal

import pytest

from app.customers.feeds.columns import shapes
from app.customers.feeds.columns.records import Email
from app.customers.feeds.formats.cells import Spoiled, Unfit, shown, text_of


@pytest.mark.parametrize(
    ("text", "tag"), [("zh", "zh"), ("zh_CN", "zh-CN"), ("ZH-hant-tw", "zh-Hant-TW"), ("en-GB", "en-GB")]
)
def test_a_language(text: str, tag: str) -> None:
    assert shapes.language(text) == tag


@pytest.mark.parametrize("text", ["Chinese", "xx", "z", "zh-", "中文", "zh CN", "-"])
def test_what_is_no_language(text: str) -> None:
    with pytest.raises(Unfit, match="is no language tag"):
        shapes.language(text)


@pytest.mark.parametrize("text", ["wang@example.com", "a.b+c@sub.example.co", "王@例子.中国", "o'neil@example.org"])
def test_an_address(text: str) -> None:
    assert shapes.email_parser("work")(text) == Email(text, "work")


@pytest.mark.parametrize(
    "text", ["wang", "@example.com", "a@b", "a b@example.com", "a@@example.com", "a@-x.com", "a@x.com,b@x.com", "a@x.1"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(Unfit, match="is no e-mail address"):
        shapes.email_parser(None)(text)


def test_flags() -> None:
    assert [shapes.flag(text) for text in ("Y", "是", "TRUE", "0", "否")] == [True, True, True, False, False]
    assert [shapes.typed_flag(cell) for cell in (True, 0, Decimal(1))] == [True, False, True]
    for wrong in (2, "yes", None):
        with pytest.raises(Unfit):
            shapes.typed_flag(wrong)
    with pytest.raises(Unfit, match="neither yes nor no"):
        shapes.flag("X")


def test_lists_have_each_text_once() -> None:
    assert shapes.list_parser(";", ())(" a;b ;;a") == ("a", "b")
    with pytest.raises(Unfit) as unfit:
        shapes.list_parser(",", ("voice", "email"))("voice,emial")
    assert unfit.value.accepted == "email?"


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("4 h", 14400), ("2d", 172800), ("90", 90), ("15s", 15)])
def test_durations(text: str, seconds: int) -> None:
    assert shapes.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "1.5h", "-4h", "4 hours", "99999999d", "4h30m", "４h"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(Unfit, match="is no duration"):
        shapes.seconds(text)


def test_counts() -> None:
    assert shapes.count("4") == shapes.whole(Decimal("4.0")) == 4
    for wrong in ("-1", "4.0", "", "9" * 19):
        with pytest.raises(Unfit):
            shapes.count(wrong)
    for number in ("4.5", "-1", "1e18"):
        with pytest.raises(Unfit):
            shapes.whole(Decimal(number))


def test_a_country_and_a_thing_that_must_be_there() -> None:
    assert shapes.country("cn") == "CN"
    with pytest.raises(Unfit):
        shapes.country("China")
    known = shapes.known_parser(["gold", "silver"], "tier")
    assert known("gold") == "gold"
    with pytest.raises(Unfit, match="is no tier") as unfit:
        known("glod")
    assert unfit.value.accepted == "gold?"
    with pytest.raises(Unfit) as unfit:
        shapes.known_parser([], "agent")("x")
    assert unfit.value.accepted == "none: there is none yet"


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, ""), (True, "true"), (7, "7"), (7.0, "7"), (7.5, "7.5"), (Decimal("1.10"), "1.10"), (" a ", "a")],
)
def test_any_cell_as_text(cell: object, text: str) -> None:
    assert text_of(cell) == text


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ([1], "nested"),
        ({}, "nested"),
        (6.222021234567890e18, "rounded"),
        (Spoiled("#N/A", "formula", "x", "y"), "formula"),
    ],
)
def test_a_cell_that_is_no_text(cell: object, kind: str) -> None:
    with pytest.raises(Unfit) as unfit:
        text_of(cell)
    assert unfit.value.kind == kind


def test_a_cell_is_shown_short_and_on_one_line() -> None:
    assert shown("a\nb") == r"'a\nb'"
    assert len(shown("x" * 1000)) == 60
