"""Reports as JSON."""

import msgspec
import pytest

from app.reports.written import encoded


class Told(msgspec.Struct):
    name: str
    parts: list[dict[str, int]]
    next: str | None = None


@pytest.mark.parametrize("parts", [[], [{"a": 1}], [{"a": 1}, {"b": 2}]])
def test_it_is_what_it_would_be_in_one_piece(parts: list[dict[str, int]]) -> None:
    told = Told('a "name"', parts)
    assert msgspec.json.decode(encoded(told, "parts")) == msgspec.json.decode(msgspec.json.encode(told))
