"""`callfloor agent`, the agent's screen in a terminal, beside a real phone."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.fixtures.bank import PASSWORD
from tests.fixtures.waiting import eventually
from tests.pbx.desk import CallCentre
from tests.pbx.site import Phones
from tests.pbx.talks import hears_music

pytestmark = pytest.mark.enable_socket
SCRIPT = b"ready\nhold\nwait 2.5\nhang-up\n"


async def test_an_agent_in_a_terminal_picks_the_phone_up_holds_and_hangs_up(centre: CallCentre, phones: Phones) -> None:
    anna, caller = await phones.agent("anna"), await phones.caller()
    known = "SELECT 1 FROM live_phones WHERE address = 'PJSIP/anna' AND state::text LIKE '%\"available\"%'"
    await eventually(lambda: centre.rows(known), bool)
    call = caller.dial("4001")
    words = ("-m", "app.cli", "agent", "--as", "anna", "--url", f"http://{centre.server.address}", "--password")
    pipe = asyncio.subprocess.PIPE
    terminal = await asyncio.create_subprocess_exec(
        sys.executable, *words, PASSWORD, stdin=pipe, stdout=pipe, stderr=pipe, cwd=Path(__file__).parents[2]
    )
    async with asyncio.TaskGroup() as tasks:
        saying = tasks.create_task(terminal.communicate(SCRIPT))
        await (await anna.rung()).answer()
        await hears_music(call)
        assert not (await call.until_ended()).by_us
    said, faults = saying.result()
    assert terminal.returncode == 0, faults
    for expected in ("13800001111 is calling.", "hold: ok", "hang-up: ok"):
        assert expected in said.decode()
