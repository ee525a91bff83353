"""JSON Pointers, by the examples of RFC 6901, section 5, and where they lead nowhere."""

import pytest

from app.core.pointers import pointed_at

DOCUMENT = {
    "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8,
}  # fmt: skip


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", DOCUMENT), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/e^f", 3),
        ("/g|h", 4), ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8), ("/foo/1", "baz"),
    ],
)  # fmt: skip
def test_a_pointer_leads_to_a_value(pointer: str, found: object) -> None:
    assert pointed_at(DOCUMENT, pointer) == found


@pytest.mark.parametrize(
    "pointer", ["/foo/2", "/foo/-1", "/foo/-", "/foo/x", "/foo/\u0661", "/foo/" + "9" * 5000, "/foo/0/0", "/bar", "//"]
)
def test_a_pointer_to_nothing_is_told_as_such(pointer: str) -> None:
    with pytest.raises(LookupError, match="the answer has nothing at /"):
        pointed_at(DOCUMENT, pointer)


def test_a_number_is_the_name_of_a_member_too() -> None:
    assert pointed_at({"rows": {"0": "first"}}, "/rows/0") == "first"
