"""Whole calls over Twilio's dialect: the real server, and a stand-in that behaves as Twilio's cloud does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from app.core.tasks import Supervisor
from tests.fixtures.bank import signed_in
from tests.fixtures.database import Database, Server
from tests.fixtures.serving import serving
from tests.fixtures.tab import Tab
from tests.fixtures.twilio_cloud.cloud import Cloud, Number
from tests.fixtures.twilio_cloud.line import Line
from tests.fixtures.twilio_cloud.rest import Rest
from tests.fixtures.waiting import SECONDS, eventually
from tests.fixtures.way import Way
from tests.scenarios.flow_desk import CARD, PIN, Desk, everything_kept, open_desk

pytestmark = pytest.mark.enable_socket

HOTLINE, DIRECT, CALLER = "+4930111", "+4930222", "+8613800138000"


class Office:
    """The desk, Twilio's cloud, and the agent dee, who is ready."""

    def __init__(self, desk: Desk, cloud: Cloud, tab: Tab) -> None:
        self.desk = desk
        self.cloud = cloud
        self.tab = tab

    def hears(self, line: Line, words: str) -> bool:
        return any(words in each for each in line.heard)

    async def frame(self, kind: str) -> dict[str, Any]:
        """The newest frame of a type at the agent's socket."""

        async def look() -> dict[str, Any] | None:
            return next((each for each in reversed(self.tab.frames) if each["type"] == kind), None)

        found = await eventually(look, lambda frame: frame is not None)
        assert found is not None
        return found

    def is_connected(self, agent: str) -> bool:
        """Whether the agent's socket was told that they are on the call."""
        legs = [leg for frame in self.tab.frames for leg in (frame.get("contact") or {}).get("legs", ())]
        return any(leg["agent"] == agent and leg["state"] == "connected" for leg in legs)

    async def outcome(self, call_id: str) -> str:
        """How the call is in the history."""

        async def look() -> list[asyncpg.Record]:
            return await self.desk.rows(f"SELECT outcome FROM interactions WHERE call_id = '{call_id}'")

        rows = await eventually(look, lambda found: len(found) == 1)
        return str(rows[0]["outcome"])


@pytest.fixture
async def here(server: Server, tmp_path: Path) -> AsyncIterator[Office]:
    async with Cloud(0.04) as cloud, serving(Rest(cloud).app) as (api, _):

        async def prepare(database: Database, address: str) -> None:
            await connect(database, address, cloud, f"http://{api}")

        async with open_desk(server, tmp_path, prepare) as desk:
            token = (await signed_in(desk.server.address, ["dee"]))["dee"]
            tab, tasks = Tab(Way([desk.server.address]), "dee", token, silence=SECONDS), Supervisor()
            tasks.start("tab", tab.run())
            await eventually(lambda: asyncio.sleep(0, tab.connections), lambda number: number > 0)
            await tab.ask("agent.ready")
            yield Office(desk, cloud, tab)
            await tasks.stop()
            await cloud.tasks.stop()


async def connect(database: Database, address: str, cloud: Cloud, api: str) -> None:
    """The source `tw`, and the number that leads to the flow, as an administrator sets them up."""
    connection = await asyncpg.connect(database.dsn)
    await connection.execute("UPDATE agents SET address = 'client:' || id")
    await connection.execute(
        """INSERT INTO cti_sources (id, name, secrets, command_url, platform, account, public_url, caller_id,
                                    default_flow)
           VALUES ('tw', 'Cloud', $1, $2, 'twilio', $3, $4, $5, 'main')""",
        [cloud.token], api, cloud.account, f"http://{address}", HOTLINE,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO dialled_numbers (source_id, number, queue_id) VALUES ('tw', $1, 'cards')", DIRECT
    )
    await connection.close()
    hook = f"http://{address}/webhooks/twilio/tw"
    for number in (HOTLINE, DIRECT):
        cloud.numbers[number] = Number(f"{hook}/voice", f"{hook}/status", f"{hook}/fallback")


async def test_caller_keys_their_way_to_the_agent_whose_screen_pops_and_the_call_is_in_the_history(
    here: Office,
) -> None:
    here.desk.core.seconds = 0.1
    line = here.cloud.call(CALLER, HOTLINE)
    await here.cloud.until(lambda: here.hears(line, "One or two."))
    line.press("2")
    here.cloud.pace = 0.005  # conferences end, and callers enter them, sooner than systems and people answer
    pop = await here.frame("contact.offered")
    assert pop["contact"]["from"] == CALLER
    # nobody accepts sooner than a conference needs for its end, the one that the caller has left to hear this
    await here.cloud.until(lambda: here.hears(line, "It is 12.5."))
    await here.tab.ask("offer.accept", contact_id=pop["contact"]["id"])
    phone = await here.cloud.rung("client:dee")
    phone.answer()
    await here.cloud.until(lambda: phone.room is not None and phone.room is line.room)
    await here.cloud.until(lambda: here.is_connected("dee"))
    await here.tab.ask("call.hold", contact_id=pop["contact"]["id"])
    await here.cloud.until(lambda: line.heard[-1] == "hold music")
    await here.tab.ask("call.retrieve", contact_id=pop["contact"]["id"])
    line.hang_up()
    assert await here.outcome(line.sid) == "answered"
    await here.cloud.until(lambda: phone.over)


async def test_what_is_keyed_as_a_secret_over_twilio_is_found_nowhere_either(here: Office) -> None:
    line = here.cloud.call(CALLER, HOTLINE)
    await here.cloud.until(lambda: here.hears(line, "One or two."))
    line.press("1")
    await here.cloud.until(lambda: here.hears(line, "Card."))
    line.press(CARD + "#")
    await here.cloud.until(lambda: here.hears(line, "PIN."))
    line.press(PIN + "#")
    pop = await here.frame("contact.offered")
    assert pop["contact"]["customer"]["name"] == "Wang Wei"
    line.hang_up()
    await here.outcome(line.sid)
    kept = await everything_kept(here.desk) + repr(here.tab.frames)
    assert [secret for secret in (CARD, PIN) if secret in kept] == []


async def test_caller_who_hangs_up_in_the_menu_is_no_abandoned_contact_of_a_queue(here: Office) -> None:
    line = here.cloud.call(CALLER, HOTLINE)
    await here.cloud.until(lambda: here.hears(line, "One or two."))
    line.hang_up()
    assert await here.outcome(line.sid) == "left_in_flow"


async def test_caller_whose_number_leads_to_a_queue_hears_music_again_when_the_agent_has_gone(here: Office) -> None:
    line = here.cloud.call(CALLER, DIRECT)
    pop = await here.frame("contact.offered")
    await here.tab.ask("offer.accept", contact_id=pop["contact"]["id"])
    phone = await here.cloud.rung("client:dee")
    phone.answer()
    await here.cloud.until(lambda: phone.room is not None and phone.room is line.room)
    assert line.heard == ["music"]
    phone.hang_up()
    await here.cloud.until(lambda: line.heard == ["music", "music"])
    assert not line.over


async def test_unsigned_request_and_a_source_of_another_platform_are_refused_alike(here: Office) -> None:
    hooks = f"http://{here.desk.server.address}/webhooks/twilio"
    answers = [
        await here.desk.switch._http.post(f"{hooks}/{source}/voice", data={"a": "b"})
        for source in ("tw", "pbx", "nobody")
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert len({msgspec.json.decode(answer.content)["type"] for answer in answers}) == 1
