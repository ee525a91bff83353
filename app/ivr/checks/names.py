"""What somebody may have meant who wrote a name that does not exist."""

import difflib
from collections.abc import Iterable

MOST_NAMED = 12


def suggested(given: str, names: Iterable[str]) -> str:
    """The name that comes near, else the first of those that there are."""
    known = sorted(names)
    close = difflib.get_close_matches(given, known, n=1)
    if close:
        return f"{close[0]}?"
    return ", ".join(known[:MOST_NAMED]) + (", ..." if len(known) > MOST_NAMED else "") or "nothing: there are none"
