"""The solver (Z3), asked with terms that stand and terms that are only assumed. Pure.

Work is counted in the solver's own units, not in seconds, so that the same question has the same answer on any machine.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import z3

Term = Any
"""A term of the solver; its Python binding has no types."""


class TooHard(Exception):
    """The solver was not done within the work that it is allowed."""


class Effort:
    """How much work is left, in the solver's units: some hundred thousand are a second."""

    def __init__(self, units: int) -> None:
        self.left = units

    def spend(self, units: int) -> None:
        """Take them away. Raises TooHard."""
        self.left -= units
        if self.left <= 0:
            raise TooHard


class Asked:
    """A solver with terms that stand, and others that it is asked to assume."""

    def __init__(self, context: Any, standing: Iterable[Term], effort: Effort) -> None:
        self._solver = z3.Solver(ctx=context)
        self._effort = effort
        self._solver.add(*standing)
        self._spent = 0

    def stand(self, *more: Term) -> None:
        """Let these stand from now on."""
        self._solver.add(*more)

    def possible(self, *assumed: Term) -> bool:
        """Whether all of it can be at once. Raises TooHard."""
        return bool(self._worked(lambda: self._solver.check(*assumed)) == z3.sat)

    def found(self) -> Any:
        """How it can be, as the last question was answered with yes."""
        return self._solver.model()

    def core(self) -> set[str]:
        """The names of those assumed by which the last question was answered with no."""
        return {str(each) for each in self._solver.unsat_core()}

    def settled(self, atoms: Sequence[Term]) -> dict[str, bool]:
        """Those of the atoms that what stands decides, by name. Something must be possible. Raises TooHard."""
        _, consequences = self._worked(lambda: self._solver.consequences([], list(atoms)))
        said = [each.arg(1) for each in consequences]
        return {str(each.arg(0) if z3.is_not(each) else each): not z3.is_not(each) for each in said}

    def _worked(self, ask: Any) -> Any:
        self._solver.set("rlimit", max(1, self._effort.left))
        try:
            answer = ask()
        except z3.Z3Exception as error:
            raise TooHard from error
        spent = self._solver.statistics().get_key_value("rlimit count")
        self._effort.spend(spent - self._spent)
        self._spent = spent
        if (answer[0] if isinstance(answer, tuple) else answer) == z3.unknown:
            raise TooHard
        return answer


def holds(found: Any, term: Term) -> bool:
    """Whether the term is so in an answer of the solver."""
    return bool(z3.is_true(found.eval(term, True)))


def negated(term: Term) -> Term:
    """That it is not so."""
    return z3.Not(term)


def guarded(flag: Term, term: Term) -> Term:
    """The term, where the flag is assumed."""
    return z3.Implies(flag, term)
