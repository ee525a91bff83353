"""What queueing theory says of agents who all can take every contact: Erlang C and Erlang A. Pure.

Contacts come at random (Poisson), handling times are exponential, whoever waits is served in order of arrival.

- Erlang C (M/M/n): everybody waits as long as it takes; there is no steady state unless agents > load.
- Erlang A (M/M/n+M): who waits leaves after a patience that is exponential with the given mean; always steady.

Load a = arrival rate x mean handling time, in Erlangs. Waits run from arrival to the agent or, for who leaves, to the
leaving; shares are of all contacts that come, from 0 to 1; times are seconds. Sources: A. K. Erlang 1917; C. Palm 1946;
Garnett, Mandelbaum, Reiman, M&SOM 4(3) 2002; Mandelbaum & Zeltyn, The Palm/Erlang-A queue, Technion.
"""

import math
from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec

from app.core.errors import Invalid
from app.routing.staffing.patience import Served, wait_law

_DIGITS = 1e-12


class ServiceLevel(StrEnum):
    """The service levels that theory and reports share. A, B: answered, abandoned; T: within the target; s: short."""

    OFFERED = "sl_offered"
    """A_T / (A + B)"""
    ANSWERED = "sl_answered"
    """A_T / A"""
    ABANDON_CREDIT = "sl_abandon_credit"
    """(A_T + B_T) / (A + B)"""
    EXCL_SHORT = "sl_excl_short"
    """A_T / (A + B - B_s)"""


class Unstable(Invalid):
    """Nobody leaves and the agents are no more than the load: the queue grows without end."""

    code = "unstable"


class Within(NamedTuple):
    """Shares of all contacts that are answered, or leave, within some time."""

    answered: float
    abandoned: float


class System(Protocol):
    """What Erlang C and Erlang A both tell."""

    @property
    def p_wait(self) -> float:
        """Share that must wait."""

    @property
    def p_abandon(self) -> float:
        """Share that leaves before an agent is free."""

    @property
    def asa_seconds(self) -> float:
        """Mean wait of the answered."""

    @property
    def mean_wait_seconds(self) -> float:
        """Mean wait of all, whether answered or not."""

    @property
    def occupancy(self) -> float:
        """Share of their time in which agents handle contacts."""

    def within(self, seconds: float) -> Within:
        """Who is answered, and who has left, no more than so many seconds after coming."""

    def wait_percentile(self, share: float) -> float:
        """The wait that this share (from 0 up to, not including, 1) of all contacts does not exceed."""


def service_level(
    system: System, variant: ServiceLevel, target_seconds: float, short_abandon_seconds: float = 0
) -> float:
    """The service level of that name; `short_abandon_seconds` is for `EXCL_SHORT` alone."""
    answered, abandoned = system.within(target_seconds)
    if variant is ServiceLevel.ANSWERED:
        return answered / (1 - system.p_abandon) if system.p_abandon < 1 else 0.0
    if variant is ServiceLevel.ABANDON_CREDIT:
        return min(1.0, answered + abandoned)
    if variant is ServiceLevel.EXCL_SHORT:
        return answered / (1 - system.within(short_abandon_seconds).abandoned)
    return answered


class ErlangC(msgspec.Struct, frozen=True, kw_only=True):
    """The steady state in which everybody waits as long as it takes; made by `erlang_c`."""

    p_wait: float
    occupancy: float
    drain_seconds: float
    """Mean wait of those who wait: AHT / (n - a)."""

    @property
    def p_abandon(self) -> float:
        """Nobody leaves."""
        return 0.0

    @property
    def asa_seconds(self) -> float:
        """Mean wait of all, who are all answered: C AHT / (n - a)."""
        return self.p_wait * self.drain_seconds

    @property
    def mean_wait_seconds(self) -> float:
        """The same, since everybody is answered."""
        return self.asa_seconds

    def within(self, seconds: float) -> Within:
        """Who is answered within so many seconds: 1 - C exp(-(n - a) t / AHT)."""
        return Within(1 - self.p_wait * math.exp(-seconds / self.drain_seconds), 0.0)

    def wait_percentile(self, share: float) -> float:
        """The wait that this share of all contacts does not exceed; 0 if so many need not wait."""
        longer = 1 - share
        return self.drain_seconds * math.log(self.p_wait / longer) if self.p_wait > longer else 0.0


def erlang_c(agents: int, arrival_rate: float, aht_seconds: float) -> ErlangC:
    """The steady state of `agents` with contacts that never leave; rate in contacts a second.

    Raises `Unstable` unless agents > load, `Invalid` for what is no number of agents, rate or time.
    """
    _refuse_nonsense(agents, arrival_rate=arrival_rate, aht_seconds=aht_seconds)
    load = arrival_rate * aht_seconds
    if agents <= load:
        sentence = f"{agents} agents for a load of {load:g} Erlangs: the queue grows without end."
        accepted = f"at least {math.floor(load) + 1} agents, or a patience after which callers leave"
        raise Unstable(sentence, faults=[{"where": "agents", "what": sentence, "accepted": accepted}])
    spare = agents - load
    waiting = agents / spare
    return ErlangC(
        p_wait=waiting / (waiting + _odds_of_a_free_agent(agents, load)),
        occupancy=load / agents,
        drain_seconds=aht_seconds / spare,
    )


class ErlangA(msgspec.Struct, frozen=True, kw_only=True):
    """The steady state with callers who leave; made by `erlang_a`."""

    p_wait: float
    p_abandon: float
    asa_seconds: float
    occupancy: float
    patience_seconds: float
    at_once: float
    """Share that finds an agent free: 1 - p_wait, without its rounding."""
    law: Served
    """How long the agents take to reach who waits, and whether they still find them."""

    @property
    def mean_wait_seconds(self) -> float:
        """Mean wait of all: P(abandon) = E[W] / patience holds exactly."""
        return self.p_abandon * self.patience_seconds

    def within(self, seconds: float) -> Within:
        """Who is answered, and who has left, no more than so many seconds after coming."""
        answered, abandoned, _ = self.law.shares(seconds)
        return Within(self.at_once + self.p_wait * answered, self.p_wait * abandoned)

    def wait_percentile(self, share: float) -> float:
        """The wait that this share of all contacts does not exceed; 0 if so many need not wait."""
        longer = 1 - share
        if self.p_wait <= longer:
            return 0.0
        low, high = 0.0, -self.patience_seconds * math.log(longer / self.p_wait)
        wait = 0.0
        # Newton on the logarithm, which is concave: from beyond the solution it never crosses it; else bisect
        while high - low > _DIGITS * high:
            waiting, hazard = self.law.survival(wait)
            excess = math.log(self.p_wait * waiting / longer) if waiting else -math.inf
            low, high = (wait, high) if excess > 0 else (low, wait)
            if abs(excess) < _DIGITS:
                return wait
            step = wait + excess / hazard if hazard else high
            wait = step if low < step < high else (low + high) / 2
        return high


def erlang_a(agents: int, arrival_rate: float, aht_seconds: float, patience_seconds: float) -> ErlangA:
    """The steady state of `agents` with callers who leave after a mean patience; rate in contacts a second.

    Raises `Invalid` for what is no number of agents, rate or time. Right to about twelve digits.
    """
    _refuse_nonsense(agents, arrival_rate=arrival_rate, aht_seconds=aht_seconds, patience_seconds=patience_seconds)
    load = arrival_rate * aht_seconds
    law = wait_law(agents, load, aht_seconds, patience_seconds)
    free_to_full = _odds_of_a_free_agent(agents, load) * math.exp(-law.log_weight)
    p_wait = 1 / (1 + free_to_full)
    at_once = free_to_full * p_wait if p_wait else 1.0
    everyone = law.everyone
    answered = at_once + p_wait * everyone.answered
    return ErlangA(
        p_wait=p_wait,
        p_abandon=p_wait * everyone.abandoned,
        asa_seconds=p_wait * law.answered_wait_seconds / answered,
        occupancy=min(1.0, load * answered / agents),
        patience_seconds=patience_seconds,
        at_once=at_once,
        law=law,
    )


def _odds_of_a_free_agent(agents: int, load: float) -> float:
    """P(fewer than n are present) / P(n are present) = 1 / B(n) - 1, where B (Erlang B) is the share that is turned
    away if nobody may wait, by Erlang's recursion: z(k) = k/a (1 + z(k-1)).

    What happens at few agents fades on the way: started 9 standard deviations below, the result differs from that of
    the whole recursion by less than a double can tell, and 10,000 agents cost as much as 900.
    """
    nearest = min(agents, load)
    start = max(0, math.floor(nearest - 9 * math.sqrt(nearest) - 10))
    odds = 0.0
    for present in range(start + 1, agents + 1):
        odds = present / load * (1 + odds)
    return odds


def _refuse_nonsense(agents: int, **positive: float) -> None:
    faults = [
        {"where": name, "what": f"{value} is no number above 0", "accepted": "a finite number above 0"}
        for name, value in {"agents": agents, **positive}.items()
        if not 0 < value < math.inf
    ]
    if faults:
        raise Invalid(f"Not a queue: {', '.join(fault['where'] for fault in faults)} must be above 0.", faults=faults)
