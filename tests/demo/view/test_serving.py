"""How a customer is to be served, as a card says it."""

from typing import Any

from app.demo.view.palette import BAD
from app.demo.view.serving import promised, visit, warnings, wishes


def promise(kind: str, text: str, **more: Any) -> dict[str, Any]:
    return {"clause": "1", "kind": kind, "text": text, "kept": None, **more}


OPEN_HOURS = promise("service_hours", "Served from 7 to 23", kept=True)
QUICKLY = promise("response_time", "Answered within 30 seconds", due_at="2026-11-29T08:00:30.000Z")
SETTLED = promise("resolution_time", "Settled within a day", due_at="2026-11-30T08:00:00.000Z")
WAIVED = promise("fee_waiver", "Six transfers without a fee", count=6, per="year", used=4, left=2)
AGREEMENT: dict[str, Any] = {
    "product": "gold service",
    "name": "Gold service",
    "covered": True,
    "promises": [OPEN_HOURS, QUICKLY, WAIVED],
}
DUE = {"kind": "follow_up", "text": "Called back within an hour", "due_at": "2026-11-29T09:00:00.000Z"}
VISIT = {
    "purpose": "Sign the papers",
    "site": "Century Avenue 7",
    "city": "Shanghai",
    "starts_at": "2026-12-01T01:00:00.000Z",
    "ends_at": "2026-12-01T03:00:00.000Z",
    "time_zone": "Asia/Shanghai",
    "engineer_name": "Grace Bennett",
}
WISH = {"en": "Addressed as: Dr Ward", "zh": "称呼：Dr Ward"}


def told(agreements: list[dict[str, Any]], due: list[dict[str, Any]] | None = None) -> list[str]:
    return [line.plain for line in promised({"covered": True, "agreements": agreements, "due": due or []})]


def test_what_is_covered_says_what_is_promised_and_what_is_left() -> None:
    said = "promised covered  Gold service  Answered within 30 seconds · Six transfers without a fee (2 of 6 left)"
    assert told([AGREEMENT]) == [said]


def test_what_is_not_covered_begins_with_the_clause_that_says_so() -> None:
    closed = AGREEMENT | {"covered": False, "promises": [QUICKLY, OPEN_HOURS | {"kept": False}]}
    (line,) = promised({"covered": False, "agreements": [closed], "due": []})
    assert line.plain.startswith("promised not covered now  Gold service  Served from 7 to 23 · Answered")
    assert BAD in {span.style for span in line.spans if "Served" in line.plain[span.start : span.end]}


def test_an_agreement_without_a_name_is_called_by_its_product() -> None:
    assert "covered  gold service  " in told([AGREEMENT | {"name": None}])[0]


def test_a_promise_to_settle_says_until_when() -> None:
    assert "Settled within a day (by " in told([AGREEMENT | {"promises": [SETTLED]}])[0]
    assert told([AGREEMENT | {"promises": [SETTLED | {"due_at": None}]}])[0].endswith("Settled within a day")


def test_of_many_agreements_promises_and_dues_the_first_are_told() -> None:
    lines = told([AGREEMENT | {"promises": [WAIVED] * 9}] * 3, [DUE] * 4)
    assert [line.split()[0] for line in lines] == ["promised", "promised", "due", "due"]
    assert lines[0].count("Six transfers") == 6
    assert lines[2].startswith("due follow up by ")
    assert lines[2].endswith("Called back within an hour")


def test_something_due_is_told_without_an_agreement_in_force() -> None:
    assert len(told([], [DUE])) == 1


def test_a_visit_is_told_by_the_clocks_of_the_place() -> None:
    said = "visit Tue 01 Dec 09:00–11:00 Sign the papers   Grace Bennett, Century Avenue 7, Shanghai"
    assert visit(VISIT).plain == said


def test_a_visit_may_have_neither_appointment_nor_engineer() -> None:
    asked = VISIT | {"starts_at": None, "ends_at": None, "time_zone": None, "engineer_name": None, "city": None}
    assert visit(asked).plain == "visit without an appointment yet Sign the papers   Century Avenue 7"


def test_wishes_and_warnings_are_told() -> None:
    assert wishes([WISH, {"en": "Needs: blind", "zh": "无障碍需求：失明"}]).plain == (
        "wishes Addressed as: Dr Ward · Needs: blind"
    )
    assert [line.plain for line in warnings(["one", "two", "three"])] == ["warning one", "warning two"]
    assert warnings(None) == warnings({"unavailable": "late"}) == []
