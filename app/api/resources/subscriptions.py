"""Webhooks out: who is told of what happens to customers and contacts, and what became of each delivery."""

from typing import Annotated, Literal

from fastapi import Depends, Path, Query

from app.api.http.deps import Read, Using, Write
from app.api.http.gates import ADMINISTRATES
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.subscriptions import (
    DeliveryOut,
    DeliveryPage,
    ReplayedOut,
    SubscriptionIn,
    SubscriptionOut,
    SubscriptionPage,
    SubscriptionPatch,
    SubscriptionSecret,
    TestSentOut,
)
from app.subscriptions import records
from app.subscriptions.errors import ReceiverForbidden

router = ResourceRouter(prefix="/webhook-subscriptions", tags=["webhooks out"], dependencies=[ADMINISTRATES])

Status = Annotated[
    Literal["pending", "delivered", "dead"] | None, Query(description="left out: all that are not delivered")
]
DeliveryId = Annotated[int, Path(ge=1, le=2**63 - 1)]


async def _ensure_open(using: Using, url: object) -> None:
    objection = await using.webhooks.objection(url) if isinstance(url, str) else None
    if objection is not None:
        raise ReceiverForbidden(objection)


# before a session is there: a name may take its time to be resolved
async def _reachable(given: SubscriptionIn, using: Using) -> SubscriptionIn:
    await _ensure_open(using, given.url)
    return given


async def _reachable_patch(given: SubscriptionPatch, using: Using) -> SubscriptionPatch:
    await _ensure_open(using, given.url)
    return given


@router.get("")
async def list_subscriptions(session: Read, page: Paged) -> SubscriptionPage:
    """All subscriptions, without their secrets."""
    rows = await records.subscriptions(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.id)
    return SubscriptionPage(items=[SubscriptionOut.of(row) for row in items], next=after)


@router.post("", status_code=201, responses=problem_responses(409))
async def subscribe(given: Annotated[SubscriptionIn, Depends(_reachable)], session: Write) -> SubscriptionSecret:
    """A new subscription with a signing secret. This answer is the only one that shows the secret."""
    return SubscriptionSecret.with_secret(*await records.subscribe(session, **given.model_dump()))


@router.get("/{subscription_id}", responses=problem_responses(404))
async def get_subscription(subscription_id: str, session: Read) -> SubscriptionOut:
    """One subscription, without its secrets."""
    return SubscriptionOut.of(await records.subscription(session, subscription_id))


@router.patch("/{subscription_id}", responses=problem_responses(404))
async def change_subscription(
    subscription_id: str, given: Annotated[SubscriptionPatch, Depends(_reachable_patch)], session: Write
) -> SubscriptionOut:
    """Rename it, send it elsewhere, want other events, pause it or go on."""
    return SubscriptionOut.of(await records.change(session, subscription_id, given.model_dump(exclude_unset=True)))


@router.delete("/{subscription_id}", status_code=204, responses=problem_responses(404))
async def unsubscribe(subscription_id: str, session: Write) -> None:
    """Tell no more, also not what still waits."""
    await records.unsubscribe(session, subscription_id)


@router.post("/{subscription_id}/secrets", status_code=201, responses=problem_responses(404, 409))
async def rotate_signing_secret(subscription_id: str, session: Write) -> SubscriptionSecret:
    """Add a secret. Both sign everything until the older one is removed."""
    return SubscriptionSecret.with_secret(*await records.rotate(session, subscription_id))


@router.delete("/{subscription_id}/secrets/{secret_id}", responses=problem_responses(404, 409))
async def remove_signing_secret(subscription_id: str, secret_id: str, session: Write) -> SubscriptionOut:
    """Sign with a secret no longer. The last one stays."""
    return SubscriptionOut.of(await records.remove_secret(session, subscription_id, secret_id))


@router.post("/{subscription_id}/test", status_code=202, responses=problem_responses(404))
async def send_test_webhook(subscription_id: str, session: Write) -> TestSentOut:
    """Send a `webhook.test`; see among the deliveries what becomes of it."""
    return TestSentOut(delivery_id=await records.send_test(session, subscription_id))


@router.get("/{subscription_id}/deliveries", responses=problem_responses(404))
async def list_deliveries(subscription_id: str, session: Read, page: Paged, status: Status = None) -> DeliveryPage:
    """Deliveries with their state and last error, the newest first."""
    rows = await records.deliveries(session, subscription_id, status, page.limit + 1, page.after(int))
    items, after = page.cut(rows, key=lambda row: row[0].id)
    return DeliveryPage(items=[DeliveryOut.of(*row) for row in items], next=after)


@router.post(
    "/{subscription_id}/deliveries/{delivery_id}/replay", status_code=202, responses=problem_responses(404, 409)
)
async def replay_delivery(subscription_id: str, delivery_id: DeliveryId, session: Write) -> ReplayedOut:
    """Send a dead or a delivered one again, under its old `webhook-id`."""
    await records.replay(session, subscription_id, delivery_id)
    return ReplayedOut(replayed=1)


@router.post("/{subscription_id}/replay", status_code=202, responses=problem_responses(404))
async def replay_dead_deliveries(subscription_id: str, session: Write) -> ReplayedOut:
    """Send all that are dead again."""
    return ReplayedOut(replayed=await records.replay_dead(session, subscription_id))
