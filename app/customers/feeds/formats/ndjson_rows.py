"""Rows of NDJSON: a JSON object a line. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

import msgspec

from app.customers.feeds.errors import FeedUnreadable
from app.customers.feeds.formats.cells import Cell
from app.customers.feeds.formats.lines import LONGEST, blocks
from app.customers.feeds.formats.rows import Batch, Broken

KEPT = 10_000
_UNREADABLE = ("\x00", "\ufffd", "\\u0000", "\\ufffd", "\\uFFFD")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_OBJECT = "a JSON object on one line"


class NdjsonRows:
    """The rows of an NDJSON file that comes in `pieces`: of each object what the `wanted` names say. A dot leads into
    an object within. The header has the wanted names that the first rows have, and the `optional` ones. Raises
    FeedUnreadable for an empty file and a JSON document that is no NDJSON."""

    kind = "ndjson"

    def __init__(
        self, pieces: Iterable[bytes], encoding: str, wanted: Sequence[str], optional: Iterable[str] = ()
    ) -> None:
        self._blocks = blocks(pieces, encoding)
        # of a short file the last line comes by itself where it has no end, and it is one of the first rows, too
        self._first = [*next(self._blocks, []), *next(self._blocks, [])]
        start = "".join(self._first).lstrip()
        if not start:
            raise FeedUnreadable("The file is empty; accepted: a JSON object a line.")
        if start.startswith("["):
            raise FeedUnreadable(
                "The file is one JSON array; accepted: a JSON object a line, such as jq -c '.[]' writes."
            )
        sampled = [each for each in map(_decoded, self._first) if isinstance(each, dict)]
        always = set(optional)
        names = [name for name in wanted if name in always or any(_has(each, name) for each in sampled)]
        others = dict.fromkeys(key for each in sampled for key in each if key not in names)
        self.width, self.header = len(names), [*names, *others]
        self._row = _picker(names)
        self.described = f"NDJSON in {encoding.removesuffix('-sig')}"

    def batches(self) -> Iterator[Batch]:
        """All rows; to be gone through once."""
        number = 1
        for lines in chain([self._first], self._blocks):
            yield self._batch(number, lines)
            number += len(lines)

    def _batch(self, number: int, lines: list[str]) -> Batch:
        whole = "".join(lines)
        clean = not any(each in whole for each in _UNREADABLE)
        return Batch(number, [self._taken(line) for line in lines], clean, lines)

    def _taken(self, line: str) -> list[Cell] | Broken:
        if len(line) >= LONGEST:
            return Broken([line[:KEPT]], "huge", "is too long", f"a line of fewer than {LONGEST} characters")
        try:
            value = _DECODER.decode(line)
        except (msgspec.MsgspecError, RecursionError, ArithmeticError) as error:
            if not line.strip():
                return []
            return Broken([line[:KEPT]], "json", f"is no JSON: {error}", _OBJECT)
        if not isinstance(value, dict):
            return Broken([line[:KEPT]], "json", "is no object", _OBJECT)
        return self._row(value)


def _decoded(line: str) -> Any:
    try:
        return _DECODER.decode(line)
    except (msgspec.MsgspecError, RecursionError, ArithmeticError):
        return None


def _has(value: dict[str, Any], name: str) -> bool:
    return name in value or ("." in name and _within(value, name) is not None)


def _picker(names: Sequence[str]) -> Callable[[dict[str, Any]], list[Cell]]:
    nested = [(place, name) for place, name in enumerate(names) if "." in name]

    def pick(value: dict[str, Any]) -> list[Cell]:
        cells = [value.get(name) for name in names]
        for place, name in nested:
            if name not in value:
                cells[place] = _within(value, name)
        return cells

    return pick


def _within(value: Any, name: str) -> Any:
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
