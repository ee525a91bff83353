"""What the floor is told of phones: the newest word, and nothing that a call of ours tells already."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.core.tasks import Supervisor
from app.telephony.adapters.asterisk_ari import phones
from app.telephony.adapters.asterisk_ari.phones import Phones


class Floor:
    """Keeps what it is told; `ours` are the phones that a call of ours rings."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.ours: set[str] = set()
        self.phones = Phones(self._tell, self.ours.__contains__)

    async def _tell(self, address: str, word: str) -> None:
        self.told.append((address, word))

    async def hears(self) -> list[tuple[str, str]]:
        """All that it was told by now."""
        for _ in range(5):
            await asyncio.sleep(0)
        return self.told


@pytest.fixture
async def floor() -> AsyncIterator[Floor]:
    made, tasks = Floor(), Supervisor()
    tasks.start("phones", made.phones.run())
    yield made
    await tasks.stop()


async def test_each_word_is_told_once(floor: Floor) -> None:
    for word in ("available", "available", None, "in_use", "in_use", "available"):
        floor.phones.saw("PJSIP/anna", word)
        await floor.hears()
    assert floor.told == [("PJSIP/anna", "available"), ("PJSIP/anna", "in_use"), ("PJSIP/anna", "available")]


async def test_a_call_of_ours_is_no_news_of_the_phone(floor: Floor) -> None:
    floor.phones.saw("PJSIP/anna", "available")
    floor.ours.add("PJSIP/anna")
    floor.phones.saw("PJSIP/anna", "in_use")
    floor.ours.clear()
    floor.phones.left("PJSIP/anna")
    floor.phones.saw("PJSIP/anna", "available")
    assert await floor.hears() == [("PJSIP/anna", "available")]


async def test_a_phone_that_is_still_in_use_after_our_call_has_another_one(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phones, "STILL_SECONDS", 0.0)
    floor.ours.add("PJSIP/anna")
    floor.phones.saw("PJSIP/anna", "in_use")
    floor.ours.clear()
    floor.phones.left("PJSIP/anna")
    await asyncio.sleep(0.01)
    assert (await floor.hears())[-1] == ("PJSIP/anna", "in_use")


async def test_queues_and_trunks_are_nobodys_phone(floor: Floor) -> None:
    floor.phones.is_trunk("PJSIP/carrier")
    floor.phones.saw("PJSIP/carrier", "in_use")
    floor.phones.saw("Queue:many_avail", "available")
    assert await floor.hears() == []
