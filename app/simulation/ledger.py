"""What became of each contact of a run, and of the agents' time from batch to batch. Pure.

Columns, not objects: a million contacts take ten megabytes.
"""

from array import array
from enum import IntEnum

from app.simulation.scenario import Scenario

LEAST_IN_A_BATCH = 4


class Outcome(IntEnum):
    """How a contact ended. One that is still there when nothing can happen any more is left over."""

    LEFT_OVER = 0
    ANSWERED = 1
    ABANDONED = 2


class Ledger:
    """The columns, by the number of the contact in order of arrival.

    `waits`: seconds from arrival to the agent's answer or to the abandonment. `lined`: 1 if no agent was free at once.
    `marks[b]` holds each team's readings (`Team.read`) when the first contact of batch b arrived; the last element was
    read when the last contact arrived.
    """

    def __init__(self, scenario: Scenario, contacts: int) -> None:
        self.contacts = contacts
        self.kinds = array("H", bytes(2 * contacts))
        self.waits = array("d", bytes(8 * contacts))
        self.outcomes = bytearray(contacts)
        self.lined = bytearray(contacts)
        self.edges = batch_edges(scenario.warmup, contacts, scenario.batches)
        self.marks: list[list[list[float]]] = []


def batch_edges(warmup: int, contacts: int, batches: int) -> list[int]:
    """The numbers of the first contacts of each batch: `batches` of them, fewer where a batch would be too small."""
    counted = contacts - warmup
    batches = max(1, min(batches, counted // LEAST_IN_A_BATCH))
    return [warmup + batch * counted // batches for batch in range(batches)]
