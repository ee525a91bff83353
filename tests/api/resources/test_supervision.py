"""What supervisors do to the live floor, over HTTP."""

from typing import Any

import httpx
import pytest

from app.floor.commands import Configure, Connect, Ready, TakeEvent
from app.telephony.events import CallEvent
from tests.api.conftest import ClientAs, MemoryFloor
from tests.api.resources.test_floor import CONFIG

CONTACT = "01a20a90-dc51-7525-8fac-7b95b9f1c2bc"


@pytest.fixture
async def supervisor(client_as: ClientAs, floor: MemoryFloor) -> httpx.AsyncClient:
    """A supervisor on a floor where Mei is offered a call."""
    await floor.submit(Configure(config=CONFIG))
    event = CallEvent(source="pbx", type="call.offered", call_id="c1", at=floor.clock(), to="95555")
    await floor.submit(TakeEvent(event=event, contact_id=CONTACT))
    await floor.submit(Connect(agent_id="mei"))
    await floor.submit(Ready(agent_id="mei"))
    return client_as("supervisor")


async def post(client: httpx.AsyncClient, path: str, body: Any = None, status: int = 200) -> Any:
    answer = await client.post(f"/api/v1/floor/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_agent_who_is_stuck_is_released_and_who_is_not_is_refused_with_their_state(
    supervisor: httpx.AsyncClient,
) -> None:
    released = await post(supervisor, "agents/mei/release")
    assert (released["agent"]["state"], released["agent"]["reason"]) == ("not_ready", "released")
    again = await post(supervisor, "agents/mei/release", status=409)
    assert (again["state"], again["accepted"]) == ("not_ready", ["reserved", "busy", "working_after_call"])


async def test_state_is_set_for_an_agent_now_or_after_their_contact(supervisor: httpx.AsyncClient) -> None:
    later = {"state": "not_ready", "reason": "meeting", "after_contact": True}
    told = await post(supervisor, "agents/mei/state", later)
    assert (told["agent"]["state"], told["agent"]["after"]) == ("reserved", "meeting")
    now = await post(supervisor, "agents/mei/state", {"state": "not_ready", "reason": "lunch"})
    assert (now["agent"]["state"], now["agent"]["reason"], now["agent"]["after"]) == ("not_ready", "lunch", None)
    assert (await post(supervisor, "agents/mei/state", {"state": "logged_off"}))["agent"]["state"] == "logged_off"


async def test_call_is_ended_and_callback_promised(supervisor: httpx.AsyncClient) -> None:
    unknown = await post(supervisor, f"contacts/{CONTACT}/callback", {}, status=409)
    assert unknown["accepted"] == ["number"]
    told = await post(supervisor, f"contacts/{CONTACT}/callback", {"number": "+8613900000000"})
    assert told["callback_to"] == "+8613900000000"
    assert (await post(supervisor, f"contacts/{CONTACT}/end"))["contact"]["id"] == CONTACT


async def test_what_is_wrong_is_named(supervisor: httpx.AsyncClient) -> None:
    await post(supervisor, "agents/nobody/release", status=404)
    await post(supervisor, "contacts/nothing/end", status=404)
    wrong = await post(supervisor, "agents/mei/state", {"state": "asleep"}, status=422)
    assert wrong["faults"][0]["where"] == "body.state"
    wrong = await post(supervisor, f"contacts/{CONTACT}/callback", {"number": "none"}, status=422)
    assert wrong["faults"][0]["where"] == "body.number"


async def test_a_caller_who_waits_may_be_told_their_place(supervisor: httpx.AsyncClient, floor: MemoryFloor) -> None:
    waits = CONTACT.replace("01a2", "01a3")
    event = CallEvent(source="pbx", type="call.offered", call_id="c2", at=floor.clock(), to="95555")
    await floor.submit(TakeEvent(event=event, contact_id=waits))
    told = (await supervisor.get(f"/api/v1/contacts/{waits}/wait")).json()
    assert (told["position"], told["queue"], told["waited_seconds"]) == (1, "cards", 0.0)
    offered = await supervisor.get(f"/api/v1/contacts/{CONTACT}/wait")
    assert (offered.status_code, offered.json()["state"]) == (409, "offered")
