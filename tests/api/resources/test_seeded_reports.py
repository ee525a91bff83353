"""The reports of the demo bank's seeded past, as a supervisor asks for them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from app.api.http.services import Services
from app.auth.passwords import Passwords
from app.core import clock as real
from app.core.clock import FrozenClock
from app.demo.bank import QUEUES
from app.demo.seed import Size, Switch, ensure_seeded
from app.interactions.models import Interaction
from tests.api.conftest import ClientAs

DAYS = 20
ZONE = "Asia/Shanghai"
STATES = ("ready_seconds", "reserved_seconds", "busy_seconds", "wrap_up_seconds", "not_ready_seconds")
RATIOS = ("occupancy", "utilisation_of_logged_on", "utilisation_of_handling_and_idle", "answer_rate")


@pytest.fixture
async def supervisor(services: Services, clock: FrozenClock, client_as: ClientAs) -> httpx.AsyncClient:
    """A supervisor of the demo bank, a moment after it was filled."""
    quick = Passwords(PasswordHasher(time_cost=1, memory_cost=64))
    await ensure_seeded(services.sessions, Switch("http://127.0.0.1:9001/commands"), Size(60, DAYS), quick)
    clock.instant = real.now()
    return client_as("supervisor")


def the_past(clock: FrozenClock, days: int = DAYS) -> dict[str, str]:
    """The last `days` whole days and today."""
    today = datetime.fromtimestamp(clock.instant, UTC).astimezone(ZoneInfo(ZONE)).date()
    return {"from": str(today - timedelta(days=days)), "to": str(today + timedelta(days=1)), "time_zone": ZONE}


def is_plausible(counts: dict[str, Any], metrics: dict[str, Any]) -> bool:
    """Whether the states are all of the time signed on, and nobody talks more than they were there."""
    assert sum(counts[state] for state in STATES) == pytest.approx(counts["logged_on_seconds"], abs=0.1)
    assert counts["conversation_seconds"] == pytest.approx(counts["busy_seconds"], abs=0.1)
    assert sum(counts["not_ready_by_reason"].values()) == pytest.approx(counts["not_ready_seconds"], abs=0.1)
    assert all(metrics[name] is None or 0 <= metrics[name] <= 1 for name in RATIOS), metrics
    return bool(counts["logged_on_seconds"])


@pytest.mark.parametrize(("interval", "days"), [("day", DAYS), ("60min", 3)])
async def test_what_agents_did_on_any_seeded_day_fits_together(
    supervisor: httpx.AsyncClient, clock: FrozenClock, interval: str, days: int
) -> None:
    answer = await supervisor.get("/api/v1/reports/agents", params=the_past(clock, days) | {"interval": interval})
    assert answer.status_code == 200, answer.text
    agents = answer.json()["agents"]
    here = [
        (one["start"], agent["agent"])
        for agent in agents
        for one in agent["intervals"]
        if is_plausible(one["counts"], one["metrics"])
    ]
    assert {agent for _, agent in here} == {agent["agent"] for agent in agents}
    assert len({start for start, _ in here}) >= days  # somebody is there on every day


async def test_whatever_was_answered_was_offered_to_somebody_who_was_there(
    supervisor: httpx.AsyncClient, clock: FrozenClock
) -> None:
    asked = the_past(clock, DAYS + 1) | {"interval": "day"}
    told = (await supervisor.get("/api/v1/reports/agents", params=asked)).json()["total"]
    counts, queues = told["counts"], (await supervisor.get("/api/v1/reports/queues", params=asked)).json()["total"]
    assert counts["answered"] == counts["handled"] == queues["counts"]["answered"] > 0
    assert counts["offers"] == counts["answered"] + counts["rescinded_caller_gone"]
    assert queues["counts"]["abandoned"] > counts["rescinded_caller_gone"] > 0  # while it rang, or before
    assert counts["conversation_seconds"] == pytest.approx(counts["talk_seconds"] + counts["hold_seconds"], abs=10)
    assert counts["wrap_up_seconds"] == pytest.approx(queues["counts"]["wrap_up_seconds"], abs=10)
    assert 0.05 < told["metrics"]["occupancy"] < 0.95
    assert {"lunch", "break", "back_office", "logged_on"} <= counts["not_ready_by_reason"].keys()


@pytest.mark.parametrize("queue", [each.id for each in QUEUES])
async def test_why_a_seeded_contact_was_offered_is_told_with_what_its_queue_required(
    supervisor: httpx.AsyncClient, services: Services, queue: str
) -> None:
    answered = select(Interaction.id).where(Interaction.agent_id.is_not(None), Interaction.queue_id == queue).limit(1)
    async with services.sessions.read() as session:
        contact = await session.scalar(answered)
    [decided] = (await supervisor.get(f"/api/v1/contacts/{contact}/decisions")).json()["items"]
    rules = (await supervisor.get(f"/api/v1/queues/{queue}")).json()
    assert decided["sentences"][0].startswith("Offered to ")
    assert any(sentence.startswith("Required: ") for sentence in decided["sentences"])
    assert decided["why"]["selection"] == rules["selection"]
