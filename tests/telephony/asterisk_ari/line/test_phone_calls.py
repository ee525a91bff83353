"""Calls that agents dial at their phones, and what becomes of them when somebody gives up or is sent on."""

from collections.abc import Callable

import pytest

from app.telephony.adapters.asterisk_ari.actions import Action, Ended, Stored, Told
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event, Party, ReferredBy, ReferredTo
from app.telephony.adapters.asterisk_ari.gaps.adopting import adopted
from app.telephony.adapters.asterisk_ari.gaps.resuming import resumed
from app.telephony.adapters.asterisk_ari.line import names, phone_calls, referring
from app.telephony.adapters.asterisk_ari.line.leg import Leg
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import EventType, OrderType
from tests.telephony.asterisk_ari.gaps.test_resuming import channel, sight
from tests.telephony.asterisk_ari.line.test_left_alone import asked, ends, gone, up
from tests.telephony.asterisk_ari.line.test_orders import AGENT, a_line, order
from tests.telephony.asterisk_ari.replay import ANNA, CALL, SETUP

PHONE = "1.5"
CUSTOMER = str(names.Name(PHONE, names.CUSTOMER, phone_calls.DIALLED))


def dialled(number: str = "5550001", colleague: str | None = None) -> Line:
    """Anna has dialled at her phone."""
    phone = Channel(id=PHONE, name="PJSIP/anna-1", state="Ring", caller=Party("anna"))
    event = Event(type="StasisStart", args=("phone", number), channel=phone)
    return phone_calls.begun(SETUP, event, phone, "anna", colleague)[0]


def ordered() -> Line:
    """Anna has dialled at her screen, and has picked up."""
    line = Line(SETUP, PHONE, direction="outbound")
    order(line, OrderType.DIAL, key="phone", agent=AGENT, to={"number": "5550001"})
    up(line, next(iter(line.legs)))
    return line


def agents(line: Line) -> str:
    return next(leg.id for leg in line.legs.values() if leg.agent == "anna")


def news(actions: list[Action]) -> list[tuple[str, str | None, str | None]]:
    return [(each.type, each.agent, each.cause) for each in actions if isinstance(each, Told)]


def withdrawn(line: Line) -> list[Action]:
    """The customer's phone has stopped to ring."""
    return line.take(Event(type="ChannelDestroyed", channel=Channel(id=CUSTOMER), cause=16), 5.0)


def over(actions: list[Action]) -> bool:
    return any(isinstance(each, Ended) for each in actions)


@pytest.mark.parametrize("begun", [dialled, ordered])
def test_an_agent_who_gives_up_lets_the_customers_phone_stop_ringing_and_it_is_told(begun: Callable[[], Line]) -> None:
    line = begun()
    came = ends(line, agents(line))
    assert news(came) == [(EventType.CONNECTION_CLEARED, "anna", "hung_up")]
    assert asked(came) == [f"DELETE channels/{CUSTOMER}"]
    gone = withdrawn(line)
    assert news(gone) == [(EventType.FAILED, None, "withdrawn")]
    assert over(gone)


def test_a_customer_who_answers_as_the_agent_gives_up_is_not_left_in_silence() -> None:
    line = dialled()
    ends(line, PHONE)
    assert asked(up(line, CUSTOMER)) == [f"DELETE channels/{CUSTOMER}"]
    gone = withdrawn(line)
    assert news(gone) == [(EventType.FAILED, None, "withdrawn")]
    assert over(gone)


def test_an_agent_who_ends_the_call_by_command_has_given_up_as_well() -> None:
    line = dialled()
    came = order(line, OrderType.DISCONNECT, agent=AGENT)
    assert set(asked(came)) == {f"DELETE channels/{PHONE}", f"DELETE channels/{CUSTOMER}"}
    assert news(withdrawn(line))[0] == (EventType.FAILED, None, "withdrawn")


def test_a_customer_who_does_not_answer_has_not() -> None:
    line = dialled()
    line.legs[CUSTOMER].rang = True
    gone = Event(type="ChannelDestroyed", channel=Channel(id=CUSTOMER), cause=19, tech_cause=480)
    assert news(line.take(gone, 5.0))[0] == (EventType.FAILED, None, "no_answer")


def test_an_agent_who_gave_up_while_nobody_looked_leaves_nobody_ringing() -> None:
    line = dialled()
    came = resumed(line, sight(channel(CUSTOMER, "Ringing", "AppDial2")), 9.0)
    assert f"DELETE channels/{CUSTOMER}" in asked(came)


def test_an_agent_who_gave_up_while_no_process_ran_leaves_nobody_ringing() -> None:
    ((line, came),) = adopted(SETUP, sight(channel(CUSTOMER, "Ringing", "AppDial2")), (), 9.0)
    assert asked(came) == [f"DELETE channels/{CUSTOMER}"]
    gone = withdrawn(line)
    assert news(gone) == [(EventType.FAILED, None, "withdrawn")]
    assert over(gone)


# with a recording


def recorded_call() -> tuple[Line, Line]:
    """Anna has put a caller on hold, and has a customer on the line whose call is recorded."""
    here, other = a_line(talking=True), dialled()
    here.contact, other.contact = "c-1", "c-2"
    up(other, CUSTOMER)
    order(other, OrderType.RECORD, key="main-8", do="start", recording="c-2.1")
    up(other, str(names.Name(PHONE, names.TAPE, "main-8", "c-2.1")))
    return here, other


def into(second: str, partner: str) -> Event:
    """Anna's phone asks to join the caller with whom she has called."""
    to = ReferredTo(destination_channel=Channel(id=second), connected_channel=Channel(id=partner, name="PJSIP/x-1"))
    return Event(
        type="ChannelTransfer",
        timestamp="2026-01-01T00:00:10+00:00",
        refer_to=to,
        referred_by=ReferredBy(source_channel=Channel(id=ANNA)),
    )


def test_a_recording_of_a_call_whose_partner_is_handed_over_still_comes() -> None:
    here, other = recorded_call()
    came = referring.joined(here, other, into(PHONE, CUSTOMER), None, 10.0)
    assert CUSTOMER in here.together
    assert news(came.there) == [(EventType.CLEARED, None, "transferred")]
    tape = str(names.Name(PHONE, names.TAPE, "main-8", "c-2.1"))
    assert asked(came.there) == [f"DELETE channels/{PHONE}", f"DELETE channels/{tape}"]
    assert not over(came.there)
    assert not over(gone(other, PHONE))
    kept = ends(other, tape)
    assert [each.recording for each in kept if isinstance(each, Stored)] == ["c-2.1"]
    assert over(kept)


def test_a_call_without_a_recording_is_over_when_the_agents_phone_has_left_it() -> None:
    here, other = a_line(talking=True), dialled()
    up(other, CUSTOMER)
    came = referring.joined(here, other, into(PHONE, CUSTOMER), None, 10.0)
    assert not over(came.there)
    left = gone(other, PHONE)
    assert over(left)
    assert f"DELETE bridges/{names.bridge(PHONE)}" in asked(left)


def test_a_call_between_colleagues_is_over_as_well_when_one_of_them_is_handed_the_caller() -> None:
    here, other = a_line(talking=True), dialled("bo", "PJSIP/bo")
    (bo,) = other.legs
    up(other, bo)
    came = referring.joined(here, other, into(PHONE, bo), "bo", 10.0)
    assert asked(came.there) == [f"DELETE channels/{PHONE}"]
    left = gone(other, PHONE)
    assert over(left)
    assert f"DELETE bridges/{names.bridge(PHONE)}" in asked(left)
    assert here.legs[bo].agent == "bo"


def test_a_recording_whose_end_nobody_told_is_kept_when_its_channel_has_ended_as_the_last_one() -> None:
    line = a_line()
    tape = str(names.Name(CALL, names.TAPE, "main-8", "c-1.1"))
    line.legs[tape] = Leg(names.Name(CALL, names.TAPE, "main-8", "c-1.1"), "")
    up(line, tape)
    assert not over(ends(line, CALL))
    came = ends(line, tape)
    assert [each.recording for each in came if isinstance(each, Stored)] == ["c-1.1"]
    assert over(came)
