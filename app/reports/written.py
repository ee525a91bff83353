"""A report as JSON. Pure."""

from typing import Any

import msgspec


def encoded(report: msgspec.Struct, parts: str) -> bytes:
    """The report as JSON; `parts` is the field with its many parts, which are written one by one: written, or only
    copied, as values of one document they would let no other thread run meanwhile."""
    shell = {name: getattr(report, name) for name in report.__struct_fields__ if name != parts}
    told: list[Any] = getattr(report, parts)
    pieces = [msgspec.json.encode(shell)[:-1], b',"%s":[' % parts.encode()]
    for one in told:
        pieces += msgspec.json.encode(one), b","
    if told:
        pieces.pop()
    return b"".join([*pieces, b"]}"])
