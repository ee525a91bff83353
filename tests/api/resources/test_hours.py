"""Business hours as records: administration, every fault at once, the preview, and what keeps them from removal."""

from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from tests.api.conftest import ClientAs, OneTransaction, faults
from tests.fixtures.database import Database

PATH = "/api/v1/hours"
DAY = [{"opens": "08:30", "closes": "12:00"}, {"opens": "13:30", "closes": "18:00"}]
CHINA: dict[str, Any] = {
    "id": "bank",
    "name": "Bank 银行",
    "time_zone": "Asia/Shanghai",
    "weekly": dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), DAY),
    "country": "CN",
    "exceptions": [{"date": "2026-12-24", "name": "Inventory", "open": [{"opens": "09:00", "closes": "24:00"}]}],
}
RULES = {field: value for field, value in CHINA.items() if field not in ("id", "name")}


async def test_hours_are_kept_as_written(admin: httpx.AsyncClient) -> None:
    made = await admin.post(PATH, json=CHINA)
    assert made.status_code == 201, made.text
    told = made.json()
    assert list(told["weekly"]) == [*CHINA["weekly"], "saturday", "sunday"]
    assert told["weekly"] == {**CHINA["weekly"], "saturday": [], "sunday": []}
    assert (told["exceptions"], told["country"], told["subdivision"]) == (CHINA["exceptions"], "CN", None)
    assert (await admin.get(f"{PATH}/bank")).json() == told
    assert (await admin.get(PATH)).json() == {"items": [told], "next": None}
    assert (await admin.post(PATH, json=CHINA)).status_code == 409
    assert (await admin.get(f"{PATH}/none")).status_code == 404


async def test_hours_are_changed_field_by_field(admin: httpx.AsyncClient) -> None:
    told = (await admin.post(PATH, json=CHINA)).json()
    changed = await admin.patch(f"{PATH}/bank", json={"weekly": {"sunday": DAY}})
    assert changed.json() == told | {"weekly": {day: [] for day in told["weekly"]} | {"sunday": DAY}}
    changed = await admin.patch(f"{PATH}/bank", json={"exceptions": [{"date": "2027-01-04", "name": "Move"}]})
    assert changed.json()["exceptions"] == [{"date": "2027-01-04", "name": "Move", "open": []}]
    assert (await admin.get(f"{PATH}/bank/preview?from=2027-01-04&days=1")).json()["days"][0]["name"] == "Move"
    changed = await admin.patch(f"{PATH}/bank", json={"country": None, "name": "Always"})
    assert (changed.json()["country"], changed.json()["name"]) == (None, "Always")
    assert (await admin.get(f"{PATH}/bank")).json() == changed.json()
    assert (await admin.patch(f"{PATH}/none", json={})).status_code == 404


async def test_a_change_must_fit_what_stays(admin: httpx.AsyncClient) -> None:
    await admin.post(PATH, json=CHINA | {"country": "DE", "subdivision": "BY"})
    for change in ({"country": "US"}, {"country": None}, {"subdivision": "CA"}):
        assert faults(await admin.patch(f"{PATH}/bank", json=change)) == ["body.subdivision"]
    assert (await admin.get(f"{PATH}/bank")).json()["country"] == "DE"
    both = await admin.patch(f"{PATH}/bank", json={"country": "US", "subdivision": "CA"})
    assert (both.json()["country"], both.json()["subdivision"]) == ("US", "CA")


async def test_every_fault_is_told_at_once(admin: httpx.AsyncClient) -> None:
    weekly = {
        "monday": [{"opens": "09:00", "closes": "12:00"}, {"opens": "11:00", "closes": "13:00"}],
        "tuesday": [{"opens": "22:00", "closes": "06:00"}, {"opens": "9:00", "closes": "24:01"}],
        "friday": [{"opens": 8, "closes": "9"}, {"closes": "10:00"}, *DAY, DAY[0]],
        "moonday": [],
    }
    exceptions = [
        {"date": "2026-12-24", "name": "Eve", "open": [{"opens": "10:00", "closes": "10:00"}]},
        {"date": "2026-02-30", "name": " "},
        {"date": "2026-12-24", "name": "Again"},
    ]
    wrong = {"time_zone": "Mars/Base", "weekly": weekly, "country": "de", "exceptions": exceptions, "id": "B", "hm": 1}
    answer = await admin.post(PATH, json=wrong)
    assert sorted(faults(answer)) == [
        "body.country",
        "body.exceptions.0.open.0.closes",
        "body.exceptions.1.date",
        "body.exceptions.1.name",
        "body.exceptions.2.date",
        "body.hm",
        "body.id",
        "body.name",
        "body.time_zone",
        "body.weekly.friday.0.closes",
        "body.weekly.friday.0.opens",
        "body.weekly.friday.1.opens",
        "body.weekly.friday.4.opens",
        "body.weekly.monday.1.opens",
        "body.weekly.moonday",
        "body.weekly.tuesday.0.closes",
        "body.weekly.tuesday.1.closes",
        "body.weekly.tuesday.1.opens",
    ]
    told = {fault["where"]: fault for fault in answer.json()["faults"]}
    assert told["body.weekly.monday.1.opens"] == {
        "where": "body.weekly.monday.1.opens",
        "what": "lies within interval 0 of the same day",
        "accepted": "a time from 12:00 on, or one interval instead of the two",
    }
    assert "one to 24:00 and one of the next day" in told["body.weekly.tuesday.0.closes"]["accepted"]
    assert "Asia/Shanghai" in told["body.time_zone"]["accepted"]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"exceptions": [{"date": "2026-12-24", "name": "A"}] * 2}, "body.exceptions.1.date"),
        ({"exceptions": [{"date": 0, "name": "A"}]}, "body.exceptions.0.date"),
        ({"exceptions": [{"date": "9999-12-24", "name": "A"}]}, "body.exceptions.0.date"),
        ({"subdivision": "BY"}, "body.subdivision"),
        ({"country": None, "subdivision": "BY"}, "body.subdivision"),
        ({"country": "ZZ", "subdivision": "BY"}, "body.country"),
        ({"country": "EU"}, "body.country"),
        ({"time_zone": "right/Asia/Shanghai"}, "body.time_zone"),
        ({"time_zone": "\0"}, "body.time_zone"),
        ({"weekly": {"monday": None}}, "body.weekly.monday"),
        ({"weekly": {"monday": [{"opens": 8, "closes": "09:00"}]}}, "body.weekly.monday.0.opens"),
    ],
)
async def test_a_fault_of_hours_is_named(admin: httpx.AsyncClient, change: dict[str, Any], where: str) -> None:
    assert faults(await admin.post(PATH, json=CHINA | change)) == [where]
    assert faults(await admin.post(f"{PATH}/preview", json=RULES | change)) == [where]
    assert (await admin.get(f"{PATH}/bank")).status_code == 404
    await admin.post(PATH, json=CHINA)
    assert faults(await admin.patch(f"{PATH}/bank", json=change)) == [where]


async def test_the_preview_tells_holidays_and_worked_weekends(admin: httpx.AsyncClient) -> None:
    await admin.post(PATH, json=CHINA)
    answer = await admin.get(f"{PATH}/bank/preview", params={"from": "2026-10-01", "days": 10})
    told = answer.json()
    assert answer.status_code == 200, answer.text
    assert [day["rule"] for day in told["days"]] == ["holiday"] * 7 + ["weekly"] * 2 + ["worked_weekend"]
    assert told["days"][3] == {
        "date": "2026-10-04", "weekday": "sunday", "rule": "holiday", "name": "National Day",
        "hours": [], "openings": [], "seconds_open": 0,
    }  # fmt: skip
    saturday = told["days"][9]
    assert (saturday["date"], saturday["hours"], saturday["seconds_open"]) == ("2026-10-10", DAY, 8 * 3600)
    assert saturday["openings"][0] == {"opens": "2026-10-10T00:30:00Z", "closes": "2026-10-10T04:00:00Z"}
    unsaved = await admin.post(f"{PATH}/preview?from=2026-10-01&days=10", json=RULES)
    assert unsaved.json() == told


async def test_the_preview_begins_today_in_the_time_zone_of_the_hours(admin: httpx.AsyncClient) -> None:
    """The clock stands at 2027-01-15 08:00 UTC."""
    for zone, today in (("Asia/Shanghai", "2027-01-15"), ("Pacific/Kiritimati", "2027-01-15"), ("UTC", "2027-01-15")):
        told = (await admin.post(f"{PATH}/preview", json=RULES | {"time_zone": zone})).json()
        assert (told["time_zone"], told["days"][0]["date"], len(told["days"])) == (zone, today, 14)
    told = (await admin.post(f"{PATH}/preview", json=RULES | {"time_zone": "Pacific/Pago_Pago"})).json()
    assert told["days"][0]["date"] == "2027-01-14"


@pytest.mark.parametrize(
    ("query", "where"),
    [("from=0001-01-01", "query.from"), ("from=9999-12-31", "query.from"), ("from=soon", "query.from"),
     ("days=0", "query.days"), ("days=367", "query.days")],
)  # fmt: skip
async def test_a_preview_has_limits(admin: httpx.AsyncClient, query: str, where: str) -> None:
    assert faults(await admin.post(f"{PATH}/preview?{query}", json=RULES)) == [where]


async def test_hours_that_a_queue_keeps_are_not_removed(admin: httpx.AsyncClient, kept_apart: OneTransaction) -> None:
    await admin.post(PATH, json=CHINA)
    await admin.post("/api/v1/queues", json={"id": "cards", "name": "Cards"})
    async with kept_apart.write() as session:
        await session.execute(text("update queues set hours_id = 'bank'"))
    kept = await admin.delete(f"{PATH}/bank")
    assert (kept.status_code, kept.json()["queues"]) == (409, ["cards"])
    async with kept_apart.write() as session:
        await session.execute(text("update queues set hours_id = null"))
    assert (await admin.delete(f"{PATH}/bank")).status_code == 204
    assert (await admin.delete(f"{PATH}/bank")).status_code == 404


async def test_everybody_known_reads_and_administrators_write(client_as: ClientAs, admin: httpx.AsyncClient) -> None:
    await admin.post(PATH, json=CHINA)
    for role in ("agent", "supervisor"):
        client = client_as(role)
        for path in (PATH, f"{PATH}/bank", f"{PATH}/bank/preview"):
            assert (await client.get(path)).status_code == 200
        refused = [
            await client.post(PATH, json=CHINA | {"id": "other"}),
            await client.post(f"{PATH}/preview", json=RULES),
            await client.patch(f"{PATH}/bank", json={"name": "Mine"}),
            await client.delete(f"{PATH}/bank"),
        ]
        assert {answer.status_code for answer in refused} == {403}
    assert (await client_as(None).get(PATH)).status_code == 401


async def test_a_change_of_hours_raises_the_version_of_the_configuration(database: Database) -> None:
    connection = await asyncpg.connect(database.dsn)
    versions = []
    for statement in (
        "insert into business_hours (id, name, time_zone) values ('h', 'H', 'UTC')",
        "update business_hours set name = 'I'",
        "delete from business_hours",
    ):
        await connection.execute(statement)
        versions.append(await connection.fetchval("select version from configuration"))
    await connection.close()
    assert versions == [versions[0], versions[0] + 1, versions[0] + 2]
