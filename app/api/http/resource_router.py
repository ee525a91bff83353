"""The router of one resource, at which requests for others do not stop."""

import re
from functools import cached_property

from fastapi import APIRouter
from starlette.routing import Match, Route
from starlette.types import Scope

BELOW = "/api/v1"


class ResourceRouter(APIRouter):
    """Routes that are served right below /api/v1, by a server without a `root_path`.

    For each request FastAPI asks each router, up to three times over, and a router each of its routes: half of the time
    that a short request takes. One that has no such path says so at once.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether, and how, one of its routes fits."""
        if self._paths.match(scope["path"].removeprefix(BELOW)) is None:
            return Match.NONE, {}
        return super().matches(scope)

    @cached_property
    def _paths(self) -> re.Pattern[str]:
        # its module adds all of its routes before the first request comes
        patterns = [route.path_regex.pattern for route in self.routes if isinstance(route, Route)]
        assert len(patterns) == len(self.routes), "what is not a route with a path would never be found"
        return re.compile("|".join(re.sub(r"\?P<\w+>", "?:", pattern) for pattern in patterns))
