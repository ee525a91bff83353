"""Nodes that a call passes without waiting. Pure."""

from app.ivr.language.flow import Value
from app.ivr.language.nodes import BranchNode, CallFlowNode, HoursNode, LanguageNode, PlayNode, SayNode, SetNode
from app.ivr.playing.run import FlowFailed, Next, Run, typed
from app.ivr.playing.state import ToHangUp
from app.telephony.instructions import HangUp, Play


def say(run: Run, node: SayNode) -> Next:
    run.add(run.speech(node.text, node.voice, node.language))
    return node.next


def play(run: Run, node: PlayNode) -> Next:
    media, tongue = run.in_language(node.media)
    run.add(Play(media=media, language=tongue))
    return node.next


def language(run: Run, node: LanguageNode) -> Next:
    wanted = node.to if node.to is not None else run.value(str(node.value))
    if not isinstance(wanted, str):
        raise FlowFailed(f"a {type(wanted).__name__} is no language")
    spoken = [tag for tag in run.flow.languages if tag == wanted] or [
        tag for tag in run.flow.languages if tag.split("-")[0] == wanted.split("-")[0]
    ]
    if spoken:
        run.language = spoken[0]
        run.note("language", language=spoken[0])
    return node.next


def hours(run: Run, node: HoursNode) -> Next:
    if node.queue is not None:
        return node.open if run.queue(node.queue).open else node.closed
    calendar = run.world.hours.get(str(node.hours))
    if calendar is None:
        raise FlowFailed(f"there are no hours {node.hours!r}")
    return node.open if calendar.open else node.closed


def branch(run: Run, node: BranchNode) -> Next:
    for case in node.cases:
        value = run.value(case.when)
        if not isinstance(value, bool):
            raise FlowFailed(f"{case.when!r} gives a {type(value).__name__}, neither true nor false")
        if value:
            return case.next
    return node.otherwise


def put(run: Run, node: SetNode) -> Next:
    run.put({name: typed(run.value(source), run.kind(name)) for name, source in node.values.items()})
    return node.next


def call_flow(run: Run, node: CallFlowNode) -> Next:
    flow = run.named(node.flow)
    values: dict[str, Value] = {}
    for name, source in node.values.items():
        if name not in flow.variables:
            raise FlowFailed(f"the flow {node.flow!r} has no variable {name!r}")
        values[name] = typed(run.value(source), flow.variables[name].type)
    run.begin(flow, values)
    return flow.start


def back(run: Run) -> Next:
    """The innermost flow returns to the one that called it; the outermost ends the call."""
    if len(run.frames) == 1:
        run.add(HangUp())
        return ToHangUp()
    values = run.leave().vars
    node = run.node
    if not isinstance(node, CallFlowNode):
        raise FlowFailed("called no flow, and one returned to it")
    for here, there in node.into.items():
        if there not in values:
            raise FlowFailed(f"the flow {node.flow!r} has no variable {there!r}")
        run.put({here: typed(values[there], run.kind(here))})
    return node.next
