"""Importing in tests: a few lines as a file, through the whole of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.customers.feeds.columns.mapping_text import read_mapping
from app.customers.feeds.files import Given, Report, Watch, import_file
from app.customers.feeds.opening import NOTHING
from app.db.engine import Sessions

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SILENT = Watch(lambda name: None, lambda count: None, lambda rows: None)
CUSTOMERS = """\
feed: customers
source: core
columns:
  id: external_id
  name: name
  latin: {field: latin_name, optional: true}
  tier: {field: tier, optional: true}
  mobile: {field: phone.mobile, optional: true}
  home: {field: phone.home, optional: true}
  mail: {field: email, optional: true}
  street: {field: address.home.street, optional: true}
  city: {field: address.home.city, optional: true}
  lang: {field: language, optional: true}
  segments: {field: segments, optional: true}
  born: {field: birth_date, optional: true}
  branch: {field: attribute.branch, optional: true}
  score: {field: attribute.score, type: number, optional: true}
  crm: {field: id.crm, optional: true}
  sms: {field: consent.sms, optional: true}
  sms_at: {field: consent.sms.at, optional: true}
"""


async def imported(
    sessions: Sessions,
    path: Path,
    lines: str,
    *,
    mapping: str = CUSTOMERS,
    watch: Watch = SILENT,
    dry_run: bool = False,
) -> Report:
    """Write the lines into a file and import it; the faults file of an import before is forgotten."""
    _write(path, lines)
    given = Given(path, read_mapping(mapping), NOTHING, "CN", NOW, dry_run=dry_run)
    return await import_file(sessions, given, watch)


def _write(path: Path, lines: str) -> None:
    path.write_text(lines, encoding="utf-8")
    path.with_name(f"{path.stem}.faults.csv").unlink(missing_ok=True)


async def rows(sessions: Sessions, query: str, **given: Any) -> list[tuple[Any, ...]]:
    """What a query finds."""
    async with sessions.read() as session:
        return [tuple(row) for row in await session.execute(text(query), given)]


async def execute(sessions: Sessions, statement: str, **given: Any) -> None:
    """Do something past the program, as a person with SQL would."""
    async with sessions.write() as session:
        await session.execute(text(statement), given)
