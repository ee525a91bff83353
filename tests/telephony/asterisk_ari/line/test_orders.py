"""What the floor orders, once and again."""

from typing import Any

import pytest

from app.telephony.adapters.asterisk_ari.actions import Action, Perform, Request, Told
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.adapters.asterisk_ari.line.orders import obey
from app.telephony.events import OrderType
from app.telephony.instructions import HangUp, Pause, Script
from app.telephony.port import Refused, SwitchCommand
from tests.telephony.asterisk_ari.replay import ANNA, CALL, SETUP

AGENT = {"id": "anna", "address": "PJSIP/anna"}
BO = {"agent": "bo", "address": "PJSIP/bo"}


def a_line(*, talking: bool = False) -> Line:
    """A call, with anna on it if she is `talking`."""
    line = Line(SETUP, CALL, caller=CALL)
    line.from_, line.to = "13800001111", "4001"
    if talking:
        order(line, OrderType.CONNECT, key="main-1", agent=AGENT)
        line.take(Event(type="StasisStart", channel=Channel(id=ANNA, state="Up"), args=("leg",)), 1.0)
    return line


def order(line: Line, kind: str, *, key: str = "main-7", **data: Any) -> list[Action] | Refused:
    """What comes of an order."""
    return obey(line, SwitchCommand(key, kind, 2.0, data), 2.0)


def posted(actions: list[Action] | Refused) -> list[str]:
    """The requests that make something."""
    assert not isinstance(actions, Refused), actions
    return [each.path for each in actions if isinstance(each, Request) and each.method == "POST"]


RINGS: dict[str, dict[str, Any]] = {
    OrderType.CONNECT: {"agent": {"id": "bo", "address": "PJSIP/bo"}},
    OrderType.CONFERENCE: {"agent": AGENT, "to": BO},
    OrderType.CONSULT: {"agent": AGENT, "to": BO},
    OrderType.LISTEN: {"agent": {"id": "sue", "address": "PJSIP/sue"}, "mode": "listen"},
}


NUMBERS_TOO = (OrderType.CONFERENCE, OrderType.CONSULT, OrderType.TRANSFER)


@pytest.mark.parametrize(("kind", "data"), RINGS.items())
def test_an_order_that_comes_again_rings_nobody_again(kind: str, data: dict[str, Any]) -> None:
    line = a_line(talking=True)
    assert "channels" in posted(order(line, kind, **data))
    legs = dict(line.legs)
    assert "channels" not in posted(order(line, kind, **data))
    assert line.legs == legs


@pytest.mark.parametrize(("kind", "data"), RINGS.items())
def test_an_order_that_comes_again_after_its_leg_has_ended_rings_nobody(kind: str, data: dict[str, Any]) -> None:
    line = a_line(talking=True)
    before = set(line.legs)
    order(line, kind, **data)
    (leg,) = set(line.legs) - before
    line.take(Event(type="ChannelDestroyed", channel=Channel(id=leg), cause=17, tech_cause=486), 3.0)
    assert "channels" not in posted(order(line, kind, **data))


def test_a_recording_is_begun_once() -> None:
    line = a_line()
    assert len(posted(order(line, OrderType.RECORD, do="start", recording="r-1"))) == 1
    assert posted(order(line, OrderType.RECORD, do="start", recording="r-1")) == []


@pytest.mark.parametrize("kind", [OrderType.CANCEL, OrderType.DISCONNECT, OrderType.STOP_LISTENING])
def test_an_end_of_what_has_ended_is_done_already(kind: str) -> None:
    line = a_line()
    line.take(Event(type="StasisEnd", channel=Channel(id=CALL)), 3.0)
    told = order(line, kind, agent=AGENT)
    assert told == [] or kind == OrderType.STOP_LISTENING


@pytest.mark.parametrize("kind", [OrderType.CONNECT, OrderType.HOLD, OrderType.TRANSFER, OrderType.CONFERENCE])
def test_what_is_wanted_of_a_call_that_is_over_is_refused(kind: str) -> None:
    line = a_line()
    line.take(Event(type="StasisEnd", channel=Channel(id=CALL)), 3.0)
    assert isinstance(order(line, kind, agent=AGENT, to=BO), Refused)


@pytest.mark.parametrize("kind", [OrderType.HOLD, OrderType.RETRIEVE, OrderType.TRANSFER, OrderType.COMPLETE_TRANSFER,
                                  OrderType.CONSULT])  # fmt: skip
def test_an_agent_who_is_not_on_the_call_can_do_nothing_with_it(kind: str) -> None:
    assert isinstance(order(a_line(), kind, agent=AGENT, to=BO), Refused)


def test_a_refused_consultation_has_rung_nobody() -> None:
    line = a_line()
    assert isinstance(order(line, OrderType.CONSULT, agent=AGENT, to=BO), Refused)
    assert line.legs == {}


def test_an_order_that_asterisk_cannot_carry_out_is_refused_by_name() -> None:
    refused = order(a_line(), "call.teleport")
    assert isinstance(refused, Refused)
    assert "call.teleport" in refused.detail


@pytest.mark.parametrize(("kind", "data"), [
    (OrderType.CONNECT, {"agent": {"id": "anna"}}),
    (OrderType.LISTEN, {"agent": {"id": "sue"}}),
    (OrderType.CONFERENCE, {"to": {}}),
    (OrderType.SCRIPT, {"script": {"number": "no"}}),
    (OrderType.RECORD, {"do": "eat", "recording": "r-1"}),
    (OrderType.RECORD, {"do": "start"}),
])  # fmt: skip
def test_an_order_that_lacks_what_it_needs_is_refused(kind: str, data: dict[str, Any]) -> None:
    assert isinstance(order(a_line(), kind, **data), Refused)


def test_a_hold_that_comes_again_is_told_again_and_moves_nobody() -> None:
    line = a_line(talking=True)
    order(line, OrderType.HOLD, agent=AGENT)
    again = order(line, OrderType.HOLD, agent=AGENT)
    assert not any("removeChannel" in path for path in posted(again))


def test_an_agent_sees_the_callers_number_and_the_phone_our_headers() -> None:
    line = a_line()
    line.contact = "c-1"
    rung = order(line, OrderType.CONNECT, agent=AGENT, ring_seconds=12)
    assert not isinstance(rung, Refused)
    (request,) = [each for each in rung if isinstance(each, Request)]
    assert (request.query["callerId"], request.query["timeout"]) == ("13800001111", 12)
    assert request.body is not None
    assert request.body["variables"]["PJSIP_HEADER(add,X-Callfloor-Contact)"] == "c-1"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        *RINGS.items(),
        (OrderType.DIAL, {"agent": {"id": "bo", "address": "PJSIP/bo"}, "to": {"number": "5550001"}}),
        *((kind, {"agent": AGENT, "to": {"number": "5550001"}}) for kind in NUMBERS_TOO),
    ],
)
def test_nobody_is_rung_for_ever_and_as_long_as_the_order_says_where_it_does(kind: str, data: dict[str, Any]) -> None:
    for said, seconds in (data, range(10, 61)), (data | {"ring_seconds": 17}, [17]):
        made = order(a_line(talking=True), kind, **said)
        assert not isinstance(made, Refused)
        (timeout,) = (each.query["timeout"] for each in made if isinstance(each, Request) and each.path == "channels")
        assert timeout in seconds


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        (OrderType.CONNECT, {"agent": AGENT}, True),
        (OrderType.LISTEN, {"agent": {"id": "sue", "address": "PJSIP/sue"}}, True),
        (OrderType.CONFERENCE, {"agent": AGENT, "to": BO}, True),
        (OrderType.CONFERENCE, {"agent": AGENT, "to": {"number": "13900001111"}}, False),
    ],
)
def test_only_phones_of_ours_are_told_our_ids(kind: str, data: dict[str, Any], told: bool) -> None:
    assert told is any("X-Callfloor" in name for name in variables(order(a_line(), kind, **data)))


def test_a_customer_whom_an_agent_dials_is_not_told_our_ids() -> None:
    line = Line(SETUP, "c-1", direction="outbound")
    assert variables(order(line, OrderType.DIAL, agent=AGENT, to={"number": "13900001111"}))
    (leg,) = line.legs.values()
    customer = line.call_customer(leg)
    assert list(variables(customer)) == ["PJSIP_TRANSFER_HANDLING()"]


def variables(actions: list[Action] | Refused) -> dict[str, str]:
    """What the channel that is made is told."""
    assert not isinstance(actions, Refused), actions
    (request,) = [each for each in actions if isinstance(each, Request) and each.path == "channels"]
    assert request.body is not None
    told: dict[str, str] = request.body["variables"]
    return told


def test_a_script_is_made_playable_first() -> None:
    script = {"number": 3, "instructions": [{"do": "play", "media": "hello"}]}
    came = order(a_line(), OrderType.SCRIPT, script=script)
    assert not isinstance(came, Refused)
    assert [each.script.number for each in came if isinstance(each, Perform)] == [3]


def test_a_script_that_is_ready_after_an_agent_has_answered_is_not_performed_on_hold_either() -> None:
    line, script = a_line(talking=True), Script(number=1, instructions=(Pause(seconds=1), HangUp()))
    assert line.perform(script, [], 3.0) == []
    order(line, OrderType.HOLD, agent=AGENT)
    assert line.perform(script, [], 3.0) == []


def test_a_transferred_agent_is_told_and_leaves() -> None:
    line = a_line(talking=True)
    came = order(line, OrderType.TRANSFER, agent=AGENT, to={"queue": "cards"})
    assert not isinstance(came, Refused)
    assert [each.type for each in came if isinstance(each, Told)] == ["call.transferred"]
    assert [each.path for each in came if isinstance(each, Request) and each.method == "DELETE"] == [f"channels/{ANNA}"]


@pytest.mark.parametrize(
    "address",
    [
        "Local/900@from-internal",
        "local/s@macro-system",
        "PJSIP/carrier/sip:spy@evil.example",
        "PJSIP/0049900123456@carrier",
        "UnicastRTP/198.51.100.7:4000",
        "AudioSocket/198.51.100.7:4000",
        "PJSIP/a&PJSIP/b",
        "PJSIP/dora\r\nX-Evil: 1",
        "PJSIP/",
    ],
)
def test_who_listens_does_so_from_a_phone_of_the_switch_and_leads_a_call_nowhere_else(address: str) -> None:
    line = a_line(talking=True)
    refused = order(line, OrderType.LISTEN, agent={"id": "sue", "address": address}, mode="listen")
    assert isinstance(refused, Refused)
    assert "PJSIP/1001" in refused.detail


@pytest.mark.parametrize("address", ["PJSIP/dora", "1001", "SIP/1001", "PJSIP/dora.berg_2-a"])
def test_any_phone_of_the_switch_may_be_listened_from(address: str) -> None:
    line = a_line(talking=True)
    assert "channels" in posted(order(line, OrderType.LISTEN, agent={"id": "sue", "address": address}, mode="listen"))


def test_supervisor_who_has_taken_a_call_and_hangs_up_beside_a_colleague_leaves_the_caller_to_them() -> None:
    line = a_line(talking=True)
    cho = {"id": "cho", "address": "PJSIP/cho"}
    order(line, OrderType.LISTEN, agent=cho, mode="join", to={"agent": "anna"})
    (leg,) = [each for each in line.legs if each != ANNA]
    line.take(Event(type="StasisStart", channel=Channel(id=leg, state="Up"), args=("leg",)), 2.0)
    told = order(line, OrderType.DISCONNECT, key="main-9", agent=cho)
    assert not isinstance(told, Refused)
    assert [each.path for each in told if isinstance(each, Request)] == [f"channels/{leg}"]
    assert line.legs[leg].withdrawn == "hung_up"


def test_supervisor_who_asks_again_while_their_phone_is_being_hung_up_is_rung_again() -> None:
    line = a_line(talking=True)
    sue = {"id": "sue", "address": "PJSIP/sue"}
    order(line, OrderType.LISTEN, agent=sue, mode="listen")
    order(line, OrderType.STOP_LISTENING, key="main-8", agent=sue)
    assert "channels" in posted(order(line, OrderType.LISTEN, key="main-9", agent=sue, mode="join"))
    assert [leg.mode for leg in line.legs.values() if leg.role == "listener" and not leg.withdrawn] == ["join"]
