"""A model as terms of the solver: variables, what binds them, each with the reason why it is there. Pure.

Every number is a whole one to the solver: an option is the count of its steps, and two numbers that are compared with
each other are counted in millionths.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import isfinite
from typing import Any, Literal, NamedTuple

import z3

from app.customers.products.model import (
    NUMBER_FACTS,
    SET_FACTS,
    AtLeast,
    AtMost,
    Choice,
    Choices,
    Chosen,
    Condition,
    Counts,
    Every,
    Excludes,
    Has,
    Is,
    Model,
    Not,
    Number,
    OneOf,
    Option,
    Requires,
    Rule,
    Scalar,
    Some,
    Switch,
    conditions_of,
    exact,
    is_fact,
    named,
    plain,
    within,
)
from app.customers.products.solver import Asked, Effort, Term, holds

MILLIONTHS = 1_000_000
OLDEST = 150
KINDS = ("company", "person")


class Reason(NamedTuple):
    """Why something is so: a rule, an option's own limits (`option`), a fact of the customer, an earlier choice."""

    kind: Literal["rule", "option", "fact", "choice"]
    id: str


class _Fact(NamedTuple):
    known: Term
    number: Term
    values: dict[Scalar, Term]


class Terms:
    """The terms of one model: what can be asked of a solver about it."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.context = z3.Context()
        self.domain: list[Term] = []
        self._switches: dict[str, Term] = {}
        self._values: dict[str, dict[str, Term]] = {}
        self._steps: dict[str, Term] = {}
        self._options = {option.id: option for option in model.options}
        for option in model.options:
            self._add_option(option)
        self._facts = self._all_facts()
        limits = {Reason("option", option.id): self._limit(option) for option in model.options}
        self.bounds = {reason: term for reason, term in limits.items() if term is not None}
        self.bounds |= {Reason("rule", rule.id): self._rule(rule) for rule in model.rules}

    def asked(self, standing: Iterable[Term], effort: Effort) -> Asked:
        """A solver in which these stand."""
        return Asked(self.context, [*self.domain, *standing], effort)

    def flag(self, place: int) -> Term:
        """A variable by which a term can be left out; see `guarded`."""
        return self._bool(f"ground {place}")

    def facts(self, known: Mapping[str, Any]) -> dict[Reason, Term]:
        """What is known of the customer, of everything that the rules ask for."""
        return {Reason("fact", name): self._fact_is(name, known.get(name)) for name in self._facts}

    def chosen(self, option_id: str, value: Chosen | None) -> Term:
        """That the option has this value; None: that it has none, or is off. Of `choices` a tuple is all that it has, a
        text one of them. A number that is True has any value, and a text is only ever there or not."""
        option = self._options[option_id]
        if value is None:
            return z3.Not(self.has(option_id))
        if isinstance(option, Switch):
            return self._switches[option_id] if value else z3.Not(self._switches[option_id])
        if isinstance(option, Choices) and isinstance(value, str):
            return self._values[option_id][value]
        if isinstance(option, Choice | Choices):
            wanted = value if isinstance(value, tuple) else (value,)
            terms = self._values[option_id].items()
            return self._all(term if name in wanted else z3.Not(term) for name, term in terms)
        if isinstance(option, Number) and value is not True:
            assert isinstance(value, int | float)
            return self._all([self._switches[option_id], self._steps[option_id] == self._step(option, exact(value))])
        return self._switches[option_id]

    def has(self, option_id: str) -> Term:
        """That the option is on, or has a value."""
        if option_id in self._values:
            return self._any(self._values[option_id].values())
        return self._switches[option_id]

    def atoms(self, option_id: str) -> dict[Scalar, Term]:
        """What can be asked of the option by itself: each value, or (under `True`) that it is on or has a value."""
        if option_id in self._values:
            return {value: term for value, term in self._values[option_id].items()}  # noqa: C416
        return {True: self._switches[option_id]}

    def steps(self, option: Number) -> tuple[Term, int]:
        """The variable that counts the steps of a number, and the highest count."""
        return self._steps[option.id], int(self._step(option, exact(option.maximum)))

    def number(self, option: Number, step: int) -> int | float:
        """The number after so many steps."""
        return plain(exact(option.minimum) + step * exact(option.step))

    def value(self, found: Any, option: Option) -> Chosen | None:
        """What the option is in an answer of the solver, None where it has no value. A text is told as True."""
        if isinstance(option, Choice | Choices):
            on = tuple(name for name, term in self._values[option.id].items() if holds(found, term))
            return (on or None) if isinstance(option, Choices) else (on[0] if on else None)
        on_or_set = holds(found, self._switches[option.id])
        if isinstance(option, Number):
            return self.number(option, found.eval(self._steps[option.id], True).as_long()) if on_or_set else None
        return on_or_set if isinstance(option, Switch) else (on_or_set or None)

    def _add_option(self, option: Option) -> None:
        if isinstance(option, Choice | Choices):
            terms = {each.id: self._bool(f"{option.id}={each.id}") for each in option.values}
            self._values[option.id] = terms
            if isinstance(option, Choice):
                self.domain.append(z3.AtMost(*terms.values(), 1))
            return
        self._switches[option.id] = self._bool(option.id)
        if isinstance(option, Number):
            steps = z3.Int(f"{option.id} steps", self.context)
            self._steps[option.id] = steps
            self.domain += [steps >= 0, steps <= self._step(option, exact(option.maximum))]
            self.domain.append(z3.Implies(z3.Not(self._switches[option.id]), steps == 0))

    def _limit(self, option: Option) -> Term | None:
        if isinstance(option, Choices):
            terms, most = list(self._values[option.id].values()), option.at_most
            bounds = [z3.AtLeast(*terms, option.at_least)] if option.at_least else []
            bounds += [z3.AtMost(*terms, most)] if most is not None and most < len(terms) else []
            return self._all(bounds) if bounds else None
        return self.has(option.id) if not isinstance(option, Switch) and option.required else None

    def _rule(self, rule: Rule) -> Term:
        if isinstance(rule, Counts):
            terms = [self._term(each) for each in rule.conditions]
            most = len(terms) if rule.at_most is None else rule.at_most
            return self._all([z3.AtLeast(*terms, rule.at_least), z3.AtMost(*terms, most)])
        if isinstance(rule, Requires):
            said = self._term(rule.needs)
        else:
            assert isinstance(rule, Excludes)
            said = z3.Not(self._any(self._term(each) for each in rule.forbids))
        return said if rule.when is None else z3.Implies(self._term(rule.when), said)

    def _term(self, condition: Condition) -> Term:
        match condition:
            case Has():
                return self._facts[condition.of].known if is_fact(condition.of) else self.has(condition.of)
            case Is():
                return self._is(condition.of, condition.value)
            case OneOf():
                return self._any(self._is(condition.of, value) for value in condition.values)
            case AtLeast() | AtMost():
                return self._compared(condition)
            case Every():
                return self._all(self._term(each) for each in condition.conditions)
            case Some():
                return self._any(self._term(each) for each in condition.conditions)
            case Not():
                return z3.Not(self._term(condition.condition))

    def _is(self, name: str, value: Scalar) -> Term:
        if is_fact(name):
            fact = self._facts[name]
            if fact.number is not None and isinstance(value, int | float):
                return self._all([fact.known, fact.number == _millionths(exact(value))])
            return fact.values[value]
        if name in self._values:
            return self._values[name][str(value)]
        assert not isinstance(value, str), "a text is not compared"
        return self.chosen(name, value)

    def _compared(self, condition: AtLeast | AtMost) -> Term:
        least = isinstance(condition, AtLeast)
        option = self._options.get(condition.of)
        if condition.than is None:
            assert condition.value is not None, "checked before"
            value = exact(condition.value)
            if isinstance(option, Number):
                steps, bound = self._steps[option.id], self._step(option, value, up=least)
                compared = steps >= bound if least else steps <= bound
                return self._all([self._switches[option.id], compared])
            known, number = self._measured(condition.of)
            bound = _millionths(value)
            return self._all([known, number >= bound if least else number <= bound])
        (known, one), (other_known, other) = self._measured(condition.of), self._measured(condition.than)
        return self._all([known, other_known, one >= other if least else one <= other])

    def _measured(self, name: str) -> tuple[Term, Term]:
        """Whether the number is known, and what it is, in millionths."""
        option = self._options.get(name)
        if isinstance(option, Number):
            least, step = _millionths(exact(option.minimum)), _millionths(exact(option.step))
            return self._switches[name], self._steps[name] * step + least
        fact = self._facts[name]
        return fact.known, fact.number

    def _all_facts(self) -> dict[str, _Fact]:
        """Every fact that the rules name, with the values that they compare it with."""
        values: dict[str, dict[Scalar, None]] = {}
        numbers: set[str] = set(NUMBER_FACTS)
        for rule in self.model.rules:
            for condition in (each for _, top in conditions_of(rule) for _, each in within(top)):
                for name in filter(is_fact, named(condition)):
                    wanted = _compared_with(condition)
                    values.setdefault(name, {}).update(dict.fromkeys(wanted))
                    if isinstance(condition, AtLeast | AtMost) or any(map(_is_number, wanted)):
                        numbers.add(name)
        return {name: self._fact(name, list(wanted), name in numbers) for name, wanted in sorted(values.items())}

    def _fact(self, name: str, wanted: list[Scalar], numeric: bool) -> _Fact:
        known = self._bool(name)
        if numeric:
            number = z3.Int(f"{name} in millionths", self.context)
            if name in NUMBER_FACTS:
                self.domain += [number >= 0, number <= OLDEST * MILLIONTHS]
            return _Fact(known, number, {})
        if name == "customer.kind":
            wanted = list(KINDS)
        terms = {value: self._bool(f"{name}={value}") for value in wanted}
        self.domain += [z3.Implies(term, known) for term in terms.values()]
        if name not in SET_FACTS and terms:
            self.domain.append(z3.AtMost(*terms.values(), 1))
        if name == "customer.kind":
            self.domain.append(self._any(terms.values()))
        return _Fact(known, None, terms)

    def _fact_is(self, name: str, value: Any) -> Term:
        fact = self._facts[name]
        has = value if isinstance(value, tuple) else () if value is None else (value,)
        if name == "customer.kind" and not has:  # everybody is of some kind, whatever is known
            return z3.BoolVal(True, self.context)
        if fact.number is not None:
            numbers = [each for each in has if _is_number(each) and isfinite(each)]
            known = [fact.known, fact.number == _millionths(exact(numbers[0]))] if numbers else [z3.Not(fact.known)]
            return self._all(known)
        same = {(type(each), each) for each in has}
        terms = [term if (type(one), one) in same else z3.Not(term) for one, term in fact.values.items()]
        return self._all([*terms, fact.known if has else z3.Not(fact.known)])

    def _step(self, option: Number, value: Decimal, up: bool = False) -> int:
        """After how many steps the number is reached; between two steps the one before, with `up` the one after."""
        steps = (value - exact(option.minimum)) / exact(option.step)
        return int(steps.to_integral_value(ROUND_CEILING if up else ROUND_FLOOR))

    def _bool(self, name: str) -> Term:
        return z3.Bool(name, self.context)

    def _all(self, terms: Iterable[Term]) -> Term:
        return z3.And(*[*terms, z3.BoolVal(True, self.context)])

    def _any(self, terms: Iterable[Term]) -> Term:
        return z3.Or(*[*terms, z3.BoolVal(False, self.context)])


def _compared_with(condition: Condition) -> Sequence[Scalar]:
    if isinstance(condition, Is):
        return (condition.value,)
    return condition.values if isinstance(condition, OneOf) else ()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _millionths(value: Decimal) -> int:
    return int((value * MILLIONTHS).to_integral_value(ROUND_FLOOR))
