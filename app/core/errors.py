"""The four bases of every refusal. A room subclasses the one that fits; the edge maps each base to a status, once.

Each carries what a caller of any wire needs: a stable `code` (the last part of the problem's `type` URI), a sentence
that says what was wrong, where, and what would be accepted, and machine-readable `facts`.
"""

from collections.abc import Iterable
from typing import Any, ClassVar


def one_of(values: Iterable[object]) -> str:
    """What a fault says is `accepted`, where that is one of these."""
    told = [str(value) for value in values]
    return f"one of {', '.join(told)}" if len(told) > 1 else next(iter(told), "nothing: there are none")


class CallfloorError(Exception):
    """Base of every error that is meant to be told to a caller."""

    code: ClassVar[str] = "error"

    def __init__(self, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class NotFound(CallfloorError):
    """What was named does not exist."""

    code = "not-found"


class Conflict(CallfloorError):
    """The request is sound but does not fit the present state; `facts` names that state."""

    code = "conflict"


class PreconditionFailed(Conflict):
    """What the sender made the request depend on does not hold; nothing was changed."""

    code = "precondition-failed"


class Invalid(CallfloorError):
    """The request itself is wrong; `facts["faults"]` lists {where, what, accepted}, each a text."""

    code = "invalid"


class RequestTimeout(CallfloorError):
    """What was being sent came no more; it may be sent again."""

    code = "request-timeout"


class NotAllowed(CallfloorError):
    """Unknown caller, or a known one without the right."""

    code = "not-allowed"


class Unauthenticated(NotAllowed):
    """Nobody is known behind the request: no token, a bad one, an expired one."""

    code = "unauthenticated"


class Unavailable(CallfloorError):
    """Cannot be served right now; nothing was done, trying again later is right."""

    code = "unavailable"

    def __init__(self, detail: str, *, retry_after: int = 2, **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.retry_after = retry_after
