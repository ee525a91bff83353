"""Nodes that wait for something to be found out outside: an HTTP request, who is calling. Pure."""

from typing import Any
from urllib.parse import quote

import msgspec

from app.core.expressions.reading import ExpressionFailed
from app.core.pointers import pointed_at
from app.ivr.language import phrases
from app.ivr.language.flow import Value
from app.ivr.language.nodes import FetchNode, IdentifyNode
from app.ivr.language.templates import as_text, filled, value_of
from app.ivr.playing.leaving import to_fallback
from app.ivr.playing.run import FlowFailed, Next, Run, typed
from app.ivr.playing.state import MOST_BODY, Fetch, Fetched, TimedOut, Verified, Verify

_TOO_LATE = "no answer in time"


def fetch(run: Run, node: FetchNode) -> Next:
    run.add(*run.prompts(node.prompt))
    request = Fetch(
        id=str(run.script),
        method=node.method,
        url=filled(node.url, run.known, _in_an_address),
        headers={name: _in_a_line(filled(text, run.known)) for name, text in node.headers.items()},
        body=_as_json(_body(run, node.body)),
        secret=node.secret,
        secret_header=node.secret_header,
        timeout_seconds=node.timeout_seconds,
        retries=node.retries,
    )
    return run.ask(request)


def fetched(run: Run, node: FetchNode, event: Fetched | TimedOut) -> Next:
    """Take what is wanted out of the answer: all of it or nothing."""
    answer = event if isinstance(event, Fetched) else Fetched(request="", error=_TOO_LATE)
    try:
        values = _values(run, node, answer)
    except ExpressionFailed as error:
        run.note("fetch_failed", status=answer.status, why=str(error))
        return node.failed
    run.put(values)
    run.note("fetched", status=answer.status)
    return node.next


def _values(run: Run, node: FetchNode, answer: Fetched) -> dict[str, Value]:
    if answer.error is not None:
        raise ExpressionFailed(answer.error[:200])
    if not 200 <= answer.status < 300:
        raise ExpressionFailed(f"the answer has the status {answer.status}")
    if not node.into:
        return {}
    if len(answer.body) > MOST_BODY:
        raise ExpressionFailed(f"the answer is longer than {MOST_BODY} characters")
    try:
        document = msgspec.json.decode(answer.body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ExpressionFailed("the answer is not JSON") from error
    return {name: _value(run, document, name, pointer) for name, pointer in node.into.items()}


def _value(run: Run, document: Any, name: str, pointer: str) -> Value:
    value, kind = _pointed_at(document, pointer), run.kind(name)
    if kind == "text" and isinstance(value, int | float) and not isinstance(value, bool):
        value = as_text(value)  # an account's number is as often a number as a text
    try:
        return typed(value, kind)
    except ExpressionFailed as error:
        raise ExpressionFailed(f"{pointer or 'the whole'}: {error}") from error


def _pointed_at(document: Any, pointer: str) -> Any:
    try:
        return pointed_at(document, pointer)
    except LookupError as error:
        raise ExpressionFailed(str(error.args[0])) from error


def _body(run: Run, given: Any) -> Any:
    """The body with its texts filled in; a text that is one expression keeps the type of its value."""
    if isinstance(given, dict):
        return {name: _body(run, value) for name, value in given.items()}
    if isinstance(given, list):
        return [_body(run, value) for value in given]
    return value_of(given, run.known) if isinstance(given, str) else given


def _as_json(value: Any) -> Any:
    """The value as JSON would bring it back."""
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise ExpressionFailed(f"the body is not what JSON can say: {error}") from error


def _in_an_address(value: str) -> str:
    """A value as one part of an address; what would lead to another place of it is none."""
    if value in (".", ".."):
        raise ExpressionFailed(f"{value!r} cannot be part of an address")
    return quote(value, safe="")


def _in_a_line(text: str) -> str:
    """A header that a value cannot break out of."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def identify(run: Run, node: IdentifyNode) -> Next:
    if node.by == "number":  # the caller's number was looked up before the flow began
        known = run.world.customer.known
        run.note("identified" if known else "not_identified", by="number")
        return node.found if known else node.not_found
    if run.attempts >= node.attempts:
        return _locked(run, node)
    name, pin = str(node.number), str(node.pin)
    if pin not in run.secrets:
        raise FlowFailed(f"no secret {pin!r} was collected")
    if name not in run.secrets and name not in run.frame.vars:
        raise FlowFailed(f"there is neither a variable nor a secret {name!r}")
    number_ref = run.secrets.get(name)
    run.add(*run.prompts(node.prompt))
    return run.ask(
        Verify(
            id=str(run.script),
            by=node.by,
            secret_ref=run.secrets[pin],
            number=None if number_ref else as_text(run.frame.vars[name]),
            number_ref=number_ref,
            timeout_seconds=node.timeout_seconds,
        )
    )


def verified(run: Run, node: IdentifyNode, event: Verified | TimedOut) -> Next:
    """Go on with who it is; what was keyed as a secret is good for one attempt."""
    outcome = event.outcome if isinstance(event, Verified) else "failed"
    for name in (str(node.number), str(node.pin)):
        run.secrets.pop(name, None)
    if outcome == "found":
        run.attempts = 0
        run.note("identified", by=node.by)
        return node.found
    run.note("not_identified", by=node.by, why=outcome)
    if outcome == "locked":
        return _locked(run, node)
    if outcome == "failed":
        if node.failed is None:
            raise FlowFailed("it cannot be found out who is calling")
        return node.failed
    if outcome == "not_found":
        run.attempts += 1
    return _locked(run, node) if run.attempts >= node.attempts else node.not_found


def _locked(run: Run, node: IdentifyNode) -> Next:
    run.alerts.append(f"{run.where}: identification by {node.by} is locked after too many attempts")
    run.note("locked", attempts=run.attempts)
    if node.locked is not None:
        return node.locked
    run.say(phrases.LOCKED)
    return to_fallback(run)
