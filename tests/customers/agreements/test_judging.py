"""What clauses say of a contact: tables of clauses, contacts and verdicts. The judge is SQL that reads no table."""

import json
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

SHANGHAI, BERLIN, LORD_HOWE = "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ANSWERED: dict[str, Any] = {"answered": True, "asked": True, "wait_seconds": 10.0}
ABANDONED: dict[str, Any] = {"answered": False, "asked": True, "wait_seconds": 90.0}
Clause = dict[str, Any]


def clause(kind: str, **given: Any) -> Clause:
    """A clause whose id is its kind."""
    return {"id": kind, "kind": kind, "text": f"about {kind}", **given}


def hours(*intervals: str, days: tuple[str, ...] = DAYS, closed_on: tuple[str, ...] = ()) -> Clause:
    """Service hours such as "09:00-18:00" on these days."""
    day = [dict(zip(("opens", "closes"), each.split("-"), strict=True)) for each in intervals]
    return clause("service_hours", weekly=dict.fromkeys(days, day), closed_on=list(closed_on))


async def judge(
    session: AsyncSession, clauses: list[Clause], at: str, *, zone: str = SHANGHAI, uses: Any = None, **contact: Any
) -> dict[str, Any]:
    """The verdict on a contact of five minutes that began at `at`."""
    began = datetime.fromisoformat(at)
    whole = {"at": at, "ended_at": (began.timestamp() + 300), "channel": "voice", "queue": "service", **contact}
    whole["ended_at"] = datetime.fromtimestamp(began.timestamp() + 300, began.tzinfo).isoformat()
    asked = text(
        "select judge_agreement(:zone, cast(:clauses as jsonb), cast(:contact as jsonb), cast(:uses as jsonb))::text"
    )
    given = {"zone": zone, "clauses": json.dumps(clauses), "contact": json.dumps(whole), "uses": json.dumps(uses or {})}
    told: dict[str, Any] = json.loads((await session.execute(asked, given)).scalar_one())
    return told


OFFICE = hours("09:00-12:00", "13:00-18:00", days=DAYS[:5], closed_on=("2026-10-01",))
NIGHT = hours("01:00-04:00")


@pytest.mark.parametrize(
    ("zone", "clause_", "at", "covered"),
    [
        (SHANGHAI, OFFICE, "2026-11-27T09:00:00+08:00", True),  # a Friday
        (SHANGHAI, OFFICE, "2026-11-27T08:59:59+08:00", False),
        (SHANGHAI, OFFICE, "2026-11-27T12:00:00+08:00", False),  # up to, not including
        (SHANGHAI, OFFICE, "2026-11-27T05:30:00+00:00", True),  # told in another zone
        (SHANGHAI, OFFICE, "2026-11-28T10:00:00+08:00", False),  # a Saturday
        (SHANGHAI, OFFICE, "2026-10-01T10:00:00+08:00", False),  # closed on that date
        (SHANGHAI, hours("00:00-24:00"), "2026-11-27T23:59:59.999+08:00", True),
        (BERLIN, NIGHT, "2026-03-29T00:30:00+00:00", True),  # 01:30; at 02:00 the clocks go to 03:00
        (BERLIN, NIGHT, "2026-03-29T01:30:00+00:00", True),  # 03:30 by the clocks
        (BERLIN, NIGHT, "2026-03-29T02:00:00+00:00", False),  # 04:00
        (BERLIN, hours("02:00-03:00"), "2026-03-29T01:00:00+00:00", False),  # the hour that is leapt over
        (BERLIN, hours("02:00-03:00"), "2026-10-25T00:30:00+00:00", True),  # the first 02:30
        (BERLIN, hours("02:00-03:00"), "2026-10-25T01:30:00+00:00", True),  # the second
        (BERLIN, hours("02:00-03:00"), "2026-10-25T02:00:00+00:00", False),
        (LORD_HOWE, hours("01:30-02:00"), "2026-04-04T15:15:00+00:00", True),  # its clocks go back half an hour
    ],
)
async def test_service_hours(session: AsyncSession, zone: str, clause_: Clause, at: str, covered: bool) -> None:
    told = await judge(session, [clause_], at, zone=zone, **ANSWERED)
    assert told["covered"] is covered
    assert told["promises"] == [
        {"clause": "service_hours", "kind": "service_hours", "text": "about service_hours", "kept": covered}
    ]


HOUR = 3600
IN_HOURS = {"counted": "service_hours"}


@pytest.mark.parametrize(
    ("zone", "clause_", "seconds", "at", "due"),
    [
        (SHANGHAI, None, 4 * HOUR, "2026-11-27T17:00:00+08:00", "2026-11-27T13:00:00.000Z"),
        (SHANGHAI, OFFICE, HOUR, "2026-11-27T10:00:00+08:00", "2026-11-27T03:00:00.000Z"),
        (SHANGHAI, OFFICE, 2 * HOUR, "2026-11-27T11:00:00+08:00", "2026-11-27T06:00:00.000Z"),  # over lunch
        (SHANGHAI, OFFICE, 2 * HOUR, "2026-11-27T17:00:00+08:00", "2026-11-30T02:00:00.000Z"),  # over the weekend
        (SHANGHAI, OFFICE, HOUR, "2026-09-30T17:30:00+08:00", "2026-10-02T01:30:00.000Z"),  # over a closed day
        (SHANGHAI, OFFICE, HOUR, "2026-11-28T03:00:00+08:00", "2026-11-30T02:00:00.000Z"),  # from the next opening
        (SHANGHAI, OFFICE, 40 * HOUR, "2026-11-27T09:00:00+08:00", "2026-12-03T10:00:00.000Z"),
        (BERLIN, NIGHT, 2 * HOUR, "2026-03-29T00:00:00+00:00", "2026-03-29T02:00:00.000Z"),  # 3 h on the clocks
        (BERLIN, NIGHT, 4 * HOUR, "2026-10-24T23:00:00+00:00", "2026-10-25T03:00:00.000Z"),  # 3 h on the clocks are 4
        (BERLIN, None, 24 * HOUR, "2026-03-28T12:00:00+00:00", "2026-03-29T12:00:00.000Z"),
    ],
)
async def test_when_a_response_is_due_erpnext_49414_helpdesk_2212_chatwoot_11057(
    session: AsyncSession, zone: str, clause_: Clause | None, seconds: int, at: str, due: str
) -> None:
    clauses = [clause("response_time", seconds=seconds, counted="service_hours" if clause_ else "always")]
    told = await judge(session, clauses + ([clause_] if clause_ else []), at, zone=zone, **ABANDONED)
    assert [(each["kind"], each["clause"], each["due_at"]) for each in told["added"]] == [
        ("response", "response_time", due)
    ]


@pytest.mark.parametrize(
    ("clauses", "contact", "covered", "added"),
    [
        ([], ANSWERED, True, []),
        ([clause("channels", channels=["voice"])], ANSWERED, True, []),
        ([clause("channels", channels=["chat"])], ANSWERED, False, []),
        ([clause("channels", channels=["chat"]), clause("named_manager", manager="Li")], ANSWERED, False, []),
        ([clause("named_manager", manager="Li")], ANSWERED, True, ["manager_notice"]),
        ([clause("response_time", seconds=30, counted="always")], ANSWERED, True, []),
        ([clause("response_time", seconds=30, counted="always")], ABANDONED, True, ["response"]),
        ([clause("response_time", seconds=30, counted="always")], ABANDONED | {"asked": False}, True, []),
        ([clause("resolution_time", seconds=30, counted="always")], ANSWERED, True, ["resolution"]),
        ([clause("follow_up", seconds=30, after="every")], ANSWERED, True, ["follow_up"]),
        ([clause("follow_up", seconds=30, after="unanswered")], ANSWERED, True, []),
        ([clause("follow_up", seconds=30, after="unanswered")], ABANDONED, True, ["follow_up"]),
        ([clause("named_manager", manager="Li", only_queues=["loans"])], ANSWERED, True, []),
        ([clause("named_manager", manager="Li", only_channels=["voice"])], ANSWERED, True, ["manager_notice"]),
        ([hours("10:00-11:00"), clause("named_manager", manager="Li")], ANSWERED, False, []),
        (
            [hours("10:00-11:00"), clause("response_time", seconds=30, **IN_HOURS)],
            ABANDONED,
            False,
            ["response"],
        ),  # counted from the next opening
        (
            [
                hours("10:00-11:00"),
                clause("channels", channels=["chat"]),
                clause("response_time", seconds=3, **IN_HOURS),
            ],
            ABANDONED,
            False,
            [],
        ),
    ],
)
async def test_what_is_covered_and_what_is_added(
    session: AsyncSession, clauses: list[Clause], contact: dict[str, Any], covered: bool, added: list[str]
) -> None:
    told = await judge(session, clauses, "2026-11-27T09:30:00+08:00", **contact)
    assert (told["covered"], [each["kind"] for each in told["added"]]) == (covered, added)
    texts = {each["id"]: each["text"] for each in clauses}
    assert all(each["text"] == texts[each["clause"]] for each in told["added"])


@pytest.mark.parametrize(
    ("wait", "kept"),
    [(29.0, True), (30.0, True), (31.0, False)],
)
async def test_a_response_that_was_given_was_in_time_or_not(session: AsyncSession, wait: float, kept: bool) -> None:
    clauses = [clause("response_time", seconds=30, counted="always")]
    told = await judge(session, clauses, "2026-11-27T09:30:00+08:00", answered=True, asked=True, wait_seconds=wait)
    assert (told["covered"], told["promises"][0]["kept"], told["added"]) == (True, kept, [])


CONTACTS = clause("allowance", of="contacts", count=3, per="month")


@pytest.mark.parametrize(
    ("used", "taken", "covered", "left"),
    [(0, False, True, 3), (2, False, True, 1), (3, False, False, 0), (3, True, True, 0), (4, True, False, 0)],
)
async def test_an_allowance_of_contacts_is_used_up(
    session: AsyncSession, used: int, taken: bool, covered: bool, left: int
) -> None:
    uses = {"allowance": {"used": used, "taken": taken}}
    told = await judge(session, [CONTACTS], "2026-11-27T09:30:00+08:00", uses=uses, **ANSWERED)
    assert (told["covered"], told["promises"][0]["used"], told["promises"][0]["left"]) == (covered, used, left)


async def test_what_is_used_up_of_other_things_does_not_uncover_a_contact(session: AsyncSession) -> None:
    visits = clause("field_visits", count=2, per="year")
    waiver = clause("fee_waiver", fee="transfer")
    uses = {"field_visits": {"used": 2, "taken": False}}
    told = await judge(session, [visits, waiver], "2026-11-27T09:30:00+08:00", uses=uses, **ANSWERED)
    assert told["covered"]
    assert [(each.get("left"), each["kept"]) for each in told["promises"]] == [(0, None), (None, None)]


@pytest.mark.parametrize(
    ("per", "zone", "at", "period"),
    [
        ("month", SHANGHAI, "2026-11-30T15:59:59Z", "2026-11-01"),
        ("month", SHANGHAI, "2026-11-30T16:00:00Z", "2026-12-01"),  # midnight of the bank, not of UTC
        ("quarter", SHANGHAI, "2026-12-31T16:00:00Z", "2027-01-01"),
        ("year", BERLIN, "2026-12-31T22:59:59Z", "2026-01-01"),
        ("month", BERLIN, "2026-03-31T21:59:59Z", "2026-03-01"),  # summer time since the 29th
        ("month", BERLIN, "2026-03-31T22:00:00Z", "2026-04-01"),
    ],
)
async def test_periods_are_those_of_the_banks_calendar(
    session: AsyncSession, per: str, zone: str, at: str, period: str
) -> None:
    asked = text("select agreement_period(:per, :zone, :at)::text")
    given = {"per": per, "zone": zone, "at": datetime.fromisoformat(at)}
    assert await session.scalar(asked, given) == period
