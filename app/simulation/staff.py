"""The agents of a simulation, and where their time goes. Pure."""

from collections.abc import Iterator
from enum import IntEnum
from itertools import count as numbers

from app.routing.engine.occupancy import after_busy, after_idle, occupancy_key
from app.routing.engine.requirement import Kind, sorted_skills
from app.routing.engine.selection import Standing
from app.simulation.scenario import Group, Shift


class State(IntEnum):
    """What an agent does. A reserved agent is rung and has not accepted yet."""

    OFF = 0
    IDLE = 1
    RESERVED = 2
    SERVING = 3
    WRAPPING = 4


class Team:
    """One group of agents: what they have in common, and their seconds in each state so far."""

    __slots__ = ("answered", "kind", "members", "name", "seconds", "shifts", "speed")

    def __init__(self, group: Group) -> None:
        self.name = group.name
        self.kind = Kind(skills=sorted_skills(group.skills), team=group.name)
        self.speed = group.speed
        self.shifts = None if group.shifts is None else merged(group.shifts)
        self.seconds = [0.0] * len(State)
        self.answered = 0
        width = len(str(group.count))
        self.members = [Agent(f"{group.name}-{number:0{width}d}", self) for number in range(1, group.count + 1)]

    def read(self) -> list[float]:
        """The seconds in each state so far and, last, the contacts answered; of members that are settled."""
        return [*self.seconds, float(self.answered)]


class Agent:
    """One agent. `idle_since` is when their last contact ended or they came. Times are seconds.

    `since` is when they were settled last, and `occupancy` how occupied they were lately at that time.
    """

    __slots__ = ("id", "idle_since", "occupancy", "on_shift", "served_at", "since", "state", "team")

    def __init__(self, agent: str, team: Team) -> None:
        self.id, self.team = agent, team
        self.state = State.OFF
        self.on_shift = False
        self.since = 0.0
        self.idle_since = 0.0
        self.served_at = 0.0
        self.occupancy = 0.0

    def settle(self, now: float) -> None:
        """Book the time since the last change."""
        state, spent = self.state, now - self.since
        self.since = now
        self.team.seconds[state] += spent
        occupied = state is not State.IDLE and state is not State.OFF
        self.occupancy = (after_busy if occupied else after_idle)(self.occupancy, spent)

    def turn(self, state: State, now: float) -> None:
        """Do something else from now on."""
        self.settle(now)
        self.state = state

    def standing(self, now: float) -> Standing:
        """How they stand as a ready agent; they must be settled."""
        return Standing(
            kind=self.team.kind,
            idle_since=self.idle_since,
            served_at=self.served_at,
            occupancy=occupancy_key(self.occupancy, now),
        )


def merged(shifts: list[Shift]) -> list[tuple[float, float]]:
    """The shifts in seconds, in order, where one that follows at once lengthens the one before."""
    told: list[tuple[float, float]] = []
    for shift in sorted(shifts, key=lambda shift: shift.from_minutes):
        begin, end = shift.from_minutes * 60, shift.to_minutes * 60
        if told and told[-1][1] == begin:
            told[-1] = (told[-1][0], end)
        else:
            told.append((begin, end))
    return told


def changes(shifts: list[tuple[float, float]], repeat: float | None) -> Iterator[tuple[float, bool]]:
    """When a shift begins (True) or ends (False), in order; `repeat` is the length of a day in seconds."""
    for day in numbers():
        shift_by = day * (repeat or 0.0)
        for begin, end in shifts:
            yield begin + shift_by, True
            yield end + shift_by, False
        if repeat is None:
            return
