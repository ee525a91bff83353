"""Why nothing is erased, and what is wrong with holds and policies."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from app.core.errors import Conflict, Invalid, NotFound
from app.core.wire import fault


class ErasureRefused(Conflict):
    """The customer cannot be erased now; `stands` lists what is in the way, by kind, with ids."""

    code = "erasure-refused"

    def __init__(self, stands: Mapping[str, Sequence[str]], *, lawful: bool) -> None:
        told = ", ".join(f"{kind.replace('_', ' ')} ({len(ids)})" for kind, ids in stands.items())
        way = (
            "Finish it first, or order the erasure with `though_open`: what is open then goes, too."
            if lawful
            else "A legal hold must be lifted, and a call must have ended and been wrapped up; nothing overrides that."
        )
        super().__init__(f"Nothing was erased, because of {told}. {way}", stands=stands, may_be_ordered=lawful)


class ErasureUnknown(NotFound):
    """There was no such erasure."""

    code = "erasure-not-found"

    def __init__(self, erasure_id: UUID) -> None:
        super().__init__(f"There is no erasure {erasure_id}.", id=str(erasure_id))


class HoldUnknown(NotFound):
    """There is no such hold."""

    code = "hold-not-found"

    def __init__(self, hold_id: UUID) -> None:
        super().__init__(f"There is no hold {hold_id}; it may have gone with its customer.", id=str(hold_id))


class HoldOver(Conflict):
    """The hold does not stand any more."""

    code = "hold-over"

    def __init__(self, hold_id: UUID, how: str) -> None:
        super().__init__(f"Hold {hold_id} {how} already.", id=str(hold_id))


class PolicyUnknown(NotFound):
    """There is no policy for that kind of record."""

    code = "retention-kind-unknown"

    def __init__(self, kind: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no kind {kind!r}; there are {', '.join(known)}.", kind=kind, known=list(known))


class PolicyUnsafe(Invalid):
    """So few days that something that runs would miss what is gone, or more than is kept anyway."""

    code = "retention-days-unsafe"

    def __init__(self, kind: str, least: int, most: int | None, why: str) -> None:
        accepted = f"{least} to {most} days" if most is not None else f"{least} days or more, or null for ever"
        super().__init__(
            f"{kind} are kept for {accepted}: {why}.", faults=[fault("body.days", "is out of range", accepted)]
        )
