"""The flows that ship have no fault, and every conversation beside them goes as it says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from app.cli.flow_files import conversations_of, flow_files, good, unchecked
from app.demo.bank import QUEUES, SKILLS
from app.ivr.checks.parts import heard
from app.ivr.conversation import NO_FLOWS, played
from app.ivr.drawing import mermaid, svg

FOLDER = Path(__file__).parents[2] / "flows"
FILES = flow_files([FOLDER])


def _conversations() -> Iterator[tuple[Path, int, str]]:
    for path in FILES:
        scripted = conversations_of(path)
        assert scripted is not None, f"{path} has no conversations"
        yield from ((path, number, each.name) for number, each in enumerate(scripted.conversations))


CONVERSATIONS = list(_conversations())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_fault(path: Path) -> None:
    it = good(path)
    assert it.flow is not None
    assert it.flow.flow == path.stem
    assert unchecked(it.known) == []


@pytest.mark.parametrize(
    ("path", "number"),
    [each[:2] for each in CONVERSATIONS],
    ids=[f"{each[0].stem}: {each[2]}" for each in CONVERSATIONS],
)
def test_conversation(path: Path, number: int) -> None:
    flow, scripted = good(path).flow, conversations_of(path)
    assert flow is not None
    assert scripted is not None
    it = played(flow, scripted.conversations[number], NO_FLOWS, lambda line: scripted.line_of(number, line))
    assert it.failed is None, it


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_everything_that_is_said_is_heard_in_a_conversation(path: Path) -> None:
    flow, scripted = good(path).flow, conversations_of(path)
    assert flow is not None
    assert scripted is not None
    calls = [played(flow, each, NO_FLOWS, lambda _: 0) for each in scripted.conversations]
    whole = "\n".join(each.text for call in calls for each in call.heard)
    for name, node in flow.nodes.items():
        for said in heard(node):
            beginnings = [text.partition("{")[0] for text in said.texts.values()]
            assert said.waiting or name == flow.on_fault or any(each in whole for each in beginnings), (
                name,
                said.where,
            )


def test_the_banks_flows_name_what_the_demo_bank_has() -> None:
    known = yaml.safe_load((FOLDER / "known.yaml").read_text())
    assert {queue.id for queue in QUEUES} <= set(known["queues"])
    assert set(SKILLS) == set(known["skills"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_drawing(path: Path) -> None:
    flow = good(path).flow
    assert flow is not None
    for language in flow.languages:
        assert "</svg>" in svg(flow, language)
        assert len(mermaid(flow, language).splitlines()) > len(flow.nodes)
