"""One product and one customer: what can be chosen, and whether choices can stand. Pure; may take a second or two, so
the event loop has it done by a thread."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from app.customers.products.choices import read
from app.customers.products.completing import Settled
from app.customers.products.engine import WORK, Explanation, OptionState, Puzzle
from app.customers.products.model import Chosen, Model, Values
from app.customers.products.solver import Effort
from app.customers.products.wording import Spoken

WHERE = "body.choices"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of choices: `faults` where they are no values of their options; else why they cannot stand; else the
    completed configuration, of which `missing` options must still be chosen."""

    choices: Values
    faults: list[dict[str, str]] = []
    why: Explanation | None = None
    sentences: tuple[str, ...] = ()
    settled: Settled | None = None

    @property
    def stands(self) -> bool:
        """Whether it can be kept."""
        return self.settled is not None and not self.settled.missing


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict, and what each option can still be where the choices can stand."""

    verdict: Verdict
    options: tuple[OptionState, ...] = ()


def judge(model: Model, facts: Mapping[str, Any], given: Mapping[str, Any], language: str = "en") -> Verdict:
    """Whether the choices can stand, and what they are completed to. Raises TooHard."""
    return _judged(model, Puzzle(model, facts, Effort(WORK)), facts, given, language)


def look(
    model: Model, facts: Mapping[str, Any], given: Mapping[str, Any], only: Iterable[str] | None, language: str
) -> Outlook:
    """What can still be chosen beside the choices, of all options or of `only` some. Raises TooHard."""
    puzzle = Puzzle(model, facts, Effort(WORK))
    verdict = _judged(model, puzzle, facts, given, language)
    if verdict.settled is None:
        return Outlook(verdict=verdict)
    return Outlook(verdict=verdict, options=tuple(puzzle.explored(verdict.choices, only)))


def why_not(
    model: Model, facts: Mapping[str, Any], choices: Values, asked: tuple[str, Chosen | None], language: str
) -> tuple[Explanation | None, list[str]]:
    """Why the value cannot be chosen beside the choices, and the same in sentences; None: it can. Raises TooHard."""
    why = Puzzle(model, facts, Effort(WORK)).why_not(choices, asked)
    return why, [] if why is None else Spoken(model, language, choices, facts).explanation(why, asked)


def _judged(model: Model, puzzle: Puzzle, facts: Mapping[str, Any], given: Mapping[str, Any], language: str) -> Verdict:
    choices, faults = read(model, given, WHERE)
    if faults:
        return Verdict(choices=choices, faults=faults)
    why = puzzle.why_not(choices)
    if why is not None:
        told = tuple(Spoken(model, language, choices, facts).explanation(why))
        return Verdict(choices=choices, why=why, sentences=told)
    return Verdict(choices=choices, settled=puzzle.settled(choices))
