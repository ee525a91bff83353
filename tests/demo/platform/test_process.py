"""The simulated platform as a process."""

import asyncio
import os
import signal
import subprocess
import sys

import httpx
import pytest

from app.core.tasks import Supervisor
from app.demo.platform.process import PlatformPlan, rate, run_platform
from tests.cli.running import free_port
from tests.demo.little_server import little_server, until

SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


def test_the_day_has_waves_around_its_mean() -> None:
    rates = [rate(24, second) for second in range(240)]
    assert min(rates) < 17 < 31 < max(rates)
    assert sum(rates) / 240 == pytest.approx(24)


@pytest.mark.enable_socket
async def test_it_calls_answers_for_its_status_and_stops_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.demo.platform.process.GOODBYE_SECONDS", 30.0)  # time enough to tell of the last calls
    async with little_server(lambda request: (202, {}, {})) as server:
        tasks, port = Supervisor(), free_port()
        plan = PlatformPlan(server.url, SECRET, port, calls_per_minute=60, pace=10, mischief=0, seed=3)
        running = tasks.start("platform", run_platform(plan))
        await until(lambda: len(server.requests) > 20)
        async with httpx.AsyncClient(timeout=30) as client:
            status = (await client.get(f"http://127.0.0.1:{port}/status")).json()
        os.kill(os.getpid(), signal.SIGTERM)
        figures = await asyncio.wait_for(running, 30)
    assert figures["placed"] >= status["placed"] > 5
    assert figures["up"] == 0
    assert all("webhook-signature" in request.headers for request in server.requests)


def test_a_child_ends_when_its_parent_lets_go_of_the_pipe() -> None:
    code = "import time; from app.demo.lifeline import follow_parent; follow_parent(); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(timeout=60) == -signal.SIGTERM
