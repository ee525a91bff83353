"""Every fault of a flow's meaning is told, all at once, each with its place, line, and what would be right."""

import pytest

from app.ivr.checks.checking import checked
from app.ivr.language.reading import FlowFaulty, read_flow
from tests.ivr.checks.scenes import BYE, GOOD, HEAD, KNOWN, faults


def test_a_good_flow_has_no_fault() -> None:
    assert faults(GOOD) == []
    assert checked(HEAD + GOOD, KNOWN) == read_flow(HEAD + GOOD)


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    nodes = GOOD.replace("1: card", "1: crd").replace("pin: pin", "pin: card").replace("queue: cards", "queue: x")
    with pytest.raises(FlowFaulty) as raised:
        checked(HEAD + nodes, KNOWN, "bank.yaml")
    lines = [fault["line"] for fault in raised.value.facts["faults"]]
    assert len(lines) > 4
    assert lines == sorted(lines)
    assert str(raised.value).startswith(f"bank.yaml has {len(lines)} faults:\n  nodes.ask.choices.1.next (line 10): ")


def test_faults_of_form_and_of_meaning_come_together_where_the_form_can_be_read() -> None:
    text = HEAD + GOOD.replace("queue: cards", "queue: x") + BYE
    with pytest.raises(FlowFaulty) as raised:
        checked(text, KNOWN)
    assert [fault["what"] for fault in raised.value.facts["faults"]] == [
        "is no queue: 'x'",
        "is there twice, first in line 12",
        "is there twice, first in line 12",
    ]
