"""Values as PostgreSQL's COPY reads them from lines of text. Pure."""

import re
from collections.abc import Iterable

NULL = "\\N"
_special = re.compile(r"[\\\t\n\r]").search
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_QUOTED = str.maketrans({"\\": r"\\", '"': r"\""})


def cell(text: str | None) -> str:
    """A text, or null."""
    if text is None:
        return NULL
    return text if _special(text) is None else text.translate(_ESCAPES)


def words(found: Iterable[str] | None) -> str:
    """A list of words without space, braces, quotation marks, commas and backslashes; or null."""
    return NULL if found is None else f"{{{','.join(found)}}}"


def texts(found: Iterable[str]) -> str:
    """A list of any texts."""
    return cell(f"{{{','.join([chr(34) + each.translate(_QUOTED) + chr(34) for each in found])}}}")
