"""What can still be chosen, what cannot and exactly why, and how a configuration is completed. Pure; Z3 solves.

Answers follow from the model, the facts and the choices alone: each question builds a solver of its own, in a fixed
order, and its work is limited in the solver's units.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from app.customers.products.blaming import Grounds
from app.customers.products.completing import Settled, completed
from app.customers.products.model import Choice, Chosen, Model, Number, Option, Scalar, Switch, Text, Values
from app.customers.products.solver import Asked, Effort, Term, holds, negated
from app.customers.products.solving import Reason, Terms

WORK = 1_500_000
"""For one question, a few seconds at the most."""
MORE_WORK = 4_000_000
"""For judging a model before it is published."""


class Change(msgspec.Struct, frozen=True):
    """An earlier choice that would have to go: from what, to what (None: to none at all)."""

    option: str
    before: Chosen
    after: Chosen | None


class Explanation(msgspec.Struct, frozen=True):
    """Why something cannot be: reasons that exclude it together, and would not if any one of them fell away.

    `changes` are earlier choices by whose change it becomes possible, as few as can be found one by one; None where no
    choice would help.
    """

    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...] | None


class OptionState(msgspec.Struct, frozen=True, kw_only=True):
    """What can be said of an option now. `state`: chosen, forced (one value is left), open, or ruled_out (it can only
    be off or without a value).

    `possible` are the values that are left (of `choices` each by itself), `excluded` those that are not; of a number
    `lowest` and `highest`, between which some may be excluded. `may_be_empty`: it may be off or have no value.
    """

    option: str
    state: Literal["chosen", "forced", "open", "ruled_out"]
    value: Chosen | None = None
    possible: tuple[Scalar, ...] = ()
    excluded: tuple[Scalar, ...] = ()
    lowest: float | int | None = None
    highest: float | int | None = None
    may_be_empty: bool = True


class Puzzle:
    """One model and one customer: questions about what can be chosen. All raise TooHard."""

    def __init__(self, model: Model, facts: Mapping[str, Any] | None, effort: Effort) -> None:
        """`facts` are those of one customer; None: of any that there may be."""
        self.model = model
        self._effort = effort
        self._terms = Terms(model)
        self._facts = {} if facts is None else self._terms.facts(facts)

    def why_not(self, choices: Values, asked: tuple[str, Chosen | None] | None = None) -> Explanation | None:
        """Why the choices cannot stand, or `asked` cannot be chosen beside them; None: they can, and it can.

        What the rules forbid to everybody is told before what they forbid to this customer, and that before what only
        earlier choices exclude.
        """
        others = {option: value for option, value in choices.items() if asked is None or option != asked[0]}
        wanted = [] if asked is None else [self._terms.chosen(*asked)]
        chosen = {Reason("choice", name): self._terms.chosen(name, value) for name, value in others.items()}
        every = [*self._terms.bounds.values(), *self._facts.values(), *chosen.values()]
        if self._terms.asked([*every, *wanted], self._effort).possible():
            return None
        asking = Grounds(self._terms, self._terms.bounds | self._facts | chosen, self._effort)
        enough: dict[Reason, Term] = {}
        for more in (self._terms.bounds, self._facts):
            enough |= more
            if not asking.possible(enough, *wanted):
                return Explanation(asking.minimal(*wanted), None)
        return Explanation(asking.against(*wanted), self._changes(others, wanted))

    def explored(self, choices: Values, only: Iterable[str] | None = None) -> list[OptionState]:
        """What each option (or each of `only`) can still be beside the choices, which can stand."""
        asked = self._asked(choices)
        wanted = [option for option in self.model.options if only is None or option.id in set(only)]
        open_ones = [option for option in wanted if option.id not in choices]
        decided = asked.settled([atom for option in open_ones for atom in self._terms.atoms(option.id).values()])
        return [
            OptionState(option=option.id, state="chosen", value=choices[option.id])
            if option.id in choices
            else self._state(option, asked, decided)
            for option in wanted
        ]

    def settled(self, choices: Values) -> Settled:
        """The choices, which can stand, completed: by defaults where they can be, else by nothing, else by what is
        the only value left. Options are seen to in their order."""
        standing = self._terms.bounds | self._facts
        return completed(self._terms, standing, choices, self._asked(choices), self._effort)

    def _changes(self, others: Values, wanted: Sequence[Term]) -> tuple[Change, ...]:
        """Choices that go, so that as many of the others as can be found, the earliest first, stay."""
        asked = self._terms.asked([*self._terms.bounds.values(), *self._facts.values(), *wanted], self._effort)
        assert asked.possible(), "without choices it can be"
        found, gone = asked.found(), []
        for name, value in others.items():
            term = self._terms.chosen(name, value)
            if not holds(found, term):
                if not asked.possible(term):
                    gone.append(name)
                    continue
                found = asked.found()
            asked.stand(term)
        empty = [self._terms.chosen(name, None) for name in gone]
        if asked.possible(*empty):
            return tuple(Change(name, others[name], None) for name in gone)
        options = {option.id: option for option in self.model.options}
        return tuple(Change(name, others[name], self._terms.value(found, options[name])) for name in gone)

    def _asked(self, choices: Values) -> Asked:
        chosen = [self._terms.chosen(name, value) for name, value in choices.items()]
        asked = self._terms.asked([*self._terms.bounds.values(), *self._facts.values(), *chosen], self._effort)
        if not asked.possible():
            raise ValueError("the choices cannot stand: ask why_not first")
        return asked

    def _state(self, option: Option, asked: Asked, decided: Mapping[str, bool]) -> OptionState:
        if isinstance(option, Switch):
            said = decided.get(str(self._terms.has(option.id)))
            if said is None:
                return OptionState(option=option.id, state="open", possible=(True, False))
            state: Literal["forced", "ruled_out"] = "forced" if said else "ruled_out"
            return OptionState(
                option=option.id, state=state, value=said, possible=(said,), excluded=(not said,), may_be_empty=not said
            )
        if isinstance(option, Number | Text):
            return self._valued(option, asked, decided)
        atoms = {value: decided.get(str(atom)) for value, atom in self._terms.atoms(option.id).items()}
        possible = tuple(value for value, said in atoms.items() if said is not False)
        excluded = tuple(value for value, said in atoms.items() if said is False)
        empty = not any(atoms.values()) and asked.possible(negated(self._terms.has(option.id)))
        forced = tuple(str(value) for value, said in atoms.items() if said)
        value: Chosen | None = None
        if isinstance(option, Choice):
            value = forced[0] if forced else None
        elif set(forced) == set(possible):
            value = forced or None
        return OptionState(
            option=option.id,
            state=_state(possible, value),
            value=value,
            possible=possible,
            excluded=excluded,
            may_be_empty=empty,
        )

    def _valued(self, option: Number | Text, asked: Asked, decided: Mapping[str, bool]) -> OptionState:
        said = decided.get(str(self._terms.has(option.id)))
        if said is False:
            return OptionState(option=option.id, state="ruled_out")
        if isinstance(option, Text):
            return OptionState(option=option.id, state="open", may_be_empty=said is None)
        steps, highest = self._terms.steps(option)
        has = self._terms.has(option.id)
        low = _least(lambda step: asked.possible(has, steps <= step), highest)
        high = highest - _least(lambda step: asked.possible(has, steps >= highest - step), highest)
        forced = said is True and low == high
        return OptionState(
            option=option.id,
            state="forced" if forced else "open",
            value=self._terms.number(option, low) if forced else None,
            lowest=self._terms.number(option, low),
            highest=self._terms.number(option, high),
            may_be_empty=said is None,
        )


def _state(possible: Sequence[Scalar], value: Chosen | None) -> Literal["forced", "open", "ruled_out"]:
    if not possible:
        return "ruled_out"
    return "open" if value is None else "forced"


def _least(holds: Any, highest: int) -> int:
    """The least step for which it holds; it holds for the highest, and for all after the first."""
    low, high = 0, highest
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
