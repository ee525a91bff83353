"""Gates: who may use a route at all. `Entrance` asks them before anything else of a request is looked at."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant

from app.api.http.deps import CurrentUser, current_user
from app.auth.access_tokens import Principal, Role
from app.auth.errors import RoleMissing


class Gate(ABC):
    """Who may use a route at all, told by nothing of a request but who asks and for which route.

    `Entrance` asks the gates of a route before anything else of a request is looked at; FastAPI would read the body
    first. As a dependency a gate says of which routes it is one, holds there too, and gives the principal.
    """

    @abstractmethod
    def ensure(self, user: Principal, request: Request, route: Dependant) -> None:
        """Raises `NotAllowed` for whoever may not use the route, of which `route` has all that it asks for."""

    async def __call__(self, user: CurrentUser, request: Request) -> Principal:
        """Who came through."""
        self.ensure(user, request, request.scope["route"].dependant)
        return user


class Roles(Gate):
    """Lets only these roles pass."""

    def __init__(self, *roles: Role) -> None:
        self.roles = roles

    def ensure(self, user: Principal, request: Request, route: Dependant) -> None:
        """Raises `RoleMissing`."""
        if user.role not in self.roles:
            raise role_missing(user, self.roles)


def role_missing(user: Principal, needed: Sequence[str]) -> RoleMissing:
    """Why somebody is refused what these roles may do."""
    told = " or ".join(needed) or "nobody"
    return RoleMissing(f"Your role is {user.role}; this needs {told}.", role=user.role, needed=list(needed))


def asked_by(route: Dependant) -> Iterator[object]:
    """All that a route depends on, in the order in which it is asked."""
    for each in route.dependencies:
        yield each.call
        yield from asked_by(each)


def require(*roles: Role) -> Roles:
    """A dependency that lets only these roles pass and gives the principal; others get 403."""
    return Roles(*roles)


ADMINISTRATES = Depends(require("administrator"))
OVERSEES = Depends(require("supervisor", "administrator"))
READS = Depends(require("supervisor", "administrator", "integration"))
SIGNED_IN = Depends(current_user)
"""For `dependencies=` of a route or router: who may change the set-up, who leads the floor, who may read records, and
everybody who is known (what an agent's page needs: queues to transfer to, tiers and their colours, wrap-up codes)."""
