"""Checking and playing agree: what alerts an operator in the middle of a call was told by checking beforehand."""

from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.core.faults import Fault
from app.ivr.checks.checking import faults_of
from app.ivr.drawing.diagrams import mermaid, svg
from app.ivr.language.flow import Flow
from app.ivr.language.known import Known
from app.ivr.playing.interpreter import step
from app.ivr.playing.state import AnyEvent, Started, begun
from tests.ivr.plays import WORLD
from tests.ivr.test_any_flow import flows, happening

ONLY_IN_A_CALL = (
    "locked after too many attempts",
    "cannot be found out who is calling",  # the bank does not answer, and the flow has no `failed`
    "fails: ",  # a division by zero, a number that is none: types cannot tell
    "a text of ",  # a variable that grew in a call
    "waits more than 500 times",
)
KNOWN: dict[str, Any] = {
    "queues": frozenset(WORLD.queues),
    "hours": frozenset(WORLD.hours),
    "agents": frozenset({"mei"}),
}


def explained(alert: str, told: list[Fault]) -> bool:
    """Whether a fault was told of the node that the alert is about; of a circle it is told of one node in it."""
    flow, _, node = alert.partition(":")[0].rpartition("/")
    place = f"{'sub/' if flow == 'sub' else ''}nodes.{node}"
    if any((each.where + ".").replace("[", ".").startswith(place + ".") for each in told):
        return True
    if "there is no node" in alert:
        return any("which is no node" in each.what for each in told)
    return "passes more than" in alert and any("loop" in each.what or "comes back" in each.what for each in told)


@settings(max_examples=150, deadline=None)
@given(flows("main"), flows("sub"), st.data())
def test_what_goes_wrong_in_a_call_was_told_before(flow: Flow, sub: Flow, data: st.DataObject) -> None:
    told = faults_of(flow, Known(flows={"sub": sub}, **KNOWN))
    theirs = [each._replace(where=f"sub/{each.where}") for each in faults_of(sub, Known(flows={"main": flow}, **KNOWN))]
    state = begun(flow)
    happened: AnyEvent = Started()
    for _ in range(data.draw(st.integers(5, 15))):
        it = step(flow, state, happened, WORLD, {"sub": sub})
        if it.alert is not None and not any(each in it.alert for each in ONLY_IN_A_CALL):
            event("alert")
            assert explained(it.alert, [*told, *theirs]), (it.alert, told, theirs)
        state = it.state
        if state.over:
            break
        happened = data.draw(happening(state))


@settings(max_examples=100, deadline=None)
@given(flows("main"))
def test_any_flow_can_be_checked_and_drawn(flow: Flow) -> None:
    for each in faults_of(flow):
        assert each.where
        assert each.what
        assert each.accepted
    assert svg(flow)
    assert mermaid(flow)
