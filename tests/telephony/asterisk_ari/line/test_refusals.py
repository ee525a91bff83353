"""What the switch does not take is not held to be done: the order fails, and what is believed is put right."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from app.telephony.adapters.asterisk_ari.actions import Action, Ended, Request, Stored, Told
from app.telephony.adapters.asterisk_ari.ari.events import Event, Recording
from app.telephony.adapters.asterisk_ari.gaps.resuming import resumed
from app.telephony.adapters.asterisk_ari.line import names
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.adapters.asterisk_ari.line.moments import LINGER
from app.telephony.events import EventType, OrderType
from app.telephony.instructions import Script, Voicemail
from app.telephony.port import Delivered, Refused
from tests.telephony.asterisk_ari.gaps.test_left_recordings import (
    BEGAN,
    CREATED,
    ID,
    NAME,
    SOUND,
    STILL_SILENT,
    TAPE,
    begins,
    kept,
    tape,
    taped,
)
from tests.telephony.asterisk_ari.gaps.test_resuming import asked, channel, sight
from tests.telephony.asterisk_ari.line.test_orders import AGENT, a_line, order
from tests.telephony.asterisk_ari.replay import CALL, SETUP
from tests.telephony.asterisk_ari.stand_in import Asked, incoming, until
from tests.telephony.asterisk_ari.test_switch import Bench, running

ENDED = Event(type="RecordingFinished", timestamp="2026-09-21T14:13:30.500+0000", recording=Recording(name=NAME))


def sent(actions: Any, path: str) -> Request:
    """The last request of an order that goes to this path."""
    return [each for each in actions if isinstance(each, Request) and each.path.endswith(path)][-1]


def failed(actions: list[Action]) -> list[dict[str, Any]]:
    """What is told of recordings that have failed."""
    told = [each for each in actions if isinstance(each, Told) and each.type == EventType.RECORDING_FAILED]
    return [each.details for each in told]


def test_a_pause_is_asked_for_once_the_recording_has_begun_since_asterisk_takes_it_no_earlier() -> None:
    line = a_line(talking=True)
    order(line, OrderType.RECORD, do="start", recording=ID)
    line.take(Event(type="StasisStart", channel=tape(), args=("spy",)), 3.0)
    assert order(line, OrderType.RECORD, do="pause", recording=ID) == []
    assert asked(begins(line)) == STILL_SILENT


def test_a_pause_that_the_switch_refuses_is_none() -> None:
    line = taped()
    mute = sent(order(line, OrderType.RECORD, do="pause", recording=ID), "/mute")
    assert mute.fails_by(500)
    assert mute.fails_by(409)
    assert line.refused(mute, 500, 4.0) == []
    assert [each.pauses for each in kept(line.take(ENDED, 9.0))] == [()]


def test_a_recording_that_the_switch_would_not_begin_in_silence_is_stopped() -> None:
    line = a_line(talking=True)
    order(line, OrderType.RECORD, do="start", recording=ID)
    order(line, OrderType.RECORD, do="pause", recording=ID)
    line.take(Event(type="StasisStart", channel=tape(), args=("spy",)), 3.0)
    mute = sent(begins(line), "/mute")
    assert not mute.fails_by(500), "no order waits for it"
    assert asked(line.refused(mute, 500, 4.0)) == [f"POST recordings/live/{NAME}/stop", f"DELETE channels/{TAPE}"]


def test_a_recording_that_would_not_go_on_after_its_pause_was_asked_for_once_more_is_stopped() -> None:
    line = taped()
    order(line, OrderType.RECORD, do="pause", recording=ID)
    came = resumed(line, sight(channel(CALL), tape()), 9.0)
    (go_on,) = (
        each for each in came if isinstance(each, Request) and (each.method, each.path[-6:]) == ("DELETE", "/pause")
    )
    assert f"POST recordings/live/{NAME}/stop" in asked(line.refused(go_on, 500, 9.1))


def refusals() -> Iterator[tuple[str, tuple[int, ...]]]:
    """What was asked for, and which of its requests are refused."""
    for what, count in (("pause", 2), ("pause again", 4), ("gap in a pause", 4), ("resume", 2), ("gap after it", 2)):
        for some in range(1, 2**count):
            yield what, tuple(at for at in range(count) if some & 1 << at)


LEFT = {
    "pause": [(1.0, 1.5)],
    "pause again": [(1.0, 1.5), (2.0, None)],
    "gap in a pause": [(1.0, 1.5), (2.0, 9.5)],
    "resume": [(1.0, 1.5), (2.0, None)],
    "gap after it": [(1.0, 1.5), (2.0, 2.0)],
}
"""The pauses that there are then: one was over before. What ends a silence is the first request of a resume."""


@pytest.mark.parametrize(("what", "refused"), list(refusals()))
def test_whichever_requests_for_a_pause_are_refused_the_pauses_are_as_they_were(
    what: str, refused: tuple[int, ...]
) -> None:
    line = taped()
    line.pauses[ID] = [(1.0, 1.5)]
    asked_for = order(line, OrderType.RECORD, do="pause", recording=ID)
    if what == "pause again":
        asked_for = order(line, OrderType.RECORD, do="pause", recording=ID)
    elif what in ("resume", "gap after it"):
        asked_for = order(line, OrderType.RECORD, do="resume", recording=ID)
    if what.startswith("gap"):
        asked_for = resumed(line, sight(channel(CALL), tape()), 9.0)
    assert isinstance(asked_for, list)
    about = [each for each in asked_for if isinstance(each, Request) and each.pause is not None]
    came = [one for at in refused for one in line.refused(about[at], 500, 9.5)]
    assert line.pauses[ID] == LEFT["gap after it" if what == "resume" and 0 not in refused else what]
    stopped = [f"POST recordings/live/{NAME}/stop", f"DELETE channels/{TAPE}"]
    assert asked(came) == (stopped if what == "gap in a pause" else [])


def test_the_end_of_a_pause_of_a_recording_that_is_being_stopped_counts_as_done() -> None:
    line = taped()
    order(line, OrderType.RECORD, do="pause", recording=ID)
    resumed_by = order(line, OrderType.RECORD, do="resume", recording=ID)
    assert isinstance(resumed_by, list)
    for each in resumed_by:
        assert isinstance(each, Request)
        assert not each.fails_by(409)
        line.refused(each, 409, 9.5)
    assert line.pauses[ID] == [(2.0, 2.0)]


def test_a_pause_of_a_recording_that_is_gone_counts_as_done() -> None:
    line = taped()
    mute = sent(order(line, OrderType.RECORD, do="pause", recording=ID), "/mute")
    assert not mute.fails_by(404)
    assert line.refused(mute, 404, 4.0) == []


def test_a_pause_goes_on_where_the_switch_refuses_its_end() -> None:
    line = taped()
    order(line, OrderType.RECORD, do="pause", recording=ID)
    unmute = sent(order(line, OrderType.RECORD, do="resume", recording=ID), "/mute")
    assert unmute.fails_by(500)
    line.refused(unmute, 500, 4.0)
    ((pause,),) = [each.pauses for each in kept(line.take(ENDED, 9.0))]
    assert pause[1] == ENDED.at


def test_a_pause_before_which_the_switch_would_not_make_sure_of_sound_is_none() -> None:
    line = taped()
    order(line, OrderType.RECORD, do="pause", recording=ID)
    order(line, OrderType.RECORD, do="resume", recording=ID)
    again = order(line, OrderType.RECORD, do="pause", recording=ID)
    assert isinstance(again, list)
    for each in again:
        assert isinstance(each, Request)
        assert each.fails_by(500)
        line.refused(each, 500, 4.0)
    assert [each.pauses for each in kept(line.take(ENDED, 9.0))] == [((2.0, 2.0),)]


def test_a_pause_that_a_gap_may_have_swallowed_is_asked_for_again() -> None:
    line = taped()
    order(line, OrderType.RECORD, do="pause", recording=ID)
    came = resumed(line, sight(channel(CALL), tape()), 9.0)
    assert [each for each in asked(came) if "recordings" in each] == STILL_SILENT


def test_the_end_of_a_pause_that_a_gap_may_have_swallowed_is_asked_for_again() -> None:
    line = taped()
    order(line, OrderType.RECORD, do="pause", recording=ID)
    order(line, OrderType.RECORD, do="resume", recording=ID)
    came = resumed(line, sight(channel(CALL), tape()), 9.0)
    assert [each for each in asked(came) if "recordings" in each] == SOUND


def test_a_recording_that_is_stopped_while_it_is_about_to_begin_ends_with_its_channel() -> None:
    line = a_line(talking=True)
    order(line, OrderType.RECORD, do="start", recording=ID)
    line.take(Event(type="StasisStart", channel=tape(), args=("spy",)), 3.0)
    stopped = order(line, OrderType.RECORD, do="stop", recording=ID)
    assert isinstance(stopped, list)
    assert f"DELETE channels/{TAPE}" in asked(stopped)


def test_a_start_that_comes_again_after_its_recording_has_ended_records_nothing() -> None:
    line = taped()
    line.take(ENDED, 9.0)
    line.take(Event(type="ChannelDestroyed", channel=tape(), cause=16), 9.0)
    assert order(line, OrderType.RECORD, do="start", recording=ID) == []


@pytest.mark.parametrize("where", ["/removeChannel", "/moh"])
def test_a_hold_that_the_switch_refuses_leaves_the_caller_with_the_agent(where: str) -> None:
    line = a_line(talking=True)
    held = order(line, OrderType.HOLD, agent=AGENT)
    part = sent(held, where)
    assert part.fails_by(500)
    came = line.refused(part, 500, 4.0)
    assert [each.type for each in came if not isinstance(each, Request)] == [EventType.RETRIEVED]  # type: ignore[union-attr]
    assert asked(came)[-1] == f"POST bridges/{names.bridge(line.call)}/addChannel"
    assert not line.held


def test_a_caller_who_is_apart_already_is_held() -> None:
    line = a_line(talking=True)
    part = sent(order(line, OrderType.HOLD, agent=AGENT), "/removeChannel")
    for status in (400, 404, 422):
        assert not part.fails_by(status)
        assert line.refused(part, status, 4.0) == []
    assert line.held


@pytest.mark.parametrize("arrives", [True, False])
def test_a_recording_whose_caller_is_gone_before_it_began_has_failed(arrives: bool) -> None:
    line = a_line(talking=True)
    order(line, OrderType.RECORD, do="start", recording=ID)
    line.take(Event(type="ChannelDestroyed", channel=channel(CALL), cause=16), 3.0)
    if arrives:
        line.take(Event(type="StasisStart", channel=tape(), args=("spy",)), 3.0)
    gone = line.take(Event(type="ChannelDestroyed", channel=tape(), cause=16), 3.0)
    assert failed(gone) == [{"recording": ID}]
    assert failed(line.take(Event(type="ChannelDestroyed", channel=tape(), cause=16), 3.0)) == []


def test_a_recording_that_was_stopped_while_its_channel_came_has_failed() -> None:
    line = a_line(talking=True)
    order(line, OrderType.RECORD, do="start", recording=ID)
    order(line, OrderType.RECORD, do="stop", recording=ID)
    line.take(Event(type="StasisStart", channel=tape(), args=("spy",)), 3.0)
    assert failed(line.take(Event(type="ChannelDestroyed", channel=tape(), cause=16), 3.0)) == [{"recording": ID}]


def test_a_recording_that_the_switch_refuses_has_failed_and_its_channel_goes() -> None:
    line = a_line(talking=True)
    order(line, OrderType.RECORD, do="start", recording=ID)
    record = sent(line.take(Event(type="StasisStart", channel=tape(), args=("spy",)), 3.0), "/record")
    came = line.refused(record, 500, 4.0)
    assert failed(came) == [{"recording": ID}]
    assert asked(came) == [f"DELETE channels/{TAPE}"]
    assert line.take(Event(type="ChannelDestroyed", channel=tape(), cause=16), 5.0) == []
    assert line.recordings == ()


def test_a_recording_that_goes_on_already_is_not_begun_twice_and_has_not_failed() -> None:
    line = a_line(talking=True)
    order(line, OrderType.RECORD, do="start", recording=ID)
    record = sent(line.take(Event(type="StasisStart", channel=tape(), args=("spy",)), 3.0), "/record")
    assert line.refused(record, 409, 4.0) == []
    assert line.recordings == (NAME,)


def test_a_message_that_the_switch_refuses_has_failed_and_its_caller_does_not_speak_to_nothing() -> None:
    line = Line(SETUP, CALL, caller=CALL)
    record = sent(line.perform(Script(number=5, instructions=(Voicemail(),)), [], 1.0), "/record")
    came = line.refused(record, 500, 4.0)
    assert failed(came) == [{}]
    assert f"DELETE channels/{CALL}" in asked(came)
    assert line.refused(record, 500, 4.0) == []


def test_a_recording_whose_channel_ends_without_a_word_is_looked_for_on_the_switch() -> None:
    line = taped()
    (found,) = kept(line.take(Event(type="ChannelDestroyed", channel=tape(), cause=16), 5.0))
    assert (found.recording, found.seconds) == (ID, None)
    assert kept(line.take(ENDED, 9.0)) == []


def test_a_message_whose_end_is_not_told_is_looked_for_before_the_call_is_forgotten() -> None:
    line = Line(SETUP, CALL, caller=CALL)
    line.perform(Script(number=5, instructions=(Voicemail(),)), [], 1.0)
    line.take(Event(type="ChannelDestroyed", channel=channel(CALL), cause=16), 3.0)
    came = line.wake(LINGER, 63.0)
    assert [type(each) for each in came] == [Stored, Ended]


# -- over a connection


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A switch with a call whose recording goes on."""
    async with running(Bench()) as made:
        await made.connected()
        await made.asterisk.call()
        await until(lambda: made.floor.told)
        assert isinstance(await made.order(OrderType.RECORD, do="start", recording="c.1"), Delivered)
        spy = made.asterisk.said("POST", "channels/17.1/snoop/")[0]["uri"].rpartition("/")[2]
        await made.asterisk.tell("StasisStart", args=["spy"], channel={**incoming(spy), "creationtime": CREATED})
        await until(lambda: made.switch._calls["17.1"].line.tapes)
        await made.asterisk.tell("RecordingStarted", recording={"name": names.tape("17.1", BEGAN, "c.1")})
        await until(lambda: next(iter(made.switch._calls["17.1"].line.legs.values())).taping)
        yield made


def refusing(part: str, status: int) -> Any:
    """Answers so to requests whose path has this in it."""

    def answer(asked: Asked) -> int:
        return status if part in asked["uri"] else 204

    return answer


@pytest.mark.enable_socket
async def test_a_pause_that_is_refused_fails_its_order_so_that_the_floor_can_stop_the_recording(bench: Bench) -> None:
    bench.asterisk.answers = refusing("/mute", 500)
    refused = await bench.order(OrderType.RECORD, do="pause", recording="c.1")
    assert isinstance(refused, Refused)
    assert "answered 500" in refused.detail
    assert "/mute" in refused.detail


@pytest.mark.enable_socket
async def test_a_pause_of_what_is_gone_is_done(bench: Bench) -> None:
    bench.asterisk.answers = refusing("/mute", 404)
    assert isinstance(await bench.order(OrderType.RECORD, do="pause", recording="c.1"), Delivered)


@pytest.mark.enable_socket
async def test_a_recording_whose_channel_is_refused_fails_its_order_and_is_told(bench: Bench) -> None:
    bench.asterisk.answers = refusing("/snoop/", 500)
    refused = await bench.switch.execute(bench.command(OrderType.RECORD, "main-2", do="start", recording="c.2"))
    assert isinstance(refused, Refused)
    await until(lambda: ("17.1", EventType.RECORDING_FAILED) in bench.floor.told)


@pytest.mark.enable_socket
async def test_a_hold_that_is_refused_fails_its_order_and_the_floor_is_told_that_they_talk(bench: Bench) -> None:
    await bench.order(OrderType.CONNECT, agent=AGENT)
    leg = bench.asterisk.said("POST", "channels")[-1]["query"]["channelId"]
    await bench.asterisk.tell("StasisStart", args=["leg"], channel=incoming(leg))
    await until(lambda: ("17.1", EventType.ESTABLISHED) in bench.floor.told)
    bench.asterisk.answers = refusing("/removeChannel", 500)
    assert isinstance(await bench.order(OrderType.HOLD, agent=AGENT), Refused)
    await until(lambda: bench.floor.told[-1] == ("17.1", EventType.RETRIEVED))
