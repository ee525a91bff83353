"""A scenario from recorded contacts: fitted to a history whose law is known, and read with the right edges."""

import asyncio
import json
import random
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc
from app.customers.models import Tier
from app.db.engine import Sessions
from app.routing.records.models import Queue
from app.simulation.fitting import Day, NothingRecorded, Rules, TierRule, fitted
from app.simulation.history import recorded_day, recorded_scenario
from app.simulation.ledger import Outcome
from app.simulation.reading import as_yaml, read_scenario
from app.simulation.runs import simulate, simulation_of
from app.simulation.scenario import Scenario
from app.simulation.streams import contacts_of
from tests.cli.running import run
from tests.fixtures.database import Database
from tests.interactions.factories import make_interaction, make_visit, this_hour
from tests.simulation.scenes import calls, exponential, group, scene

UTC_ZONE = ZoneInfo("UTC")


def day_of(**given: object) -> Day:
    values: dict[str, object] = {
        "queue": "cards",
        "named": "2026-11-02 (UTC)",
        "length": 86_400.0,
        "arrivals": {(None, 16): 60, (None, 17): 60, ("gold", 18): 30},
        "waited": 1000.0,
        "abandoned": 10,
        "services": (140, 200.0, 100.0),
        "presence": [(29_000.0, 40_000.0), (29_500.0, 39_700.0), (33_000.0, 90_000.0)],
        "tiers": {"gold": TierRule(60.0, 2)},
    }
    return Day(**(values | given))  # type: ignore[arg-type]


def test_a_day_becomes_a_scenario_that_can_be_written_and_run() -> None:
    scenario = fitted(day_of())
    assert [arrival.name for arrival in scenario.arrivals] == ["cards", "cards-gold"]
    assert [(piece.minutes, piece.rate_per_minute) for piece in scenario.arrivals[0].profile or ()] == [
        (480, 0),
        (60, 2),
        (900, 0),
    ]
    assert scenario.arrivals[0].service.model_dump() == {
        "distribution": "lognormal",
        "mean_seconds": 200,
        "cv": 0.5,
    }
    assert scenario.arrivals[1].patience == scenario.arrivals[0].patience
    assert scenario.arrivals[0].patience is not None
    assert scenario.arrivals[0].patience.mean_seconds == 100
    assert [(each.name, each.count) for each in scenario.agents] == [("08:00-11:30", 2), ("09:00-24:00", 1)]
    assert scenario.queue.tiers["gold"].bonus_seconds == 60
    assert read_scenario(as_yaml(scenario)) == scenario
    assert simulate(scenario).figures().total.offered == 20 * 150


def test_what_was_not_recorded_is_not_made_up() -> None:
    assert fitted(day_of(abandoned=0)).arrivals[0].patience is None
    assert fitted(day_of(services=(1, 30.0, 0.0))).arrivals[0].service.distribution == "deterministic"
    empty: list[dict[str, object]] = [{"arrivals": {}}, {"services": (0, 0.0, 0.0)}, {"presence": []}]
    for nothing in empty:
        with pytest.raises(NothingRecorded):
            fitted(day_of(**nothing))


def known() -> Scenario:
    """A day of 3000 calls with one busy hour, some of whom hang up."""
    profile = [{"minutes": 600, "rate_per_minute": 2}, {"minutes": 60, "rate_per_minute": 6}]
    profile += [{"minutes": 780, "rate_per_minute": 2}]
    call = calls(1, 1, patience=exponential(150)) | {
        "rate_per_minute": None,
        "profile": profile,
        "repeat": False,
        "service": {"distribution": "lognormal", "mean_seconds": 240.0, "cv": 0.7},
    }
    return scene(seed=3, arrivals=[call], agents=[group(8)])


async def test_a_known_history_is_found_again(session: AsyncSession) -> None:
    since = this_hour().replace(hour=0)
    await record(session, known(), since)
    found = await recorded_scenario(session, "service", since.date(), UTC_ZONE)
    [arrival] = found.arrivals
    assert arrival.service.mean_seconds == pytest.approx(240, rel=0.05)
    assert arrival.service.cv == pytest.approx(0.7, rel=0.1)
    assert arrival.patience is not None
    assert arrival.patience.mean_seconds == pytest.approx(150, rel=0.15)
    assert sum(each.count for each in found.agents) == 8
    assert {(each.shifts or [])[0].to_minutes - (each.shifts or [])[0].from_minutes for each in found.agents} == {1440}
    rates = [rate for piece in arrival.profile or () for rate in [piece.rate_per_minute] * round(piece.minutes / 30)]
    assert sum(rates[:20]) / 20 == pytest.approx(2, rel=0.1)
    assert sum(rates[20:22]) / 2 == pytest.approx(6, rel=0.15)
    before, after = simulate(known()).figures(), simulate(found).figures()
    assert after.total.abandon_rate.value == pytest.approx(before.total.abandon_rate.value, abs=0.04)


async def record(session: AsyncSession, scenario: Scenario, since: datetime) -> None:
    """Write a run into the history as the floor would have."""
    agents: dict[int, str] = {}
    simulation = simulation_of(scenario, lambda now, contact, agent, pair: agents.update({contact.number: agent.id}))
    services: dict[int, float] = {}
    arrivals: list[float] = []
    draw_all(scenario, services, arrivals)
    ledger = simulation.run()
    dice = random.Random(1)
    for number in range(ledger.contacts):
        entered, wait = since + timedelta(seconds=arrivals[number]), ledger.waits[number]
        answered = ledger.outcomes[number] == Outcome.ANSWERED
        outcome = "answered" if answered else "abandoned"
        await make_visit(session, entered, outcome=outcome, wait_seconds=wait)
        if answered:
            talk = services[number] * dice.uniform(0.5, 0.9)
            hold = (services[number] - talk) * 0.5
            wrap = services[number] - talk - hold
            times = {"wait_seconds": wait, "talk_seconds": talk, "hold_seconds": hold, "wrap_up_seconds": wrap}
            await make_interaction(session, entered, seconds=wait + talk + hold, agent_id=agents[number], **times)


def draw_all(scenario: Scenario, services: dict[int, float], arrivals: list[float]) -> None:
    """The contacts of a scenario with one class, by number."""
    for number, draw in enumerate(contacts_of(scenario.seed, scenario.arrivals[0])):
        services[number] = draw.service
        arrivals.append(draw.at)


async def test_the_day_is_that_of_the_zone_and_rules_are_the_queues(session: AsyncSession) -> None:
    rules = {"selection": "most_skilled", "strict_tiers": True, "service_level_seconds": 30, "short_abandon_seconds": 3}
    await session.execute(insert(Queue).values(id="service", name="Service", **rules))
    await session.execute(insert(Tier).values(id="vip", name="VIP", rank=9, bonus_seconds=45))
    shanghai = ZoneInfo("Asia/Shanghai")
    noon = utc(this_hour().timestamp()).astimezone(shanghai).replace(hour=12)
    midnight = noon.replace(hour=0)
    await make_visit(session, midnight, tier_id="vip", wait_seconds=5.0)
    await make_visit(session, midnight - timedelta(seconds=1))
    await make_visit(session, noon, outcome="abandoned", wait_seconds=7.0)
    await make_visit(session, noon, queue_id="other")
    await make_visit(session, midnight + timedelta(days=1))
    await make_interaction(session, noon, seconds=100.0)
    day = await recorded_day(session, "service", noon.date(), shanghai)
    assert day.arrivals == {("vip", 0): 1, (None, 24): 1}
    assert (day.waited, day.abandoned, day.services) == (12, 1, (1, 110, 0))
    assert day.presence == [(43_210, 43_200 + 120)]
    assert day.rules == Rules("most_skilled", True, 30, 3)
    assert day.tiers["vip"] == TierRule(45, 9)


async def test_a_caller_who_is_called_back_came_once_and_was_patient_only_on_the_line(session: AsyncSession) -> None:
    noon = this_hour()
    await make_visit(session, noon, outcome="callback", wait_seconds=40.0)
    for outcome in ("called_back", "callback_failed"):
        await make_visit(session, noon + timedelta(seconds=40), outcome=outcome, wait_seconds=7200.0)
    await make_visit(session, noon, outcome="abandoned", wait_seconds=60.0)
    day = await recorded_day(session, "service", noon.date(), UTC_ZONE)
    assert (sum(day.arrivals.values()), day.waited, day.abandoned) == (2, 100, 1)


async def test_a_day_of_which_nothing_is_known(session: AsyncSession) -> None:
    with pytest.raises(NothingRecorded, match="no contacts"):
        await recorded_scenario(session, "service", date(2020, 1, 1), UTC_ZONE)


async def test_the_command_shows_and_runs_a_recorded_day(
    database: Database, sessions: Sessions, tmp_path: Path
) -> None:
    since = this_hour().replace(hour=9)
    async with sessions.write() as session:
        for minute in range(0, 60, 2):
            at = since + timedelta(minutes=minute)
            await make_visit(session, at)
            await make_interaction(session, at, seconds=100.0 + minute)
    words = ("simulate", "--from-history", f"{since:%Y-%m-%d}", "--queue", "service")
    shown = await asyncio.to_thread(run, tmp_path, *words, "--show", CALLFLOOR_DATABASE_URL=database.url)
    assert shown.stderr == ""
    assert shown.stdout.startswith("# Fitted to a recorded day.")
    assert read_scenario(shown.stdout).arrivals[0].service.mean_seconds == pytest.approx(100 - 10 + 29 + 20)
    told = await asyncio.to_thread(run, tmp_path, *words, "--json", CALLFLOOR_DATABASE_URL=database.url)
    assert json.loads(told.stdout)["contacts"] == 30 * 20
