"""`callfloor staff`: what it tells, and that all that is wrong is told at once."""

import json
import re
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from app.cli import commands
from app.cli.forecast import MOST_LINES
from app.cli.plan_tables import mix_tables
from app.simulation.staffing import Found
from tests.cli.running import run

HALF_HOUR = ("--contacts", "100", "--interval", "1800", "--aht", "180")
EIGHTY_TWENTY = ("--target", "80/20")


def staff(*words: str) -> Result:
    return CliRunner().invoke(commands, ["staff", *words])


def refused(*words: str) -> list[str]:
    """The faults that were told, one message of them."""
    result = staff(*words)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    head, *faults = result.stderr.splitlines()
    assert head.endswith("wrong with what was asked:")
    assert head.startswith("callfloor: One" if len(faults) == 1 else f"callfloor: {len(faults)} ")
    assert all("; accepted: " in fault for fault in faults)
    return [fault.strip().split(";")[0] for fault in faults]


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A morning."""
    file = tmp_path / "morning.csv"
    file.write_text("start,contacts,aht_seconds\n08:00,42,180\n08:30,96,180\n09:00,0,180\n", encoding="utf-8-sig")
    return file


def test_a_table_tells_the_number_and_one_less(var: Path) -> None:
    told = run(var, "staff", *HALF_HOUR, *EIGHTY_TWENTY, "--shrinkage", "0.3")
    assert (told.returncode, told.stderr) == (0, "")
    for said in ("14 agents at the desk, 20 to schedule", "13 agents", "88.8%", "79.6%", "limited by service level"):
        assert said in told.stdout


def test_json_is_the_whole_plan() -> None:
    told = json.loads(staff(*HALF_HOUR, *EIGHTY_TWENTY, "--patience", "120", "--max-occupancy", "85%", "--json").stdout)
    [interval] = told["intervals"]
    assert (told["model"], told["targets"]["occupancy"], interval["agents"]) == ("erlang_a", 0.85, 12)
    assert interval["expected"]["sl_offered"] >= 0.8 > interval["one_less"]["sl_offered"]


def test_an_unsteady_one_less_is_told() -> None:
    told = staff(*HALF_HOUR, "--max-occupancy", "1").stdout
    assert "11 agents at the desk" in told
    assert "with fewer agents the queue grows without end" in told


def test_a_profile_has_a_row_an_interval(profile: Path) -> None:
    told = staff("--profile", str(profile), *EIGHTY_TWENTY, "--shrinkage", "30%").stdout
    rows = {line.split()[1]: line.split("│") for line in told.splitlines() if "│ 0" in line}
    assert [rows[start][4].strip() for start in ("08:00", "08:30", "09:00")] == ["7", "13", "0"]
    assert "10.0 hours at the desk" in told


def test_a_profile_may_leave_the_handling_time_to_the_option(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text("contacts\n100\n")
    told = json.loads(staff("--profile", str(file), "--aht", "180", *EIGHTY_TWENTY, "--json").stdout)
    assert (told["intervals"][0]["start"], told["intervals"][0]["agents"]) == (None, 14)


def test_every_fault_of_the_options_is_told_at_once() -> None:
    wrong = ("--contacts", "x", "--aht", "-1", "--target", "8020", "--max-occupancy", "3", "--shrinkage", "1")
    more = ("--variant", "best", "--max-abandoned", "5", "--interval", "nan")
    assert set(refused(*wrong, *more)) == {
        "--contacts: 'x' is no number",
        "--aht: -1 is out of range",
        "--target: '8020' is no service level",
        "--max-occupancy: 3 is out of range",
        "--shrinkage: 1 is out of range",
        "--variant: there is no 'best'",
        "--max-abandoned: 5 is out of range",
        "--interval: 'nan' is no number",
        "--patience: missing",
    }


def test_what_is_missing_is_told() -> None:
    assert refused() == ["--target: nothing is to be reached", "--contacts: missing", "--aht: missing"]


@pytest.mark.parametrize(
    "target", ["80", "80/", "/20", "0/20", "100/20", "80/-1", "nan/20", "80/inf", "a/b", "80/20/5"]
)
def test_a_service_level_is_a_share_and_a_time(target: str) -> None:
    assert refused(*HALF_HOUR, "--target", target) == [f"--target: {target!r} is no service level"]


def test_what_cannot_be_reached_is_told_of_every_interval(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text("contacts,aht_seconds\n900000,80000\n5,180\n900000,80000\n")
    lines = refused("--profile", str(file), *EIGHTY_TWENTY)
    assert [line.split(":")[0] for line in lines] == [f"{file} line 2", f"{file} line 4"]
    assert "needs more than 10,000 agents" in lines[0]


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        (b"", ["line 1: the column aht_seconds is missing", "line 1: the column contacts is missing"]),
        (b"contacts,aht_seconds\n", [": there is no interval in it"]),
        (b"contacts,aht\n5,180\n", [
            "line 1: the column aht_seconds is missing", "line 1: the column 'aht' is unknown or twice there"]),
        (b"contacts,aht_seconds\nx,180\n-4,0,7\n5\n", [
            "line 2, contacts: 'x' is no number",
            "line 3: has more values than the header has columns",
            "line 3, contacts: -4 is out of range",
            "line 3, aht_seconds: 0 is out of range",
            "line 4, aht_seconds: '' is no number"]),
        (b"contacts,aht_seconds\n5,180\n\"5\"5,180\n", ["line 3: is no CSV (',' expected after '\"')"]),
        (b"contacts\xff", None),
        (b"contacts,aht_seconds\n" + b"1,180\n" * (MOST_LINES + 1), [": more than 3,000 intervals"]),
        (b"contacts,aht_seconds\n" + b"1" * (1 << 20), None),
    ],
)  # fmt: skip
def test_every_fault_of_a_profile_is_told_with_its_line(
    tmp_path: Path, content: bytes, faults: list[str] | None
) -> None:
    file = tmp_path / "day.csv"
    file.write_bytes(content)
    told = refused("--profile", str(file), *EIGHTY_TWENTY)
    if faults is None:
        assert len(told) == 1
    else:
        assert set(told) == {f"{file} {fault}".replace(" :", ":") for fault in faults}


def test_a_profile_and_contacts_do_not_go_together(tmp_path: Path) -> None:
    faults = refused("--profile", str(tmp_path / "none.csv"), "--contacts", "3", *EIGHTY_TWENTY)
    assert [fault.split(" (")[0] for fault in faults] == [
        "--contacts: the profile says how many contacts come",
        f"--profile {tmp_path / 'none.csv'}: cannot be read",
    ]


SMALL = """
contacts: 900
arrivals:
  - name: "calls [b]"
    rate_per_minute: 2
    service: {distribution: exponential, mean_seconds: 60}
agents:
  - {name: "all [x]", count: 9}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """A small floor that waits for ever."""
    file = tmp_path / "small.yaml"
    file.write_text(SMALL)
    return file


def test_a_scenario_is_told_by_group_and_class(scenario: Path) -> None:
    told = staff("--scenario", str(scenario), *EIGHTY_TWENTY, "--shrinkage", "0.2", "--json")
    found = json.loads(told.stdout)
    [group], [calls] = found["groups"], found["classes"]
    assert (told.exit_code, told.stderr, group["given"], group["needed"], group["scheduled"]) == (0, "", 9, 4, 5)
    assert calls["service_level"]["value"] - calls["service_level"]["half_width"] >= 0.8
    assert group["one_less"]["verdict"] == "missed"
    console = Console(width=120, record=True, file=StringIO())
    console.print(mix_tables(msgspec.convert(found, Found)))
    shown = console.export_text()
    for said in ("all [x]", "calls [b]", "sl_offered in 20 s", "missed", "±", "seed 1"):
        assert said in shown


def test_every_fault_of_a_scenario_and_its_options_is_told_at_once(scenario: Path) -> None:
    words = ("--contacts", "5", "--patience", "9", "--profile", "day.csv", "--cost", "a=1", "--cost", "b")
    more = ("--cost", "all [x]=0", "--max-abandoned", "5%", "--shrinkage", "2")
    assert set(refused("--scenario", str(scenario), *words, *more)) == {
        "--contacts: the scenario says it",
        "--patience: the scenario says it",
        "--profile: the scenario says what comes",
        "--cost: there is no group 'a'",
        "--cost: 'b' names no group and cost",
        "--cost all [x]: 0 is out of range",
        "--max-abandoned: nobody of the scenario ever leaves",
        "--shrinkage: 2 is out of range",
    }
    scenario.write_text(SMALL.replace("count: 9", "count: 0").replace("rate_per_minute: 2", "rate_per_minute: -2"))
    assert refused("--scenario", str(scenario)) == [
        f"{scenario} line 5, arrivals[0].rate_per_minute: is -2",
        f"{scenario} line 8, agents[0].count: is 0",
        "--target: nothing is to be reached",
    ]


def test_a_scenario_that_cannot_be_read_or_reached_is_told(scenario: Path) -> None:
    [unread] = refused("--scenario", str(scenario.parent), *EIGHTY_TWENTY)
    assert "cannot be read" in unread
    scenario.write_bytes(b"\xff")
    assert "is not UTF-8" in refused("--scenario", str(scenario), *EIGHTY_TWENTY)[0]
    scenario.write_text(SMALL + "queue: {answer_seconds: 30}\n")
    [unreached] = refused("--scenario", str(scenario), *EIGHTY_TWENTY)
    assert "sl_offered of calls [b] is 0 even with" in unreached


def test_what_is_for_scenarios_alone_needs_one() -> None:
    assert refused(*HALF_HOUR, *EIGHTY_TWENTY, "--cost", "a=1", "--in-total") == [
        "--cost: there is no scenario",
        "--in-total: there is no scenario",
    ]


DOCUMENT = Path(__file__).parents[2] / "docs" / "staffing.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```console\n\$ callfloor staff (.*?)\n(.*?)\n```", TEXT, re.DOTALL)


@pytest.mark.parametrize(("words", "said"), EXAMPLES)
def test_the_document_shows_what_the_command_says(
    words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    [profile] = re.findall(r"```csv\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "morning.csv").write_text(profile)
    [scenario] = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "desk.yaml").write_text(scenario)
    result = staff(*words.split())
    assert "\n".join(line.rstrip() for line in result.output.splitlines()) == said


def test_the_document_has_examples() -> None:
    assert len(EXAMPLES) == 4
