"""Holdings of a file as they are afterwards."""

from pathlib import Path

import pytest

from app.db.engine import Sessions
from tests.customers.feeds.imports import imported, rows

HOLDINGS = """\
feed: holdings
source: cards
formats: {currency: CNY}
columns:
  id: external_id
  who: customer
  kind: kind
  number: {field: number, optional: true}
  status: {field: status, optional: true}
  balance: {field: balance, optional: true}
  opened: {field: opened, optional: true}
  note: {field: attribute.note, optional: true}
"""
ALL = """
    select h.external_id, c.external_id, h.kind, h.last_four, h.status, h.opened_on::text, h.details
    from customer_holdings h join customers c on c.id = h.customer_id order by h.external_id"""
CARD = "4111 1111 1111 1111"


@pytest.fixture
async def file(sessions: Sessions, tmp_path: Path) -> Path:
    """Where files are written; there are two customers."""
    path = tmp_path / "holdings.csv"
    await imported(sessions, path, "id,name\nC1,A\nC2,B\n")
    return path


async def test_holdings_are_made_changed_and_left(sessions: Sessions, file: Path) -> None:
    first = (
        f"id,who,kind,number,status,balance,opened,note\nH1,C1,card,{CARD},open,12.30,2026-01-02,x\nH2,C1,loan,,,,,\n"
    )
    report = await imported(sessions, file, first, mapping=HOLDINGS)
    assert (report.counts["made"], report.faulty) == (2, 0)
    card = (
        "H1",
        "C1",
        "card",
        "1111",
        "open",
        "2026-01-02",
        {"balance": {"minor": 1230, "currency": "CNY"}, "note": "x"},
    )
    assert await rows(sessions, ALL) == [card, ("H2", "C1", "loan", None, None, None, {})]
    assert (await imported(sessions, file, first, mapping=HOLDINGS)).counts["unchanged"] == 2
    assert await rows(sessions, "select count(*) from customer_versions") == [(0,)]
    report = await imported(sessions, file, "id,who,kind,balance\nH1,C1,card,\nH2,C1,loan,\n", mapping=HOLDINGS)
    assert (report.counts["changed"], report.counts["unchanged"]) == (1, 1)
    assert (await rows(sessions, ALL))[0] == (*card[:6], {"note": "x"})
    assert await rows(sessions, "select part, item, who from customer_versions") == [("holding", "H1", "feed:cards")]


async def test_a_holding_of_nobody_of_another_or_with_a_whole_card_number_is_refused(
    sessions: Sessions, file: Path
) -> None:
    await imported(sessions, file, "id,who,kind\nH1,C1,card\n", mapping=HOLDINGS)
    lines = f"id,who,kind,number,note\nH1,C2,card,,\nH2,C9,card,,\nH3,C1,card,,{CARD}\nH4,C1,card,12,\nH5,C2,fund,,\n"
    report = await imported(sessions, file, lines, mapping=HOLDINGS)
    assert (report.counts["made"], report.counts["refused"]) == (1, 4)
    assert report.faults == {
        ("customer", "taken"): 1,
        ("customer", "unknown"): 1,
        ("details.note", "holding"): 1,
        ("number", "holding"): 1,
    }
    assert [row[:2] for row in await rows(sessions, ALL)] == [("H1", "C1"), ("H5", "C2")]
