"""Agents' phones that an Asterisk does not have: it says nothing of them, so it has to be found out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from app.core.tasks import begin
from app.telephony.adapters.asterisk_ari import missing_phones
from app.telephony.adapters.asterisk_ari import switches as module
from app.telephony.directory import SourceDirectory
from app.telephony.events import OrderType, PhoneWord
from app.telephony.port import Refused
from tests.telephony.asterisk_ari.stand_in import StandIn, stand_in, until
from tests.telephony.asterisk_ari.test_switch import Bench, FakeFloor, running
from tests.telephony.asterisk_ari.test_switches import connected, source, switches

pytestmark = pytest.mark.enable_socket
ANNA, BO = "PJSIP/anna", "PJSIP/bo"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing_phones, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(missing_phones, "LIST_SECONDS", 0.0)
    monkeypatch.setattr(missing_phones, "RELIST_SECONDS", 0.0)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)


def endpoint(name: str, state: str = "online") -> dict[str, Any]:
    """An endpoint as it is listed."""
    return {"technology": "PJSIP", "resource": name, "state": state, "channel_ids": []}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """An Asterisk with Anna's phone and a trunk, and agents elsewhere besides."""
    made = Bench()
    made.asterisk.endpoints = [endpoint("anna"), endpoint("carrier")]
    made.floor.agents = [ANNA, BO, "PJSIP/4711@carrier", "PJSIP/carrier/sip:4711@192.0.2.1", "client:cho", "1004"]
    async with running(made):
        await made.connected()
        yield made


async def looked(bench: Bench, times: int = 2) -> None:
    """Until the endpoints were listed so often from now on."""
    before = len(bench.asterisk.said("GET", "endpoints/PJSIP"))
    await until(lambda: len(bench.asterisk.said("GET", "endpoints/PJSIP")) >= before + times)


def told_of(bench: Bench, address: str) -> list[str]:
    """All that the floor was told of a phone."""
    return [word for where, word in bench.floor.phones if where == address]


def rung(bench: Bench) -> list[str]:
    """Which endpoints were rung."""
    asked = (each["query"] for each in bench.asterisk.said("POST", "channels"))
    return [query["endpoint"] for query in asked if "endpoint" in query]


def heard_of(bench: Bench) -> list[list[str]]:
    """The devices that were asked for, request by request."""
    asked = bench.asterisk.said("POST", "applications/callfloor/subscription")
    sources = [each["body"]["eventSource"] for each in asked]
    return [[name.removeprefix("deviceState:") for name in names] for names in sources if names != ["channel:"]]


async def test_channels_are_asked_for_and_phones_by_name_since_asterisk_may_crash_or_stand_still_told_of_everything(
    bench: Bench,
) -> None:
    assert bench.asterisk.opened == ["/ari/events?app=callfloor"]
    first = [(each["method"], each["uri"]) for each in bench.asterisk.asked]
    assert first[:4] == [
        ("POST", "applications/callfloor/subscription"),
        ("PUT", "applications/callfloor/eventFilter"),
        ("GET", "endpoints/PJSIP"),
        ("POST", "applications/callfloor/subscription"),
    ]
    assert bench.asterisk.asked[0]["body"] == {"eventSource": ["channel:"]}
    assert [set(each) for each in heard_of(bench)] == [{ANNA, "PJSIP/carrier", BO}], "also of one that it may get yet"


async def test_phones_are_heard_of_by_the_hundred_and_anew_over_each_connection(bench: Bench) -> None:
    bench.asterisk.endpoints = [endpoint(f"p{number}") for number in range(250)] + [endpoint("with,comma")]
    await bench.asterisk.drop()
    await bench.connected(2)
    assert [len(each) for each in heard_of(bench)[1:]] == [100, 100, 54]
    assert "PJSIP/with,comma" in heard_of(bench)[3]
    await bench.asterisk.drop()
    await bench.connected(3)
    assert [len(each) for each in heard_of(bench)[4:]] == [100, 100, 54]


async def test_endpoint_that_has_come_since_is_heard_of_though_it_is_no_agents() -> None:
    bench = Bench()
    async with running(bench):
        await bench.connected()
        await looked(bench)
        assert heard_of(bench) == []
        bench.asterisk.endpoints.append(endpoint("lobby"))
        await until(lambda: heard_of(bench))
        await looked(bench)
        assert heard_of(bench) == [["PJSIP/lobby"]]
        assert told_of(bench, "PJSIP/lobby") == [PhoneWord.AVAILABLE]


async def test_what_is_told_of_a_new_phone_while_it_is_listed_is_newer_than_the_list(bench: Bench) -> None:
    signs_on = {"name": "PJSIP/dora", "state": "NOT_INUSE"}

    def answers(asked: dict[str, Any]) -> int:
        if "deviceState:PJSIP/dora" in asked["body"].get("eventSource", ()):
            begin("sign-on", bench.asterisk.tell("DeviceStateChanged", device_state=signs_on))
        return 200

    bench.asterisk.answers = answers
    bench.asterisk.endpoints.append(endpoint("dora", "offline"))
    await until(lambda: told_of(bench, "PJSIP/dora"))
    await looked(bench)
    assert told_of(bench, "PJSIP/dora") == [PhoneWord.AVAILABLE]


async def test_connection_over_which_a_new_phone_cannot_be_heard_of_is_over(bench: Bench) -> None:
    bench.asterisk.answers = lambda asked: (
        404 if "deviceState:PJSIP/dora" in asked["body"].get("eventSource", ()) else 200
    )
    bench.asterisk.endpoints.append(endpoint("dora"))
    await until(lambda: "does not tell of PJSIP/dora" in (bench.switch.trouble or ""))
    bench.asterisk.answers = lambda asked: 200
    await until(lambda: told_of(bench, "PJSIP/dora")[-1:] == [PhoneWord.AVAILABLE])


async def test_phone_that_has_not_begun_to_ring_is_not_in_use_since_its_end_would_be_told_by_nobody() -> None:
    bench = Bench()
    bench.asterisk.endpoints = [endpoint("anna"), endpoint("bo")]
    for name, state in (("anna", "Down"), ("bo", "Ringing")):
        bench.asterisk.channels.append({"id": name, "name": f"PJSIP/{name}-1", "state": state})
    async with running(bench):
        await bench.connected()
        await until(lambda: told_of(bench, BO))
        assert (told_of(bench, ANNA), told_of(bench, BO)) == ([PhoneWord.AVAILABLE], [PhoneWord.IN_USE])


async def test_channel_that_came_before_the_first_request_is_not_told_of_twice() -> None:
    bench = Bench()
    bench.asterisk.heard = ["__AST_CHANNEL_ALL_TOPIC", "17.1"]
    async with running(bench):
        await bench.connected()
        (let_go,) = bench.asterisk.said("DELETE", "applications/callfloor/subscription")
        assert let_go["body"] == {"eventSource": ["channel:17.1"]}


async def test_phones_are_not_listed_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing_phones, "LIST_SECONDS", 15.0)
    monkeypatch.setattr(missing_phones, "RELIST_SECONDS", 60.0)
    bench = Bench()
    bench.asterisk.endpoints, bench.floor.agents = [endpoint("anna")], [ANNA, BO]
    async with running(bench):
        await until(lambda: told_of(bench, BO))
        before = len(bench.asterisk.said("GET", "endpoints/PJSIP"))
        await asyncio.sleep(20 * missing_phones.LOOK_SECONDS)
        assert len(bench.asterisk.said("GET", "endpoints/PJSIP")) == before


async def test_asterisk_that_tells_of_no_device_is_told_with_what_it_should_load() -> None:
    bench = Bench()
    bench.asterisk.endpoints = [endpoint("anna")]
    bench.asterisk.answers = lambda asked: (
        400 if "deviceState:PJSIP/anna" in asked["body"].get("eventSource", ()) else 204
    )
    async with running(bench):
        await until(lambda: "res_stasis_device_state.so" in (bench.switch.trouble or ""))


async def test_asterisk_that_does_not_tell_of_phones_is_connected_to_again() -> None:
    bench = Bench()
    bench.asterisk.endpoints = [endpoint("anna")]
    bench.asterisk.answers = lambda asked: (
        404 if "deviceState:PJSIP/anna" in asked["body"].get("eventSource", ()) else 204
    )
    async with running(bench):
        await until(lambda: "does not tell of PJSIP/anna" in (bench.switch.trouble or ""))
        bench.asterisk.answers = lambda asked: 204
        await bench.connected()


async def test_phone_that_the_switch_lacks_is_told_once_and_those_that_it_reaches_somehow_are_not(bench: Bench) -> None:
    await until(lambda: told_of(bench, BO))
    await looked(bench)
    missing = [each for each in bench.floor.phones if each[1] == PhoneWord.MISSING]
    assert missing == [(BO, PhoneWord.MISSING)]
    assert told_of(bench, ANNA) == [PhoneWord.AVAILABLE]


async def test_endpoint_that_is_there_by_now_is_found_though_nothing_is_told_of_it(bench: Bench) -> None:
    await until(lambda: told_of(bench, BO) == [PhoneWord.MISSING])
    bench.asterisk.endpoints.append(endpoint("bo", "offline"))
    await until(lambda: told_of(bench, BO) == [PhoneWord.MISSING, PhoneWord.UNAVAILABLE])
    await until(lambda: not bench.switch.missing)
    await bench.asterisk.tell("DeviceStateChanged", device_state={"name": BO, "state": "NOT_INUSE"})
    await until(lambda: told_of(bench, BO)[2:] == [PhoneWord.AVAILABLE])


async def test_new_agent_whose_endpoint_is_as_new_is_never_told_to_lack_one(bench: Bench) -> None:
    await looked(bench)
    bench.asterisk.endpoints.append(endpoint("dora", "offline"))
    bench.floor.agents.append("PJSIP/dora")
    await until(lambda: told_of(bench, "PJSIP/dora"))
    assert told_of(bench, "PJSIP/dora") == [PhoneWord.UNAVAILABLE]


async def test_address_that_is_no_agents_any_more_is_missed_no_more(bench: Bench) -> None:
    await until(lambda: told_of(bench, BO))
    bench.floor.agents.remove(BO)
    await until(lambda: told_of(bench, BO) == [PhoneWord.MISSING, PhoneWord.UNKNOWN])


async def test_without_a_connection_nothing_is_missing(bench: Bench) -> None:
    await until(lambda: told_of(bench, BO))
    bench.asterisk.full = True
    await bench.asterisk.drop()
    await until(lambda: told_of(bench, BO) == [PhoneWord.MISSING, PhoneWord.UNKNOWN])
    assert not bench.switch.missing


async def test_endpoint_that_is_gone_after_a_restart_is_missing(bench: Bench) -> None:
    await until(lambda: told_of(bench, ANNA) == [PhoneWord.AVAILABLE])
    bench.asterisk.endpoints = [endpoint("carrier")]
    await bench.asterisk.drop()
    await until(lambda: told_of(bench, ANNA) == [PhoneWord.AVAILABLE, PhoneWord.MISSING])


async def test_supervisor_is_refused_to_listen_from_a_phone_that_the_switch_lacks(bench: Bench) -> None:
    await bench.asterisk.call()
    await until(lambda: bench.floor.told)
    refused = await bench.order(OrderType.LISTEN, agent={"id": "sue", "address": "PJSIP/nobody"})
    assert isinstance(refused, Refused)
    assert refused.detail.startswith("There is no endpoint PJSIP/nobody at pbx")
    assert not rung(bench)
    await bench.order(OrderType.LISTEN, key="main-2", agent={"id": "sue", "address": "anna"})
    assert rung(bench) == [ANNA]


async def test_administrator_sees_phones_that_no_asterisk_has_and_nothing_where_another_one_has_them() -> None:
    here, there, floor = StandIn(), StandIn(), FakeFloor()
    here.endpoints, floor.agents = [endpoint("anna")], [ANNA, BO]
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(stand_in(here))
        await stack.enter_async_context(stand_in(there))
        directory = SourceDirectory([source(here)])
        made = switches(directory, floor)
        stack.push_async_callback(made.stop)
        made.start()

        def trouble() -> str:
            found = made.connection("pbx")
            return (found.trouble or "") if found is not None and found.connected else ""

        await until(trouble)
        assert f"without an endpoint: {BO}. Make the endpoints" in trouble()
        directory.replace([source(here), source(there, "second")])
        await until(lambda: connected(made, "second") and trouble())
        there.endpoints = [endpoint("bo", "offline")]
        await until(lambda: not trouble())
        floor.agents += [f"PJSIP/x{number}" for number in range(7)]
        await until(lambda: "PJSIP/x4 and 2 more" in trouble())
        directory.replace([source(here), source(there, "second", command_url="ws://127.0.0.1:1/")])
        await until(lambda: not trouble())
