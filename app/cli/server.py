"""The server as production runs it: uvicorn around the application, stopped in order by a signal."""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
import uvicorn
from uvicorn.importer import import_from_string

from app.cli.connections import Frames, Requests
from app.cli.place import bound_socket, taken_told
from app.core import collector
from app.core.loops import runner
from app.settings import Settings

GOODBYE_SECONDS = 3
"""How long requests may take to end that are at work when the server is to stop. With what follows, where the database
stands still, it is less than the ten seconds after which Docker kills."""

LEFT_SECONDS = 1.0
"""How long what is left behind, by then without a use, may keep the process."""

LARGEST_FRAME = 64 * 1024
BACKLOG = 2048
IDLE_SECONDS = 75
"""How long a connection is kept without a request. Proxies keep theirs for a minute, and are to be who closes them: one
that is closed as a request comes costs that request, for which the proxy answers 502."""

STUCK_SECONDS = 300
"""How long nothing of an answer may be taken by whoever asked for it: a server waits for them without an end, and has
the file open that they asked for. A player that stops for longer asks again for the part that it lacks."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOPPED_WHILE_STARTING = 130

log = structlog.get_logger(__name__)


def run_server(settings: Settings) -> None:
    """Serve Callfloor until SIGINT or SIGTERM. Raises what hinders the start."""
    collector.wait_for_start()
    serve_application(settings, import_from_string("app.main:create_app")(settings))


def serve_application(settings: Settings, application: Any) -> None:
    """Serve an application (with its lifespan) as production does, until SIGINT or SIGTERM; then the process ends."""
    with bound_socket(settings.http.host, settings.http.port) as bound, runner() as loops:
        try:
            loops.run(_serve(application, bound))
        except asyncio.CancelledError:
            sys.exit(STOPPED_WHILE_STARTING)
        end_soon()


def end_soon() -> None:
    """Let the process end within LEFT_SECONDS. It would wait for every task and thread, also for one that swallows its
    cancellation or waits for a database that stands still; all that mattered has ended in order."""

    def end() -> None:
        log.warning("what does not end by itself is left behind")
        logging.shutdown()
        os._exit(0)

    last = threading.Timer(LEFT_SECONDS, end)
    last.daemon = True
    last.start()


async def _serve(application: Any, bound: socket.socket) -> None:
    """The application's own start comes first, so that what hinders it is told as what it is."""
    stopping = Stopping()
    async with application.router.lifespan_context(application):
        server = Server(configuration(application), stopping)
        host, port = bound.getsockname()[:2]
        give_up_stuck(bound)
        with taken_told(host, port):
            bound.listen(BACKLOG)  # two that were bound before either listened find out only here
        collector.calm()
        log.info("callfloor is listening", url=f"http://{host}:{port}", docs=f"http://{host}:{port}/docs")
        await server.serve(sockets=[bound])
    log.info("callfloor has stopped")


def give_up_stuck(bound: socket.socket) -> None:
    """Have the kernel end each connection of this socket over which nothing has gone for STUCK_SECONDS of what was to
    go, where it can: whoever asked takes nothing, or is gone without a word."""
    try:  # connections have it of the socket that took them
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * STUCK_SECONDS)
    except (AttributeError, OSError) as error:  # not on Linux, or in a sandbox that does not do it
        log.warning("who takes nothing of an answer is not cut off here", error=repr(error))


def configuration(application: Any) -> uvicorn.Config:
    """How uvicorn serves. Frames are not compressed: a screen pop has a network of its own and no time."""
    return uvicorn.Config(
        application,
        http=Requests,
        ws=Frames,
        ws_max_size=LARGEST_FRAME,
        ws_ping_interval=None,
        ws_ping_timeout=None,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
    )


class Stopping:
    """What SIGINT and SIGTERM do: cancel the main task while it starts or ends, ask the server to stop in between."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        self._cancel = task.cancel
        self.cancels()

    def cancels(self) -> None:
        """A signal cancels the main task."""
        for number in SIGNALS:
            self._loop.add_signal_handler(number, self._cancel)

    def asks(self, server: uvicorn.Server) -> None:
        """A signal asks `server` to finish what it is doing and stop; a second one does not wait for that."""
        for number in SIGNALS:
            self._loop.add_signal_handler(number, server.handle_exit, number, None)


class Server(uvicorn.Server):
    """Does not raise a signal again after it has stopped: what was started before must still be stopped after."""

    def __init__(self, config: uvicorn.Config, stopping: Stopping) -> None:
        super().__init__(config)
        self._stopping = stopping

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals over for as long as the server runs."""
        self._stopping.asks(self)
        try:
            yield
        finally:
            self._stopping.cancels()
