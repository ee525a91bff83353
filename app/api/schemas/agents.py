"""Skills and agents."""

from typing import Annotated, Literal

from pydantic import MISSING, Field, StringConstraints

from app.agents.queries import AgentProfile
from app.api.schemas.common import PRINTABLE, Input, Instant, Levels, Name, Output, Slug
from app.api.schemas.users import Password

Address = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PRINTABLE),
    Field(description="the phone that the switch rings: extension, number or SIP address"),
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


class AgentIn(Input):
    """A new agent together with the account. `id` is the login."""

    id: Slug
    name: Name
    address: Address
    password: Password
    role: Literal["agent", "supervisor"] = "agent"
    skills: Levels = Field(default_factory=dict)


class AgentPatch(Input):
    """What to change; what is left out stays. An agent who is not active gets no contacts."""

    name: Name | MISSING = MISSING
    address: Address | MISSING = MISSING
    active: bool | MISSING = MISSING


class AgentOut(Output):
    """An agent as a record; their live state is on the floor."""

    id: str
    name: str
    address: str
    active: bool
    skills: dict[str, int]
    created_at: Instant

    @classmethod
    def of(cls, profile: AgentProfile) -> "AgentOut":
        """From the record and its skills."""
        row = profile.agent
        return cls(
            id=row.id,
            name=row.name,
            address=row.address,
            active=row.active,
            skills=profile.skills,
            created_at=row.created_at,
        )


class AgentPage(Output):
    """A page of agents."""

    items: list[AgentOut]
    next: str | None
