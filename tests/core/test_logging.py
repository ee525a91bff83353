import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from app.core.logging import Format, configure


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    """Logging as it was before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_collector_gets_one_json_object_a_line() -> None:
    out = io.StringIO()
    configure("info", "json", out)
    structlog.get_logger("room").info("call taken", call_id="c1", agents={"梅"}, other=object)
    logging.getLogger("sqlalchemy.pool").warning("pool is %s", "full")
    ours, theirs = (json.loads(line) for line in out.getvalue().splitlines())
    assert (ours["event"], ours["level"], ours["call_id"], ours["agents"]) == ("call taken", "info", "c1", ["梅"])
    assert (theirs["event"], theirs["level"]) == ("pool is full", "warning")
    assert ours["timestamp"].endswith("Z")


def test_what_is_below_the_level_is_not_logged() -> None:
    out = io.StringIO()
    configure("warning", "json", out)
    structlog.get_logger("room").info("call taken")
    logging.getLogger("httpx").info("request sent")
    assert out.getvalue() == ""


@pytest.mark.enable_socket
async def test_what_goes_over_a_websocket_is_in_no_log_however_much_is_logged() -> None:
    out = io.StringIO()
    configure("debug", "json", out)

    async def says_it_again(socket: ServerConnection) -> None:
        await socket.send(await socket.recv())

    async with serve(says_it_again, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", additional_headers={"Authorization": "Basic c2VjcmV0"}) as socket:
            await socket.send('{"digit": "7"}')
            assert await socket.recv() == '{"digit": "7"}'
    assert "digit" not in out.getvalue()
    assert "c2VjcmV0" not in out.getvalue()


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_shows_no_values(form: Format) -> None:
    out = io.StringIO()
    configure("info", form, out)
    password = "battery" + "staple"
    try:
        raise ValueError(len(password))
    except ValueError:
        structlog.get_logger("room").exception("sign-in failed")
    assert "test_a_traceback_shows_no_values" in out.getvalue()
    assert "batterystaple" not in out.getvalue()
