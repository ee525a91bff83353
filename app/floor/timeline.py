"""The timeline that a live contact carries: at most so many lines, since each commit writes them all. Pure.

A contact that is offered and declined for hours, or a platform that repeats itself, would fill it without end. The
beginning and what was last stay; of what lies between, the kind of line that there is most of gives way, its oldest
first, so that what happened once is still told. The floor's events have every line.
"""

from collections import Counter
from typing import Any

import msgspec

from app.telephony.events import EventType

MOST_LINES = 300
FIRST_LINES = 100
LAST_LINES = 100

LEFT_OUT = "timeline.left_out"
"""The one line that stands for those that gave way: how many, how many of each kind, and until when."""

_STAYS = frozenset({"wrap_up", "contact.ended"})
_TOLD = frozenset(map(str, EventType))


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One line of a contact's timeline."""

    at: float
    kind: str
    data: dict[str, Any] = {}


Timeline = tuple[Entry, ...]


def with_line(lines: Timeline, line: Entry) -> Timeline:
    """The timeline with one more line at its end, never longer than `MOST_LINES`."""
    while len(lines) >= MOST_LINES:
        lines = _thinned(lines)
    return (*lines, line)


def _thinned(lines: Timeline) -> Timeline:
    """One line less, which is counted among those that were left out."""
    first, rest = lines[:FIRST_LINES], lines[FIRST_LINES:]
    known = rest[0] if rest[0].kind == LEFT_OUT else None
    between = rest[1:] if known is not None else rest
    place = _to_go(between[:-LAST_LINES])
    gone, left = between[place], (*between[:place], *between[place + 1 :])
    return (*first, _left_out(known, gone), *left)


def _to_go(between: Timeline) -> int:
    """Where the oldest line stands of the kind that there is most of."""
    groups = [_group(each.kind) for each in between]
    counted = Counter(group for group in groups if group is not None)
    return groups.index(counted.most_common(1)[0][0]) if counted else 0


def _group(kind: str) -> str | None:
    """Lines of one kind, for which a platform may have as many names as it likes; None stays."""
    if kind in _STAYS:
        return None
    return kind if kind in _TOLD or not kind.startswith("call.") else "call.other"


def _left_out(known: Entry | None, gone: Entry) -> Entry:
    if known is None:
        known = Entry(gone.at, LEFT_OUT, {"lines": 0, "until": gone.at, "kinds": {}})
    kinds = dict(known.data["kinds"])
    group = _group(gone.kind) or gone.kind
    kinds[group] = kinds.get(group, 0) + 1
    data = {"lines": known.data["lines"] + 1, "until": max(known.data["until"], gone.at), "kinds": kinds}
    return Entry(min(known.at, gone.at), LEFT_OUT, data)
