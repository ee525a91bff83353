"""The live floor over HTTP."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.api.application import Application
from app.api.http.services import Services
from app.api.schemas.floor import ContactOut, FloorOut
from app.core.clock import FrozenClock, utc
from app.core.ids import new_id
from app.customers.models import Customer
from app.db.engine import WriteSession
from app.floor.commands import Configure, Connect, CustomerCard, PhoneState, Ready, Recognised, TakeEvent
from app.floor.configuration.config import AgentRecord, FloorConfig, QueueRules, SourceRules
from app.floor.journal.models import Order
from app.floor.memory.views import Picture
from app.telephony.events import CallEvent, PhoneWord
from app.telephony.port import Connection
from tests.api.conftest import ClientAs, MemoryFloor, OneTransaction
from tests.api.http.test_customer_reads import told_of

CONFIG = FloorConfig(
    queues={"cards": QueueRules(id="cards", name="Cards")},
    agents={"mei": AgentRecord(id="mei", name="Mei", address="1001")},
    sources={"pbx": SourceRules(id="pbx", default_queue="cards")},
)
WANG = CustomerCard(new_id(), "Wang Wei 王伟", "gold", "zh")


@pytest.fixture
async def calling(floor: MemoryFloor) -> list[str]:
    """Three calls, the first one known; one agent, to whom the first is offered. Returns the contacts."""
    await floor.submit(Configure(config=CONFIG))
    contacts = [new_id() for _ in range(3)]
    for number, contact in enumerate(contacts):
        event = CallEvent(
            source="pbx", type="call.offered", call_id=f"c{number}", at=floor.clock(), from_="+86138", to="95555"
        )
        caller = Recognised(customer=WANG) if number == 0 else Recognised(candidates=(WANG,))
        await floor.submit(TakeEvent(event=event, contact_id=contact, caller=caller))
    await floor.submit(Connect(agent_id="mei"))
    await floor.submit(Ready(agent_id="mei"))
    return contacts


@pytest.fixture
def supervisor(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of a supervisor."""
    return client_as("supervisor")


async def test_the_floor_is_told_as_it_is_described_jambonz_357(
    supervisor: httpx.AsyncClient, calling: list[str], clock: FrozenClock
) -> None:
    clock.advance(30)
    answer = (await supervisor.get("/api/v1/floor")).json()
    told = FloorOut.model_validate(answer)
    assert (told.queues[0].waiting, told.queues[0].offered, told.queues[0].longest_wait_seconds) == (3, 1, 30)
    assert told.by_state["reserved"] == 1
    assert told.agents[0].offer == calling[0]
    assert set(answer) == set(FloorOut.model_fields)
    assert set(answer["agents"][0]) == set(FloorOut.model_json_schema()["$defs"]["LiveAgentOut"]["properties"])


async def test_a_call_that_is_named_is_a_read_of_who_calls(
    supervisor: httpx.AsyncClient, services: Services, calling: list[str]
) -> None:
    async with services.sessions.write() as session:
        session.add(Customer(id=UUID(WANG.id), name=WANG.name))
    assert len((await supervisor.get("/api/v1/calls")).json()["items"]) == 3
    assert await told_of(services, supervisor, WANG.id) == []
    assert (await supervisor.get(f"/api/v1/calls/{calling[0]}")).status_code == 200
    assert (await supervisor.get(f"/api/v1/calls/{calling[1]}")).status_code == 200
    assert len((await supervisor.get("/api/v1/calls", params={"call_id": "c0"})).json()["items"]) == 1
    assert await told_of(services, supervisor, WANG.id) == [("call", None)] * 2


async def test_the_floor_is_told_to_prometheus_as_to_supervisors(
    app: Application, supervisor: httpx.AsyncClient, calling: list[str], clock: FrozenClock
) -> None:
    clock.advance(30)
    away = Connection(connected=False, trouble="Nobody is at ws://pbx.")
    app.state.services = replace(app.state.services, connections=Connected({"pbx": away}))
    floor = FloorOut.model_validate((await supervisor.get("/api/v1/floor")).json())
    numbers = prometheus((await supervisor.get("/metrics")).text)
    assert len(calling) == numbers[("callfloor_queue_waiting", "cards")] == floor.queues[0].waiting
    assert numbers[("callfloor_queue_longest_wait_seconds", "cards")] == floor.queues[0].longest_wait_seconds == 30
    states = {state: number for (name, state), number in numbers.items() if name == "callfloor_agents"}
    assert states == floor.by_state
    contacts = {state: number for (name, state), number in numbers.items() if name == "callfloor_contacts"}
    assert (contacts["waiting"], contacts["offered"], sum(contacts.values())) == (2, 1, 3)
    assert numbers[("callfloor_source_connected", "pbx")] == 0


async def test_who_does_not_own_the_floor_tells_prometheus_nothing_of_it(
    supervisor: httpx.AsyncClient, floor: MemoryFloor
) -> None:
    floor.status = "standby"
    answer = await supervisor.get("/metrics")
    assert answer.status_code == 200
    assert "callfloor_sign_ins" in answer.text
    assert "callfloor_contacts" not in answer.text


def prometheus(text: str) -> dict[tuple[str, str], float]:
    """The value of each sample by its name and its one label."""
    families = text_string_to_metric_families(text)
    samples = [sample for family in families for sample in family.samples if len(sample.labels) == 1]
    return {(sample.name, next(iter(sample.labels.values()))): sample.value for sample in samples}


class Connected:
    """Connections that stand so."""

    def __init__(self, standing: dict[str, Connection]) -> None:
        self._standing = standing

    def connection(self, source: str) -> Connection | None:
        return self._standing.get(source)


@pytest.mark.parametrize("word", PhoneWord)
async def test_whatever_is_said_of_a_phone_is_told_as_it_is_described(
    supervisor: httpx.AsyncClient, calling: list[str], floor: MemoryFloor, word: PhoneWord
) -> None:
    await floor.submit(PhoneState(source="pbx", address="1001", state=word))
    told = FloorOut.model_validate((await supervisor.get("/api/v1/floor")).json())
    assert told.agents[0].phone == (None if word is PhoneWord.UNKNOWN else word.value)


async def test_live_calls_come_in_pages_in_order_of_arrival(supervisor: httpx.AsyncClient, calling: list[str]) -> None:
    first = (await supervisor.get("/api/v1/calls", params={"limit": 2})).json()
    second = (await supervisor.get("/api/v1/calls", params={"limit": 2, "cursor": first["next"]})).json()
    assert [each["id"] for each in first["items"] + second["items"]] == calling
    assert second["next"] is None


async def test_one_call_is_told_as_it_is_described(supervisor: httpx.AsyncClient, calling: list[str]) -> None:
    answer = (await supervisor.get(f"/api/v1/calls/{calling[0]}")).json()
    contact = ContactOut.model_validate(answer)
    assert (contact.state, contact.from_, contact.customer and contact.customer.name) == (
        "offered",
        "+86138",
        "Wang Wei 王伟",
    )
    assert set(answer) == set(ContactOut.model_json_schema()["properties"])
    other = ContactOut.model_validate((await supervisor.get(f"/api/v1/calls/{calling[1]}")).json())
    assert (other.customer, len(other.candidates)) == (None, 1)


async def test_a_call_is_found_by_the_platforms_own_id(supervisor: httpx.AsyncClient, calling: list[str]) -> None:
    """flex-project-template#158: cannot find a task by the call's own id."""
    found = (await supervisor.get("/api/v1/calls", params={"call_id": "c1"})).json()
    assert [each["id"] for each in found["items"]] == [calling[1]]
    assert (await supervisor.get("/api/v1/calls", params={"call_id": "none"})).json() == {"items": [], "next": None}


async def test_calls_are_told_without_showing_the_whole_floor(
    supervisor: httpx.AsyncClient, calling: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Picture, "shown")
    assert (await supervisor.get(f"/api/v1/calls/{calling[0]}")).json()["id"] == calling[0]
    assert len((await supervisor.get("/api/v1/calls")).json()["items"]) == 3


async def test_a_call_that_is_not_live_is_not_found(supervisor: httpx.AsyncClient, calling: list[str]) -> None:
    for contact in (new_id(), "none", "%00"):
        assert (await supervisor.get(f"/api/v1/calls/{contact}")).status_code == 404


async def test_a_floor_owned_elsewhere_says_when_to_come_back(
    supervisor: httpx.AsyncClient, floor: MemoryFloor
) -> None:
    floor.status = "standby"
    for path in ("/api/v1/floor", "/api/v1/calls", "/api/v1/calls/x"):
        answer = await supervisor.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")


def order(number: int, status: str, **more: Any) -> Order:
    return Order(
        floor="main",
        id=number,
        source_id="pbx",
        contact_id=new_id(),
        type="call.connect",
        payload={"call_id": "c1"},
        created_at=utc(1_800_000_000 + number),
        status=status,
        attempts=1,
        **more,
    )


async def test_a_command_that_could_not_be_delivered_is_visible(
    supervisor: httpx.AsyncClient, kept_apart: OneTransaction
) -> None:
    async with kept_apart.write() as session:
        add(session)
    open_ones = (await supervisor.get("/api/v1/outbox")).json()["items"]
    assert [each["id"] for each in open_ones] == [1, 3, 4]
    failed = (await supervisor.get("/api/v1/outbox", params={"status": "failed"})).json()["items"]
    assert [(each["id"], each["last_error"]) for each in failed] == [(3, "connection refused")]
    first = (await supervisor.get("/api/v1/outbox", params={"limit": 2})).json()
    rest = (await supervisor.get("/api/v1/outbox", params={"limit": 2, "cursor": first["next"]})).json()
    assert ([each["id"] for each in rest["items"]], rest["next"]) == ([4], None)
    assert (await supervisor.get("/api/v1/outbox", params={"status": "lost"})).status_code == 422


def add(session: WriteSession) -> None:
    session.add_all(
        [
            order(1, "pending"),
            order(2, "delivered"),
            order(3, "failed", last_error="connection refused", settled_at=utc(1_800_000_009)),
            order(4, "pending"),
        ]
    )
