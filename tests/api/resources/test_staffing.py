"""Staffing over HTTP: for those who lead the floor; bounded, and every fault named."""

import asyncio
from typing import Any

import httpx
import pytest

from app.api.resources.staffing import AT_ONCE
from app.api.schemas.staffing import MOST_INTERVALS, StaffingPlanOut
from tests.api.conftest import ClientAs, faults

PATH = "/api/v1/staffing"
HALF_HOUR = {"start": "09:00", "contacts": 100, "aht_seconds": 180}
ASKED: dict[str, Any] = {
    "intervals": [HALF_HOUR],
    "interval_seconds": 1800,
    "targets": {"service_level": 0.8},
    "shrinkage": 0.3,
}


@pytest.fixture
def supervisor(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of a supervisor."""
    return client_as("supervisor")


async def test_the_plan_is_as_described(supervisor: httpx.AsyncClient) -> None:
    quiet = {"contacts": 0, "aht_seconds": 180}
    answer = await supervisor.post(PATH, json=ASKED | {"intervals": [HALF_HOUR, quiet]})
    assert answer.status_code == 200, answer.text
    told = StaffingPlanOut.model_validate_json(answer.content, extra="forbid")
    first, second = told.intervals
    assert (told.model, told.targets.variant, told.total.scheduled_hours) == ("erlang_c", "sl_offered", 10)
    assert (first.start, first.agents, first.scheduled, first.limited_by) == ("09:00", 14, 20, ["service_level"])
    assert first.expected is not None
    assert first.one_less is not None
    assert (first.expected.sl_offered, first.one_less.sl_offered) == pytest.approx((0.8884, 0.7956), abs=5e-5)
    assert (second.start, second.agents, second.expected) == (None, 0, None)


async def test_with_a_patience_it_is_erlang_a_and_the_variant_counts(supervisor: httpx.AsyncClient) -> None:
    busy = ASKED | {"intervals": [HALF_HOUR | {"contacts": 1500}], "patience_seconds": 120}
    needed = {}
    for variant in ("sl_offered", "sl_answered", "sl_abandon_credit"):
        targets = {"service_level": 0.8, "variant": variant, "abandon_rate": 0.2}
        told = (await supervisor.post(PATH, json=busy | {"targets": targets})).json()
        assert (told["model"], told["targets"]["variant"]) == ("erlang_a", variant)
        needed[variant] = told["intervals"][0]["agents"]
    assert needed["sl_offered"] > needed["sl_answered"]


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"targets": {}}, ["body.targets"]),
        ({"targets": {"abandon_rate": 0.03}}, ["body.patience_seconds"]),
        ({"targets": {"service_level": 80}}, ["body.targets.service_level"]),
        ({"targets": {"service_level": 0.8, "variant": "best"}}, ["body.targets.variant"]),
        ({"targets": {"service_levl": 0.8}}, ["body.targets.service_levl"]),
        ({"targets": {"occupancy": 0.0001}}, ["body.intervals.0"]),
        ({"intervals": []}, ["body.intervals"]),
        ({"intervals": [HALF_HOUR] * (MOST_INTERVALS + 1)}, ["body.intervals"]),
        ({"intervals": [{"contacts": -1, "aht_seconds": "180"}]}, [
            "body.intervals.0.contacts", "body.intervals.0.aht_seconds"]),
        ({"intervals": [HALF_HOUR | {"contacts": 1e6, "aht_seconds": 86_400}] * 2}, [
            "body.intervals.0", "body.intervals.1"]),
        ({"interval_seconds": 0, "shrinkage": 1, "patience_seconds": 0}, [
            "body.interval_seconds", "body.patience_seconds", "body.shrinkage"]),
    ],
)  # fmt: skip
async def test_every_fault_is_named(supervisor: httpx.AsyncClient, given: dict[str, Any], where: list[str]) -> None:
    assert faults(await supervisor.post(PATH, json=ASKED | given)) == where


async def test_limits_are_told(supervisor: httpx.AsyncClient) -> None:
    long = await supervisor.post(PATH, json=ASKED | {"intervals": [HALF_HOUR] * (MOST_INTERVALS + 1)})
    assert "at most 336" in long.json()["faults"][0]["accepted"]
    large = await supervisor.post(PATH, json=ASKED | {"intervals": [HALF_HOUR | {"contacts": 1e6}]})
    [fault] = large.json()["faults"]
    assert fault["what"].startswith("a load of 100,000 Erlangs needs more than 10,000 agents")
    assert "10,000 agents are enough" in fault["accepted"]


async def test_others_are_served_while_a_plan_is_reckoned(supervisor: httpx.AsyncClient) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(others())
        answer = await supervisor.post(PATH, json=ASKED | {"intervals": [HALF_HOUR] * 100})
        watching.cancel()
    assert answer.status_code == 200
    assert turns >= 99


async def test_only_so_many_are_reckoned_at_once(supervisor: httpx.AsyncClient) -> None:
    long = ASKED | {"intervals": [HALF_HOUR] * 50}
    answers = await asyncio.gather(*(supervisor.post(PATH, json=long) for _ in range(AT_ONCE + 1)))
    assert sorted(answer.status_code for answer in answers) == [200] * AT_ONCE + [503]
    assert (await supervisor.post(PATH, json=long)).status_code == 200


@pytest.mark.parametrize(
    ("role", "status"), [("agent", 403), ("integration", 403), (None, 401), ("administrator", 200)]
)
async def test_planning_is_for_those_who_lead(client_as: ClientAs, role: Any, status: int) -> None:
    assert (await client_as(role).post(PATH, json=ASKED)).status_code == status
