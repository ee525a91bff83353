"""Accounts. They are disabled and never removed, because the history names them."""

from app.agents import service as agents
from app.api.http.deps import Read, Using, Write
from app.api.http.gates import ADMINISTRATES
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.users import PasswordIn, UserIn, UserOut, UserPage, UserPatch
from app.auth import queries, service

router = ResourceRouter(prefix="/users", tags=["users"], dependencies=[ADMINISTRATES])


@router.get("")
async def list_users(session: Read, page: Paged) -> UserPage:
    """All accounts, disabled ones too."""
    rows = await queries.users(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.id)
    return UserPage(items=[UserOut.model_validate(row) for row in items], next=after)


@router.get("/{user_id}", responses=problem_responses(404))
async def get_user(user_id: str, session: Read) -> UserOut:
    """One account."""
    return UserOut.model_validate(await queries.user(session, user_id))


@router.post("", status_code=201, responses=problem_responses(409))
async def create_user(given: UserIn, session: Write, using: Using) -> UserOut:
    """A new account of a person who takes no contacts; for one who does, create an agent."""
    made = await service.create_user(
        session, using.passwords, user_id=given.id, name=given.name, role=given.role, password=given.password
    )
    return UserOut.model_validate(made)


@router.patch("/{user_id}", responses=problem_responses(404, 409))
async def change_user(user_id: str, given: UserPatch, session: Write, using: Using) -> UserOut:
    """Rename, give another role, disable or enable. Disabling ends the sign-ins and the work as an agent."""
    changes = given.model_dump(exclude_unset=True)
    return UserOut.model_validate(await agents.change_account(session, user_id, changes, using.clock))


@router.put("/{user_id}/password", status_code=204, responses=problem_responses(404))
async def set_password(user_id: str, given: PasswordIn, session: Write, using: Using) -> None:
    """Give an account a new password; ends its sign-ins."""
    await service.set_password(session, using.passwords, user_id, given.password, using.clock)
