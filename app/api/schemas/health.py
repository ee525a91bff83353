"""Health and readiness."""

from typing import Literal

from app.api.schemas.common import Output


class HealthOut(Output):
    """The process lives."""

    status: Literal["alive"]


class ReadyOut(Output):
    """Whether work can be taken, and why not. `database` is `reachable` or what is wrong with it."""

    ready: bool
    database: str
    floor: Literal["standby", "owner", "degraded"]
