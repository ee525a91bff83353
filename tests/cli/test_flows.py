"""`callfloor flow` as a person uses it."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from typer.testing import CliRunner, Result

from app.cli import commands
from tests.cli.running import run

FLOWS = Path(__file__).parents[2] / "flows"
FLOW = """\
flow: small
languages: [en]
fallback_queue: office
start: ask
nodes:
  ask: {type: menu, prompt: Press one, choices: {1: office}, otherwise: office}
  office: {type: queue, queue: office}
"""
CONVERSATIONS = """\
conversations:
  - name: one
    lines:
      - presses: 1
      - expect: {queue: office}
"""


def flow(*words: str | Path, typed: str = "") -> Result:
    return CliRunner().invoke(commands, ["flow", *(str(word) for word in words)], input=typed)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A good flow in a folder of its own."""
    path = tmp_path / "small.yaml"
    path.write_text(FLOW)
    return path


def test_check_tells_of_a_good_flow_what_could_not_be_checked(file: Path) -> None:
    shown = flow("check", file)
    assert shown.exit_code == 0
    assert shown.stdout == (
        f"{file}: 2 nodes, en, no fault; not checked, as no known.yaml says which there are: "
        "queues, skills, hours, agents, teams, secrets\n"
    )


def test_check_lists_every_fault_of_every_file_and_ends_with_2(file: Path) -> None:
    file.write_text(FLOW.replace("1: office", "1: ofice, 12: x").replace("start: ask", "start: ask\nstart: ask"))
    (file.parent / "known.yaml").write_text("queues: [desk]\n")
    other = file.parent / "other.yaml"
    other.write_text(FLOW.replace("queue: office", "queue: desk").replace("1: office", "1: ofice"))
    shown = flow("check", file.parent)
    assert shown.exit_code == 2
    assert f"callfloor: {file} has 2 faults:" in shown.stderr
    assert "start (line 5): is there twice, first in line 4; accepted: each key once" in shown.stderr
    assert f"callfloor: {other} has 1 fault:" in shown.stderr
    assert "nodes.ask.choices.1.next (line 6): leads to 'ofice', which is no node; accepted: office?" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_check_takes_another_file_of_what_is_known(file: Path) -> None:
    known = file.parent / "ours.yml.txt"
    known.write_text("queues: [desk]")
    shown = flow("check", file, "--known", known)
    assert "fallback_queue (line 3): is no queue: 'office'; accepted: desk" in shown.stderr


@pytest.mark.parametrize("text", ["- a", "queues: a", "quues: [a]", "queues: [1]", "a: ["])
def test_what_is_known_must_be_lists_of_ids(file: Path, text: str) -> None:
    (file.parent / "known.yaml").write_text(text)
    shown = flow("check", file)
    assert shown.exit_code == 1
    assert "known.yaml: " in str(shown.exception)


def test_check_of_what_is_no_flow(file: Path) -> None:
    file.write_text("a: [")
    assert flow("check", file).exit_code == 2
    file.write_bytes(b"\xff\xfe")
    assert "is not UTF-8 text" in str(flow("check", file).exception)
    assert flow("check", file.parent / "none.yaml").exit_code == 2


def test_try_from_a_pipe() -> None:
    shown = flow("try", FLOWS / "bank-main.yaml", typed="2\n\n1\n")
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("zh    欢迎致电示范银行")
    assert "caller waits" in lines
    assert lines[-1] == "-> queue: queue cards, bonus 600.0, survey after-call-survey"


def test_try_with_a_customer_and_a_clock_on_the_command_line() -> None:
    words = ("--customer", "Lin Mei", "--tier", "private", "--language", "en", "--closed", "wealth")
    shown = flow("try", FLOWS / "bank-main.yaml", *words, "--clock", "2026-03-02 22:00", typed="hang up\n")
    assert shown.stdout.splitlines()[0] == "en    Hello Lin Mei, welcome to the Demo Bank."
    assert shown.stdout.splitlines()[-1] == "caller hangs up"


def test_try_with_what_a_file_gives(tmp_path: Path) -> None:
    given = tmp_path / "given.yaml"
    given.write_text("identify: [found]\ncustomer: {recognised: false}\nfetch: {body: {available: 12}}\n")
    shown = flow("try", FLOWS / "bank-main.yaml", "--given", given, typed="2\n2\n622202123456#\n135790\n")
    assert "en    Your available balance is 12 yuan." in shown.stdout
    assert "135790" not in shown.output
    given.write_text("custmer: {}\nqueues: {a: 3}\n")
    shown = flow("try", FLOWS / "bank-main.yaml", "--given", given)
    assert shown.exit_code == 2
    assert "custmer (line 1): is an unknown key; accepted: customer?" in shown.stderr


def test_try_ends_when_the_pipe_does_and_refuses_what_cannot_be(file: Path) -> None:
    assert flow("try", file).stdout.splitlines()[-1] == "caller hangs up"
    shown = flow("try", file, typed="hello\n")
    assert shown.exit_code == 1
    assert str(shown.exception) == "'hello' was not possible: the flow does not listen to speech here."


def test_try_refuses_to_close_what_the_flow_does_not_know(file: Path) -> None:
    shown = flow("try", file, "--closed", "ofice")
    assert shown.exit_code == 2
    assert "neither a queue nor a calendar" in " ".join(shown.stderr.split())
    assert "office?" in shown.stderr


def test_draw_refuses_a_language_that_the_flow_does_not_speak(file: Path) -> None:
    shown = flow("draw", file, "--language", "fr")
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "accepted: en" in " ".join(shown.stderr.split())


def test_draw_prints_mermaid_and_writes_pictures(file: Path) -> None:
    assert flow("draw", file).stdout.startswith("flowchart TD\n")
    svg, mmd = file.with_suffix(".svg"), file.with_suffix(".mmd")
    shown = flow("draw", file, "--to", svg, "--to", mmd)
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert svg.read_text().startswith("<svg ")
    assert mmd.read_text().startswith("flowchart TD\n")
    assert flow("draw", file, "--to", file.with_suffix(".png")).exit_code == 2
    assert "Name another file" in str(flow("draw", file, "--to", file.parent / "no" / "x.svg").exception)


def test_conversations_are_played(file: Path) -> None:
    assert "no conversations; they would be in" in flow("test", file).stdout
    beside = file.parent / "small.conversations.yaml"
    beside.write_text(CONVERSATIONS)
    shown = flow("test", file.parent)
    assert (shown.exit_code, shown.stdout.splitlines()[-1]) == (0, "1 conversations, 0 of them not as expected")
    assert "en    Press one" in flow("test", file, "--heard").stdout


def test_a_conversation_that_goes_otherwise_is_told_with_its_line(file: Path) -> None:
    beside = file.parent / "small.conversations.yaml"
    beside.write_text(CONVERSATIONS.replace("queue: office", "queue: desk"))
    shown = flow("test", file)
    assert shown.exit_code == 2
    assert f"{beside}, line 5: queue is not desk, but queue office" in shown.stdout
    beside.write_text(CONVERSATIONS.replace("presses", "prss"))
    shown = flow("test", file)
    assert shown.exit_code == 2
    assert "conversations[0].lines[0].prss (line 4): is an unknown key" in shown.stderr


def test_a_faulty_flow_keeps_no_other_from_being_played(file: Path) -> None:
    (file.parent / "small.conversations.yaml").write_text(CONVERSATIONS)
    (file.parent / "faulty.yaml").write_text(FLOW.replace("1: office", "1: ofice"))
    shown = flow("test", file.parent)
    assert shown.exit_code == 2
    assert "faulty.yaml has 1 fault" in shown.stderr
    assert "1 conversations, 0 of them not as expected; 1 flows with faults not played" in shown.stdout


def test_the_schema_fits_the_flows_that_ship() -> None:
    schema = json.loads(flow("schema").stdout)
    for path in FLOWS.glob("*[a-z].yaml"):
        if "conversations" not in path.name and path.name != "known.yaml":
            # keys of YAML are numbers, those of JSON texts
            document = json.loads(json.dumps(yaml.safe_load(path.read_text())))
            Draft202012Validator(schema).validate(document)


def test_a_faulty_flow_as_a_command_of_its_own(tmp_path: Path, file: Path) -> None:
    file.write_text(FLOW.replace("1: office", "1: ofice"))
    shown = run(tmp_path, "flow", "check", str(file))
    assert shown.returncode == 2
    assert shown.stderr.startswith(f"callfloor: {file} has 1 fault:\n  nodes.ask.choices.1.next (line 6): ")
