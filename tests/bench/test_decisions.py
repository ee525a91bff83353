"""What the engine is measured on and against decides the same, whatever comes."""

import asyncpg
import pytest

from app.bench.choosing import SCAN, SQL
from app.bench.decisions import ENGINE, Beside, Decisions, Speed, WrongDecision, all_sizes, beside, speed
from app.bench.figures import latency
from app.bench.scenes import Busy, Chosen, Declined, Scene, Stuck, Turn
from app.bench.verdicts import decision_verdicts
from tests.fixtures.database import Database


@pytest.mark.parametrize("kind", [Busy, Stuck, Declined])
@pytest.mark.parametrize("seed", range(3))
def test_every_scene_is_decided_as_its_definition_says(kind: type[Scene], seed: int) -> None:
    for agents, waiting in ((25, 40), (60, 10)):
        assert speed(kind(agents, waiting, seed), agents, waiting, 0.02).latency.count > 1


def test_a_worst_day_keeps_its_length_and_finds_nobody() -> None:
    for kind in (Stuck, Declined):
        scene = kind(50, 30, 1)
        for _ in range(20):
            scene.turn()
        assert len(scene.waiting) == 30
        assert scene.ready


def test_a_wrong_decision_ends_the_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(scene: Scene, turn: Turn) -> Chosen | None:
        return Chosen("nobody", "nothing")

    monkeypatch.setattr("app.bench.decisions.plainly", wrong)
    with pytest.raises(WrongDecision, match="nobody"):
        speed(Busy(20, 10, 1), 20, 10, 0.01)


def test_every_size_is_measured_once_a_scene() -> None:
    said: list[str] = []
    told = all_sizes((20,), (0, 20), 0.01, said.append)
    assert [(each.scene, each.waiting) for each in told] == [
        ("busy", 0), ("busy", 20), ("nobody ready may take them", 20), ("all were declined", 20),
    ]  # fmt: skip
    assert len(said) == 2


@pytest.mark.enable_socket
async def test_engine_scan_and_sql_choose_alike(rolled_back: Database) -> None:
    connection = await asyncpg.connect(rolled_back.dsn)
    try:
        told = await beside(connection, 40, 60, 2, 0.2, lambda _: None)
    finally:
        await connection.execute("drop table bench_agents, bench_contacts")
        await connection.close()
    assert {name: len(rounds) for name, rounds in told.rounds.items()} == {ENGINE: 2, SCAN: 2, SQL: 2}
    assert told.ratio(SCAN) > 1


def test_the_slowest_scene_of_a_size_is_held_against_the_target() -> None:
    quick, slow = latency([0.0001]), latency([0.002])
    told = Decisions(
        [
            Speed("busy", 1000, 1000, 30_000.0, quick),
            Speed("worst", 1000, 1000, 10_000.0, quick),
            Speed("busy", 10_000, 10_000, 30_000.0, quick),
            Speed("worst", 10_000, 10_000, 30_000.0, slow),
        ],
        Beside(1, 1, {}),
    )
    many, long = decision_verdicts(told)
    assert (many.measured, many.met) == ("10,000/s (worst)", False)
    assert (long.measured, long.met) == ("2.00 ms (worst)", False)
    assert not list(decision_verdicts(Decisions([], Beside(1, 1, {}))))
