"""Nodes that wait for what a caller keys or says. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

from app.ivr.language.nodes import CollectNode, MenuNode, SurveyNode
from app.ivr.language.words import Prompt
from app.ivr.playing.run import FlowFailed, Next, Run, Wait, typed
from app.ivr.playing.state import Keyed, NoInput, Said, ScriptDone, TimedOut, ToHangUp
from app.telephony.instructions import Collect, HangUp

AskingNode = MenuNode | CollectNode | SurveyNode
Heard = Keyed | Said | NoInput | ScriptDone | TimedOut
LEAST_CONFIDENCE = 0.4
MOST_SILENCES = 20
"""Waits in a row in which nothing was keyed or said, after which nobody is taken to be there."""


def ask(run: Run, node: AskingNode) -> Next:
    """Say what is asked, and wait."""
    run.tries = 0
    return _listen(run, node)


def heard(run: Run, node: AskingNode, event: Heard) -> Next:
    """Go on with what was keyed or said, or with nothing having been."""
    if isinstance(event, NoInput | ScriptDone | TimedOut) or (isinstance(event, Keyed) and _is_nothing(event)):
        return _silence(run, node)
    run.silences = 0
    if isinstance(node, MenuNode):
        return _chosen(run, node, event)
    if isinstance(event, Said):
        return _again(run, node, "no_match")
    return _collected(run, node, event) if isinstance(node, CollectNode) else _rated(run, node, event)


def _is_nothing(event: Keyed) -> bool:
    return not event.digits and not event.secret_ref and not event.length and event.finished == "timeout"


def _silence(run: Run, node: AskingNode) -> Next:
    run.silences += 1
    if run.silences >= MOST_SILENCES:
        run.note("nobody_there")
        run.add(HangUp(reason="no_input"))
        return ToHangUp(reason="no_input")
    return _again(run, node, "no_input")


def _again(run: Run, node: AskingNode, why: Literal["no_input", "no_match"]) -> Next:
    run.note(why)
    retry = node.no_input if why == "no_input" else node.no_match
    run.tries += 1
    if run.tries <= node.retries:
        return _listen(run, node, retry.prompt)
    target = retry.next or node.otherwise or (node.next if isinstance(node, SurveyNode) else None)
    if target is None:
        raise FlowFailed("has no way out after the last try")
    return target


def _listen(run: Run, node: AskingNode, first: Iterable[Prompt] = ()) -> Wait:
    prompts = (*run.prompts(first), *run.prompts(node.prompt))
    if isinstance(node, CollectNode):
        run.add(
            Collect(
                least=node.least,
                most=node.most,
                terminator=node.terminator,
                first_seconds=node.seconds,
                between_seconds=node.between_seconds,
                barge_in=node.barge_in,
                secret=node.secret,
                prompts=prompts,
            )
        )
        return run.listen()
    speaks = isinstance(node, MenuNode) and node.speech
    run.add(
        Collect(
            terminator="",  # every key means something here
            first_seconds=node.seconds,
            barge_in=node.barge_in,
            speech=speaks,
            language=run.language if speaks else None,
            hints=_hints(run, node) if isinstance(node, MenuNode) and speaks else (),
            prompts=prompts,
        )
    )
    return run.listen()


def _chosen(run: Run, node: MenuNode, event: Keyed | Said) -> Next:
    key = event.digits if isinstance(event, Keyed) else _meant(run, node, event)
    if key not in node.choices:
        return _again(run, node, "no_match")
    run.note("key", key=key)
    return node.choices[key].next


def _collected(run: Run, node: CollectNode, event: Keyed) -> Next:
    digits = event.digits.removesuffix(node.terminator) if node.terminator else event.digits
    count = event.length if node.secret else len(digits)
    if not node.least <= count <= node.most or (node.secret and event.secret_ref is None):
        return _again(run, node, "no_match")
    if node.secret:
        run.secrets[node.into] = str(event.secret_ref)
        run.note("collected", keys=count, secret=True)
        return node.next
    if not re.fullmatch(r"[0-9]+", digits):
        return _again(run, node, "no_match")
    kind = run.kind(node.into)
    run.put({node.into: typed(float(digits) if kind == "number" else digits, kind)})
    run.note("collected", keys=count)
    return node.next


def _rated(run: Run, node: SurveyNode, event: Keyed) -> Next:
    digits = event.digits
    if len(digits) != 1 or not "0" <= digits <= "9" or not node.lowest <= int(digits) <= node.highest:
        return _again(run, node, "no_match")
    run.note("survey", question=node.question, rating=int(digits), highest=node.highest)
    if node.into is not None:
        kind = run.kind(node.into)
        run.put({node.into: typed(float(digits) if kind == "number" else digits, kind)})
    return node.next


def _words(run: Run, node: MenuNode) -> list[tuple[str, str]]:
    """What may be said in the caller's language, with the key that it stands for."""
    tags = (run.language, run.language.split("-")[0])
    said = ((key, tag, words) for key, choice in node.choices.items() for tag, words in choice.words.items())
    return [(word, key) for key, tag, words in said if tag in tags for word in words]


def _hints(run: Run, node: MenuNode) -> tuple[str, ...]:
    return tuple(word for word, _ in _words(run, node))


def _meant(run: Run, node: MenuNode, event: Said) -> str:
    """The key that was meant by what was said; empty where that is not clear."""
    text = _plain(event.text)
    if event.confidence < LEAST_CONFIDENCE or not text:
        return ""
    if text in node.choices:
        return text
    words = [(_plain(word), key) for word, key in _words(run, node)]
    exact = {key for word, key in words if word == text}
    within = exact or {key for word, key in words if _is_within(word, text)}
    return within.pop() if len(within) == 1 else ""


def _is_within(word: str, text: str) -> bool:
    """Whole words only; writing without spaces has none."""
    return bool(word) and (f" {word} " in f" {text} " if word.isascii() else word in text)


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(char if char.isalnum() or char in "*#" else " " for char in text).split())
