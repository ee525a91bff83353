"""The counts of a batch, and the figures that are read off them, named as the reports name theirs. Pure.

T is the queue's service level in seconds, s its threshold of a short abandon; both ends are inclusive. A wait is from
arrival to the agent's answer or to the abandonment, ringing included.
"""

from operator import attrgetter

from app.simulation.estimates import Ratio
from app.simulation.ledger import Ledger, Outcome
from app.simulation.scenario import Queue


class Batch:
    """What happened to the contacts of one class (or of all) in one batch.

    `lined` contacts found no free agent at once. `left_over` were never served when nothing could happen any more: they
    are offered, but in no mean.
    """

    __slots__ = (
        *("abandoned", "abandoned_in_target", "abandoned_short", "answered", "answered_in_target", "ended"),
        *("left_over", "lined", "not_short", "offered", "served_in_target", "wait", "wait_answered", "waits"),
    )

    def __init__(self) -> None:
        self.offered = self.answered = self.abandoned = self.left_over = self.lined = 0
        self.answered_in_target = self.abandoned_in_target = self.abandoned_short = 0
        self.wait = self.wait_answered = 0.0
        self.waits: list[float] = []
        self.ended = self.not_short = self.served_in_target = 0

    def add(self, outcome: int, wait: float, lined: int, queue: Queue) -> None:
        """Count one contact."""
        self.offered += 1
        self.lined += lined
        if outcome == Outcome.LEFT_OVER:
            self.left_over += 1
            return
        self.wait += wait
        self.waits.append(wait)
        in_target = wait <= queue.service_level_seconds
        if outcome == Outcome.ANSWERED:
            self.answered += 1
            self.wait_answered += wait
            self.answered_in_target += in_target
        else:
            self.abandoned += 1
            self.abandoned_in_target += in_target
            self.abandoned_short += wait <= queue.short_abandon_seconds

    def close(self) -> None:
        """Work out what several figures need; nothing is added afterwards."""
        self.waits.sort()
        self.ended = self.answered + self.abandoned
        self.not_short = self.ended - self.abandoned_short
        self.served_in_target = self.answered_in_target + self.abandoned_in_target


MEASURES = {
    "probability_of_waiting": ("lined", "offered"),
    "abandon_rate": ("abandoned", "offered"),
    "mean_wait_seconds": ("wait", "ended"),
    "asa_seconds": ("wait_answered", "answered"),
}
"""Each figure as what is divided by what. ASA is the mean wait of the answered."""

SERVICE_LEVELS = {
    "sl_answered": ("answered_in_target", "answered"),
    "sl_offered": ("answered_in_target", "ended"),
    "sl_excl_short": ("answered_in_target", "not_short"),
    "sl_no_abandons": ("answered_in_target", "answered"),
    "sl_abandon_credit": ("served_in_target", "ended"),
}
"""The variants that are in use; a simulation has no flow-outs."""

PERCENTILES = {"p50": 0.5, "p80": 0.8, "p90": 0.9, "p95": 0.95, "p99": 0.99}


_SECONDS = ("wait", "wait_answered")


def ratio_of(batches: list[Batch], part: str, whole: str) -> Ratio:
    """A figure, batch by batch."""
    parts, wholes = attrgetter(part), attrgetter(whole)
    counted = part not in _SECONDS
    return Ratio(tuple(float(parts(b)) for b in batches), tuple(float(wholes(b)) for b in batches), counted)


def counted(ledger: Ledger, queue: Queue, classes: int) -> tuple[list[list[Batch]], list[Batch]]:
    """The batches of each class, and of all together."""
    every = [[Batch() for _ in ledger.edges] for _ in range(classes)]
    total = [Batch() for _ in ledger.edges]
    ends = [*ledger.edges[1:], ledger.contacts]
    for place, (begin, end) in enumerate(zip(ledger.edges, ends, strict=True)):
        for number in range(begin, end):
            outcome, wait, lined = ledger.outcomes[number], ledger.waits[number], ledger.lined[number]
            every[ledger.kinds[number]][place].add(outcome, wait, lined, queue)
            total[place].add(outcome, wait, lined, queue)
    for batches in (*every, total):
        for batch in batches:
            batch.close()
    return every, total
