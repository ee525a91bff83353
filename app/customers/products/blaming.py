"""Which reasons are to blame for something that cannot be: as few as it takes. Pure."""

from collections.abc import Iterable, Mapping

from app.customers.products.solver import Effort, Term, guarded
from app.customers.products.solving import Reason, Terms


class Grounds:
    """Terms that can each be left out, so that what is to blame is found among them."""

    def __init__(self, terms: Terms, grounds: Mapping[Reason, Term], effort: Effort) -> None:
        flags = {reason: terms.flag(place) for place, reason in enumerate(grounds)}
        self._flags = flags
        self._named = {str(flag): reason for reason, flag in flags.items()}
        self._asked = terms.asked([guarded(flags[reason], term) for reason, term in grounds.items()], effort)

    def possible(self, reasons: Iterable[Reason], *wanted: Term) -> bool:
        """Whether what is wanted can be beside these."""
        return self._asked.possible(*wanted, *(self._flags[reason] for reason in reasons))

    def against(self, *wanted: Term) -> tuple[Reason, ...]:
        """What excludes it; nothing, where it can be."""
        return () if self.possible(self._flags, *wanted) else self.minimal(*wanted)

    def minimal(self, *wanted: Term) -> tuple[Reason, ...]:
        """After a `possible` that said no: reasons of which none can be left out. The solver names some that suffice;
        each is then left out in turn, choices first."""
        places = {reason: place for place, reason in enumerate(self._flags)}
        core = sorted(self._blamed(), key=lambda reason: -places[reason])
        for reason in list(core):
            rest = [each for each in core if each != reason]
            if reason in core and not self.possible(rest, *wanted):
                smaller = self._blamed()
                core = [each for each in rest if each in smaller]
        return tuple(sorted(core, key=lambda reason: places[reason]))

    def _blamed(self) -> set[Reason]:
        return {self._named[name] for name in self._asked.core() if name in self._named}
