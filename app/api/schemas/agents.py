"""Skills and agents."""

from typing import Annotated, Any, Literal, Self

from pydantic import MISSING, Field, StringConstraints

from app.agents.queries import AgentProfile
from app.api.schemas.common import PRINTABLE, Input, Instant, Levels, Name, Output, Slug
from app.api.schemas.queues import WarningOut
from app.api.schemas.users import Password
from app.routing.engine.capacity import ONE_CALL, Blending

Address = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PRINTABLE),
    Field(description="the phone that the switch rings: extension, number or SIP address"),
]


Capacity = Annotated[
    dict[Slug, Annotated[int, Field(ge=1, le=20)]],
    Field(
        min_length=1,
        max_length=20,
        description="channel -> how many contacts of it at once, 1 to 20; what is not named is not taken",
    ),
]
Blended = Annotated[
    Blending,
    Field(strict=False, description="exclusive: contacts of one channel at a time; mixed: each up to its own capacity"),
]


AutoAccept = Annotated[
    bool,
    Field(description="what is offered is accepted for the agent at once: the phone rings at the offer"),
]


class SkillIn(Input):
    """A new skill: a product, a language, anything that a contact may need."""

    id: Slug
    name: Name


class SkillPatch(Input):
    """What to change; what is left out stays."""

    name: Name | MISSING = MISSING


class SkillOut(Output):
    """A skill."""

    id: str
    name: str


class SkillPage(Output):
    """A page of skills."""

    items: list[SkillOut]
    next: str | None


class TeamIn(Input):
    """A new team: agents who work together."""

    id: Slug
    name: Name


class TeamPatch(Input):
    """What to change; what is left out stays."""

    name: Name | MISSING = MISSING


class TeamOut(Output):
    """A team."""

    id: str
    name: str


class TeamPage(Output):
    """A page of teams."""

    items: list[TeamOut]
    next: str | None


class AgentIn(Input):
    """A new agent together with the account. `id` is the login."""

    id: Slug
    name: Name
    address: Address
    password: Password
    role: Literal["agent", "supervisor"] = "agent"
    skills: Levels = Field(default_factory=dict)
    team: Slug | None = None
    capacity: Capacity = Field(default_factory=lambda: dict(ONE_CALL))
    blending: Blended = Blending.EXCLUSIVE
    auto_accept: AutoAccept = False


class AgentPatch(Input):
    """What to change; what is left out stays, a `team` of null takes the agent out of theirs, `capacity` replaces the
    whole of it. An agent who is not active gets no contacts."""

    name: Name | MISSING = MISSING
    address: Address | MISSING = MISSING
    active: bool | MISSING = MISSING
    team: Slug | MISSING | None = MISSING
    capacity: Capacity | MISSING = MISSING
    blending: Blended | MISSING = MISSING
    auto_accept: AutoAccept | MISSING = MISSING

    def changes(self) -> dict[str, Any]:
        """The columns to set."""
        given = self.model_dump(exclude_unset=True)
        return {"team_id" if name == "team" else name: value for name, value in given.items()}


class AgentOut(Output):
    """An agent as a record; their live state is on the floor."""

    id: str
    name: str
    address: str
    active: bool
    team: str | None
    skills: dict[str, int]
    capacity: dict[str, int]
    blending: Blending
    auto_accept: bool
    created_at: Instant

    @classmethod
    def of(cls, profile: AgentProfile, **more: Any) -> Self:
        """From the record and its skills."""
        row = profile.agent
        return cls(
            id=row.id,
            name=row.name,
            address=row.address,
            active=row.active,
            team=row.team_id,
            skills=profile.skills,
            capacity=row.capacity,
            blending=Blending(row.blending),
            auto_accept=row.auto_accept,
            created_at=row.created_at,
            **more,
        )


class AgentDetailOut(AgentOut):
    """An agent as a record, and which queues still name them though they are not active."""

    warnings: list[WarningOut]


class AgentPage(Output):
    """A page of agents."""

    items: list[AgentOut]
    next: str | None
