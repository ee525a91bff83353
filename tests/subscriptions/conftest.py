"""A process that delivers, quickly, on a database of the test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import msgspec
import pytest

from app.core.clock import now
from app.core.guarding import open_guarded_client
from app.core.tasks import Supervisor
from app.db.engine import Sessions
from app.subscriptions import records
from app.subscriptions.announcing import Change, announce
from app.subscriptions.delivering import Deliveries
from app.subscriptions.models import WebhookDelivery
from app.subscriptions.policy import Policy
from app.subscriptions.posting import Poster
from tests.fixtures.receiver import Receiver, receiving

LOOPBACK = [ip_network("127.0.0.0/8")]
NOBODY = str(UUID(int=0))
HASTY = Policy(ladder=(0.0, 0.0), jitter=0, attempt=5, rest=0.001, longest_rest=0.001, lease=5, poll=0.01)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that takes everything unless it is told otherwise."""
    async with receiving() as listening:
        yield listening


@asynccontextmanager
async def delivering(sessions: Sessions, **other: Any) -> AsyncIterator[None]:
    """A process that delivers for the length of the block."""
    policy, tasks = msgspec.structs.replace(HASTY, **other), Supervisor()
    async with open_guarded_client(LOOPBACK) as client:
        deliveries = Deliveries(sessions, Poster(client, now, policy.attempt), now, policy)
        tasks.start("webhooks", deliveries.run())
        try:
            yield
        finally:
            await tasks.stop()


async def subscribed(
    sessions: Sessions, receiver: Receiver, *events: str, name: str = "crm", url: str | None = None
) -> str:
    """A subscription to these events, by default to all of customers and alerts; its secret."""
    async with sessions.write() as session:
        wanted = list(events) or ["customer.*", "alert.*"]
        _, secret = await records.subscribe(session, id=name, name=name, url=url or receiver.url, events=wanted)
    return secret


def raised(place: int) -> dict[str, Any]:
    """What is told of an alert; it is known by its rule."""
    told = {"alert_id": NOBODY, "customer_id": NOBODY, "rule": f"r{place}", "severity": "low", "state": "open"}
    return {**told, "owner": None, "due_at": "2027-01-15T08:00:00.000Z"}


async def happened(sessions: Sessions, *subjects: str) -> None:
    """An alert was raised for each subject, one commit each."""
    for place, subject in enumerate(subjects):
        async with sessions.write() as session:
            await announce(session, "alert.raised", [Change(subject, raised(place))])


async def rows(sessions: Sessions, name: str = "crm") -> list[WebhookDelivery]:
    """The deliveries of a subscription, the oldest first."""
    async with sessions.read() as session:
        found = [
            delivery
            for status in ("pending", "delivered", "dead")
            for delivery, _ in await records.deliveries(session, name, status, 100, None)
        ]
    return sorted(found, key=lambda delivery: delivery.id)
