"""The process that delivers: a task for each subscription for which something is due, so that one slow receiver holds
up nobody else.

A delivery is settled after its receiver has taken it: a process that dies between the two leaves it pending, and the
next one sends it again under the same id. Each subscription is served by one process at a time (a lease), and of each
subject one event at a time, so events of a subject arrive in order, however often they must be tried.
"""

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter

from app.core.clock import Clock, utc
from app.core.errors import Unavailable
from app.core.ids import new_id
from app.core.tasks import Supervisor
from app.db.engine import Sessions
from app.subscriptions.lanes import Due, Lane, Lanes, Settled
from app.subscriptions.policy import Policy
from app.subscriptions.posting import GONE, Outcome, Poster

log = structlog.get_logger(__name__)

SENT = Counter("callfloor_webhooks_out", "Attempts at webhooks to subscribers.", ["outcome"])


class Deliveries:
    """Delivers while `run()` runs."""

    def __init__(self, sessions: Sessions, poster: Poster, clock: Clock, policy: Policy) -> None:
        self._lanes = Lanes(sessions, new_id(), policy.lease)
        self._poster = poster
        self._clock = clock
        self._policy = policy
        self._serving: set[str] = set()

    async def run(self) -> None:
        """Look again and again for what is due, until cancelled."""
        tasks = Supervisor()
        try:
            while True:
                try:
                    for subscription in await self._lanes.waiting(utc(self._clock())):
                        if subscription not in self._serving:
                            self._serving.add(subscription)
                            tasks.start(f"webhooks to {subscription}", self._serve(subscription))
                except Unavailable as error:
                    log.warning("cannot look for webhooks that are due", error=str(error))
                except Exception:
                    log.exception("webhooks that are due could not be looked for")
                await asyncio.sleep(self._policy.poll)
        finally:
            await tasks.stop()

    async def _serve(self, subscription: str) -> None:
        """Deliver to one subscription until nothing is due any more."""
        try:
            failures = 0
            while (lane := await self._lanes.lease(subscription)) is not None:
                most = 1 if failures else self._policy.at_once
                due = await self._lanes.due(subscription, utc(self._clock()), most)
                if not due:
                    break
                failures = 0 if await self._deliver(lane, due) else failures + 1
                await asyncio.sleep(self._policy.rest_after(failures))
            if lane is not None:
                await self._lanes.release(subscription)
        except Exception as error:
            # what was not settled is sent again, so not at once
            log.warning("webhooks wait", subscription=subscription, error=str(error), exc_info=_unless_known(error))
            await asyncio.sleep(self._policy.longest_rest)
        finally:
            self._serving.discard(subscription)

    async def _deliver(self, lane: Lane, due: Sequence[Due]) -> bool:
        """An attempt at each, settled together; whether all were taken."""
        outcomes = await asyncio.gather(*(self._poster.post(lane.url, lane.secrets, each.message) for each in due))
        now = utc(self._clock())
        settled = [self._settled(each, outcome, now) for each, outcome in zip(due, outcomes, strict=True)]
        await self._lanes.settle(settled, now)
        for each in settled:
            SENT.labels("missed" if each.status == "pending" else each.status).inc()
            if each.error is not None:
                log.info("webhook not taken", subscription=lane.id, delivery=each.due.id, error=each.error)
        if any(outcome.gone for outcome in outcomes):
            log.warning("a receiver wants no more webhooks", subscription=lane.id)
            await self._lanes.pause(lane.id, f"the receiver answered {GONE}")
        return all(outcome.error is None for outcome in outcomes)

    def _settled(self, due: Due, outcome: Outcome, now: datetime) -> Settled:
        roll = random.random()  # noqa: S311 - jitter
        pause = self._policy.pause(due.attempts + 1, roll, outcome.wait)
        status = "delivered" if outcome.error is None else "dead" if pause is None and not outcome.gone else "pending"
        next_at = now + timedelta(seconds=pause or 0.0)
        return Settled(due=due, status=status, next_at=next_at, answered=outcome.status, error=outcome.error)


def _unless_known(error: Exception) -> bool:
    """A database that is away needs no traceback."""
    return not isinstance(error, Unavailable)
