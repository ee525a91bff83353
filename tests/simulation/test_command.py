"""`callfloor simulate` as a person uses it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import data_folder, run

SMALL = """
contacts: 800
warmup: 50
arrivals:
  - {name: "calls [b]", rate_per_minute: 3, service: {distribution: exponential, mean_seconds: 60}}
agents:
  - {name: all, count: 4}
"""


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """One folder for the data of all these commands."""
    with data_folder() as folder:
        yield folder


def simulate(var: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return run(var, "simulate", *(str(word) for word in words))


def written(folder: Path, text: str, name: str = "small.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_tables_for_people_and_json_for_machines(var: Path, tmp_path: Path) -> None:
    scenario = written(tmp_path, SMALL)
    shown = simulate(var, scenario)
    assert (shown.returncode, shown.stderr) == (0, "")
    for word in ("calls [b]", "P(wait)", "ASA", "sl_abandon_credit", "occupancy", "±"):
        assert word in shown.stdout
    told = json.loads(simulate(var, scenario, "--json").stdout)
    assert (told["total"]["offered"], told["confidence"]) == (750, 0.95)
    assert told["classes"][0]["wait_percentiles"].keys() == {"p50", "p80", "p90", "p95", "p99"}
    assert told["groups"][0]["occupancy"]["half_width"] > 0


def test_two_scenarios_side_by_side(var: Path, tmp_path: Path) -> None:
    first, second = (written(tmp_path, SMALL.replace("count: 4", f"count: {n}"), f"{n}.yaml") for n in (4, 6))
    shown = simulate(var, first, "--compare", second)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "B - A" in shown.stdout
    told = json.loads(simulate(var, first, "--compare", second, "--json").stdout)
    gap = next(each for each in told["differences"] if each["figure"] == "mean_wait_seconds")
    assert gap["difference"]["value"] + gap["difference"]["half_width"] < 0


def test_decisions_are_the_same_bytes_twice(var: Path, tmp_path: Path) -> None:
    scenario = written(tmp_path, SMALL)
    for name in ("one", "two"):
        assert simulate(var, scenario, "--decisions", tmp_path / name).returncode == 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one").read_bytes().count(b"\n") == 800


def test_every_fault_is_told_and_the_status_is_2(var: Path, tmp_path: Path) -> None:
    bad = written(tmp_path, SMALL.replace("count: 4", "count: 0").replace("rate_per_minute: 3", "rate_per_minute: -3"))
    refused = simulate(var, bad)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "small.yaml has 2 faults:" in refused.stderr
    assert "arrivals[0].rate_per_minute (line 5): is -3; accepted: a number above 0" in refused.stderr
    assert "agents[0].count (line 7): is 0" in refused.stderr


def test_the_faults_of_both_scenarios_are_told(var: Path, tmp_path: Path) -> None:
    first = written(tmp_path, SMALL.replace("count: 4", "count: 0"), "a.yaml")
    second = written(tmp_path, SMALL.replace("rate_per_minute: 3", "rate_per_minute: -3"), "b.yaml")
    refused = simulate(var, first, "--compare", second)
    assert (refused.returncode, refused.stdout) == (2, "")
    for told in ("a.yaml has 1 fault:", "agents[0].count", "b.yaml has 1 fault:", "arrivals[0].rate_per_minute"):
        assert told in refused.stderr


def test_what_is_not_utf_8_is_told_as_a_fault(var: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "latin.yaml"
    scenario.write_bytes(SMALL.replace("calls [b]", "Gespräche").encode("latin-1"))
    refused = simulate(var, scenario)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "latin.yaml has 1 fault" in refused.stderr
    assert "is not UTF-8 text" in refused.stderr


def test_what_cannot_be_asked(var: Path, tmp_path: Path) -> None:
    scenario = written(tmp_path, SMALL)
    for words in (
        (),
        (tmp_path / "none.yaml",),
        (scenario, "--from-history", "2026-11-02"),
        ("--from-history", "2026-11-02"),
        ("--from-history", "yesterday", "--queue", "cards"),
        (scenario, "--compare", scenario, "--decisions", tmp_path / "d"),
        ("--from-history", "2026-11-02", "--queue", "cards", "--time-zone", "Mars"),
        ("--from-history", "9999-12-31", "--queue", "cards"),
        ("--from-history", "0001-01-01", "--queue", "cards", "--time-zone", "Asia/Shanghai"),
    ):
        refused = simulate(var, *words)
        assert (refused.returncode, refused.stdout) == (2, ""), words
        assert "Traceback" not in refused.stderr


def test_a_scenario_is_shown_and_reads_back(var: Path, tmp_path: Path) -> None:
    shown = simulate(var, written(tmp_path, SMALL), "--show")
    again = simulate(var, written(tmp_path, shown.stdout, "again.yaml"), "--show")
    assert (again.returncode, again.stdout) == (0, shown.stdout)


def test_a_day_without_records_is_told_in_one_sentence(var: Path, tmp_path: Path) -> None:
    words = ("--from-history", "2026-11-02", "--queue", "cards")
    refused = simulate(var, *words)
    assert (refused.returncode, "callfloor migrate" in refused.stderr) == (1, True)
    assert run(var, "migrate").returncode == 0
    refused = simulate(var, *words)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "On 2026-11-02 (UTC) queue cards has no contacts: name another day" in refused.stderr
    bad = written(tmp_path, SMALL.replace("count: 4", "count: 0"))
    both = simulate(var, *words, "--compare", bad)
    assert both.returncode == 2
    assert "has no contacts" in both.stderr
    assert "agents[0].count" in both.stderr
