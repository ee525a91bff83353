"""Subscriptions as administrators' records."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.addresses import meant
from app.core.signing import new_secret, secret_id
from app.db.engine import WriteSession
from app.db.rows import in_order, insert_new, newest
from app.subscriptions.errors import (
    BeingRotated,
    DeliveryPending,
    DeliveryUnknown,
    EventUnknown,
    OnlySecret,
    SigningSecretUnknown,
    SubscriptionTaken,
    SubscriptionUnknown,
)
from app.subscriptions.kinds import TEST, is_known
from app.subscriptions.models import WebhookDelivery, WebhookEvent, WebhookSubscription

MOST_SECRETS = 2


async def subscription(session: AsyncSession, subscription_id: str, *, lock: bool = False) -> WebhookSubscription:
    """The subscription, with `lock` kept from other writers until the commit. Raises SubscriptionUnknown."""
    found = await session.get(WebhookSubscription, subscription_id, with_for_update=lock)
    if found is None:
        raise SubscriptionUnknown(f"There is no subscription {subscription_id!r}.")
    return found


async def subscriptions(session: AsyncSession, limit: int, after: str | None) -> Sequence[WebhookSubscription]:
    """Subscriptions in order of their id, those after `after`."""
    return (await session.scalars(in_order(WebhookSubscription, limit, after))).all()


async def subscribe(session: WriteSession, **values: Any) -> tuple[WebhookSubscription, str]:
    """A new subscription (`id`, `name`, `url`, `events`) and its secret, which is shown only now. It is told of what
    happens from now on. Raises SubscriptionTaken, EventUnknown, or Invalid for an address with stars in it."""
    _ensure_known(values["events"])
    meant(values["url"], None, "body.url")
    secret = new_secret()
    made = await insert_new(session, WebhookSubscription, **values, secrets=[secret])
    if made is None:
        raise SubscriptionTaken(f"There is a subscription {values['id']!r} already.", id=values["id"])
    return made, secret


async def change(session: WriteSession, subscription_id: str, changes: Mapping[str, Any]) -> WebhookSubscription:
    """Change `name`, `url`, `events` or `paused`; a `url` that comes back as it was shown stays. Raises
    SubscriptionUnknown, EventUnknown, or Invalid for another address with stars in it."""
    found = await subscription(session, subscription_id, lock=True)
    _ensure_known(changes.get("events", ()))
    for field, value in changes.items():
        setattr(found, field, meant(value, found.url, "body.url") if field == "url" else value)
    if "paused" in changes:
        found.paused_because = None
    await session.flush()
    return found


async def unsubscribe(session: WriteSession, subscription_id: str) -> None:
    """Tell no more, also not what still waits. Raises SubscriptionUnknown."""
    await session.delete(await subscription(session, subscription_id, lock=True))


async def rotate(session: WriteSession, subscription_id: str) -> tuple[WebhookSubscription, str]:
    """Add a secret, shown only now. Both sign until the older one is removed. Raises SubscriptionUnknown,
    BeingRotated."""
    found = await subscription(session, subscription_id, lock=True)
    if len(found.secrets) >= MOST_SECRETS:
        raise BeingRotated(f"{subscription_id!r} has {MOST_SECRETS} secrets; remove the older one first.")
    secret = new_secret()
    found.secrets = [secret, *found.secrets]
    return found, secret


async def remove_secret(session: WriteSession, subscription_id: str, which: str) -> WebhookSubscription:
    """Sign with it no longer; `which` is its `secret_id`. Raises SubscriptionUnknown, SigningSecretUnknown,
    OnlySecret."""
    found = await subscription(session, subscription_id, lock=True)
    kept = [secret for secret in found.secrets if secret_id(secret) != which]
    if len(kept) == len(found.secrets):
        known = [secret_id(secret) for secret in found.secrets]
        raise SigningSecretUnknown(f"{subscription_id!r} has no secret {which!r}.", secrets=known)
    if not kept:
        raise OnlySecret(f"{which!r} is the only secret of {subscription_id!r}; rotate first.")
    found.secrets = kept
    return found


async def deliveries(
    session: AsyncSession, subscription_id: str, status: str | None, limit: int, before: int | None
) -> list[tuple[WebhookDelivery, WebhookEvent]]:
    """Up to `limit` deliveries with their events, newest first, older than `before`; all that are not delivered, or
    those of a status. Raises SubscriptionUnknown."""
    await subscription(session, subscription_id)
    rows = WebhookDelivery
    query = select(rows, WebhookEvent).join(WebhookEvent, WebhookEvent.id == rows.event_id)
    wanted = rows.status.in_(("pending", "dead")) if status is None else rows.status == status
    query = query.where(rows.subscription_id == subscription_id, wanted)
    found = await session.execute(newest(query, rows.id, limit, before))
    return [(delivery, event) for delivery, event in found]


async def replay(session: WriteSession, subscription_id: str, delivery_id: int) -> None:
    """Send one again, dead or delivered, under its old id. Raises SubscriptionUnknown, DeliveryUnknown,
    DeliveryPending."""
    await subscription(session, subscription_id)
    found = await session.get(WebhookDelivery, delivery_id, with_for_update=True)
    if found is None or found.subscription_id != subscription_id:
        raise DeliveryUnknown(f"{subscription_id!r} has no delivery {delivery_id}.")
    if found.status == "pending":
        raise DeliveryPending(f"Delivery {delivery_id} is on its way; it is tried next at {found.next_at.isoformat()}.")
    await session.execute(_afresh().where(WebhookDelivery.id == delivery_id))


async def replay_dead(session: WriteSession, subscription_id: str) -> int:
    """Send again all that are dead, in their order; gives how many. Raises SubscriptionUnknown."""
    await subscription(session, subscription_id)
    those = (WebhookDelivery.subscription_id == subscription_id) & (WebhookDelivery.status == "dead")
    return len((await session.scalars(_afresh().where(those).returning(WebhookDelivery.id))).all())


async def send_test(session: WriteSession, subscription_id: str) -> int:
    """Send a `webhook.test` to this subscription alone; gives the id of its delivery. Raises SubscriptionUnknown."""
    await subscription(session, subscription_id)
    subject = f"subscription:{subscription_id}"
    event = WebhookEvent(type=TEST, subject=subject, data={"subscription_id": subscription_id})
    session.add(event)
    await session.flush()
    delivery = WebhookDelivery(subscription_id=subscription_id, event_id=event.id, subject=subject)
    session.add(delivery)
    await session.flush()
    return delivery.id


def _afresh() -> Any:
    again = {"status": "pending", "attempts": 0, "next_at": func.now(), "settled_at": None}
    return update(WebhookDelivery).values(again)


def _ensure_known(events: Sequence[str]) -> None:
    unknown = [(place, name) for place, name in enumerate(events) if not is_known(name)]
    if unknown:
        raise EventUnknown(unknown)
