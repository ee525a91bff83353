"""Asterisk as a process: installed once, started, asked, stopped, gone with its parent."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.demo.pbx.apt import Apt, AsteriskMissing
from app.demo.pbx.install import Installation, install, unresolved
from app.demo.pbx.loopback import PHONES_HOST
from app.demo.pbx.server import AsteriskFailed, AsteriskServer
from app.demo.pbx.sip.phone import SipPhone
from app.telephony.asterisk_config.plan import ECHO
from tests.pbx.site import PbxSite, started

pytestmark = pytest.mark.enable_socket

PARENT = """
import sys
from pathlib import Path
from app.demo.pbx.install import Installation
from app.demo.pbx.loopback import PHONES_HOST
from app.demo.pbx.sip.phone import SipPhone
from app.telephony.asterisk_config.plan import ECHO
from tests.pbx.site import started
with started(Installation(Path(sys.argv[1]), sys.argv[2]), Path(sys.argv[3])) as site:
    print(site.server.pid, flush=True)
    sys.stdin.read()
"""


def lives(pid: int) -> bool:
    """Whether there is such a process that is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_is_22_and_everything_we_load_resolves(installation: Installation) -> None:
    assert installation.version().startswith("Asterisk 22.")
    assert unresolved(installation) == set()
    assert unresolved(installation, ["no_such_module"]) == {"no_such_module.so"}


def test_a_second_installation_finds_the_first(installation: Installation) -> None:
    told: list[str] = []
    assert install(installation.root.parent, told.append) == installation
    assert not told


def test_nothing_in_its_log_is_an_error(asterisk: PbxSite) -> None:
    assert " ERROR[" not in asterisk.server.log(10_000).split("Asterisk Ready")[0]


def test_it_stops_and_frees_its_folder(installation: Installation, tmp_path: Path) -> None:
    for _ in range(2):
        with started(installation, tmp_path) as site:
            pid = site.server.pid
            assert pid is not None
            assert "Asterisk 22" in site.server.command("core show version")
        assert not lives(pid)
        assert site.server.pid is None


async def test_it_stops_also_while_somebody_calls(installation: Installation, tmp_path: Path) -> None:
    with started(installation, tmp_path) as site:
        async with SipPhone(site.sip, "anna", "password of anna", host=PHONES_HOST) as phone:
            call = await phone.dial(ECHO).until_answered()
            await asyncio.to_thread(site.server.stop)
            assert not (await call.until_ended()).by_us, "one that had to be killed says no goodbye"


def test_it_ends_with_whoever_started_it(installation: Installation, tmp_path: Path) -> None:
    words = [sys.executable, "-c", PARENT, str(installation.root), installation.triplet, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert lives(pid)
        parent.kill()
    for _ in range(500):
        if not lives(pid):
            return
        time.sleep(0.02)
    raise AssertionError("it outlives its parent")


def test_what_it_dies_of_is_told(installation: Installation, tmp_path: Path) -> None:
    with pytest.raises(AsteriskFailed, match="ended at its start"):
        AsteriskServer(installation, tmp_path, {"asterisk.conf": "[directories]\nastdatadir=/nowhere\n"}).start()


def test_without_apt_it_is_said_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AsteriskMissing, match="no apt-get and no dpkg"):
        Apt(tmp_path).update()
    with pytest.raises(AsteriskMissing, match="no dpkg"):
        install(tmp_path / "asterisk")


def test_without_a_mirror_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("apt-get", "dpkg", "keyring"):
        stand_in = tmp_path / name
        stand_in.write_text("#!/bin/sh\n[ $1 = indextargets ] || { echo E: no network >&2; exit 100; }\necho $SITE\n")
        stand_in.chmod(0o755)
    monkeypatch.setattr("app.demo.pbx.apt.KEYRING", tmp_path / "keyring")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(AsteriskMissing, match="apt-get update"):
        Apt(tmp_path / "a").update()
    monkeypatch.setenv("SITE", "mirror:/debian")
    with pytest.raises(AsteriskMissing, match="E: no network"):
        Apt(tmp_path / "b").update()


def test_real_calls_that_are_left_out_are_told_by_name(tmp_path: Path) -> None:
    test = "tests/pbx/test_phone.py::test_a_wrong_password_is_refused"
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'own'}", test]
    without = os.environ | {"PATH": str(tmp_path), "CALLFLOOR_ASTERISK": str(tmp_path / "asterisk")}
    ran = subprocess.run(
        words, cwd=Path(__file__).parents[2], env=without, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stdout
    assert "1 skipped" in ran.stdout
    assert "ASTERISK IS MISSING, no real call was made" in ran.stdout
    _, _, left_out = ran.stdout.partition("LEFT OUT: tests over a real switch")
    assert test in left_out.splitlines()
