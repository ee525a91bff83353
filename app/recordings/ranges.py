"""Which bytes a request asks for (RFC 9110, section 14). Pure."""

import re
from typing import NamedTuple

_ONE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*$", re.ASCII)


class Bytes(NamedTuple):
    """From `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many."""
        return self.last - self.first + 1


class Unsatisfiable(Exception):
    """None of what is asked for is there."""


def asked(header: str | None, size: int) -> Bytes | None:
    """The part of `size` bytes that a Range header asks for; None for all of it, which is also the answer to several
    ranges and to what cannot be understood. Raises `Unsatisfiable`."""
    found = _ONE.match(header) if header is not None else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        part = Bytes(max(0, size - int(last)), size - 1)
    elif last and int(last) < int(first):
        return None
    else:
        part = Bytes(int(first), min(int(last), size - 1) if last else size - 1)
    if part.first >= size or part.length < 1:
        raise Unsatisfiable
    return part
