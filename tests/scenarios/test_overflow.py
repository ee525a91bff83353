"""Callers whom a queue does not take, or not at once: an administrator writes what becomes of them, the floor obeys."""

from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest

from tests.fixtures.site import Site
from tests.fixtures.waiting import eventually
from tests.scenarios.story import Step, stage

pytestmark = pytest.mark.enable_socket

NEVER = {"id": "never", "name": "Never", "time_zone": "Asia/Shanghai", "weekly": {}}
CLOSED = {
    "id": "night",
    "name": "Being set up",
    "hours": "never",
    "overflow": [{"when": "closed", "do": "message", "message": "We are open from nine."}],
}
ASKING = {
    "id": "day",
    "name": "Being set up",
    "requires": {"cards": 3},
    "overflow": [{"when": "length", "at": 0, "do": "callback"}],
}


async def open_queue(admin: httpx.AsyncClient, site: Site, number: str, queue: dict[str, Any]) -> None:
    """The queue, and the number that leads to it; told once the floor obeys."""
    made = await admin.post("/queues", json=queue)
    assert (made.status_code, made.json()["warnings"]) == (201, []), made.text
    (await admin.put(f"/sources/pbx/numbers/{number}", json={"queue_id": queue["id"]})).raise_for_status()
    (await admin.patch(f"/queues/{queue['id']}", json={"name": "Open"})).raise_for_status()
    await eventually(site.floor, lambda shown: (queue["id"], "Open") in [(q["id"], q["name"]) for q in shown["queues"]])


async def close_queue(admin: httpx.AsyncClient, number: str, queue: dict[str, Any]) -> None:
    """As if it had never been."""
    (await admin.delete(f"/sources/pbx/numbers/{number}")).raise_for_status()
    await eventually(lambda: admin.delete(f"/queues/{queue['id']}"), lambda gone: gone.status_code == 204)


async def test_a_caller_into_a_closed_queue_is_told_so_and_nobody_is_called_abandoned(
    site: Site, admin: httpx.AsyncClient
) -> None:
    (await admin.post("/hours", json=NEVER)).raise_for_status()
    await open_queue(admin, site, "600", CLOSED)
    async with stage(site, "ann") as play:
        await play.play(
            Step("ann", "agent.ready", frames={"ann": ["agent.state ready"]}),
            Step("switch", "offered from=+8613800138000 to=600", ["call.disconnect"]),
            Step("switch", "cleared"),
        )
        said = play.order_data("call.disconnect")
        assert (said["message"], said["reason"]) == ("We are open from nine.", "closed")
        assert await play.history("outcome, queue_id, agent_id") == ("closed", "night", None)
    await close_queue(admin, "600", CLOSED)
    (await admin.delete("/hours/never")).raise_for_status()


async def test_a_caller_hangs_up_keeps_their_place_and_is_called_back(site: Site, admin: httpx.AsyncClient) -> None:
    await open_queue(admin, site, "700", ASKING)
    async with stage(site, "ann") as play:
        await play.play(
            Step("switch", "offered from=+8613800138000 to=700 leg_id=c", ["call.offer_callback"]),
            Step("switch", "callback_requested number=+8613900000000"),
            Step("switch", "cleared"),
        )
        original = play.contact
        assert await play.history("outcome, agent_id") == ("callback", None)
        play.goes_on_with(str(uuid5(UUID(original), "callback")))
        assert (await site.contact(play.contact))["callback_of"] == original
        await play.play(
            Step("ann", "agent.ready",
                 frames={"ann": ["agent.state ready", "agent.state reserved", "contact.offered offered"]}),
            Step("ann", "offer.accept", ["call.dial ann +8613900000000"], {"ann": ["agent.state busy"]}),
            Step("switch", "established agent=1001 leg_id=a @1", frames={"ann": ["contact.updated connecting"]}),
            Step("switch", "established leg_id=c @5", frames={"ann": ["contact.updated active"]}),
            Step("switch", "cleared @65",
                 frames={"ann": ["agent.state working_after_call", "contact.ended answered"]}),
            Step("ann", "wrap_up.done code=solved", frames={"ann": ["agent.state ready"]}),
        )  # fmt: skip
        assert await play.history("outcome, direction, agent_id, queue_id") == ("answered", "outbound", "ann", "day")
        kept = await site.fetchval("SELECT outcome FROM interactions WHERE id = $1", original)
        assert kept == "callback", "the one who waited is not said to have given up"
    await close_queue(admin, "700", ASKING)
