"""While a large feed comes, calls go on: no chunk is judged or written in one go."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.db.engine import Sessions
from tests.customers.feeds.imports import CUSTOMERS, imported, rows
from tests.customers.feeds.test_importing_agreements import AGREEMENTS
from tests.customers.feeds.test_importing_holdings import HOLDINGS
from tests.customers.feeds.test_importing_usage import USAGE
from tests.fixtures.turns import longest_turn

ROWS = 2_000
AT_A_TIME = 60_000
"""Calls of functions: some hundredths of a second. All rows at once would be more."""

Line = Callable[[int, str], str]
FEEDS: dict[str, tuple[str, str, Line]] = {
    "customers": (
        CUSTOMERS,
        "id,name,mobile,mail,branch",
        lambda row, word: f"C{row},Anna {word} Schmidt {row},+8613800{row:06d},a{row}@example.com,B{row}",
    ),
    "holdings": (HOLDINGS, "id,who,kind,number,note", lambda row, word: f"H{row},C{row},card,{row:04d},{word}"),
    "usage": (
        USAGE,
        "id,who,kind,at,note",
        lambda row, word: f"{word}{row},C{row},login.failed,2026-03-01 10:00:00,{word}",
    ),
    "agreements": (
        AGREEMENTS,
        "id,who,plan,from,zone,title",
        lambda row, word: f"A{row},C{row},gold,2026-01-01,Asia/Shanghai,{word}",
    ),
}


@pytest.mark.parametrize("feed", FEEDS)
async def test_no_call_waits_for_a_whole_chunk_of_a_feed(sessions: Sessions, tmp_path: Path, feed: str) -> None:
    mapping, header, line = FEEDS[feed]
    file = tmp_path / f"{feed}.csv"
    if feed != "customers":
        known = [f"C{row},Anna" for row in range(ROWS)]
        await imported(sessions, tmp_path / "customers.csv", _lines("id,name", known))
    await imported(sessions, file, _lines(header, [line(0, "first")]), mapping=mapping)  # what is done once is done
    for word in ("new", "other"):
        given = _lines(header, [line(row, word) for row in range(ROWS)])
        turn = await longest_turn(imported(sessions, file, given, mapping=mapping))
        assert turn < AT_A_TIME, word
    table = {"holdings": "customer_holdings", "usage": "usage_events"}.get(feed, feed)
    events = 2 * ROWS + 1
    assert await rows(sessions, f"select count(*) from {table}") == [(events if feed == "usage" else ROWS,)]


def _lines(header: str, lines: list[str]) -> str:
    return "\n".join([header, *lines, ""])
