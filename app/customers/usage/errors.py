"""What can be wrong with rules of usage and with what is done about alerts."""

from typing import Any
from uuid import UUID

from app.core.errors import Conflict, Invalid, NotFound
from app.customers.errors import VersionConflict


class RuleUnknown(NotFound):
    """No rule has that id."""

    code = "usage-rule-unknown"

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"There is no rule {rule_id!r}.", id=rule_id)


class RuleTaken(Conflict):
    """The id belongs to another rule."""

    code = "usage-rule-taken"

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"There is a rule {rule_id!r} already.", id=rule_id)


class RuleChanged(VersionConflict):
    """The rule has been changed since it was read."""

    code = "version-conflict"

    def __init__(self, given: int, present: int) -> None:
        super().__init__(given, present, "the rule")


class RuleFaulty(Invalid):
    """A rule that cannot be; every fault is listed."""

    code = "usage-rule-faulty"

    def __init__(self, faults: list[dict[str, str]]) -> None:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(f"The rule has {count}: {'; '.join(each['what'] for each in faults)}.", faults=faults)


class RuleInUse(Conflict):
    """The rule has given alerts, whose history would be lost with it."""

    code = "usage-rule-in-use"

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"The rule {rule_id!r} has given alerts: switch it off instead.", id=rule_id)


class AlertUnknown(NotFound):
    """No alert has that id."""

    code = "alert-unknown"

    def __init__(self, alert_id: UUID) -> None:
        super().__init__(f"There is no alert {alert_id}.", id=str(alert_id))


class AlertRefuses(Conflict):
    """What is asked does not fit the state of the alert."""

    code = "alert-state"

    def __init__(self, act: str, state: str, accepted: list[str], **facts: Any) -> None:
        other = f"; what can be done: {', '.join(accepted)}" if accepted else ", which is its end"
        super().__init__(
            f"Cannot {act.replace('_', ' ')}: the alert is {state}{other}.", state=state, accepted=accepted
        )
        self.facts |= facts


class OwnerUnknown(Invalid):
    """Nobody has that login."""

    code = "owner-unknown"

    def __init__(self, owner: str) -> None:
        told = {"where": "body.owner", "what": f"{owner!r} is nobody's login", "accepted": "the login of a user"}
        super().__init__(f"{owner!r} is nobody's login.", faults=[told])


class NoNumber(Conflict):
    """The customer has no number at which they could be called back."""

    code = "no-number"

    def __init__(self) -> None:
        super().__init__("No number of the customer is known; give one.", accepted=["number"])


class CalledBackAlready(Conflict):
    """A callback was opened for the alert."""

    code = "called-back-already"

    def __init__(self, contact_id: UUID) -> None:
        super().__init__(f"The callback {contact_id} was opened for it.", contact_id=str(contact_id))
