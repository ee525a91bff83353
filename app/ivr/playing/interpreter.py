"""A call's way through its flow, one event at a time. Pure: the same state and event always give the same step."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from app.core.expressions.reading import ExpressionFailed
from app.ivr.language import endings as e
from app.ivr.language import nodes as n
from app.ivr.language import phrases
from app.ivr.language.flow import Flow
from app.ivr.language.words import RETURN, Node
from app.ivr.language.world import World
from app.ivr.playing import asking, leaving, passing, requesting
from app.ivr.playing.run import FlowFailed, Next, Run, Wait
from app.ivr.playing.state import (
    AnyAction,
    AnyEvent,
    Fetch,
    Fetched,
    FlowState,
    HungUp,
    Refused,
    Started,
    Step,
    TimedOut,
    Verified,
)

MOST_NODES = 100
"""Nodes that may be passed without waiting."""

MOST_TURNS = 500
"""Waits in one call."""

ENTER: dict[type[Node], Callable[[Run, Any], Next]] = {
    n.SayNode: passing.say,
    n.PlayNode: passing.play,
    n.LanguageNode: passing.language,
    n.HoursNode: passing.hours,
    n.BranchNode: passing.branch,
    n.SetNode: passing.put,
    n.CallFlowNode: passing.call_flow,
    n.MenuNode: asking.ask,
    n.CollectNode: asking.ask,
    n.SurveyNode: asking.ask,
    n.FetchNode: requesting.fetch,
    n.IdentifyNode: requesting.identify,
    e.QueueNode: leaving.queue,
    e.CallbackNode: leaving.callback,
    e.VoicemailNode: leaving.voicemail,
    e.TransferNode: leaving.transfer,
    e.HangUpNode: leaving.hang_up,
}
"""What a node does when a call comes to it."""

GO_ON: dict[type[Node], Callable[[Run, Any, Any], Next]] = {
    n.MenuNode: asking.heard,
    n.CollectNode: asking.heard,
    n.SurveyNode: asking.heard,
    n.FetchNode: requesting.fetched,
    n.IdentifyNode: requesting.verified,
}
"""What a node that waited does with the event."""

_NO_OTHERS: Mapping[str, Flow] = {}


def step(flow: Flow, state: FlowState, event: AnyEvent, world: World, others: Mapping[str, Flow] = _NO_OTHERS) -> Step:
    """What comes of an event. Never raises: what goes wrong leads to the flow's `on_fault`, or to its fallback queue.

    `others` are the flows that this one may call, by id. An event for something that is over changes nothing.
    """
    if _is_late(state, event):
        return Step(state=state, wait_seconds=None if state.over else state.wait_seconds, late=True)
    run = Run(flow, others, state, world)
    if isinstance(event, HungUp):
        return _gone(run)
    try:
        outcome = _walk(run, _first(run, event))
    except Exception as error:  # whatever it is, somebody is on the line
        outcome = _caught(run, error)
    return run.step(outcome)


def _gone(run: Run) -> Step:
    run.note("hung_up")
    over = msgspec.structs.replace(run.before, waiting="over", wait_seconds=0.0, request=None, secrets={})
    return Step(state=over, notes=tuple(run.notes))


def _is_late(state: FlowState, event: AnyEvent) -> bool:
    """Whether an event is for something that is over or was never asked."""
    if isinstance(event, Started):
        return state.waiting != "start"
    if isinstance(event, Fetched | Verified):
        kind = Fetched if isinstance(state.request, Fetch) else Verified
        return state.request is None or state.request.id != event.request or not isinstance(event, kind)
    if isinstance(event, TimedOut | Refused):
        return state.waiting not in ("keys", "answer") or event.script != state.script
    if isinstance(event, HungUp):
        return state.over
    return state.waiting != "keys" or event.script != state.script


def _first(run: Run, event: AnyEvent) -> Next:
    if isinstance(event, Started):
        return run.frame.node
    if isinstance(event, Refused):
        raise FlowFailed(f"the platform refused what was to be played: {event.detail}")
    handler = GO_ON.get(type(run.node))
    if handler is None:
        raise FlowFailed("waits for nothing, and something came")
    return handler(run, run.node, event)


def _walk(run: Run, outcome: Next) -> Wait | AnyAction:
    """From node to node until one waits or ends the flow."""
    for _ in range(MOST_NODES):
        if not isinstance(outcome, str):
            break
        if outcome == RETURN:
            outcome = passing.back(run)
        else:
            run.stand_at(outcome)
            outcome = ENTER[type(run.node)](run, run.node)
    if isinstance(outcome, str):
        raise FlowFailed(f"passes more than {MOST_NODES} nodes without waiting")
    if isinstance(outcome, Wait) and run.before.turns >= MOST_TURNS:
        raise FlowFailed(f"waits more than {MOST_TURNS} times in one call")
    return outcome


def _caught(run: Run, error: Exception) -> Wait | AnyAction:
    """Something went wrong: the node `on_fault` of the innermost flow that has one, once in a call; else the queue."""
    run.faults += 1
    run.unsay_endings()
    _tell(run, error)
    handled = run.faults == 1 and _stand_at_on_fault(run)
    if handled:
        try:
            return _walk(run, run.frame.node)
        except Exception as another:
            run.unsay_endings()
            _tell(run, another)
    del run.frames[1:]
    run.say(phrases.APOLOGY)
    return leaving.to_fallback(run)


def _tell(run: Run, error: Exception) -> None:
    known = isinstance(error, FlowFailed | ExpressionFailed)
    what = str(error) if known else f"the interpreter failed: {type(error).__name__}: {error}"
    run.alerts.append(f"{run.where}: {what}")
    run.note("fault", what=what[:500])


def _stand_at_on_fault(run: Run) -> bool:
    while run.frames:
        flow = run.main if len(run.frames) == 1 else run.others.get(run.frame.flow)
        if flow is not None and flow.on_fault is not None:
            run.stand_at(flow.on_fault)
            return True
        if len(run.frames) == 1:
            return False
        run.leave()
    return False
