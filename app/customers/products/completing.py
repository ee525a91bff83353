"""How choices are completed to a whole configuration. Pure."""

from collections.abc import Mapping

import msgspec

from app.customers.products.blaming import Grounds
from app.customers.products.model import Chosen, Option, Text, Values
from app.customers.products.solver import Asked, Effort, Term, holds, negated
from app.customers.products.solving import Reason, Terms


class Settled(msgspec.Struct, frozen=True):
    """A configuration, completed: every option that is on or has a value. `added` says of each value that nobody chose
    why it is there; no reasons: it is the default. `missing` are options of which somebody must choose a value."""

    values: dict[str, Chosen]
    added: dict[str, tuple[Reason, ...]]
    missing: tuple[str, ...]


def completed(terms: Terms, standing: Mapping[Reason, Term], choices: Values, asked: Asked, effort: Effort) -> Settled:
    """The choices completed; `asked` has just found that they can stand beside what is `standing`. Raises TooHard."""
    work = _Completion(terms, standing, choices, asked, effort)
    options = [option for option in terms.model.options if option.id not in choices]
    undecided = [option for option in options if not work.decided(option)]
    # what was decided after them may have left them one value
    missing = tuple(option.id for option in undecided if not work.forced(option))
    values = {option.id: work.values[option.id] for option in terms.model.options if option.id in work.values}
    return Settled(values, work.added, missing)


class _Completion:
    def __init__(
        self, terms: Terms, standing: Mapping[Reason, Term], choices: Values, asked: Asked, effort: Effort
    ) -> None:
        self.values: dict[str, Chosen] = dict(choices)
        self.added: dict[str, tuple[Reason, ...]] = {}
        self._terms, self._standing, self._choices = terms, standing, choices
        self._asked, self._effort = asked, effort
        self._found = asked.found()
        self._known: dict[str, Chosen | None] = dict(choices)
        self._because: Grounds | None = None

    def decided(self, option: Option) -> bool:
        """Let the option be its default, or nothing, where it can; whether it is decided now."""
        for candidate in _candidates(option):
            term = self._terms.chosen(option.id, candidate)
            if not holds(self._found, term):
                if not self._asked.possible(term):
                    continue
                self._found = self._asked.found()
            self._asked.stand(term)
            self._known[option.id] = candidate
            if candidate is not None and candidate is not False:
                self.values[option.id], self.added[option.id] = candidate, ()
            return True
        return self.forced(option)

    def forced(self, option: Option) -> bool:
        """Let the option, which must have a value, have the only one that is left, if there is only one."""
        value = self._terms.value(self._found, option)
        only = self._terms.chosen(option.id, value)
        if isinstance(option, Text) or self._asked.possible(negated(only)):
            return False
        assert value is not None, "none at all was a candidate"
        self._asked.stand(only)
        self._because = self._because or self._grounds(self._choices)
        # where the choices alone do not require it, what was completed before does
        why = self._because.against(negated(only)) or self._grounds(self._known).against(negated(only))
        self.values[option.id], self.added[option.id], self._known[option.id] = value, why, value
        return True

    def _grounds(self, choices: Mapping[str, Chosen | None]) -> Grounds:
        chosen = {Reason("choice", name): self._terms.chosen(name, value) for name, value in choices.items()}
        return Grounds(self._terms, {**self._standing, **chosen}, self._effort)


def _candidates(option: Option) -> list[Chosen | None]:
    """What an option becomes that nobody has chosen, the best first."""
    default: Chosen | None = option.default
    return [default, None] if default not in (None, ()) else [None]
