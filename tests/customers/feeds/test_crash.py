"""An import that is killed goes on where it broke off: nothing is lost, nothing is there twice."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.db.engine import Sessions
from tests.customers.feeds.imports import CUSTOMERS, imported, rows
from tests.fixtures.database import Database

ROWS = 60
CHUNK = 5
WORK = """
import asyncio, os, signal, sys
from pathlib import Path
import app.customers.feeds.chunks as chunks
import app.customers.feeds.opening as opening
from app.customers.feeds.importing import Importer
from app.customers.feeds.tables.customers_writer import CustomersWriter
from app.db.engine import Sessions, create_engine
from tests.customers.feeds.imports import SILENT, Given, NOTHING, NOW, import_file, read_mapping

url, file, where, chunk, mapping = sys.argv[1:]
chunks.chunks.__defaults__ = (None, int(chunk))
opening.BLOCK = 300
taken = 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

if where == "between":
    take = Importer.take
    async def after(self, *given):
        global taken
        done = await take(self, *given)
        taken += 1
        if taken == 3:
            die()
        return done
    Importer.take = after
else:
    change = getattr(CustomersWriter, where)
    async def amid(self, session, rows):
        global taken
        done = await change(self, session, rows)
        taken += 1
        if taken == 3:
            die()
        return done
    setattr(CustomersWriter, where, amid)

async def main():
    engine = create_engine(url)
    await import_file(Sessions(engine), Given(Path(file), read_mapping(mapping), NOTHING, "CN", NOW), SILENT)

asyncio.run(main())
"""


def lines(name: str, elsewhere: str = "crm") -> str:
    """A file with two faulty rows, one of them in the part that is written before the end. What follows the number is
    an id `elsewhere`, or nothing that is taken."""
    made = [f"C{place},{name} {place},{13800138000 + place},K{place}" for place in range(ROWS)]
    made[5] = ",nobody,,"
    made[55] = "C55,,,"
    return "\n".join([f"id,name,mobile,{elsewhere}", *made, ""])


def killed(database: Database, file: Path, where: str, mapping: str = CUSTOMERS) -> None:
    """Import in a process that kills itself in the third chunk."""
    done = subprocess.run(
        [sys.executable, "-c", WORK, database.url, str(file), where, str(CHUNK), mapping],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize(
    ("where", "elsewhere"), [("between", "crm"), ("_insert", "crm"), ("_change", "crm"), ("_insert", "unused")]
)
async def test_a_crash_in_the_middle_is_gone_on_from(
    database: Database, sessions: Sessions, tmp_path: Path, where: str, elsewhere: str
) -> None:
    """Chunks that tell ids elsewhere are written in turns, others beside each other."""
    file = tmp_path / "customers.csv"
    if where == "_change":
        await imported(sessions, file, lines("before", elsewhere))
        file.with_name("customers.faults.csv").unlink()
    await asyncio.to_thread(file.write_text, lines("now", elsewhere), encoding="utf-8")
    await asyncio.to_thread(killed, database, file, where)
    [(position, done)] = await rows(
        sessions, "select position, made + changed + unchanged from feed_runs where state = 'running'"
    )
    [(written,)] = await rows(sessions, "select count(*) from customers where name like 'now%'")
    assert 0 < written == done < ROWS
    report = await imported(sessions, file, lines("now", elsewhere))
    assert (report.resumed, report.faulty, report.counts["refused"]) == (position, 2, 2)
    found = await rows(
        sessions,
        "select count(*), count(distinct external_id), count(*) filter (where name like 'now %'), max(version), "
        "(select count(*) from customer_numbers), (select count(*) from customer_external_ids) from customers",
    )
    good = ROWS - 2
    assert found == [(good, good, good, 2 if where == "_change" else 1, good, good if elsewhere == "crm" else 0)]
    assert sum(report.counts[name] for name in ("made", "changed", "unchanged")) == good
    told = report.into.read_text(encoding="utf-8-sig").splitlines()
    assert [line.partition(":")[0] for line in told[1:]] == ["row 7", "row 57"]
    assert report.into.name == "customers.faults.csv"
    assert not list(tmp_path.glob("*.part"))  # noqa: ASYNC240
    assert (await imported(sessions, file, lines("now", elsewhere))).counts["unchanged"] == good


async def test_a_newer_file_gives_up_an_import_that_broke_off(
    database: Database, sessions: Sessions, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    await asyncio.to_thread(file.write_text, lines("now"), encoding="utf-8")
    await asyncio.to_thread(killed, database, file, "between")
    report = await imported(sessions, file, lines("newer"))
    assert report.resumed == 0
    assert await rows(sessions, "select state from feed_runs order by started_at") == [("superseded",), ("done",)]
    assert await rows(sessions, "select count(*) from customers where name like 'newer %'") == [(ROWS - 2,)]


USAGE = """\
feed: usage
source: cards
columns: {id: external_id, who: customer, kind: kind, at: at}
"""
AGREEMENTS = """\
feed: agreements
source: contracts
columns: {id: external_id, who: customer, kind: plan, at: valid_from}
constants: {time_zone: Asia/Shanghai}
"""


@pytest.mark.parametrize(
    ("mapping", "at", "table"),
    [(USAGE, "2026-03-02T10:00:00Z", "usage_events"), (AGREEMENTS, "2026-03-02", "agreements")],
)
async def test_usage_and_agreements_are_there_once_after_a_crash(
    database: Database, sessions: Sessions, tmp_path: Path, mapping: str, at: str, table: str
) -> None:
    file = tmp_path / "customers.csv"
    await imported(sessions, file, lines("now"))
    file.with_name("customers.faults.csv").unlink()
    told = "".join(f"E{each},C0,k{each},{at}\n" for each in range(ROWS))
    await asyncio.to_thread(file.write_text, f"id,who,kind,at\n{told}", encoding="utf-8")
    await asyncio.to_thread(killed, database, file, "between", mapping)
    count = f"select count(*) from {table}"
    [(before,)] = await rows(sessions, count)
    assert 0 < before < ROWS
    report = await imported(sessions, file, f"id,who,kind,at\n{told}", mapping=mapping)
    assert report.resumed > 0
    assert (report.counts["made"], report.counts["unchanged"]) == (ROWS, 0)
    assert await rows(sessions, count) == [(ROWS,)]
    assert (await imported(sessions, file, f"id,who,kind,at\n{told}", mapping=mapping)).counts["unchanged"] == ROWS
