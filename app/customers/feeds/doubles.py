"""Which ids a file has more than once: of each the last row counts. Found in a pass of its own, before anything is
written, in little memory: one byte an id, and a whole id only where it may have come before. Pure."""

from zlib import crc32

from app.customers.feeds.columns.plan import Plan
from app.customers.feeds.formats.cells import Unfit
from app.customers.feeds.formats.rows import Batch

FEWEST, MOST = 1 << 16, 1 << 27
"""Places, each a byte."""

BYTES_A_PLACE = 8
"""Of a file; with few bytes a row, an id in two shares its place with another one and is remembered in vain."""


class Doubles:
    """Told all batches of a file, it knows the superseded rows. `size` is that of the file in bytes."""

    def __init__(self, plan: Plan, size: int) -> None:
        column = plan.fields.index("external_id")
        self._position, self._read, self._width = plan.positions[column], plan.readers[column], plan.width
        places = FEWEST
        while places < min(size // BYTES_A_PLACE, MOST):
            places *= 2
        self._seen, self._mask = bytearray(places), places - 1
        self._last: dict[str, int] = {}

    def look(self, batch: Batch) -> None:
        """Note the ids of a batch."""
        seen, mask, position, width = self._seen, self._mask, self._position, self._width
        for number, cells in enumerate(batch.rows, batch.first):
            if not isinstance(cells, list) or len(cells) != width:
                continue
            try:
                key = self._read(cells[position])
            except Unfit:
                continue
            place = crc32(key.encode("utf-8", "surrogatepass")) & mask
            if seen[place]:
                self._last[key] = number
            else:
                seen[place] = 1

    @property
    def any(self) -> bool:
        """Whether any row may be superseded."""
        return bool(self._last)

    def is_superseded(self, key: str, number: int) -> bool:
        """Whether a later row has the same id."""
        return self._last.get(key, number) > number
