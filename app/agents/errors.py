"""Why an agent's or a skill's record is refused."""

from collections.abc import Iterable

from app.core.errors import Conflict, Invalid, NotFound
from app.core.wire import fault


class AgentUnknown(NotFound):
    """No agent has this id."""

    code = "agent-unknown"


class SkillUnknown(NotFound):
    """No skill has this id."""

    code = "skill-unknown"


class SkillTaken(Conflict):
    """The id belongs to another skill."""

    code = "skill-taken"


class AddressTaken(Conflict):
    """The telephone address belongs to another agent."""

    code = "address-taken"


class AccountDisabled(Conflict):
    """The agent's account is disabled, so the agent cannot work."""

    code = "account-disabled"


class SkillsUnknown(Invalid):
    """Skills are named that do not exist."""

    code = "skills-unknown"

    def __init__(self, where: str, unknown: Iterable[str]) -> None:
        names = sorted(unknown)
        faults = [
            fault(f"{where}.{name}", "is not a skill", "the id of a skill, see GET /api/v1/skills") for name in names
        ]
        super().__init__(f"Unknown skill in {where}: {', '.join(names)}.", faults=faults)
