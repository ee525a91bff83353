"""Why a subscription, or the replay of a delivery, is refused."""

from app.core.errors import Conflict, Invalid, NotFound
from app.core.wire import fault
from app.subscriptions.kinds import EVENTS, WILD


class SubscriptionUnknown(NotFound):
    """No subscription has this id."""

    code = "subscription-unknown"


class SubscriptionTaken(Conflict):
    """The id belongs to another subscription."""

    code = "subscription-taken"


class DeliveryUnknown(NotFound):
    """The subscription has no such delivery."""

    code = "delivery-unknown"


class DeliveryPending(Conflict):
    """The delivery is on its way anyway."""

    code = "delivery-pending"


class SigningSecretUnknown(NotFound):
    """The subscription has no such secret."""

    code = "secret-unknown"


class OnlySecret(Conflict):
    """Without a secret nothing could be signed."""

    code = "last-secret"


class BeingRotated(Conflict):
    """There are two secrets already."""

    code = "too-many-secrets"


class EventUnknown(Invalid):
    """Events are wanted that there are not."""

    code = "event-unknown"

    def __init__(self, unknown: list[tuple[int, str]]) -> None:
        known = ", ".join((*WILD, *EVENTS))
        faults = [fault(f"body.events.{place}", "is no event", known) for place, _ in unknown]
        super().__init__(f"There is no event {', '.join(repr(name) for _, name in unknown)}.", faults=faults)


class ReceiverForbidden(Invalid):
    """Webhooks may not go to the address."""

    code = "address-forbidden"

    def __init__(self, objection: str) -> None:
        accepted = "https to a public address, or one in the operator's CALLFLOOR_WEBHOOKS_NETWORKS"
        super().__init__(f"The address {objection}.", faults=[fault("body.url", objection, accepted)])
