"""docs/flows.md shows what is true: its flows are checked, its conversations and commands played."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from typer.testing import CliRunner

from app.cli import commands
from app.ivr.checks.checking import checked
from app.ivr.language.known import Known
from app.ivr.language.nodes import AnyNode
from app.ivr.language.world import ROOTS
from app.ivr.rehearsal.conversation import play
from app.ivr.rehearsal.script_file import Expected, Given, ScriptLine, read_conversations

TEXT = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
WHOLE = next(block for block in BLOCKS if block.startswith("flow:"))
FRAGMENTS = [block for block in BLOCKS if "nodes:" in block and block != WHOLE]
[TALKS] = [block for block in BLOCKS if "conversations:" in block]
[KNOWN] = [block for block in BLOCKS if block.startswith("queues:")]
COMMANDS = re.findall(r"```console\n\$ (?:printf '(.*?)' \| )?callfloor flow (.*?)\n(.*?)\n```", TEXT, re.DOTALL)


def test_every_example_is_one_of_these() -> None:
    assert len(BLOCKS) == len(FRAGMENTS) + 3
    assert (len(FRAGMENTS), len(COMMANDS)) == (3, 2)


def test_the_whole_flow_names_what_is_known() -> None:
    known: dict[str, Any] = {kind: frozenset(ids) for kind, ids in yaml.safe_load(KNOWN).items()}
    assert checked(WHOLE, Known(**known, flows={})).flow == "desk"


@pytest.mark.parametrize("block", FRAGMENTS)
def test_a_fragment_is_good_in_a_flow_around_it(block: str) -> None:
    start = re.search(r"nodes:\n  (\w+):", block)
    assert start is not None
    checked(f"flow: around\nlanguages: [en, zh]\nfallback_queue: office\nstart: {start[1]}\n{block}")


def test_the_conversations_go_as_they_say() -> None:
    assert [each.failed for each in play(checked(WHOLE), read_conversations(TALKS))] == [None, None]


@pytest.mark.parametrize(("typed", "words", "said"), COMMANDS)
def test_the_document_shows_what_the_command_says(
    typed: str, words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "desk.yaml").write_text(WHOLE)
    shown = CliRunner().invoke(commands, ["flow", *words.split()], input=typed.replace("\\n", "\n"))
    assert shown.output.rstrip("\n") == said


def test_every_node_and_every_root_of_expressions_is_in_a_table() -> None:
    rows = set(re.findall(r"^\| `(\w+)", TEXT, re.MULTILINE))
    kinds = {get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(get_args(AnyNode)[0])}
    assert len(kinds) == 17
    assert kinds | set(ROOTS) <= rows


def test_every_word_of_conversations_is_named() -> None:
    words = {*Given.model_fields, *ScriptLine.model_fields, *Expected.model_fields}
    assert {word for word in words if f"`{word}`" not in TEXT} == set()
