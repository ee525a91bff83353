"""The process ends when the server has ended in order, whatever is left of it."""

import signal
import subprocess
import sys
from textwrap import dedent

import pytest

from app.cli.server import GOODBYE_SECONDS, LEFT_SECONDS
from app.db.engine import CLOSE_SECONDS
from app.floor.running import FLOOR_SECONDS, TASKS_SECONDS

PATIENCE_OF_DOCKER = 10.0
"""Seconds after which `docker stop` kills who has been told to end."""

STUBBORN = dedent("""
    import asyncio, threading
    from contextlib import asynccontextmanager
    from starlette.applications import Starlette
    from app.cli.server import serve_application
    from app.core.tasks import begin
    from app.settings import Http, Settings

    async def swallows():
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                continue

    @asynccontextmanager
    async def lifespan(app):
        kept = begin("stubborn", swallows())
        threading.Thread(target=threading.Event().wait).start()
        yield
        print("ended in order", flush=True)

    serve_application(Settings(http=Http(port=0)), Starlette(lifespan=lifespan))
""")


@pytest.mark.enable_socket
@pytest.mark.timeout(60)
def test_a_task_and_a_thread_that_never_end_do_not_keep_the_process() -> None:
    pipe = subprocess.PIPE
    server = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=pipe, stderr=subprocess.STDOUT, text=True)
    try:
        assert server.stdout is not None
        told = ""
        while "listening" not in told:
            told = server.stdout.readline()
            assert told, "it did not start"
        server.send_signal(signal.SIGTERM)
        rest, _ = server.communicate(timeout=20)
        assert (server.returncode, "ended in order" in rest) == (0, True), rest
    finally:
        server.kill()
        server.wait()


def test_all_that_the_end_may_wait_for_takes_less_than_what_docker_waits() -> None:
    pool_and_engine = 2 * CLOSE_SECONDS
    assert GOODBYE_SECONDS + FLOOR_SECONDS + TASKS_SECONDS + pool_and_engine + LEFT_SECONDS < PATIENCE_OF_DOCKER
