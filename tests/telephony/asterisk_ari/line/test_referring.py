"""Transfers that phones ask for (REFER): whatever comes of them, the phone is told."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from app.telephony.adapters.asterisk_ari.actions import Action, Later, Referred, Request, Wake
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event, Party, ReferredBy, ReferredTo
from app.telephony.adapters.asterisk_ari.gaps.adopting import adopted
from app.telephony.adapters.asterisk_ari.gaps.resuming import resumed
from app.telephony.adapters.asterisk_ari.line import names, phone_calls, referring
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.adapters.asterisk_ari.line.orders import not_obeyed
from app.telephony.events import OrderType
from app.telephony.port import Refused, SwitchCommand
from tests.telephony.asterisk_ari.gaps.test_resuming import channel, sight
from tests.telephony.asterisk_ari.line.test_left_alone import asked, up
from tests.telephony.asterisk_ari.line.test_orders import AGENT, BO, a_line, order
from tests.telephony.asterisk_ari.replay import ANNA, CALL, SETUP
from tests.telephony.asterisk_ari.stand_in import incoming, until
from tests.telephony.asterisk_ari.test_switch import Bench, connected

PHONE = "1.5"


def wish(target: Any = "bo", channel: str = ANNA, second: Channel | None = None) -> Event:
    """What Asterisk tells of a REFER."""
    to = ReferredTo(requested_destination={"destination": target}, destination_channel=second)
    return Event(
        type="ChannelTransfer",
        timestamp="2026-01-01T00:00:10+00:00",
        refer_to=to,
        referred_by=ReferredBy(source_channel=Channel(id=channel, state="Up")),
    )


def talking() -> Line:
    """Anna talks to a caller whom the floor knows."""
    line = a_line(talking=True)
    line.contact = "c-1"
    return line


def told(phone: str) -> list[str]:
    """How a phone is told what became of its wish: not before the switch has done with what the phone has sent, as the
    switch would not survive that."""
    return [f"GET channels/{phone}/variable", f"POST channels/{phone}/transfer_progress"]


def states(actions: list[Action] | Refused) -> list[str]:
    """What the phone is told."""
    assert not isinstance(actions, Refused)
    queries = [each.query for each in actions if isinstance(each, Request)]
    return [str(query["states"]) for query in queries if "states" in query]


def due(line: Line, actions: list[Action]) -> list[Action]:
    """What follows of it in a moment."""
    return [one for each in actions if isinstance(each, Wake) for one in line.wake(each.token, each.at)]


def waiting() -> tuple[Line, Referred, Wake]:
    """Anna's phone has asked, and the floor has not said anything yet."""
    line = talking()
    asks, wake = referring.asked(line, wish(), 9.0)
    assert isinstance(asks, Referred)
    assert isinstance(wake, Wake)
    return line, asks, wake


def test_what_an_agents_phone_asks_for_is_the_floors_to_decide() -> None:
    _, asks, _ = waiting()
    assert (asks.contact, asks.agent, asks.target, asks.channel) == ("c-1", "anna", "bo", ANNA)


@pytest.mark.parametrize(("destination", "target"), [
    ("sip:4711@192.0.2.1", "4711"), ("sips:bo@pbx;transport=udp", "bo"), ("+49", "+49"),
])  # fmt: skip
def test_the_target_is_what_was_dialled_of_an_address(destination: str, target: str) -> None:
    asks = referring.asked(talking(), wish(destination), 9.0)[0]
    assert isinstance(asks, Referred)
    assert asks.target == target


def test_a_phone_that_asks_twice_waits_for_one_answer() -> None:
    line, _, _ = waiting()
    assert referring.asked(line, wish("carl"), 9.1) == []


def test_what_the_floor_does_not_want_is_told_and_may_be_asked_again() -> None:
    line, asks, _ = waiting()
    assert states(referring.declined(line, asks)) == ["channel_unavailable"]
    assert referring.declined(line, asks) == []
    assert isinstance(referring.asked(line, wish("carl"), 9.5)[0], Referred)


def test_what_the_floor_orders_is_told_to_be_done_and_the_phone_may_hang_up_by_itself() -> None:
    line, _, wake = waiting()
    came = order(line, OrderType.TRANSFER, agent=AGENT, to=BO)
    assert states(came) == ["channel_answered"]
    assert not isinstance(came, Refused)
    assert asked(came)[:2] == told(ANNA)
    assert [each.request.path for each in came if isinstance(each, Later)] == [f"channels/{ANNA}"]
    assert line.wake(wake.token, wake.at) == []


def test_what_the_floor_orders_and_the_switch_cannot_do_is_told() -> None:
    line, _, wake = waiting()
    data: dict[str, Any] = {"agent": AGENT, "to": {"number": "4711a"}}
    command = SwitchCommand("main-7", OrderType.TRANSFER, 9.1, data)
    assert isinstance(order(line, OrderType.TRANSFER, **data), Refused)
    assert states(not_obeyed(line, command)) == ["channel_unavailable"]
    assert not_obeyed(line, command) == []
    assert line.wake(wake.token, wake.at) == []


def test_a_phone_that_is_let_out_of_the_call_for_something_else_is_told_that_nothing_came_of_its_wish() -> None:
    line, asks, wake = waiting()
    came = order(line, OrderType.CANCEL, agent=AGENT)
    assert not isinstance(came, Refused)
    assert states(came) == ["channel_unavailable"]
    assert asked(came) == [*told(ANNA), f"DELETE channels/{ANNA}"]
    assert not referring.waits(line, asks)
    assert line.wake(wake.token, wake.at) == []


def test_another_order_that_is_refused_is_no_answer_to_the_phone() -> None:
    line, _, _ = waiting()
    assert not_obeyed(line, SwitchCommand("main-7", OrderType.CONSULT, 9.1, {"agent": AGENT})) == []
    assert not_obeyed(line, SwitchCommand("main-7", OrderType.TRANSFER, 9.1, {"agent": {"id": "bo"}})) == []


def test_a_phone_to_which_nobody_says_anything_is_told_so_in_time() -> None:
    line, asks, wake = waiting()
    assert wake.at == 9.0 + referring.PATIENCE_SECONDS
    assert referring.waits(line, asks)
    assert states(line.wake(wake.token, wake.at)) == ["channel_unavailable"]
    assert not referring.waits(line, asks)
    assert referring.declined(line, asks) == []


def test_the_time_of_an_older_wish_does_not_end_a_newer_one() -> None:
    line, asks, wake = waiting()
    referring.declined(line, asks)
    line.legs[ANNA].referring = "another"
    assert line.wake(wake.token, wake.at) == []


@pytest.mark.parametrize("event", [
    wish(None), wish(""), wish(17), wish(channel="17.99"), wish(channel=CALL),
], ids=["no target", "an empty target", "a number that is no text", "a stranger", "the caller"])  # fmt: skip
def test_a_phone_that_asks_for_what_cannot_be_is_told_at_once(event: Event) -> None:
    source = event.subject
    assert source is not None
    came = referring.asked(talking(), event, 9.0)
    assert asked(came) == told(source.id)
    assert states(came) == ["channel_unavailable"]


def test_an_agent_whose_call_the_floor_does_not_know_yet_is_told_no() -> None:
    line = a_line(talking=True)
    line.contact = ""
    assert asked(referring.asked(line, wish(), 9.0)) == told(ANNA)


def begun(number: str, colleague: str | None) -> Line:
    """Anna has dialled at her phone."""
    phone = Channel(id=PHONE, name="PJSIP/anna-1", state="Ring", caller=Party("anna"))
    event = Event(type="StasisStart", args=("phone", number), channel=phone)
    line, _ = phone_calls.begun(SETUP, event, phone, "anna", colleague)
    return line


def test_neither_phone_of_a_call_between_colleagues_is_left_without_an_answer() -> None:
    line = begun("bo", "PJSIP/bo")
    colleague = next(iter(line.legs))
    up(line, colleague)
    for phone in (PHONE, colleague):
        assert asked(referring.asked(line, wish("carl", phone), 9.0)) == told(phone)


def test_a_customer_whom_an_agent_has_called_at_the_phone_may_be_sent_on() -> None:
    line = begun("5550001", None)
    assert asked(referring.asked(line, wish("bo", PHONE), 9.0)) == told(PHONE)
    line.contact = "c-2"  # the floor has been told
    up(line, str(names.Name(PHONE, names.CUSTOMER, phone_calls.DIALLED)))
    (asks, _) = referring.asked(line, wish("bo", PHONE), 9.0)
    assert isinstance(asks, Referred)
    assert states(order(line, OrderType.TRANSFER, agent=AGENT, to=BO)) == ["channel_answered"]


# over a connection


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with connected() as made:
        yield made


async def refer(bench: Bench, channel: str, **more: Any) -> None:
    """A phone sends a REFER; for Bo, unless `more` says otherwise."""
    told = {"refer_to": {"requested_destination": {"destination": "bo"}}, **more}
    await bench.asterisk.tell("ChannelTransfer", referred_by={"source_channel": incoming(channel)}, **told)


async def a_leg(bench: Bench) -> str:
    """Anna talks to a caller; her channel."""
    await bench.asterisk.call()
    await until(lambda: bench.floor.told)
    await bench.order(OrderType.CONNECT, agent=AGENT)
    leg = str(bench.asterisk.said("POST", "channels")[-1]["query"]["channelId"])
    await bench.asterisk.tell("StasisStart", args=["leg"], channel=incoming(leg))
    return leg


def answers(bench: Bench) -> list[tuple[str, str]]:
    """What phones were told."""
    told = [each for each in bench.asterisk.asked if each["uri"].endswith("/transfer_progress")]
    return [(each["uri"], each["query"]["states"]) for each in told]


@pytest.mark.enable_socket
async def test_a_phone_on_a_call_that_nobody_knows_is_told_no(bench: Bench) -> None:
    await refer(bench, "99.1")
    await until(lambda: answers(bench))
    assert answers(bench) == [("channels/99.1/transfer_progress", "channel_unavailable")]


@pytest.mark.enable_socket
async def test_a_phone_whose_wish_the_floor_refuses_is_told_once_and_what_it_was_told_is_no_wish(bench: Bench) -> None:
    leg = await a_leg(bench)
    await refer(bench, leg)
    await until(lambda: answers(bench))
    await refer(bench, leg, state="channel_declined")
    await refer(bench, "99.1")
    await until(lambda: len(answers(bench)) > 1)
    assert answers(bench) == [
        (f"channels/{leg}/transfer_progress", "channel_unavailable"),
        ("channels/99.1/transfer_progress", "channel_unavailable"),
    ]


@pytest.mark.enable_socket
async def test_a_phone_whose_transfer_is_ordered_and_cannot_be_done_is_told(bench: Bench) -> None:
    bench.floor.declines = None
    leg = await a_leg(bench)
    await refer(bench, leg)
    await until(lambda: bench.floor.wishes)
    refused = await bench.order(OrderType.TRANSFER, agent=AGENT, to={"number": "4711a"})
    assert isinstance(refused, Refused)
    await until(lambda: answers(bench))
    assert answers(bench) == [(f"channels/{leg}/transfer_progress", "channel_unavailable")]


def adopted_again() -> tuple[Line, Wake]:
    """Anna talks to a caller, as another process finds them: whether her phone waits for an answer it cannot see."""
    ((line, came),) = adopted(SETUP, sight(channel(CALL), channel(ANNA), bridged=(CALL, ANNA)), set(), 9.0)
    line.contact = "c-1"
    (wake,) = [each for each in came if isinstance(each, Wake)]
    assert wake.at == 9.0 + referring.UNDECIDED_SECONDS
    return line, wake


def connected_again() -> tuple[Line, Wake]:
    """The same as the process finds them that has had them in hand."""
    line = talking()
    there = sight(channel(CALL), channel(ANNA), bridged=(CALL, ANNA))
    (wake,) = resumed(line, there, 9.0)
    assert isinstance(wake, Wake)
    return line, wake


@pytest.mark.parametrize("gap", [adopted_again, connected_again])
def test_phone_that_may_have_asked_and_nobody_knows_is_told_once_that_nothing_comes_of_it(
    gap: Callable[[], tuple[Line, Wake]],
) -> None:
    line, wake = gap()
    came = line.wake(wake.token, wake.at)
    assert states(came) == ["channel_unavailable"]
    assert asked(came) == told(ANNA)
    assert line.wake(wake.token, wake.at) == []


def test_phone_whose_transfer_a_process_had_ordered_that_is_no_more_is_told_that_it_was_done() -> None:
    line, wake = adopted_again()
    came = order(line, OrderType.TRANSFER, agent=AGENT, to=BO)
    assert states(came) == ["channel_answered"]
    assert not isinstance(came, Refused)
    assert f"DELETE channels/{ANNA}" in asked(came)
    assert line.wake(wake.token, wake.at) == []


def test_phone_that_asks_the_new_process_gets_the_answer_to_that_alone() -> None:
    line, wake = adopted_again()
    asks = referring.asked(line, wish("bo"), 9.5)[0]
    assert isinstance(asks, Referred)
    assert line.wake(wake.token, wake.at) == []
    assert states(order(line, OrderType.TRANSFER, agent=AGENT, to=BO)) == ["channel_answered"]


@pytest.mark.parametrize("since", [False, True], ids=["before the gap", "after it"])
def test_phone_that_has_asked_and_is_known_to_wait_is_told_what_becomes_of_it(since: bool) -> None:
    line, there = talking(), sight(channel(CALL), channel(ANNA), bridged=(CALL, ANNA))
    if not since:
        referring.asked(line, wish(), 8.9)
    came = resumed(line, there, 9.0)
    if since:
        referring.asked(line, wish(), 9.1)
    for wake in came:
        assert isinstance(wake, Wake)
        assert line.wake(wake.token, wake.at) == []
    assert states(order(line, OrderType.TRANSFER, agent=AGENT, to=BO)) == ["channel_answered"]


def test_phone_that_is_to_leave_the_call_after_a_gap_for_something_else_is_told_that_nothing_comes_of_its_wish() -> (
    None
):
    line, _ = connected_again()
    came = order(line, OrderType.CANCEL, agent=AGENT)
    assert states(came) == ["channel_unavailable"]


def test_phones_of_a_call_that_is_over_are_asked_nothing_after_a_gap() -> None:
    assert not any(isinstance(each, Wake) for each in resumed(over_but_for_the_agent(), sight(channel(ANNA)), 9.0))


def over_but_for_the_agent() -> Line:
    """The caller has hung up, and Anna's phone is not told yet."""
    line = talking()
    line.take(Event(type="ChannelDestroyed", channel=Channel(id=CALL)), 8.0)
    return line
