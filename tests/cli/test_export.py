"""`callfloor export` as a person uses it."""

import json
import stat
from pathlib import Path

import asyncpg

from app.core.ids import new_id
from tests.cli.running import run
from tests.fixtures.database import Database


async def test_a_customer_is_exported_into_a_file_of_ones_own(tmp_path: Path, database: Database) -> None:
    connection = await asyncpg.connect(database.dsn)
    who = await connection.fetchval("insert into customers (name) values ('王小明') returning id")
    out = tmp_path / "told.json"
    words = ["export", "customer", str(who), "--reason", "they asked", "--out", str(out)]
    done = run(tmp_path, *words, CALLFLOOR_DATABASE_URL=database.url)
    assert (done.returncode, done.stderr, done.stdout[: len(str(out))]) == (0, "", str(out))
    assert json.loads(out.read_text())["sections"][0]["rows"][0]["name"] == "王小明"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    again = run(tmp_path, *words, CALLFLOOR_DATABASE_URL=database.url)
    assert (again.returncode, again.stderr) == (
        1,
        f"callfloor: {out} is there already. Name another file with --out.\n",
    )
    nobody = ["export", "customer", new_id(), "--reason", "x", "--out", str(tmp_path / "none.json")]
    unknown = run(tmp_path, *nobody, CALLFLOOR_DATABASE_URL=database.url)
    assert unknown.returncode == 1
    assert "There is no customer" in unknown.stderr
    assert not (tmp_path / "none.json").exists()
    logged = await connection.fetch("select who, after ->> 'reason' as why from audit_entries where kind = 'customer'")
    assert [(row["who"], row["why"]) for row in logged] == [(None, "they asked")]
    await connection.close()
