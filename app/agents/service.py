"""Use cases of agents and skills as records. An agent is also an account: both carry the same id."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from app.agents import queries
from app.agents.errors import AccountDisabled, AddressTaken, NoSuchTeam, SkillTaken
from app.agents.models import Agent, AgentSkill, Skill
from app.agents.queries import AgentProfile
from app.audit.service import record as tell
from app.auth import queries as accounts
from app.auth.models import User
from app.auth.passwords import Passwords
from app.auth.service import change_user, create_user
from app.core.clock import Clock
from app.db.engine import WriteSession
from app.db.errors import violated_constraint
from app.db.rows import insert_new


async def create_skill(session: WriteSession, skill_id: str, name: str) -> Skill:
    """A new skill; raises `SkillTaken`."""
    made = await insert_new(session, Skill, id=skill_id, name=name)
    if made is None:
        raise SkillTaken(f"There is a skill {skill_id!r} already.", id=skill_id)
    return made


async def change_skill(session: WriteSession, skill_id: str, changes: Mapping[str, Any]) -> Skill:
    """Change the `name` of a skill; raises `SkillUnknown`."""
    found = await queries.skill(session, skill_id)
    for field, value in changes.items():
        setattr(found, field, value)
    return found


async def create_agent(
    session: WriteSession,
    passwords: Passwords,
    *,
    agent_id: str,
    name: str,
    address: str,
    password: str,
    role: str = "agent",
    skills: Mapping[str, int],
    team: str | None = None,
    **record: Any,
) -> AgentProfile:
    """An account and its agent in one; `record` is what else the agent's record says (`capacity`, `blending`,
    `auto_accept`). Raises what `create_user` raises, `AddressTaken`, `NoSuchTeam` or `SkillsUnknown`."""
    await create_user(session, passwords, user_id=agent_id, name=name, role=role, password=password)
    with _kept_rules(address, team):
        made = await insert_new(session, Agent, id=agent_id, name=name, address=address, team_id=team, **record)
    assert made is not None, "the account is new, so no agent can have its id"
    return AgentProfile(made, await set_skills(session, agent_id, skills, "body.skills"))


async def change_agent(session: WriteSession, agent_id: str, changes: Mapping[str, Any], clock: Clock) -> AgentProfile:
    """Change `name`, `address`, `team_id`, `capacity`, `blending`, `auto_accept` or `active`. The account takes the
    name too; `active=False` ends only the work as an agent. Raises `AgentUnknown`, `AddressTaken`, `NoSuchTeam`, or
    `AccountDisabled` for reviving the agent of a disabled account."""
    found = await queries.agent(session, agent_id)
    if changes.get("active") and not (await accounts.user(session, agent_id)).active:
        raise AccountDisabled(f"The account {agent_id!r} is disabled; enable it first.")
    for field, value in changes.items():
        setattr(found.agent, field, value)
    if "name" in changes:
        await change_user(session, agent_id, {"name": changes["name"]}, clock)
    with _kept_rules(found.agent.address, found.agent.team_id):
        await session.flush()
    return found


async def change_account(session: WriteSession, user_id: str, changes: Mapping[str, Any], clock: Clock) -> User:
    """Change an account (see `auth.service.change_user`) and with it the agent who it is, if any: the agent takes
    the name, and works no more once the account is disabled."""
    user = await change_user(session, user_id, changes, clock)
    agent = await session.get(Agent, user_id)
    if agent is not None:
        agent.name = user.name
        agent.active = agent.active and user.active
    return user


async def set_skills(session: WriteSession, agent_id: str, skills: Mapping[str, int], where: str) -> dict[str, int]:
    """Make `skills` (id -> level) all that the agent holds; `where` is their place in the request, for faults.
    Raises `AgentUnknown` or `SkillsUnknown`."""
    # of two who set the skills at once, one waits for the other
    held = (await queries.agent(session, agent_id, lock=True)).skills
    await queries.ensure_skills(session, skills.keys(), where)
    if held != skills:
        await tell(session, "agent.skills_set", "agent", agent_id, before=held, after=skills)
    await session.execute(delete(AgentSkill).where(AgentSkill.agent_id == agent_id))
    session.add_all(AgentSkill(agent_id=agent_id, skill_id=skill, level=level) for skill, level in skills.items())
    await session.flush()
    return dict(sorted(skills.items()))


@contextmanager
def _kept_rules(address: str, team: str | None) -> Iterator[None]:
    """Say in our words which rule of the records the block broke."""
    try:
        yield
    except IntegrityError as error:
        rule = violated_constraint(error)
        if rule == "uq_agents_address":
            raise AddressTaken(f"Another agent has the address {address!r}.", address=address) from error
        if rule == "fk_agents_team_id_teams" and team is not None:
            raise NoSuchTeam(team) from error
        raise
