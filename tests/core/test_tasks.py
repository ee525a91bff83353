"""Background tasks: one that dies says so, and whoever stops waits for all of them."""

import asyncio

import pytest
from structlog.testing import capture_logs

from app.core.tasks import Supervisor


async def dies() -> None:
    raise ZeroDivisionError


async def test_task_that_dies_is_told_and_not_missed_in_silence_freeswitch_1641() -> None:
    died: list[tuple[str, type[BaseException]]] = []
    tasks = Supervisor(lambda name, error: died.append((name, type(error))))
    await asyncio.wait([tasks.start("floor", dies())])
    await asyncio.sleep(0)
    assert died == [("floor", ZeroDivisionError)]


async def test_what_is_stopped_has_ended_and_is_no_death() -> None:
    died: list[str] = []
    tasks = Supervisor(lambda name, error: died.append(name))

    async def fails_to_end_well() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            raise ZeroDivisionError

    task = tasks.start("stubborn", fails_to_end_well())
    await asyncio.sleep(0)
    await tasks.stop()
    assert (task.done(), died) == (True, [])


@pytest.mark.timeout(30)
async def test_a_task_that_swallows_its_cancellation_is_named_and_left_behind() -> None:
    tasks, enough = Supervisor(), asyncio.Event()

    async def swallows() -> None:
        while not enough.is_set():
            try:
                await enough.wait()
            except asyncio.CancelledError:
                continue

    stubborn, obedient = tasks.start("stubborn", swallows()), tasks.start("obedient", asyncio.sleep(3600))
    await asyncio.sleep(0)
    with capture_logs() as logged:
        await tasks.stop(0.1)
    assert (stubborn.done(), obedient.done()) == (False, True)
    assert [(each["log_level"], each["tasks"]) for each in logged] == [("error", ["stubborn"])]
    enough.set()
    await stubborn
