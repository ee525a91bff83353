"""A queue's rules of overflow as people write them: what in them contradicts itself, which never apply. Pure.

`[{"when": "length", "at": 20, "do": "callback"}, {"when": "wait", "at": 120, "do": "queue", "queue": "service"},
{"when": "closed", "do": "message", "message": "We are open from nine."}]`; what they mean is in `rules`.
"""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from app.core.wire import fault
from app.routing.overflow.rules import Do, When

LIMITS = {
    When.LENGTH: "how many wait already: a whole number, 0 or more",
    When.WAIT: "seconds of waiting, more than 0",
    When.ESTIMATED_WAIT: "seconds of waiting that are still to be expected, more than 0",
}
"""The kinds of rules that have a limit, and what it is."""

SPEAKING = frozenset({Do.MESSAGE, Do.VOICEMAIL})
"""What is done with a text for the caller, and ends the waiting for good."""

_QUEUE = "the id of another queue, see GET /api/v1/queues"
_NOTHING = "null, or the field left out"


def contradictions(rules: Any, own_id: object) -> list[dict[str, str]]:
    """What in the rules of the queue `own_id` contradicts itself: a limit or a queue that is missing or stands where it
    means nothing, a limit that is none, a way that leads back. Passes over whatever has not the form of the schema."""
    return [
        found
        for place, rule in enumerate(rules if isinstance(rules, list) else [])
        if isinstance(rule, Mapping)
        for found in (*_about_at(rule, f"body.overflow.{place}"), *_about_do(rule, f"body.overflow.{place}", own_id))
    ]


def warnings(rules: list[Mapping[str, Any]], has_hours: bool) -> list[dict[str, str]]:
    """Which rules of a sound list never apply: the queue is always open, or another always comes first."""
    found = []
    for place, rule in enumerate(rules):
        where = f"body.overflow.{place}"
        if rule["when"] == When.CLOSED and not has_hours:
            found.append({"where": where, "what": "never applies: the queue keeps no hours, so it is always open"})
            continue
        first = next((earlier for earlier, other in enumerate(rules[:place]) if _hides(other, rule)), None)
        if first is not None:
            found.append({"where": where, "what": f"never applies: wherever it would, overflow.{first} comes first"})
    return found


def _about_at(rule: Mapping[str, Any], where: str) -> Iterator[dict[str, str]]:
    when, at = rule.get("when"), rule.get("at")
    if not isinstance(when, str) or when not in frozenset(When):
        return
    if when not in LIMITS:
        if at is not None:
            yield fault(f"{where}.at", f"means nothing when {when}", _NOTHING)
        return
    accepted = LIMITS[When(when)]
    if at is None:
        yield fault(f"{where}.at", f"is missing: {when} needs a limit", accepted)
    elif isinstance(at, int | float) and not isinstance(at, bool) and isfinite(at) and not _is_limit(when, at):
        yield fault(f"{where}.at", f"is no limit of {when}", accepted)


def _is_limit(when: str, at: float) -> bool:
    return at >= 0 and at == int(at) if when == When.LENGTH else at > 0


def _about_do(rule: Mapping[str, Any], where: str, own_id: object) -> Iterator[dict[str, str]]:
    do, queue = rule.get("do"), rule.get("queue")
    if not isinstance(do, str) or do not in frozenset(Do):
        return
    if do == Do.QUEUE and queue is None:
        yield fault(f"{where}.queue", "is missing: to which queue?", _QUEUE)
    elif do == Do.QUEUE and queue == own_id:
        yield fault(f"{where}.queue", "is the queue itself", _QUEUE)
    elif do != Do.QUEUE and queue is not None:
        yield fault(f"{where}.queue", f"means nothing with {do}", _NOTHING)
    if do not in SPEAKING and rule.get("message") is not None:
        yield fault(f"{where}.message", f"means nothing with {do}", _NOTHING)


def _hides(first: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the first applies wherever the other would. One that is passed over for whoever has been there or was
    asked already hides only what does the same."""
    if first["when"] != other["when"] or (first.get("at") or 0) > (other.get("at") or 0):
        return False
    return first["do"] in SPEAKING or (first["do"], first.get("queue")) == (other["do"], other.get("queue"))
