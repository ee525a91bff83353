"""How occupied an agent was lately, as a number whose order does not change while agents are idle.

The occupancy is the share of time spent on contacts, weighted exponentially: what was an hour ago counts 1/e. An idle
agent's falls as exp(-t/HOUR), all at the same pace, so that ln(occupancy) + t/HOUR stays what it was when they became
idle: agents can be kept in order by it.
"""

from math import exp, inf, log

HOUR = 3600.0


def after_idle(occupancy: float, seconds: float) -> float:
    """The occupancy (0 to 1) after so many further seconds without a contact."""
    return occupancy * exp(-max(0.0, seconds) / HOUR)


def after_busy(occupancy: float, seconds: float) -> float:
    """The occupancy (0 to 1) after so many further seconds on contacts."""
    return 1.0 - (1.0 - occupancy) * exp(-max(0.0, seconds) / HOUR)


def occupancy_key(occupancy: float, at: float) -> float:
    """Orders agents by occupancy at any later time, lowest first; `occupancy` was so at the instant `at`."""
    return log(occupancy) + at / HOUR if occupancy > 0.0 else -inf
