"""Rules that an administrator writes over HTTP, obeyed by the running floor: own agent, steps, last agent."""

from typing import Any

import httpx
import pytest

from tests.fixtures.site import Site
from tests.fixtures.waiting import eventually
from tests.scenarios.story import Step, stage

pytestmark = pytest.mark.enable_socket

NUMBER = "+8613912345678"
QUEUE = {
    "id": "advice",
    "name": "Being set up",
    "requires": {"cards": 5},
    "steps": [{"after_seconds": 5, "requires": {"cards": 3}, "excluded": ["bob"]}],
    "preferred_seconds": 5,
    "last_agent_seconds": 30,
}


async def set_up(admin: httpx.AsyncClient, site: Site) -> None:
    """The queue and its number, and Cho's customer; told once the floor obeys."""

    async def ask(method: str, path: str, **body: Any) -> dict[str, Any]:
        told: dict[str, Any] = (await admin.request(method, path, json=body)).raise_for_status().json()
        return told

    told = (await ask("POST", "/queues", **QUEUE))["warnings"]
    assert [each["what"].rpartition(": ")[2] for each in told] == ["not bob"]
    await ask("PUT", "/sources/pbx/numbers/500", queue_id="advice")
    made = await ask("POST", "/customers", name="Zhou", numbers=[{"raw": NUMBER}])
    await ask("PATCH", f"/customers/{made['id']}", version=made["version"], preferred_agent="cho")
    await ask("PATCH", "/queues/advice", name="Advice")
    await eventually(site.floor, lambda shown: "Advice" in [queue["name"] for queue in shown["queues"]])


async def test_a_call_goes_to_the_customers_own_agent_then_by_steps_then_to_the_last(
    site: Site, admin: httpx.AsyncClient
) -> None:
    await set_up(admin, site)
    async with stage(site, "ann", "bob", "cho") as play:
        await play.play(
            Step("ann", "agent.ready", frames={"ann": ["agent.state ready"]}),
            Step("bob", "agent.ready", frames={"bob": ["agent.state ready"]}),
            Step("cho", "agent.ready", frames={"cho": ["agent.state ready"]}),
            Step("switch", f"offered from={NUMBER} to=500",
                 frames={"cho": ["agent.state reserved", "contact.offered offered"]}),
            Step("cho", "agent.not_ready reason=lunch",
                 frames={"cho": ["agent.state not_ready (lunch)", "offer.withdrawn not_ready"]}),
            Step("time", "passes 0.5"),
            Step("time", "passes 4.5", frames={"ann": ["agent.state reserved", "contact.offered offered"]}),
            Step("ann", "offer.accept", ["call.connect ann"], {"ann": ["agent.state busy"]}),
            Step("switch", "established agent=1001 leg_id=a", frames={"ann": ["contact.updated active"]}),
            Step("switch", "cleared", frames={"ann": ["agent.state working_after_call", "contact.ended answered"]}),
            Step("ann", "wrap_up.done", frames={"ann": ["agent.state ready"]}),
        )  # fmt: skip
    async with stage(site, "dee", "ann") as play:
        await play.play(
            Step("dee", "agent.ready", frames={"dee": ["agent.state ready"]}),
            Step("ann", "agent.ready", frames={"ann": ["agent.state ready"]}),
            Step("switch", f"offered from={NUMBER} to=500",
                 frames={"ann": ["agent.state reserved", "contact.offered offered"]}),
            Step("switch", "cleared", frames={"ann": ["agent.state ready", "offer.withdrawn caller_gone"]}),
        )  # fmt: skip
    assert (await admin.delete("/queues/advice")).status_code == 409, "its number leads to it"
    assert (await admin.delete("/sources/pbx/numbers/500")).status_code == 204
    await eventually(lambda: admin.delete("/queues/advice"), lambda gone: gone.status_code == 204)
