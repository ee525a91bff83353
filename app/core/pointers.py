"""JSON Pointers (RFC 6901): where in a document a value is. Pure."""

from typing import Any


def pointed_at(document: Any, pointer: str) -> Any:
    """What a pointer leads to; the empty one to the whole. Raises LookupError where the document has nothing there."""
    here = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(here, dict) and name in here:
            here = here[name]
        elif isinstance(here, list) and name.isascii() and name.isdigit() and len(name) < 10 and int(name) < len(here):
            here = here[int(name)]
        else:
            raise LookupError(f"the answer has nothing at {pointer}")
    return here
