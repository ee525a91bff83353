"""What the floor is told of calls, and what Asterisk is asked, as a real Asterisk 22 told of them."""

import msgspec
import pytest

from app.floor.memory.reasons import BUSY, DECLINED, FAILED, NOT_ANSWERED, UNREGISTERED, why_not_reached
from app.telephony.adapters.asterisk_ari.actions import Request, Told
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event
from app.telephony.events import HUNG_UP, EventType
from tests.telephony.asterisk_ari.replay import ANNA, CALL, STORIES, Replay, recorded, replayed

NOT_REACHED = {
    "timeout": ("no_answer", NOT_ANSWERED),
    "unavailable_480_after_ringing": ("no_answer", NOT_ANSWERED),
    "dead": ("unavailable", UNREGISTERED),
    "busy_486": ("busy", BUSY),
    "declined_603": ("declined", DECLINED),
    "unavailable_480": ("unavailable", UNREGISTERED),
    "unknown_404": ("unknown_number", FAILED),
    "congestion_503": ("congestion", FAILED),
    "not_acceptable_488": ("not_acceptable", FAILED),
}


@pytest.mark.parametrize(("story", "words"), NOT_REACHED.items())
def test_a_phone_that_is_not_reached_has_failed_for_the_reason_that_asterisk_gives(
    story: str, words: tuple[str, str]
) -> None:
    cause, reason = words
    replay = replayed(story)
    failed = [each for each in replay.told if each[0] == EventType.FAILED]
    assert failed == [(EventType.FAILED, "anna", cause)]
    assert why_not_reached(cause) == reason
    assert replay.told[-1][0] == EventType.CLEARED


@pytest.mark.parametrize("story", ["timeout", "busy_486", "declined_603", "unavailable_480_after_ringing"])
def test_a_phone_that_has_rung_is_told_once_before_it_fails(story: str) -> None:
    kinds = [kind for kind, agent, _ in replayed(story).told if agent == "anna"]
    assert kinds == [EventType.DELIVERED, EventType.FAILED]


def test_a_phone_that_is_not_registered_fails_when_asterisk_cannot_allocate_a_channel() -> None:
    replay = replayed("unregistered")
    assert replay.told[0] == (EventType.FAILED, "dora", "unregistered")
    assert why_not_reached("unregistered") == UNREGISTERED


def test_a_phone_that_we_let_stop_ringing_was_withdrawn_and_has_not_failed() -> None:
    replay = replayed("withdrawn")
    assert (EventType.CONNECTION_CLEARED, "anna", "withdrawn") in replay.told
    assert EventType.FAILED not in [kind for kind, _, _ in replay.told]
    assert f"DELETE channels/{ANNA}" in replay.asked


def test_a_caller_who_gives_up_lets_the_agents_phone_stop_ringing() -> None:
    replay = replayed("caller_cancels")
    assert replay.told == [(EventType.DELIVERED, "anna", None), (EventType.CLEARED, None, HUNG_UP)]
    assert replay.asked[-1] == f"DELETE channels/{ANNA}"


def test_a_caller_who_hangs_up_ends_the_call_for_the_agent() -> None:
    replay = replayed("caller_ends")
    assert replay.told == [
        (EventType.DELIVERED, "anna", None),
        (EventType.ESTABLISHED, "anna", None),
        (EventType.CLEARED, None, HUNG_UP),
    ]
    assert f"DELETE channels/{ANNA}" in replay.asked
    assert replay.asked[-1].startswith("DELETE bridges/")


def test_an_agent_who_answers_is_brought_together_with_the_caller_who_is_answered() -> None:
    replay = Replay()
    for line in recorded("caller_ends"):
        replay.give(line)
        if line.get("args") == ["leg"]:
            break
    assert replay.asked[1:] == [
        f"POST channels/{CALL}/answer",
        "POST bridges/1700000000~1.talk",
        "POST bridges/1700000000~1.talk/addChannel",
    ]


def test_an_agent_who_hangs_up_has_put_down_and_the_caller_hears_music_until_the_floor_says_more() -> None:
    replay = Replay()
    for line in recorded("agent_ends"):
        if line.get("order") == "call.disconnect":
            break
        replay.give(line)
    assert replay.told[-1] == (EventType.CONNECTION_CLEARED, "anna", HUNG_UP)
    assert replay.asked[-1] != f"POST channels/{CALL}/moh"
    assert replay.asked_when_woken() == [
        "POST bridges/1700000000~1.talk/removeChannel",
        f"POST channels/{CALL}/moh",
    ]
    assert not replay.ended


def test_an_agent_who_hangs_up_leaves_no_music_behind_where_the_floor_ends_the_call() -> None:
    replay = replayed("agent_ends")
    music = replay.asked.count(f"POST channels/{CALL}/moh")
    for each in replay.wakes:
        replay.actions += replay.line.wake(each.token, each.at)
    assert replay.asked.count(f"POST channels/{CALL}/moh") == music


def test_who_is_rung_for_hears_music_only_after_a_moment() -> None:
    replay = Replay()
    for line in recorded("agent_ends"):
        replay.give(line)
        if line.get("order") == "call.connect":
            break
    replay.actions += replay.line.waits(replay.now)
    assert replay.asked[-1] == f"POST channels/{CALL}/answer"
    assert replay.asked_when_woken() == [f"POST channels/{CALL}/moh"]
    assert replay.asked_when_woken() == []


def test_a_phones_own_hold_is_told_like_one_by_order() -> None:
    told = [kind for kind, agent, _ in replayed("hold").told if agent == "anna"]
    assert told[2:] == [EventType.HELD, EventType.RETRIEVED, EventType.HELD, EventType.RETRIEVED]


def test_a_caller_on_hold_hears_music_apart_and_comes_back_without_it() -> None:
    replay = Replay()
    steps: dict[str, list[str]] = {}
    for line in recorded("hold"):
        came = replay.give(line)
        if "order" in line:
            steps[line["order"]] = [f"{each.method} {each.path}" for each in came if isinstance(each, Request)]
    talk = "bridges/1700000000~1.talk"
    assert steps["call.hold"] == [f"POST {talk}/removeChannel", f"POST channels/{CALL}/moh"]
    assert steps["call.retrieve"] == [f"DELETE channels/{CALL}/moh", f"POST {talk}/addChannel"]


def test_a_missing_prompt_is_told_and_the_next_alternative_is_played() -> None:
    replay = replayed("digits")
    missing = [each for each in replay.actions if isinstance(each, Told) and each.type == "call.prompt_missing"]
    assert [each.details["media"] for each in missing] == ["sound:there-is-none"]
    played = [each for each in replay.actions if isinstance(each, Request) and "/play/" in each.path]
    assert [each.query["media"] for each in played] == [
        "sound:there-is-none", "sound:all-circuits-busy-now", "sound:all-circuits-busy-now",
    ]  # fmt: skip


def test_keys_pressed_into_a_prompt_end_it_and_are_told_together() -> None:
    replay = replayed("digits")
    digits = [each for each in replay.actions if isinstance(each, Told) and each.type == EventType.DIGITS]
    assert [each.details for each in digits] == [{"script": 1, "finished": "length", "digits": "123"}]
    assert sum(asked.startswith("DELETE playbacks/") for asked in replay.asked) == 1


@pytest.mark.parametrize("story", STORIES)
def test_nothing_is_left_of_a_call_at_its_end(story: str) -> None:
    replay = replayed(story)
    assert replay.line.over
    assert not replay.line.legs
    assert replay.ended == 1
    assert [kind for kind, _, _ in replay.told].count(EventType.CLEARED) == 1


@pytest.mark.parametrize("story", STORIES)
def test_after_its_end_a_call_says_nothing_more_whatever_comes_again(story: str) -> None:
    replay = replayed(story)
    before = len(replay.actions)
    replay.play(line for line in recorded(story) if "type" in line)
    assert not [each for each in replay.actions[before:] if isinstance(each, Told)]


def test_channels_that_nobody_knows_change_nothing() -> None:
    replay = Replay()
    for kind in ("StasisStart", "StasisEnd", "ChannelDestroyed", "ChannelStateChange", "ChannelHold"):
        assert replay.line.take(Event(type=kind, channel=Channel(id="1.2", state="Ringing")), 1.0) == []
    assert not replay.line.over


def test_a_bridge_that_lacks_one_of_several_takes_the_others_one_by_one() -> None:
    replay = Replay()
    join = Request(method="POST", path="bridges/x.talk/addChannel", query={"channel": "a,b"})
    assert replay.line.refused(join, 400, 1.0) == [
        Request(method="POST", path="bridges/x.talk/addChannel", query={"channel": "a"}),
        Request(method="POST", path="bridges/x.talk/addChannel", query={"channel": "b"}),
    ]
    alone = msgspec.structs.replace(join, query={"channel": "a"})
    assert replay.line.refused(alone, 400, 1.0) == []
