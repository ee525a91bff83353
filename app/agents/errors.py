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


class TeamUnknown(NotFound):
    """No team has this id."""

    code = "team-unknown"


class TeamTaken(Conflict):
    """The id belongs to another team."""

    code = "team-taken"


class NoSuchTeam(Invalid):
    """An agent is put into a team that does not exist."""

    code = "no-such-team"

    def __init__(self, team_id: str) -> None:
        found = fault("body.team", f"there is no team {team_id!r}", "null or the id of a team, see GET /api/v1/teams")
        super().__init__(f"There is no team {team_id!r}.", faults=[found])


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
