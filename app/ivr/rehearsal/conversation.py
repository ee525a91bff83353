"""Plays the conversations beside a flow and tells where one did not go as expected. Pure."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from app.ivr.language.flow import Flow
from app.ivr.playing.interpreter import step
from app.ivr.playing.state import Fetch, ToQueue
from app.ivr.rehearsal.played_call import Advance, Heard, Impossible, Rehearsal, ending
from app.ivr.rehearsal.script_file import Conversation, Expected, Scripted, ScriptLine

NO_FLOWS: Mapping[str, Flow] = {}


class Failed(NamedTuple):
    """A line that did not go as expected."""

    line: int
    what: str


class Played(NamedTuple):
    """What became of a conversation; without `failed` all went as expected."""

    name: str
    heard: list[Heard]
    failed: Failed | None


def play(flow: Flow, scripted: Scripted, flows: Mapping[str, Flow] = NO_FLOWS) -> list[Played]:
    """All conversations of a file; `flows` are the sub-flows by id."""
    return [
        played(flow, conversation, flows, partial(scripted.line_of, number))
        for number, conversation in enumerate(scripted.conversations)
    ]


def played(
    flow: Flow,
    conversation: Conversation,
    flows: Mapping[str, Flow],
    line_of: Callable[[int], int],
    advance: Advance = step,
) -> Played:
    """One conversation, up to the first line that does not go as expected. Each event goes to `advance`: to the
    interpreter, or to whoever runs it."""
    heard: list[Heard] = []
    at = 0
    try:
        call = Rehearsal(flow, flows, conversation.given, advance)
        heard = call.heard
        call.start()
        for at, line in enumerate(conversation.lines):
            _do(call, line)
            wrong = [*_differences(call, line.expect)] if line.expect is not None else []
            wrong += [f"the secret that was keyed is found {leak}" for leak in call.leaks]
            if wrong:
                return Played(conversation.name, heard, Failed(line_of(at), "; ".join(wrong)))
    except Impossible as impossible:
        return Played(conversation.name, heard, Failed(line_of(at), str(impossible)))
    return Played(conversation.name, heard, None)


def _do(call: Rehearsal, line: ScriptLine) -> None:
    if line.presses is not None:
        call.press(line.presses)
    elif line.says is not None:
        call.say(line.says)
    elif line.waits:
        call.wait()
    elif line.hangs_up:
        call.hang_up()
    elif line.platform_is_silent:
        call.lose_the_platform()


def _differences(call: Rehearsal, expected: Expected) -> Iterator[str]:
    yield from _unheard(call, expected)
    yield from _elsewhere(call, expected)
    yield from _otherwise_ended(call, expected)


def _unheard(call: Rehearsal, expected: Expected) -> Iterator[str]:
    said = [each for each in call.heard[call.since :] if each.who == "flow"]
    whole = "\n".join(each.text for each in said)
    at = 0
    for text in expected.say:
        found = whole.find(text, at)
        if found < 0:
            yield f"{text!r} was not heard{' then' if at else ''}, but {whole or 'nothing'!r}"
        else:
            at = found + len(text)
    for text in expected.not_say:
        if text in whole:
            yield f"{text!r} was heard"
    if expected.language is not None:
        spoken = [each.language for each in said if each.language is not None]
        if spoken[-1:] != [expected.language]:
            yield f"{expected.language} was not spoken, but {spoken[-1] if spoken else 'nothing'}"


def _elsewhere(call: Rehearsal, expected: Expected) -> Iterator[str]:
    if expected.at is not None and (call.over or call.node != expected.at):
        yield f"the caller is not at {expected.at}, but {'no longer in the flow' if call.over else f'at {call.node}'}"
    if expected.secret is not None and (call.collecting is not None and call.collecting.secret) != expected.secret:
        yield f"{'no' if expected.secret else 'a'} secret is asked for"
    addresses = [each.url for each in call.asked if isinstance(each, Fetch)]
    if expected.fetch is not None and not any(expected.fetch in each for each in addresses):
        yield f"{expected.fetch!r} was not asked, but {', '.join(addresses) or 'nothing'}"
    for name, value in expected.variables.items():
        if call.variables.get(name) != value:
            yield f"{name} is not {value!r}, but {call.variables.get(name)!r}"
    if expected.alert is not None and not any(expected.alert in each for each in call.alerts):
        yield f"there is no alert {expected.alert!r}, but {', '.join(call.alerts) or 'none'}"


def _otherwise_ended(call: Rehearsal, expected: Expected) -> Iterator[str]:
    """An ending, and what belongs to it, as it came and as it was expected."""
    kind, ended = ("", {}) if call.action is None else ending(call.action)
    wanted: dict[str, Any] = expected.model_dump(include=set(_ENDINGS), exclude_unset=True)
    for name, value in wanted.items():
        if kind != name:
            yield f"the call did not go to {name.replace('_', ' ')} {value}, but {_ended(call)}"
        elif value not in [ended.get(field) for field in _ENDINGS[name]]:
            yield f"{name.replace('_', ' ')} is not {value}, but {_ended(call)}"
    for name in ("bonus", "survey", "number"):
        value = getattr(expected, name)
        if value is not None and ended.get(name) != value:
            yield f"{name} is not {value}, but {ended.get(name)}"
    if expected.requires is not None:
        steps = call.action.steps if isinstance(call.action, ToQueue) else ()
        found = dict(steps[0].wanted.skills) if steps else {}
        if found != expected.requires:
            yield f"requires is not {expected.requires}, but {found}"


_ENDINGS = {
    "queue": ("queue",),
    "callback": ("queue",),
    "voicemail": ("queue",),
    "transfer": ("number", "agent", "queue"),
    "hang_up": ("reason",),
}


def _ended(call: Rehearsal) -> str:
    if call.action is None:
        return "the caller hung up" if call.hung_up else f"is still at {call.node}"
    kind, ended = ending(call.action)
    told = next((str(ended[field]) for field in _ENDINGS[kind] if ended.get(field)), "")
    return f"{kind.replace('_', ' ')} {told}".strip()
