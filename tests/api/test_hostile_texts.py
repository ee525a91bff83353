"""Texts that would be SQL, or a formula in a spreadsheet, where people say why: they are kept as they are, and nothing
else happens."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import pytest

from app.api.http.services import Services
from app.core.clock import iso, utc
from tests.interactions.factories import make_interaction

CUSTOMERS = "/api/v1/customers"
RULE = {"id": "r", "name": "R", "condition": "count('k', '1h') >= 1", "severity": "high", "enabled": True}
CLAUSE = {"id": "1", "kind": "follow_up", "text": "is called back", "seconds": 60, "after": "every"}
AGREEMENT = {"product": "care", "time_zone": "Asia/Shanghai", "valid_from": "2020-01-01", "clauses": [CLAUSE]}
BUREAU = {
    "name": "A",
    "url": "https://bureau.example",
    "sends": {"reference": "external_id"},
    "score_at": "/score",
    "lowest": 300,
    "highest": 850,
    "bands": {"poor": 300},
}


class Desk(NamedTuple):
    """Somebody who may do everything, and the path of a customer."""

    admin: httpx.AsyncClient
    services: Services
    customer: str

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask for what is not refused."""
        answer = await self.admin.request(method, path, json=body, headers={"if-match": "*"})
        assert answer.is_success, (path, answer.text)
        return answer.json() if answer.content else None

    async def newest(self, path: str) -> Any:
        """The first of a list."""
        return (await self.ask("GET", path))["items"][0]


async def alert_note(desk: Desk, said: str) -> Any:
    await desk.ask("POST", "/api/v1/usage-rules", RULE)
    who = desk.customer.rpartition("/")[2]
    event = {"id": "e", "kind": "k", "at": iso(desk.services.clock()), "customer_id": who}
    await desk.ask("POST", "/api/v1/usage/core/events", [event])
    path = f"/api/v1/alerts/{(await desk.newest('/api/v1/alerts'))['id']}"
    await desk.ask("POST", f"{path}/finish", {"note": said})
    return (await desk.ask("GET", f"{path}/entries"))["items"][-1]["note"]


async def due_note(desk: Desk, said: str) -> Any:
    made = await desk.ask("POST", f"{desk.customer}/agreements", AGREEMENT)
    async with desk.services.sessions.write() as session:
        await make_interaction(session, utc(desk.services.clock() - 600), customer_id=UUID(made["customer_id"]))
    await desk.ask("POST", f"/api/v1/dues/{(await desk.newest('/api/v1/dues'))['id']}/done", {"note": said})
    return (await desk.newest("/api/v1/dues?done=true"))["note"]


async def visit_purpose(desk: Desk, said: str) -> Any:
    body = {"customer_id": desk.customer.rpartition("/")[2], "purpose": said, "site": {"lines": said}}
    await desk.ask("POST", "/api/v1/visits", body)
    told = await desk.newest("/api/v1/visits")
    assert told["site"]["lines"] == said
    return told["purpose"]


async def credit_reason(desk: Desk, said: str) -> Any:
    await desk.ask("PUT", "/api/v1/credit-bureaus/a", BUREAU)
    consent = {"channel": "credit_check", "given": True, "at": iso(desk.services.clock()), "origin": "form 12"}
    await desk.ask("POST", f"{desk.customer}/consents", consent)
    await desk.ask("POST", f"{desk.customer}/credit", {"reason": said})
    return (await desk.newest(f"{desk.customer}/credit/history"))["reason"]


async def override_reason(desk: Desk, said: str) -> Any:
    until = iso(desk.services.clock() + 86_400)
    await desk.ask("PUT", f"{desk.customer}/tier-override", {"tier": None, "reason": said, "until": until})
    return (await desk.newest(f"{desk.customer}/tier-overrides"))["reason"]


async def erasure_reason(desk: Desk, said: str) -> Any:
    await desk.ask("POST", f"{desk.customer}/erasure", {"ground": "objection", "reason": said})
    return (await desk.newest("/api/v1/erasures"))["reason"]


async def hold_reason(desk: Desk, said: str) -> Any:
    await desk.ask("POST", f"{desk.customer}/holds", {"reason": said})
    return (await desk.newest(f"{desk.customer}/holds"))["reason"]


async def export_reason(desk: Desk, said: str) -> Any:
    return (await desk.ask("POST", f"{desk.customer}/export", {"format": "json", "reason": said}))["reason"]


@pytest.mark.parametrize("said", ["'); drop table customers; --", "=cmd|' /C calc'!A0"])
@pytest.mark.parametrize(
    "keep",
    [alert_note, due_note, visit_purpose, credit_reason, override_reason, erasure_reason, hold_reason, export_reason],
)
async def test_injected_sql_and_formulas_are_kept_as_they_are_and_do_nothing(
    admin: httpx.AsyncClient, services: Services, keep: Callable[[Desk, str], Awaitable[Any]], said: str
) -> None:
    made = [await admin.post(CUSTOMERS, json={"name": name, "external_id": name}) for name in ("A", "B")]
    one, other = (f"{CUSTOMERS}/{answer.json()['id']}" for answer in made)
    assert await keep(Desk(admin, services, one), said) == said
    record = (await admin.get(f"{other}/record")).json()
    assert record["customer"] == made[1].json()
