"""The flows that ship have no fault, and every conversation beside them goes as it says."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from random import Random

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cli.flow_files import conversations_of, flow_files, unchecked
from app.cli.flow_files import good as read_good
from app.demo.bank import QUEUES, SKILLS
from app.ivr.checks.parts import heard
from app.ivr.drawing.diagrams import mermaid, svg
from app.ivr.playing.state import Outcome
from app.ivr.rehearsal.conversation import NO_FLOWS, played
from app.ivr.rehearsal.played_call import Rehearsal
from app.ivr.rehearsal.script_file import Customer, Given, Queue

good = lru_cache(read_good)
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


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@given(st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_whatever_callers_do_there_is_no_fault_and_no_end_of_listening(path: Path, chance: Random) -> None:
    flow = good(path).flow
    assert flow is not None
    queues = {id_: Queue(open=chance.random() < 0.7) for id_ in ("service", "cards", "loans", "wealth", "sales")}
    outcomes: list[Outcome] = chance.choices(["found", "not_found", "locked", "failed", "lost"], k=3)
    call = Rehearsal(flow, {}, Given(queues=queues, identify=outcomes, customer=Customer(recognised=False)))
    call.start()
    for _ in range(100):
        if call.over:
            break
        _anything(call, chance)
    assert [each for each in call.alerts if "is locked after too many attempts" not in each] == []
    assert call.leaks == []


def _anything(call: Rehearsal, chance: Random) -> None:
    what = chance.randrange(8)
    speech = call.collecting is not None and call.collecting.speech
    if what == 0:
        call.wait()
    elif what == 1:
        call.lose_the_platform()
    elif what == 2 and speech:
        call.say(chance.choice(["loan", "人工", "?", "卡丢了"]))
    else:
        call.press("".join(chance.choices("0123456789*#", k=chance.choice([1, 1, 1, 6, 16, 40]))))
