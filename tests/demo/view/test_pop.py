"""What stands on the card of a screen pop."""

from io import StringIO
from typing import Any

from rich.console import Console
from rich.text import Text

from app.demo.client.desk import Pop
from app.demo.view.pop import pop_card
from tests.demo.view.test_serving import AGREEMENT, DUE, VISIT, WISH

CONTACT = {"id": "c1", "queue": "cards", "from": "+8613800138000", "direction": "inbound", "customer": {"name": "林梅"}}
ALERT = {"severity": "high", "title": "Ten failed log-ins", "advice": "Ask who tried."}
CUSTOMER: dict[str, Any] = {
    "name": "林梅",
    "tier": None,
    "language": "zh",
    "numbers": [{"raw": "138", "label": None}],
    "attributes": {},
}
GONE = {"unavailable": "it took longer than 0.2 seconds"}


def drawn(profile: dict[str, Any]) -> str:
    console = Console(width=120, record=True, file=StringIO())
    console.print(pop_card(CONTACT, Pop(profile, {}), Text("ringing")))
    return console.export_text()


def test_alerts_are_drawn_with_what_to_do() -> None:
    told = drawn({"customer": CUSTOMER, "alerts": [ALERT], "interactions": [], "open": []})
    assert "high Ten failed log-ins   Ask who tried." in told


def test_open_cases_are_drawn_with_their_number_whose_they_are_and_until_when() -> None:
    case = {"number": "C-2026-000123", "status": "on_hold", "subject": "Card lost", "owner": "mei", "team": "cards"}
    cases = [case | {"due_at": "2026-12-01T08:00:00.000Z"}, case | {"owner": None, "team": None, "due_at": None}]
    told = drawn({"customer": CUSTOMER, "cases": cases, "interactions": [], "open": []})
    assert "case on hold Card lost   C-2026-000123, mei, due 2026-12-01" in told
    assert "case on hold Card lost   C-2026-000123\n" in "".join(f"{row.rstrip(' │')}\n" for row in told.splitlines())


def test_what_is_promised_the_next_visit_wishes_and_warnings_are_drawn() -> None:
    entitlement = {"covered": True, "agreements": [AGREEMENT], "due": [DUE]}
    customer = CUSTOMER | {"warnings": ["Ask every question."]}
    more = {"entitlement": entitlement, "visits": [VISIT, VISIT | {"purpose": "Later"}], "wishes": [WISH]}
    told = drawn({"customer": customer, "interactions": [], "open": [], **more})
    assert "warning Ask every question." in told
    assert "promised covered  Gold service  Answered within 30 seconds" in told
    assert "due follow up by " in told
    assert "visit Tue 01 Dec 09:00–11:00 Sign the papers" in told
    assert "Later" not in told
    assert "wishes Addressed as: Dr Ward" in told


def test_what_could_not_be_looked_up_is_named_and_the_rest_is_drawn() -> None:
    names = ("alerts", "interactions", "credit", "entitlement", "visits", "wishes")
    customer = CUSTOMER | {"numbers": GONE, "warnings": GONE}
    told = drawn({"customer": customer, **dict.fromkeys(names, GONE), "open": []})
    assert "not to be had at present: alerts, interactions, credit, entitlement, visits, wishes" in told
    assert "林梅" in told
