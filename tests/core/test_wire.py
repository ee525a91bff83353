"""Messages of strangers: repaired where PostgreSQL could not keep them, refused with every fault where wrong."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import wire
from app.core.errors import Invalid

Name = Annotated[str, msgspec.Meta(min_length=1, description="a name")]


class Inner(msgspec.Struct):
    name: Name
    size: int | None = None


class Outer(msgspec.Struct):
    kind: str
    inner: Inner


def test_an_ordinary_message_is_read_as_it_is() -> None:
    value = wire.load('{"kind": "a", "inner": {"name": "王小明"}}'.encode())
    assert wire.read(value, Outer) == Outer("a", Inner("王小明"))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (rb'"a\u0000b"', "a\ufffdb"),
        (rb'"cut \ud83d"', "cut \ufffd"),
        (rb'"\ude00\ud83d"', "\ufffd\ufffd"),
        (rb'"whole \ud83d\ude00"', "whole \N{GRINNING FACE}"),
        (rb'"\\u0000"', r"\u0000"),
    ],
)
def test_nul_and_half_surrogates_are_replaced(sent: bytes, kept: str) -> None:
    assert wire.load(b'{"k": [%b]}' % sent) == {"k": [kept]}


def test_keys_are_repaired_too() -> None:
    assert wire.load(rb'{"a\u0000": 1}') == {"a\ufffd": 1}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b'{"a": NaN}', b"9" * 5000, b"\x00{}", "{}".encode("utf-16"), b'{"a":"\x00"}'],
)
def test_what_is_not_json_in_utf8_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid, match="body is not JSON"):
        wire.load(body)


@pytest.mark.parametrize("depth", [65, 900, 200_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    with pytest.raises(Invalid, match="nests too deeply"):
        wire.load(b"[" * depth + b"]" * depth)


def test_64_levels_are_read_and_65_are_not_of_arrays_or_objects() -> None:
    arrays, objects = b"[" * 64 + b"]" * 64, b'{"a":' * 64 + b"1" + b"}" * 64
    for body in (arrays, objects):
        assert msgspec.json.encode(wire.load(body)) == body
    for body in (b"[%b]" % arrays, b'{"a":%b}' % objects, b'["cut \\ud83d",%b]' % arrays):
        with pytest.raises(Invalid, match="nests too deeply"):
            wire.load(body)


def test_64_levels_are_read_beside_other_brackets() -> None:
    body = b"[[],%b]" % (b"[" * 63 + b"]" * 63)
    assert msgspec.json.encode(wire.load(body)) == body


@pytest.mark.parametrize("depth", [450, 900])
def test_deep_nesting_beside_a_cut_off_emoji_is_refused(depth: int) -> None:
    with pytest.raises(Invalid, match="nests too deeply"):
        wire.load(rb'["cut \ud83d",%b]' % (b"[" * depth + b"]" * depth))


def test_many_brackets_side_by_side_are_fine() -> None:
    assert wire.load(b"[" + b"[]," * 500 + b"{}]") == [[]] * 500 + [{}]


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        wire.read({"inner": {"name": "", "size": "big"}}, Outer)
    found = refused.value.facts["faults"]
    assert [each["where"] for each in found] == ["kind", "inner.name", "inner.size"]
    assert found[1]["accepted"] == "a name"


def test_what_is_none_of_a_few_words_is_told_which_there_are() -> None:
    class Asked(msgspec.Struct):
        do: Literal["start", "stop"]

    with pytest.raises(Invalid) as refused:
        wire.read({"do": "begin"}, Asked)
    assert refused.value.facts["faults"][0]["accepted"] == "one of start, stop"


@pytest.mark.parametrize(
    ("value", "what"),
    [([], "is an array"), ("text", "is a string"), (5, "is a number"), (None, "is null"), (True, "is a boolean")],
)
def test_something_that_is_no_object_is_refused(value: object, what: str) -> None:
    with pytest.raises(Invalid) as refused:
        wire.read(value, Outer)
    assert refused.value.facts["faults"] == [{"where": "body", "what": what, "accepted": "an object"}]
    with pytest.raises(Invalid) as refused:
        wire.read({"kind": "a", "inner": value}, Outer)
    assert refused.value.facts["faults"] == [{"where": "inner", "what": what, "accepted": "an object"}]


def test_what_is_missing_is_told_by_what_it_means_and_what_may_be_left_out_is_not_missing() -> None:
    class Given(msgspec.Struct):
        """Who it is.

        And more of it."""

        name: Name
        age: int

    class Asked(msgspec.Struct):
        who: Given
        other: Given | None = None

    assert wire.faults({}, Asked) == [wire.fault("who", "is missing", "Who it is")]
    assert wire.faults({"who": {"name": "a"}}, Asked) == [wire.fault("who.age", "is missing", "a whole number")]
    [wrong] = wire.faults({"who": {"name": "a", "age": "b"}}, Asked)
    assert (wrong["where"], wrong["accepted"]) == ("who.age", "a whole number")


def test_what_would_be_right_is_told_of_each_kind_of_field() -> None:
    class Asked(msgspec.Struct, kw_only=True):
        inner: Inner | str
        nickname: Name | None = None
        size: Annotated[int, msgspec.Meta(ge=1)] = 1
        mode: Annotated[Literal["listen", "whisper"], msgspec.Meta(title="mode")] = "listen"
        details: dict[str, str] = {}

    def accepted(**wrong: object) -> list[tuple[str, str]]:
        return [(each["where"], each["accepted"]) for each in wire.faults({"inner": "a", **wrong}, Asked)]

    assert accepted(inner=5) == [("inner", "Inner")]
    assert accepted(nickname="") == [("nickname", "a name")]
    assert accepted(size=0) == [("size", "a whole number")]
    assert accepted(mode="shout") == [("mode", "one of listen, whisper")]
    assert accepted(details={"a": 1}) == [("details", "an object")]
    assert wire.faults({}, Asked) == [wire.fault("inner", "is missing", "Inner")]


def test_what_would_be_right_is_told_in_words_and_not_in_those_of_a_programming_language() -> None:
    class Asked(msgspec.Struct):
        who: UUID | None = None
        details: dict[str, Any] | None = None
        names: list[str] = []

    found = wire.faults({"who": "x", "details": 1, "names": "a"}, Asked)
    assert [each["accepted"] for each in found] == ["a UUID or null", "an object or null", "an array"]


def test_a_field_that_there_is_not_is_told_of_the_whole_message_where_none_other_may_come() -> None:
    class Asked(msgspec.Struct, forbid_unknown_fields=True):
        """What is asked."""

    with pytest.raises(Invalid) as refused:
        wire.read({"other": 1}, Asked)
    [told] = refused.value.facts["faults"]
    assert (told["where"], told["accepted"]) == ("body", "What is asked")
    assert "unknown field `other`" in told["what"]


def test_the_sentence_tells_the_first_three_faults_and_how_many_more_there_are() -> None:
    found = [wire.fault(name, "is odd", "even") for name in "abcd"]
    assert str(wire.invalid(found[:3])) == "The message cannot be understood: a is odd; b is odd; c is odd."
    told = "The message cannot be understood: a is odd; b is odd; c is odd; and 1 more."
    assert str(wire.invalid(found)) == told


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_refusal(body: bytes) -> None:
    try:
        value = wire.load(body)
    except Invalid:
        return
    assert b"\\u0000" not in msgspec.json.encode(value)


def test_a_fault_inside_of_what_may_be_null_is_told_with_its_place_and_in_words() -> None:
    class Part(msgspec.Struct):
        """A part of it.

        And more of that."""

        names: Annotated[tuple[str, ...], msgspec.Meta(max_length=1, description="one name at most")] = ()

    class Asked(msgspec.Struct):
        only: Part | None = None

    [inside] = wire.faults({"only": {"names": ["a", "b"]}}, Asked)
    assert (inside["where"], inside["accepted"]) == ("only.names", "one name at most")
    [outside] = wire.faults({"only": 5}, Asked)
    assert (outside["where"], outside["accepted"]) == ("only", "A part of it; or null")
    assert wire.faults({"only": None}, Asked) == []
