"""Text for paper: where lines break, and in which font each character is."""

import pytest

from app.history.lines import CHINESE, LATIN, Run, lines_of, printable, runs_of


def width(char: str, font: str) -> float:
    return 2.0 if font == CHINESE else 1.0


def broken(text: str, room: float = 10.0) -> list[str]:
    return ["".join(run.text for run in line) for line in lines_of(text, room, width)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one two three", ["one two", "three"]),
        ("客户要求更换信用卡", ["客户要求更", "换信用卡"]),
        ("card 信用卡 lost", ["card 信用", "卡 lost"]),
        ("abcdefghijklmno", ["abcdefghij", "klmno"]),
        ("one\ntwo\r\nthree", ["one", "two", "three"]),
        ("0123456789 x", ["0123456789", "x"]),
        ("    ", ["    "]),
    ],
)
def test_lines(text: str, lines: list[str]) -> None:
    assert broken(text) == lines


def test_nothing_is_lost_and_no_line_is_too_wide() -> None:
    text = "Zoë 的信用卡 was lost on 2026-11-29, 她 called\tagain: https://example.com/" + "长" * 50 + "x" * 50
    lines = list(lines_of(text, 12.0, width))
    assert all(sum(width(char, run.font) for run in line for char in run.text) <= 12.0 for line in lines)
    said = "".join(run.text for line in lines for run in line)
    assert said.replace(" ", "") == printable(text).replace(" ", "")


def test_runs_are_of_one_font_each() -> None:
    assert runs_of("Zoë 王a") == [Run(LATIN, "Zoë "), Run(CHINESE, "王"), Run(LATIN, "a")]


def test_what_no_font_has_is_told_by_its_number() -> None:
    assert printable("a\N{GRINNING FACE}ไ\u202e\x07b") == "a[U+1F600][U+0E44][U+202E][U+0007]b"
