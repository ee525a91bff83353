"""docs/asterisk.md, followed word for word; only the places differ: another folder, ports that are free."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import yaml

from app.demo.pbx.install import Installation
from app.demo.pbx.loopback import CARRIER_HOST, HERE, PHONES_HOST, free_port, loopback_plan
from app.demo.pbx.server import AsteriskServer
from app.demo.pbx.sip.phone import SipPhone
from app.telephony.asterisk_config.files import configuration
from app.telephony.asterisk_config.plan import ECHO
from app.telephony.asterisk_config.plan_file import AgentPart, Passwords, plan_of, read_plan

pytestmark = pytest.mark.enable_socket
ROOT = Path(__file__).parents[2]
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


def follow(script: str, folder: Path, path: Path) -> str:
    """Run a block of the page in `folder`, where /etc/asterisk is ./etc."""
    environment = os.environ | {"PATH": f"{path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    words = ["bash", "-euc", script.replace("/etc/asterisk", str(folder / "etc"))]
    ran = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


async def test_a_fresh_asterisk_is_connected_as_the_page_says(installation: Installation, tmp_path: Path) -> None:
    plan = yaml.safe_load(blocks("yaml")[0].replace("192.0.2.10", CARRIER_HOST))
    here = loopback_plan(installation, tmp_path, ())
    plan |= {"sip": str(here.sip), "http": str(here.http), "agents": [{"endpoint": "anna"}]}
    plan["folders"] = {"modules": here.folders.modules, "data": here.folders.data, "var": here.folders.var}
    (tmp_path / "asterisk.yaml").write_text(yaml.safe_dump(plan))
    path = commands(tmp_path, installation)
    write, look = blocks("sh")
    assert "1 phone; carrier." in follow(write, tmp_path, path)
    with AsteriskServer(installation, tmp_path, {}):
        seen = follow(look, tmp_path, path)
        for known in ("Endpoint:  anna", "Endpoint:  carrier", "callfloor"):
            assert known in seen
        passwords = json.loads((tmp_path / "etc/callfloor-passwords.json").read_text())
        await the_source_fits(str(here.http), passwords["ari"])
        async with SipPhone(here.sip, "anna", passwords["agents"]["anna"], host=PHONES_HOST, hertz=1000) as phone:
            await phone.register()
            call = await phone.dial(ECHO).until_answered()
            await call.until_hears(1000)


async def the_source_fits(http: str, password: str) -> None:
    """What the page says of the source opens ARI."""
    source = json.loads(blocks("json")[0])
    assert source["command_url"] == "ws://127.0.0.1:8088/ari"
    assert source["platform"] == "asterisk_ari"
    url = source["command_url"].replace("ws://", "http://").replace(f"{HERE}:8088", http)
    async with httpx.AsyncClient(auth=(source["account"], password)) as client:
        assert (await client.get(f"{url}/asterisk/ping")).json()["ping"] == "pong"


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
