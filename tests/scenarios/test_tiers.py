"""A rule that an administrator activates moves a customer, and their next call is routed by the new tier."""

import asyncio
from typing import Any

import httpx
import pytest

from app.core.ids import new_id
from tests.fixtures.site import Site
from tests.fixtures.tab import Tab
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.enable_socket

WEALTHY, PLAIN = "+8613912340001", "+8613912340002"
RULE = {"id": "wealthy", "tier": "private", "condition": "attributes.household == 'tiers' && balance('CNY') >= 100.0"}


def offers(tab: Tab) -> list[dict[str, Any]]:
    return [frame for frame in tab.frames if frame["type"] == "contact.offered"]


async def test_a_rule_moves_a_customer_and_their_next_call_goes_before_one_that_came_earlier(
    site: Site, admin: httpx.AsyncClient
) -> None:
    async def ask(method: str, path: str, **body: Any) -> dict[str, Any]:
        told: dict[str, Any] = (await admin.request(method, path, json=body or None)).raise_for_status().json()
        return told

    async def activate(**rules: Any) -> None:
        made = await ask("POST", "/segmentation/rule-sets", **rules)
        await ask("POST", f"/segmentation/rule-sets/{made['number']}/preview", customers=100)
        await ask("POST", f"/segmentation/rule-sets/{made['number']}/activate", version=1)

    await ask("POST", "/customers", name="Zhao", numbers=[{"raw": PLAIN}])
    who = await ask("POST", "/customers", name="Qian", numbers=[{"raw": WEALTHY}], attributes={"household": "tiers"})
    assert who["tier"] is None
    await activate(note="story", tiers=[RULE])
    balance = {"balance": {"minor": 10_000, "currency": "CNY"}}
    await ask("PUT", f"/customers/{who['id']}/holdings/core/story", kind="account", details=balance)
    await eventually(lambda: ask("GET", f"/customers/{who['id']}"), lambda found: found["tier"] == "private")
    calls = {number: new_id() for number in (PLAIN, WEALTHY)}
    async with site.switch() as switch, site.agent("ann") as ann:
        for number, call in calls.items():
            await switch.tells("offered", call, from_=number, to="100")
        await ann.ask("agent.ready")
        await eventually(lambda: asyncio.sleep(0, len(offers(ann))), lambda number: number > 0)
        [offered] = offers(ann)
        assert offered["profile"]["customer"]["name"] == "Qian"
        assert (offered["contact"]["customer"]["tier"], offered["contact"]["call_id"]) == ("private", calls[WEALTHY])
        for call in reversed(calls.values()):
            await switch.tells("cleared", call)
    await activate(note="no rules")
