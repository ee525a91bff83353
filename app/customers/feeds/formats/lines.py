"""The lines of a file, a block at a time: however large the file or a line of it, little is in memory. Pure."""

import codecs
import io
from collections.abc import Iterable, Iterator

BLOCK = 1 << 16
"""Bytes that are read at once."""

LONGEST = 1 << 20
"""Characters. Of a line that is longer only so much is looked at; it is no row that could be taken."""


def blocks(pieces: Iterable[bytes], encoding: str) -> Iterator[list[str]]:
    """The whole lines of one piece after the other, each with its end, be it \\n, \\r\\n or \\r.

    Bytes that are nothing in the encoding become U+FFFD. A line beyond LONGEST is given cut off, and without its end.
    """
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    rest, is_cut, is_first = "", False, True
    for piece in pieces:
        text = rest + decoder.decode(piece)
        if is_first and text:
            text, is_first = text.removeprefix("\ufeff"), False  # a mark that the named encoding does not expect
        lines = io.StringIO(text, newline="").readlines()
        # what stands behind the last end of a line goes on in the next piece, and so may a \r with its \n
        rest = lines.pop() if lines and not lines[-1].endswith("\n") else ""
        if is_cut and lines:
            lines, is_cut = lines[1:], False
        if len(rest) > LONGEST:
            if not is_cut:
                lines.append(rest[:LONGEST])
            rest, is_cut = "", True
        if lines:
            yield lines
    last = io.StringIO(rest + decoder.decode(b"", final=True), newline="").readlines()
    if is_cut:
        last = last[1:]
    if last:
        yield last
