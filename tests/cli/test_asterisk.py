"""`callfloor asterisk config`."""

import json
import stat
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from app.cli import commands
from app.cli.trouble import sentence_for
from tests.cli.running import run
from tests.fixtures.database import Database

PLAN = """
public_address: 203.0.113.7
trunks:
  - name: carrier
    match: [192.0.2.10]
    host: sip.carrier.example:5060
    account: {user: "4711", password: secret, register: true}
agents:
  - endpoint: anna
    caller_id: Anna <2001>
  - endpoint: bo
    password: given
    webrtc: true
fallback: {prompt: all-circuits-busy-now, number: "112", trunk: carrier}
"""


def configure(folder: Path, plan: str) -> str:
    """Run the command with a plan; what it says."""
    file = folder.parent / "plan.yaml"
    file.write_text(plan)
    ran = CliRunner().invoke(commands, ["asterisk", "config", str(folder), "--plan", str(file)])
    if ran.exception is not None:
        raise ran.exception
    return ran.output


def passwords(folder: Path) -> dict[str, dict[str, str]]:
    kept: dict[str, dict[str, str]] = json.loads((folder / "callfloor-passwords.json").read_text())
    return kept


def test_a_plan_becomes_a_folder_and_the_next_steps(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    said = configure(folder, PLAN)
    assert "2 phones; carrier." in said
    assert "platform asterisk_ari, command_url ws://127.0.0.1:8088/ari" in said
    phones = (folder / "pjsip.conf").read_text()
    assert f"password={passwords(folder)['agents']['anna']}" in phones
    assert "password=given" in phones
    assert "server_uri=sip:sip.carrier.example:5060" in phones
    assert "Dial(PJSIP/112@carrier" in (folder / "extensions.conf").read_text()
    assert stat.S_IMODE((folder / "callfloor-passwords.json").stat().st_mode) == 0o600
    assert not stat.S_IMODE((folder / "pjsip.conf").stat().st_mode) & stat.S_IROTH


def test_passwords_stay_and_what_was_there_is_kept_once(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "pjsip.conf").write_text("somebody else's")
    assert "kept as *.before-callfloor: pjsip.conf" in configure(folder, PLAN)
    first = passwords(folder)
    said = configure(folder, PLAN.replace("endpoint: anna", "endpoint: carl"))
    assert "before-callfloor" not in said
    assert (folder / "pjsip.conf.before-callfloor").read_text() == "somebody else's"
    second = passwords(folder)
    assert second["ari"] == first["ari"]
    assert second["agents"]["anna"] == first["agents"]["anna"] != second["agents"]["carl"]


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ("trunks: [", "is no YAML"),
        ("phones: []", "unknown field `phones`"),
        ("trunks: [{match: [1]}]", r"\$.trunks"),
        ("agents: []\nrtp: many", "'many' is no range of ports"),
        ("agents: []\nsip: 0.0.0.0", "sip: '0.0.0.0' is no address"),
        ("agents: [{endpoint: a b}]", "'a b' is no name of an endpoint"),
        ("agents: []\nfallback: {number: '112'}", "None takes no calls"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(tmp_path: Path, plan: str, sentence: str) -> None:
    with pytest.raises(Exception, match=sentence) as told:
        configure(tmp_path / "etc", plan)
    assert sentence_for(told.value)
    assert not (tmp_path / "etc").exists()


def test_kept_passwords_that_cannot_be_read_are_not_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    configure(folder, PLAN)
    (folder / "callfloor-passwords.json").write_text("{")
    with pytest.raises(Exception, match="remove it to have new passwords made"):
        configure(folder, PLAN)


async def test_agents_of_the_database_get_their_phones(database: Database, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database.dsn)
    rows = [("anna", 'Anna "A"', "PJSIP/anna"), ("bo", "Bo", "2002"), ("mei", "林梅", "PJSIP/mei")]
    users = [(login, login) for login, _, _ in rows]
    await connection.executemany("INSERT INTO users VALUES ($1, $2, 'agent', '-')", users)
    await connection.executemany("INSERT INTO agents (id, name, address) VALUES ($1, $2, $3)", rows)
    await connection.close()
    plan, folder = tmp_path / "plan.yaml", tmp_path / "etc"
    plan.write_text("browsers: [mei]")
    words = ("asterisk", "config", str(folder), "--plan", str(plan))
    ran = run(tmp_path / "var", *words, CALLFLOOR_DATABASE_URL=database.url)
    assert ran.returncode == 0, ran.stderr
    assert "2 phones; no trunk yet" in ran.stdout
    phones = (folder / "pjsip.conf").read_text()
    assert 'callerid="Anna A" <anna>' in phones
    assert 'callerid="林梅" <mei>' in phones
    assert phones.count("webrtc=yes") == 1
    plan.write_text("browsers: [bo]")
    ran = run(tmp_path / "var", *words, CALLFLOOR_DATABASE_URL=database.url)
    assert "`browsers` names endpoints that no agent has: bo" in ran.stderr


async def test_without_any_phone_it_is_said_what_to_do(database: Database, tmp_path: Path) -> None:
    ran = run(tmp_path / "var", "asterisk", "config", str(tmp_path / "etc"), CALLFLOOR_DATABASE_URL=database.url)
    assert ran.returncode == 1
    assert "begins with PJSIP/" in ran.stderr
