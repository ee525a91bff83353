"""In what two versions of a flow differ."""

from app.ivr.records.comparing import Changed, compare
from tests.ivr.texts import bomb

OLD = """
flow: main
start: a
nodes:
  a: {type: say, text: Hello, next: b}
  b: {type: hang_up}
  c: {type: hang_up}
"""
NEW = """
# laid out in another way
{flow: main, start: b, nodes: {
  b: {type: hang_up},
  a: {type: say, text: Good day, next: b},
  d: {type: hang_up}}}
"""
NAMES = ("1", "2")


def test_nodes_are_compared_by_what_they_mean() -> None:
    found = compare(OLD, NEW, NAMES).structure
    assert found is not None
    assert (found.added, found.removed) == (("d",), ("c",))
    hello = {"type": "say", "text": "Hello", "next": "b"}
    assert found.changed == (Changed("a", hello, {**hello, "text": "Good day"}),)
    assert found.rest == (Changed("start", "a", "b"),)


def test_lines_are_compared_as_they_are_written() -> None:
    assert compare("a\nb\n", "a\nc\n", NAMES).text == "--- 1\n+++ 2\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
    assert compare(OLD, OLD, NAMES).text == ""


def test_what_cannot_be_read_is_compared_by_line_only() -> None:
    for text in ("a: [", "just text", "a: &a [*a]", bomb()):
        found = compare(OLD, text, NAMES)
        assert found.text
        assert found.structure is None


def test_what_json_has_not_is_told_as_text() -> None:
    found = compare("when: 2026-01-01\n1: x", "when: 2026-01-02\n1: x", NAMES).structure
    assert found is not None
    assert found.rest == (Changed("when", "2026-01-01", "2026-01-02"),)
