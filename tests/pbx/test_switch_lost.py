"""Asterisks that die, come back, are cut off, and several of them; and several servers at one of them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest

from app.demo.pbx.install import Installation
from tests.fixtures.child import Child, children
from tests.fixtures.database import Database, Server
from tests.fixtures.listening import listening
from tests.fixtures.waiting import eventually
from tests.pbx.desk import SOURCE, CallCentre, call_centre
from tests.pbx.gaps import connected_again, connections
from tests.pbx.site import PbxSite, Phones, started
from tests.pbx.talks import SECONDS, hears, hears_music, talking
from tests.pbx.test_resilience import ended_as

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(300)]
OTHER = "other"


@pytest.fixture
def own(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PbxSite]:
    """An Asterisk to be killed."""
    with started(installation, tmp_path_factory.mktemp("own")) as site:
        yield site


@pytest.fixture
async def handsets(own: PbxSite) -> AsyncIterator[Phones]:
    """Phones at it."""
    async with AsyncExitStack() as stack:
        yield Phones(own, stack)


@pytest.fixture
async def mortal(server: Server, own: PbxSite, tmp_path: Path) -> AsyncIterator[CallCentre]:
    """A call centre at it."""
    async with call_centre(server, own, tmp_path) as made:
        yield made


@pytest.fixture
async def pair(server: Server, asterisk: PbxSite, tmp_path: Path) -> AsyncIterator[CallCentre]:
    """A call centre whose server gets another one beside it."""
    async with call_centre(server, asterisk, tmp_path) as made:
        yield made


async def anew(site: PbxSite, server: Child) -> None:
    """Start an Asterisk that was killed."""
    before = connections(server)
    site.server.start()
    await connected_again(server, before)


async def test_calls_of_an_asterisk_that_dies_and_comes_back_were_lost_with_it_and_new_ones_go_on(
    mortal: CallCentre, handsets: Phones
) -> None:
    again, anna = await handsets.caller("13800002222"), await handsets.agent("anna")
    async with talking(mortal, handsets, phone=anna) as talk:
        mortal.site.server.kill()
        await anew(mortal.site, mortal.server)
        await ended_as(mortal, "13800001111", outcome="answered", cause="switch_lost", agent_id="anna")
        await talk.seat.passes("working_after_call")
        for seconds in (0, 60):  # whom it remembers it would ask by itself, at some time within half a minute
            await anna.register(seconds)
        await talk.seat.until("ready")
    async with mortal.seat("anna"):
        call = again.dial("4001")
        rung = await anna.rung(SECONDS)
        await rung.answer()
        await hears(call, "anna")
        await call.hang_up()
        await rung.until_ended()
    await ended_as(mortal, "13800002222", outcome="answered")


async def test_calls_of_an_asterisk_that_stays_away_are_over_after_a_while(
    mortal: CallCentre, handsets: Phones
) -> None:
    async with talking(mortal, handsets) as talk:
        mortal.site.server.kill()
        await talk.seat.passes("working_after_call", 60)
        row = await mortal.history("13800001111")
        assert (row["cause"], row["agent_id"]) == ("switch_lost", "anna")
        mortal.site.server.start()


async def test_the_one_who_stands_by_takes_the_calls_over(pair: CallCentre, phones: Phones, tmp_path: Path) -> None:
    standby = Child(tmp_path, "standby", CALLFLOOR_DATABASE_URL=pair.database.url)
    first = pair.server
    with children(standby):
        standby.start()
        await standby.answers("/healthz")
        async with talking(pair, phones) as talk:
            first.kill()
            await standby.answers()
            await connected_again(standby, 0)
            await hears(talk.caller, "anna")
            await hears(talk.agent, "caller")
            pair.server = standby
            await talk.caller.hang_up()
            await talk.agent.until_ended()
            await ended_as(pair, "13800001111", outcome="answered", agent_id="anna")


async def test_an_owner_that_was_frozen_leaves_the_calls_to_the_one_who_took_over(
    pair: CallCentre, phones: Phones, tmp_path: Path
) -> None:
    standby = Child(tmp_path, "standby", CALLFLOOR_DATABASE_URL=pair.database.url)
    first = pair.server
    with children(standby):
        standby.start()
        await standby.answers("/healthz")
        async with talking(pair, phones) as talk:
            first.freeze()
            await standby.answers(seconds=60)
            await connected_again(standby, 0)
            first.thaw()
            await first.stands_by(30)
            pair.server = standby
            await hears(talk.caller, "anna")
            taken = connections(standby)
            await talk.caller.hang_up()
            await talk.agent.until_ended()
            await ended_as(pair, "13800001111", outcome="answered", agent_id="anna")
            assert connections(standby) == taken
            assert first.running


@pytest.fixture
async def two(server: Server, own: PbxSite, asterisk: PbxSite, tmp_path: Path) -> AsyncIterator[CallCentre]:
    """A call centre at both; `asterisk` is the source that all know."""

    async def prepare(database: Database) -> None:
        connection = await asyncpg.connect(database.dsn)
        columns = [
            row["column_name"]
            for row in await connection.fetch(
                """SELECT column_name FROM information_schema.columns WHERE table_name = 'cti_sources'
                   AND is_generated = 'NEVER' AND column_name NOT IN ('id', 'name', 'command_url', 'secrets')"""
            )
        ]
        rest = ", ".join(columns)
        await connection.execute(
            f"""INSERT INTO cti_sources (id, name, command_url, secrets, {rest})
                SELECT $2, $2, $3, $4, {rest} FROM cti_sources WHERE id = $1""",
            SOURCE, OTHER, f"ws://{own.plan.http}/ari", [own.plan.ari_password],
        )  # fmt: skip
        await connection.close()

    async with call_centre(server, asterisk, tmp_path, prepare=prepare) as made:
        await connected_again(made.server, 1)
        yield made


async def test_calls_of_one_asterisk_go_on_when_another_one_dies(
    two: CallCentre, own: PbxSite, handsets: Phones, phones: Phones
) -> None:
    bo, second = await handsets.agent("bo"), await handsets.caller("13800003333")
    async with talking(two, phones) as talk, two.seat("bo") as seat:
        call = second.dial("4001")
        rung = await bo.rung(SECONDS)
        await rung.answer()
        await hears(call, "bo")
        own.server.kill()
        await hears(talk.caller, "anna")
        await hears(talk.agent, "caller")
        new = await (await phones.caller("13800004444")).dial("4001").until_answered(SECONDS)
        await hears_music(new)
        await new.hang_up()
        await anew(own, two.server)
        await seat.passes("working_after_call")
        assert (await two.history("13800003333"))["cause"] == "switch_lost"
        await hears(talk.agent, "caller")
        await talk.caller.hang_up()
        await talk.agent.until_ended()
    await ended_as(two, "13800001111", outcome="answered", agent_id="anna")


async def test_a_call_goes_to_nobody_whose_phone_is_at_another_asterisk(
    two: CallCentre, handsets: Phones, phones: Phones
) -> None:
    anna, bo = await phones.agent("anna"), await handsets.agent("bo")
    here, there = await phones.caller("13800004444"), await handsets.caller("13800003333")
    async with two.seat("anna") as seat, two.seat("bo") as other:
        first = there.dial("4001")  # Anna has been idle longer
        rung = await bo.rung(SECONDS)
        await rung.answer()
        await hears(first, "bo")
        second = await there.dial("4001").until_answered(SECONDS)
        await hears_music(second)
        assert anna.unrung
        assert seat.tab.agent["state"] == "ready"
        third = here.dial("4001")
        answered = await anna.rung(SECONDS)
        await answered.answer()
        await hears(third, "anna")
        await second.hang_up()
        await first.hang_up()
        await other.until("ready")
        for kind in ("call.conference", "call.consult", "call.transfer"):
            wish = {"contact_id": seat.tab.agent["contact_id"], "to": {"agent": "bo"}}
            problem = (await seat.tab.ask(kind, **wish))["problem"]
            assert f"PJSIP/bo of agent bo is not registered at {SOURCE}, so it cannot be rung" in problem["detail"]
        assert bo.unrung
        await hears(third, "anna")
        await third.hang_up()


async def test_an_agent_is_rung_at_the_phone_that_signed_on_last(centre: CallCentre, phones: Phones) -> None:
    old, new, caller = await phones.agent("anna"), await phones.agent("anna"), await phones.caller()
    async with centre.seat("anna"):
        call = caller.dial("4001")
        rung = await new.rung(SECONDS)
        await rung.answer()
        await hears(call, "anna")
        assert old.unrung, "it was rung, too"
        await call.hang_up()
        await rung.until_ended()
    await ended_as(centre, "13800001111", outcome="answered")


class Wire:
    """A way to an Asterisk's ARI that can be cut: nothing comes through, and nobody is told."""

    def __init__(self, port: int) -> None:
        self.cut = False
        self.opened = 0
        self._port = port

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.opened += 1
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await asyncio.gather(self._pipe(reader, back), self._pipe(there, writer))
        except OSError:
            pass
        finally:
            writer.close()
            back.close()

    async def _pipe(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        doomed = False
        while data := await source.read(65536):
            doomed = doomed or self.cut
            if not doomed:  # of a connection that was cut once nothing comes through for ever
                target.write(data)
        if not doomed:
            target.close()


async def test_a_connection_that_is_dead_without_a_word_is_given_up_and_the_calls_are_taken_up_again(
    server: Server, asterisk: PbxSite, phones: Phones, tmp_path: Path
) -> None:
    wire = Wire(asterisk.plan.http.port)
    async with listening(wire.carry) as port:

        async def prepare(database: Database) -> None:
            connection = await asyncpg.connect(database.dsn)
            await connection.execute("UPDATE cti_sources SET command_url = $1", f"ws://127.0.0.1:{port}/ari")
            await connection.close()

        async with call_centre(server, asterisk, tmp_path, prepare=prepare) as centre, talking(centre, phones) as talk:
            opened, before = wire.opened, connections(centre.server)
            wire.cut = True
            await eventually(lambda: asyncio.sleep(0, wire.opened), lambda number: number > opened, 60)
            await hears(talk.caller, "anna")
            wire.cut = False
            await connected_again(centre.server, before)
            second = (await phones.caller("13800004444")).dial("4001")
            await second.until_answered(SECONDS)
            await hears_music(second)
            await second.hang_up()
            await talk.caller.hang_up()
            await talk.agent.until_ended()
            await ended_as(centre, "13800001111", outcome="answered", agent_id="anna")
