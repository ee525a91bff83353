"""Whatever order and however often events come: nothing raises, nothing is told twice, and nobody is left over."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.telephony.adapters.asterisk_ari.actions import Told
from app.telephony.events import EventType
from tests.telephony.asterisk_ari.replay import CALL, STORIES, Replay, recorded

Lines = list[dict[str, Any]]


@st.composite
def disordered(draw: st.DrawFn) -> Lines:
    """A recorded call, its lines shuffled, and some of them doubled."""
    lines = recorded(draw(st.sampled_from(STORIES)))
    doubled = draw(st.lists(st.sampled_from(lines), max_size=6))
    return draw(st.permutations([*lines, *doubled]))


@st.composite
def doubled(draw: st.DrawFn) -> tuple[Lines, Lines]:
    """A recorded call, and the same with events repeated at once or later."""
    lines = recorded(draw(st.sampled_from(STORIES)))
    often: Lines = []
    for line in lines:
        often.append(line)
        if "digit" not in line:  # the same key twice is two keys
            seen = [one for one in often if "type" in one and one["type"] not in AGAIN_MEANS_SOMETHING]
            often += draw(st.lists(st.sampled_from(seen), max_size=2)) if seen else []
    return lines, often


AGAIN_MEANS_SOMETHING = ("ChannelDtmfReceived", "ChannelHold", "ChannelUnhold", "ChannelTransfer")


def ended_for_all() -> Lines:
    """The end of whoever may still be there."""
    return [{"type": "ChannelDestroyed", "channel": {"id": CALL}, "cause": 16}]


@given(disordered())
def test_events_in_any_order_raise_nothing_and_leave_nobody(lines: Lines) -> None:
    replay = Replay().play(lines).play(ended_for_all())
    assert {f"DELETE channels/{leg}" for leg in replay.line.legs} <= set(replay.asked), "somebody is left ringing"
    left = [{"type": "ChannelDestroyed", "channel": {"id": leg}, "cause": 16} for leg in list(replay.line.legs)]
    replay.play(left)
    assert replay.line.over
    assert not replay.line.legs
    assert replay.ended >= 1
    assert [kind for kind, _, _ in replay.told].count(EventType.CLEARED) == 1
    bridges = {asked for asked in replay.asked if asked.startswith("POST bridges/") and asked.count("/") == 1}
    assert {asked.replace("POST", "DELETE") for asked in bridges} <= set(replay.asked), "a bridge is left"


@given(doubled())
def test_events_that_come_again_tell_the_floor_nothing_new(lines: tuple[Lines, Lines]) -> None:
    once, often = (Replay().play(each) for each in lines)
    assert [each for each in once.actions if isinstance(each, Told)] == [
        each for each in often.actions if isinstance(each, Told)
    ]
