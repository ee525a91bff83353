"""What a scenario file says. Seconds and minutes count from the beginning of the simulated time. Pure.

Each value is judged by itself here; what must fit together is in `consistency`, so that all of it can be told at once.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_CONTACTS = 10_000_000
MAX_AGENTS = 100_000

Name = Annotated[str, Field(min_length=1, max_length=100, description="a text of 1 to 100 characters")]
Level = Annotated[int, Field(ge=1, le=5, description="a level, a whole number from 1 to 5")]
Skills = Annotated[dict[Name, Level], Field(description="skills with levels from 1 to 5, such as {cards: 3}")]
Positive = Annotated[float, Field(gt=0, le=1e9, description="a number above 0")]
NotNegative = Annotated[float, Field(ge=0, le=1e9, description="a number, 0 or above")]


class Part(BaseModel):
    """A part of a scenario: nothing is converted, and an unknown key is a fault."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Duration(Part):
    """How long something takes. `cv` is the coefficient of variation: the standard deviation over the mean."""

    distribution: Literal["exponential", "lognormal", "deterministic"] = Field(
        description="exponential, lognormal or deterministic"
    )
    mean_seconds: Positive = Field(description="a number of seconds above 0")
    cv: float | None = Field(default=None, gt=0, le=100, description="a number above 0, with lognormal only")


class Step(Part):
    """From `after_seconds` of waiting on, the contact requires this instead."""

    after_seconds: Positive = Field(description="a number of seconds above 0")
    requires: Skills = Field(default_factory=dict)


class Stretch(Part):
    """A piece of an arrival profile."""

    minutes: float = Field(ge=0.01, le=1e9, description="a number of minutes, 0.01 or above")
    rate_per_minute: float = Field(ge=0, le=1e6, description="a number, 0 or above")


class Arrival(Part):
    """A class of contacts: a Poisson stream, at one rate or along a profile that repeats (or ends the stream).

    `requires` is what a contact asks for at first; its steps must loosen that, as `consistency` checks.
    """

    name: Name
    rate_per_minute: float | None = Field(default=None, ge=1e-6, le=1e6, description="a number above 0")
    profile: list[Stretch] | None = Field(
        default=None, min_length=1, description="a list of {minutes, rate_per_minute}, at least one"
    )
    repeat: bool = Field(default=True, description="true: the profile begins anew at its end; false: no more contacts")
    requires: Skills = Field(default_factory=dict)
    steps: list[Step] = Field(default_factory=list, description="a list of {after_seconds, requires}")
    tier: Name | None = Field(default=None, description="the name of a tier of the queue")
    service: Duration = Field(description="{distribution, mean_seconds, cv}")
    patience: Duration | None = Field(default=None, description="{distribution, mean_seconds, cv}, or nothing")

    @property
    def ends(self) -> bool:
        """Whether this stream ends by itself."""
        return self.profile is not None and not self.repeat


class Shift(Part):
    """A time of work. Whoever is with a contact at its end finishes that contact first."""

    from_minutes: NotNegative
    to_minutes: Positive


class Group(Part):
    """Agents who are alike. `speed` divides the duration of a service; without shifts they are always there."""

    name: Name
    count: int = Field(ge=1, le=MAX_AGENTS, description=f"a whole number from 1 to {MAX_AGENTS}")
    skills: Skills = Field(default_factory=dict)
    speed: float = Field(default=1.0, ge=0.001, le=1000, description="a number from 0.001 to 1000")
    shifts: list[Shift] | None = Field(
        default=None, min_length=1, description="a list of {from_minutes, to_minutes}, at least one, or nothing"
    )


class Tier(Part):
    """A tier of customers: the bonus is in seconds of waiting; a plain number is the bonus alone."""

    bonus_seconds: float = Field(default=0.0, ge=-1e9, le=1e9, description="a number of seconds")
    rank: int | None = Field(default=None, description="a whole number; with strict tiers the higher goes first")

    @model_validator(mode="before")
    @classmethod
    def _from_a_number(cls, given: Any) -> Any:
        is_number = isinstance(given, int | float) and not isinstance(given, bool)
        return {"bonus_seconds": given} if is_number else given


class Queue(Part):
    """The rules of the queue, as the floor's queues have them."""

    selection: Literal["longest_idle", "most_skilled", "least_skilled", "least_occupied", "round_robin"] = Field(
        default="longest_idle",
        description="longest_idle, most_skilled, least_skilled, least_occupied or round_robin",
    )
    tiers: dict[Name, Tier] = Field(
        default_factory=dict, description="tiers by name: {gold: 60} or {gold: {bonus_seconds: 60, rank: 2}}"
    )
    strict_tiers: bool = Field(default=False, description="true or false")
    wrap_up_seconds: NotNegative = 0.0
    answer_seconds: NotNegative = Field(default=0.0, description="the seconds an agent rings before they accept")
    service_level_seconds: NotNegative = 20.0
    short_abandon_seconds: NotNegative = 5.0


class Scenario(Part):
    """A whole scenario. The first `warmup` of the `contacts` count in no statistic."""

    seed: int = Field(default=1, ge=0, description="a whole number, 0 or above")
    contacts: int | None = Field(
        default=None,
        ge=1,
        le=MAX_CONTACTS,
        description=f"a whole number from 1 to {MAX_CONTACTS}; may be left out where every profile ends",
    )
    warmup: int = Field(default=0, ge=0, description="a whole number of contacts, less than contacts")
    batches: int = Field(default=25, ge=5, le=1000, description="a whole number from 5 to 1000; 20 to 30 is usual")
    repeat_minutes: float | None = Field(
        default=None, ge=1, le=1e9, description="minutes after which all shifts begin anew, 1 or more, such as 1440"
    )
    arrivals: list[Arrival] = Field(min_length=1, description="a list of classes of contacts, at least one")
    agents: list[Group] = Field(min_length=1, description="a list of groups of agents, at least one")
    queue: Queue = Field(default_factory=Queue, description="the rules of the queue")
