"""The timeline that a live contact carries: at most so many lines, since each commit writes them all. Pure.

A contact that is offered and declined for hours, or a platform that repeats itself, would fill it without end. The
beginning and what was last stay; of what lies between, the kind of line that there is most of gives way, its oldest
first, so that what happened once is still told. The floor's events have what is left out of offers and calls.
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

_ONLY_HERE = (
    *("agent.released", "call.ended_by_supervisor", "call.listened", "call.taken_over", "callback.asked"),
    "transfer.completed",
)
"""What somebody did of which no event of the floor tells."""
_STAYS = frozenset({"wrap_up", "contact.ended", *_ONLY_HERE})
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
        lines = _thinned(lines, len(lines) - MOST_LINES + 1)
    return (*lines, line)


def _thinned(lines: Timeline, surplus: int) -> Timeline:
    """So many lines less, which are counted among those that were left out: many only where they are of a version that
    knew no end."""
    first, rest = lines[:FIRST_LINES], lines[FIRST_LINES:]
    known = rest[0] if rest[0].kind == LEFT_OUT else None
    between = rest[1:] if known is not None else rest
    going, left = _to_go(between[:-LAST_LINES], surplus), list[Entry]()
    for each in between:
        group = _group(each.kind)
        if going[group] > 0:
            going[group] -= 1
            known = _left_out(known, each)
        else:
            left.append(each)
    assert known is not None, "one line at least has gone"
    return (*first, known, *left)


def _to_go(between: Timeline, surplus: int) -> Counter[str | None]:
    """How many of each group are to go, the oldest of it: each time one of which there are most."""
    counted = Counter(_group(each.kind) for each in between)
    stay, going = counted.pop(None, 0), Counter[str | None]()
    for _ in range(surplus):
        if not counted:
            going[None] += stay > going[None]
            continue
        group, count = counted.most_common(1)[0]
        going[group] += 1
        counted[group] = count - 1
        if count == 1:
            del counted[group]
    return going


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
