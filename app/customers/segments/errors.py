"""What can be wrong with rules of tiers and segments, and with overrides."""

from uuid import UUID

from app.core.errors import Conflict, Invalid, NotFound
from app.core.wire import fault
from app.customers.errors import VersionConflict


class RuleSetUnknown(NotFound):
    """No set of rules has that number."""

    code = "rule-set-unknown"

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no set of rules {number}.", number=number)


class SegmentUnknown(NotFound):
    """The active rules have no such segment."""

    code = "segment-unknown"

    def __init__(self, segment: str) -> None:
        super().__init__(f"The active rules have no segment {segment!r}.", segment=segment)


class RuleSetChanged(VersionConflict):
    """The draft has been changed since it was read."""

    code = "version-conflict"

    def __init__(self, given: int, present: int) -> None:
        super().__init__(given, present, "the set of rules")


class RuleSetFaulty(Invalid):
    """Rules that cannot be; every fault is listed."""

    code = "rule-set-faulty"

    def __init__(self, faults: list[dict[str, str]]) -> None:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        told = "; ".join(f"{each['where']} {each['what']}" for each in faults[:3])
        super().__init__(f"The rules have {count}: {told}.", faults=faults)


class RuleSetFixed(Conflict):
    """A set of rules that is active, or was, is not changed any more."""

    code = "rule-set-fixed"

    def __init__(self, number: int, state: str) -> None:
        detail = f"The set of rules {number} is {state} and stays as it is; make a new draft (`copy_of`: {number})."
        super().__init__(detail, number=number, state=state)


class NotPreviewed(Conflict):
    """A draft is activated only as it was tried."""

    code = "not-previewed"

    def __init__(self, number: int, version: int, previewed: int | None) -> None:
        seen = "has not been previewed" if previewed is None else f"was previewed as version {previewed}"
        detail = f"The draft {number} is version {version} and {seen}; preview it as it is, then activate it."
        super().__init__(detail, version=version, previewed_version=previewed)


class ActivatedMeanwhile(Conflict):
    """Other rules were activated at the same time, so what was previewed is not what would happen."""

    code = "activated-meanwhile"

    def __init__(self) -> None:
        super().__init__("Another set of rules was activated at the same time; preview again, then activate.")


class NothingActive(Conflict):
    """No rules are active."""

    code = "no-active-rules"

    def __init__(self) -> None:
        super().__init__("No set of rules is active; activate one first.")


class RoundRunning(Conflict):
    """All customers are being judged already."""

    code = "round-running"

    def __init__(self, round_id: int) -> None:
        super().__init__(f"The round {round_id} has not ended yet.", round=round_id)


class NotJudged(Conflict):
    """Rules are about customers who are active and known."""

    code = "not-judged"

    def __init__(self, customer_id: UUID) -> None:
        detail = "The customer is not active, or provisional: rules judge neither."
        super().__init__(detail, customer_id=str(customer_id))


class OverrideInThePast(Invalid):
    """An override must have time to count."""

    code = "override-in-the-past"

    def __init__(self, until: str, now: str) -> None:
        told = fault("body.until", f"is {until}, which is over", f"an instant after {now}")
        super().__init__("The override would be over already.", faults=[told])


class OverrideTooLong(Invalid):
    """An override ends some day."""

    code = "override-too-long"

    def __init__(self, until: str, latest: str) -> None:
        told = fault("body.until", f"is {until}, longer than an override may last", f"an instant up to {latest}")
        super().__init__("The override would last too long.", faults=[told])


class NothingToTakeBack(Conflict):
    """There is nothing that somebody has set."""

    code = "nothing-to-take-back"

    def __init__(self, customer_id: UUID, what: str) -> None:
        detail = f"Nothing to take back: {what} not set by anybody, so rules and feeds have their say already."
        super().__init__(detail, customer_id=str(customer_id))
