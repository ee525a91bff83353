"""docs/asterisk.md, followed word for word; only the places differ: another folder, ports that are free."""

import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
import yaml

from app.demo.pbx.install import Installation
from app.demo.pbx.loopback import CARRIER_HOST, HERE, PHONES_HOST, free_port, loopback_plan
from app.demo.pbx.server import AsteriskServer
from app.demo.pbx.sip.phone import SipPhone
from app.floor.configuration.config import AgentRecord, FloorConfig, QueueRules
from app.telephony.asterisk_config.files import configuration
from app.telephony.asterisk_config.plan import ECHO
from app.telephony.asterisk_config.plan_file import AgentPart, Passwords, plan_of, read_plan
from tests.fixtures.bank import open_bank, signed_in
from tests.fixtures.child import Child, children
from tests.fixtures.database import Database, Server
from tests.fixtures.waiting import eventually
from tests.pbx.desk import CallCentre
from tests.pbx.site import TONES, PbxSite
from tests.pbx.talks import hears, hears_music

pytestmark = pytest.mark.enable_socket
ROOT = Path(__file__).parents[2]
BANK = FloorConfig(
    agents={"anna": AgentRecord(id="anna", name="Anna", address="PJSIP/anna")},
    queues={"service": QueueRules(id="service", name="Service")},
)
PAGE = (ROOT / "docs/asterisk.md").read_text()


def blocks(kind: str) -> list[str]:
    """The code blocks of the page."""
    found = re.findall(rf"^( *)```{kind}\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def commands(folder: Path, installation: Installation) -> Path:
    """A folder with the commands that the page takes for granted."""
    scripts = {
        "callfloor": f'exec {sys.executable} -m app.cli "$@"',
        "asterisk": f'exec {installation.binary} -C {folder}/etc/asterisk.conf "$@"',
    }
    place = folder / "bin"
    place.mkdir()
    for name, line in scripts.items():
        (place / name).write_text(f"#!/bin/sh\n{line}\n")
        (place / name).chmod(0o755)
    return place


def follow(script: str, folder: Path, path: Path, database: Database) -> str:
    """Run a block of the page in `folder`, where /etc/asterisk is ./etc."""
    environment = os.environ | {"PATH": f"{path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    environment["CALLFLOOR_DATABASE_URL"] = database.url
    words = ["bash", "-euc", script.replace("/etc/asterisk", str(folder / "etc"))]
    ran = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@asynccontextmanager
async def bank(server: Server) -> AsyncIterator[Database]:
    """What the page takes for granted: an agent with the address of her phone, a queue, an administrator."""
    async with server.copy() as database:
        await open_bank(database.dsn, BANK, "-", ["adm"])
        connection = await asyncpg.connect(database.dsn)
        await connection.execute("UPDATE users SET role = 'administrator' WHERE id = 'adm'")
        await connection.close()
        yield database


@asynccontextmanager
async def callfloor(database: Database, folder: Path) -> AsyncIterator[Child]:
    """A server that knows of no source yet."""
    child = Child(folder, CALLFLOOR_DATABASE_URL=database.url)
    with children(child):
        child.start()
        await child.answers()
        yield child


async def test_a_fresh_asterisk_is_connected_as_the_page_says(
    installation: Installation, server: Server, tmp_path: Path
) -> None:
    plan = yaml.safe_load(blocks("yaml")[0].replace("192.0.2.10", CARRIER_HOST))
    here = loopback_plan(installation, tmp_path, ())
    plan |= {"sip": str(here.sip), "http": str(here.http)}
    plan["folders"] = {"modules": here.folders.modules, "data": here.folders.data, "var": here.folders.var}
    (tmp_path / "asterisk.yaml").write_text(yaml.safe_dump(plan))
    path = commands(tmp_path, installation)
    write, look = blocks("sh")
    async with bank(server) as database:
        assert "1 phone; carrier." in follow(write, tmp_path, path, database)
        with AsteriskServer(installation, tmp_path, {}) as asterisk:
            seen = follow(look, tmp_path, path, database)
            for known in ("Endpoint:  anna", "Endpoint:  carrier", "callfloor"):
                assert known in seen
            passwords = json.loads((tmp_path / "etc/callfloor-passwords.json").read_text())
            async with SipPhone(here.sip, "anna", passwords["agents"]["anna"], host=PHONES_HOST, hertz=1000) as phone:
                await phone.register()
                call = await phone.dial(ECHO).until_answered()
                await call.until_hears(1000)
                await call.hang_up()
                async with callfloor(database, tmp_path) as child:
                    await makes_the_source(child, str(here.http), passwords["ari"])
                    await a_caller_is_answered(CallCentre(child, database, PbxSite(asterisk, here, 0)), phone)


async def makes_the_source(child: Child, http: str, password: str) -> None:
    """What the page says of the source makes it one, and Callfloor connects."""
    source = json.loads(blocks("json")[0]) | {"secret": password}
    assert source["command_url"] == "ws://127.0.0.1:8088/ari"
    source["command_url"] = source["command_url"].replace(f"{HERE}:8088", http)
    token = (await signed_in(child.address, ["adm"]))["adm"]
    url = f"http://{child.address}/api/v1/sources"
    async with httpx.AsyncClient(timeout=30, headers={"Authorization": f"Bearer {token}"}) as client:
        made = await client.post(url, json=source)
        assert made.status_code == 201, made.text
        standing = f"{url}/{source['id']}/connection"
        await eventually(lambda: client.get(standing), lambda answer: answer.json()["connected"] is True)


async def a_caller_is_answered(centre: CallCentre, phone: SipPhone) -> None:
    """Somebody calls over the trunk, waits with music in the queue of the source, and talks to Anna."""
    async with SipPhone(centre.site.sip, "13800001111", None, host=CARRIER_HOST, hertz=TONES["caller"]) as outside:
        call = outside.dial("4001")
        await hears_music(call)
        async with centre.seat("anna") as seat:
            offered = await seat.frame("contact.offered")
            await seat.ask("offer.accept", contact_id=offered["contact"]["id"])
            rung = await phone.rung()
            await rung.answer()
            await hears(call, "anna")
            await hears(rung, "caller")
            await call.hang_up()
            await rung.until_ended()
        history = await centre.history("13800001111")
        assert (history["queue_id"], history["agent_id"], history["outcome"]) == ("service", "anna", "answered")


def test_the_whole_file_of_the_page_is_a_plan_and_says_what_holds_anyway() -> None:
    whole = blocks("yaml")[1]
    full = read_plan(yaml.safe_load(whole.replace("#public", "public").replace("#tls", "tls")))
    assert full.agents is not None
    files = configuration(plan_of(full, "/etc/asterisk", full.agents, Passwords("secret", {"anna": "x"})))
    assert "client_uri=sip:4711@sip.provider.example" in files["pjsip.conf"]
    bare, said = read_plan({}), read_plan(yaml.safe_load(whole))
    for name in ("sip", "http", "rtp", "ari_user", "language", "folders", "public_address", "tls", "browsers"):
        assert getattr(bare, name) == getattr(said, name), name
    assert plan_of(bare, "/e", [AgentPart("a")], Passwords("s", {"a": "x"})).fallback.prompt is None


def test_free_ports_are_free_and_not_the_kernels() -> None:
    assert 20000 <= free_port() < 32000
