"""Snapshot, replay, live: whatever happens at whatever moment, each frame is seen once and none is missing."""

import asyncio
import random
from typing import Any

import pytest

from tests.api.sockets.desk import Client, Desk, open_desk

pytestmark = pytest.mark.enable_socket


async def frames_until(client: Client, last: int) -> list[int]:
    """The numbers of the frames up to `last`, in the order heard."""
    seen: list[int] = []
    while not seen or seen[-1] < last:
        seen.append((await client.hear())["seq"])
    return seen


async def resumed(client: Client, resume: int, **data: Any) -> tuple[list[int], dict[str, Any]]:
    """The replayed numbers, and the welcome."""
    frame = await client.hello(resume=resume, **data)
    replayed = []
    while frame["type"] != "welcome":
        replayed.append(frame["seq"])
        frame = await client.hear()
    return replayed, frame


async def test_a_first_welcome_carries_the_snapshot_and_what_follows_is_live() -> None:
    async with open_desk() as desk, desk.client() as client:
        desk.floor.happens("li")
        told = await client.hello()
        session = told.pop("session")
        assert len(session) == 36
        assert told == {
            "type": "welcome",
            "re": 1,
            "ok": True,
            "seq": 1,
            "reset": False,
            "degraded": False,
            "agent": {"id": "li"},
            "contacts": [],
        }
        desk.floor.happens("li", "contact.offered", profile={"customer": None})
        assert await client.hear() == {"seq": 2, "type": "contact.offered", "profile": {"customer": None}}


async def test_what_was_missed_is_replayed_before_the_welcome_chatwoot_14934() -> None:
    async with open_desk() as desk, desk.client() as client:
        for agent in ("li", "bo", "li", "li", "bo"):
            desk.floor.happens(agent)
        replayed, welcome = await resumed(client, 1)
        assert (replayed, welcome["seq"], welcome["reset"]) == ([3, 4], 5, False)


async def test_nothing_missed_means_nothing_replayed() -> None:
    async with open_desk() as desk, desk.client() as client:
        desk.floor.happens("li")
        replayed, welcome = await resumed(client, 1)
        assert (replayed, welcome["reset"]) == ([], False)


@pytest.mark.parametrize(("missed", "reset"), [(1000, False), (1001, True)])
async def test_who_missed_too_much_starts_from_the_snapshot(missed: int, reset: bool) -> None:
    async with open_desk() as desk, desk.client() as client:
        for agent in ["li", "bo"] * missed:
            desk.floor.happens(agent)
        replayed, welcome = await resumed(client, 0)
        assert (len(replayed), welcome["reset"]) == (0 if reset else missed, reset)


async def test_a_number_ahead_of_the_floor_is_answered_with_a_reset() -> None:
    async with open_desk() as desk, desk.client() as client:
        desk.floor.happens("li")
        replayed, welcome = await resumed(client, 99)
        assert (replayed, welcome["seq"], welcome["reset"]) == ([], 1, True)


async def test_what_happens_while_the_snapshot_is_taken_is_neither_lost_nor_doubled() -> None:
    """An event between the snapshot and the welcome is live; one before the snapshot is in it or replayed."""
    async with open_desk() as desk, desk.client() as client:
        desk.floor.happens("li")
        desk.floor.before_look = lambda: desk.floor.happens("li")
        replayed, welcome = await resumed(client, 0)
        assert (replayed, welcome["seq"]) == ([1], 1)
        assert await frames_until(client, 2) == [2]


async def test_sockets_that_come_and_go_under_load_see_every_frame_once() -> None:
    """Resume without gap or double, at random moments of a busy floor."""
    dice = random.Random(7)
    async with open_desk() as desk, asyncio.TaskGroup() as group:
        busy = group.create_task(_keep_busy(desk, 600))
        last, seen = 0, []
        while not busy.done():
            async with desk.client() as client:
                replayed, _ = await resumed(client, last)
                live = [(await client.hear())["seq"] for _ in range(dice.randrange(12)) if not busy.done()]
                seen += replayed + live
                last = seen[-1] if seen else 0
        async with desk.client() as client:
            seen += (await resumed(client, last))[0]
        assert seen == [seq for seq, agent, _ in desk.floor.log if agent == "li"]


async def _keep_busy(desk: Desk, events: int) -> None:
    dice = random.Random(8)
    for _ in range(events):
        desk.floor.happens(dice.choice(["li", "bo"]))
        await asyncio.sleep(0.001)
    for _ in range(15):  # so that nobody waits for a frame that never comes
        desk.floor.happens("li")


async def test_a_supervisor_sees_every_agents_frames_and_resumes_too() -> None:
    async with open_desk() as desk, desk.client("/ws/floor") as client:
        for agent in ("li", "bo"):
            desk.floor.happens(agent)
        replayed, welcome = await resumed(client, 0, login="sue", role="administrator")
        assert replayed == [1, 2]
        assert {"queues", "agents", "contacts"} <= welcome.keys()
        desk.floor.happens("li")
        assert (await client.hear())["seq"] == 3
