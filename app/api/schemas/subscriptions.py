"""Subscriptions to changes, and the deliveries to each."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import MISSING, Field

from app.api.schemas.common import Input, Instant, Name, OpenUrl, Output, Slug
from app.core.addresses import shown
from app.core.signing import secret_id
from app.subscriptions.kinds import EVENTS, WILD
from app.subscriptions.models import WebhookDelivery, WebhookEvent, WebhookSubscription

_EVENTS = "; ".join(f"`{name}`: {told}" for name, told in EVENTS.items())


ReceiverUrl = Annotated[
    OpenUrl,
    Field(
        max_length=2000,
        description="where the webhooks go: https, or http in a network of your own; the values of its query are shown "
        "as `***`, and sent back so the address stays",
    ),
]
Wanted = Annotated[
    list[Annotated[str, Field(max_length=100)]],
    Field(min_length=1, max_length=50, description=f"all of a kind ({', '.join(WILD)}), or {_EVENTS}"),
]


class SubscriptionIn(Input):
    """A new subscription: who wants to be told of what, and where."""

    id: Slug
    name: Name
    url: ReceiverUrl
    events: Wanted


class SubscriptionPatch(Input):
    """What to change; what is left out stays. While it is `paused` nothing is sent, and what happens waits."""

    name: Name | MISSING = MISSING
    url: ReceiverUrl | MISSING = MISSING
    events: Wanted | MISSING = MISSING
    paused: bool | MISSING = MISSING


class SubscriptionOut(Output):
    """A subscription. Its secrets are known by the beginnings of their hashes; all of them sign, the newest first.
    `paused_because` says why it was paused by itself."""

    id: str
    name: str
    url: str
    events: list[str]
    secrets: list[str]
    paused: bool
    paused_because: str | None
    created_at: Instant

    @classmethod
    def of(cls, row: WebhookSubscription) -> "SubscriptionOut":
        """From the record, without its secrets."""
        return cls.model_validate(_shown(row))


class SubscriptionSecret(SubscriptionOut):
    """A subscription with a new secret; `secret` is never shown again."""

    secret: str

    @classmethod
    def with_secret(cls, row: WebhookSubscription, secret: str) -> "SubscriptionSecret":
        """From the record and the secret that was just made."""
        return cls.model_validate({**_shown(row), "secret": secret})


class SubscriptionPage(Output):
    """A page of subscriptions."""

    items: list[SubscriptionOut]
    next: str | None


class DeliveryOut(Output):
    """An event on its way: pending until `next_at`, delivered, or dead. `event_id` is the `webhook-id` of every
    attempt."""

    id: int
    event_id: UUID
    type: str
    subject: str
    data: dict[str, Any]
    happened_at: Instant
    status: Literal["pending", "delivered", "dead"]
    attempts: int
    next_at: datetime | None
    last_status: int | None
    last_error: str | None
    settled_at: datetime | None

    @classmethod
    def of(cls, delivery: WebhookDelivery, event: WebhookEvent) -> "DeliveryOut":
        """From the records."""
        told = {name: getattr(delivery, name) for name in cls.model_fields if hasattr(delivery, name)}
        told |= {"type": event.type, "data": event.data, "happened_at": event.at}
        return cls.model_validate({**told, "next_at": delivery.next_at if delivery.status == "pending" else None})


class DeliveryPage(Output):
    """A page of deliveries."""

    items: list[DeliveryOut]
    next: str | None


class ReplayedOut(Output):
    """How many deliveries are sent again."""

    replayed: int


class TestSentOut(Output):
    """The delivery that a test is."""

    delivery_id: int


def _shown(row: WebhookSubscription) -> dict[str, Any]:
    own = ("id", "name", "events", "paused", "paused_because", "created_at")
    told = {name: getattr(row, name) for name in own}
    return {**told, "url": shown(row.url), "secrets": [secret_id(each) for each in row.secrets]}
