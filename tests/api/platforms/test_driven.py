"""What a phone asks for, as the agent's command to the floor."""

from typing import Any

import pytest

from app.api.platforms.driven import DrivenSource
from app.core.errors import Unavailable
from app.floor.commands import Answer, Destination, Transfer
from tests.api.fake_floor import FakeFloor

PHONES = {"PJSIP/bo": "bo", "carls": "carl", "PJSIP/2003": "dora"}


def source_and_floor() -> tuple[DrivenSource, FakeFloor]:
    """A source whose floor takes everything, and knows these phones."""
    floor: Any = FakeFloor()
    floor.agent_at = PHONES.get
    return DrivenSource("pbx", floor, floor), floor


@pytest.mark.parametrize(("target", "to"), [
    ("bo", Destination(agent="bo")),
    ("carls", Destination(agent="carl")),
    ("2003", Destination(agent="dora")),
    ("5550001", Destination(number="5550001")),
    ("+4930222", Destination(number="+4930222")),
    ("cards", Destination(queue="cards")),
    ("cards2", Destination(queue="cards2")),
    ("4711&Local", Destination(queue="4711&Local")),
])  # fmt: skip
async def test_a_phone_sends_to_a_colleague_a_number_or_a_queue(target: str, to: Destination) -> None:
    source, floor = source_and_floor()
    assert await source.transfer("c-1", "anna", target, "k") is None
    assert floor.asked == [Transfer(contact_id="c-1", agent_id="anna", to=to)]
    assert floor.keys == [("cti:pbx", "transfer:k")]


async def test_why_the_floor_does_not_want_it_is_handed_on() -> None:
    source, floor = source_and_floor()
    floor.answers[Transfer] = lambda _: Answer(ok=False, body={"detail": "unknown queue 'cards2'"})
    assert await source.transfer("c-1", "anna", "cards2", "k") == "unknown queue 'cards2'"


async def test_a_floor_that_cannot_commit_is_asked_again_later() -> None:
    source, floor = source_and_floor()
    floor.status = "standby"
    with pytest.raises(Unavailable):
        await source.transfer("c-1", "anna", "bo", "k")
