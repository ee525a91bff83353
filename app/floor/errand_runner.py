"""How the errands of flows are run: HTTP requests are made, and callers prove who they are by number and PIN."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg

from app.core.clock import Clock
from app.customers.masking import AS_AGENT, Sight
from app.customers.pins import PinCheck
from app.customers.recognising import CustomerMatch, profile
from app.floor.commands import CustomerCard, FlowAnswered, Recognised
from app.ivr.playing.state import AnyRequest, Fetch, Fetched, Verified, Verify
from app.ivr.vault import Vault


class ErrandRunner:
    """Runs one request at a time for whoever asks; secrets come from the vault and go no further."""

    def __init__(
        self,
        *,
        fetch: Callable[[Fetch], Awaitable[Fetched]],
        pins: PinCheck,
        vault: Vault,
        pool: "asyncpg.Pool[Any]",
        clock: Clock,
        sight: Sight = AS_AGENT,
    ) -> None:
        self._sight = sight
        self._fetch = fetch
        self._pins = pins
        self._vault = vault
        self._pool = pool
        self._clock = clock

    async def run(self, contact: str, request: AnyRequest) -> FlowAnswered:
        """The answer to a request of the contact's flow."""
        if isinstance(request, Fetch):
            return FlowAnswered(contact_id=contact, event=await self._fetch(request))
        event, caller = await self._verified(request)
        return FlowAnswered(contact_id=contact, event=event, caller=caller)

    async def _verified(self, request: Verify) -> tuple[Verified, Recognised | None]:
        pin = self._vault.take(request.secret_ref)
        number = self._vault.take(request.number_ref) if request.number_ref else request.number
        if pin is None or number is None:
            return Verified(request=request.id, outcome="lost"), None
        verdict = await self._pins.verify(request.by, number, pin)
        if verdict.customer is None:
            return Verified(request=request.id, outcome=verdict.outcome), None
        found = Verified(request=request.id, outcome="found", customer=str(verdict.customer.id))
        return found, await self._recognised(verdict.customer)

    async def _recognised(self, match: CustomerMatch) -> Recognised:
        card = CustomerCard(str(match.id), match.name, match.tier, match.language)
        told = await profile(self._pool, UUID(match.id), self._clock(), self._sight)
        return Recognised(customer=card, profile=told)
