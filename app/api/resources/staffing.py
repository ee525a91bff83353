"""How many agents a forecast needs: computes, keeps nothing, asks nobody."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from fastapi import Response

from app.api.http.gates import OVERSEES
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.staffing import StaffingIn, StaffingPlanOut
from app.core.errors import Invalid, Unavailable
from app.routing.staffing.staffing import MOST_AGENTS, Demand, Staffing, Targets, beyond, plan, staff

router = ResourceRouter(prefix="/staffing", tags=["staffing"], dependencies=[OVERSEES])

AT_ONCE = 2
"""Plans reckoned side by side. Between two of them the loop serves others, so nobody waits longer than two intervals
take: some milliseconds."""


class Desk:
    """Counts the plans that are being reckoned; refuses more than `AT_ONCE`."""

    def __init__(self) -> None:
        self._busy = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A place for one plan; raises `Unavailable` if all are taken."""
        if self._busy >= AT_ONCE:
            raise Unavailable(f"{AT_ONCE} other staffing plans are being reckoned; try again in a moment.")
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1


desk = Desk()


@router.post("", response_class=Response, responses={200: {"model": StaffingPlanOut}})
async def plan_staffing(asked: StaffingIn) -> Response:
    """The least number of agents for each interval that reaches every target, and what it would bring about.

    Erlang C, or Erlang A where a patience is given, both computed exactly; each interval is taken as steady. At most
    336 intervals, and 10,000 agents in each.
    """
    _refuse(_contradictions(asked))
    targets = Targets(**asked.targets.model_dump())
    demands = [
        Demand(
            start=each.start,
            contacts=each.contacts,
            aht_seconds=each.aht_seconds,
            interval_seconds=asked.interval_seconds,
            patience_seconds=asked.patience_seconds,
        )
        for each in asked.intervals
    ]
    with desk.taken():
        staffed = await _staffed(demands, targets, asked.shrinkage)
    told = plan(demands, staffed, targets, asked.shrinkage)
    return Response(msgspec.json.encode(told), media_type="application/json")


async def _staffed(demands: list[Demand], targets: Targets, shrinkage: float) -> list[Staffing]:
    staffed, faults = [], []
    for i, demand in enumerate(demands):
        found = staff(demand, targets, shrinkage)
        if found is None:
            accepted = f"contacts and targets for which {MOST_AGENTS:,} agents are enough"
            faults.append({"where": f"body.intervals.{i}", "what": beyond(demand), "accepted": accepted})
        else:
            staffed.append(found)
        await asyncio.sleep(0)  # the floor's turn: a profile is not to hold up calls
    _refuse(faults)
    return staffed


def _contradictions(asked: StaffingIn) -> list[dict[str, Any]]:
    """What no single field shows."""
    faults = []
    targets = Targets(**asked.targets.model_dump())
    if not targets.asked:
        accepted = "one or more of service_level, asa_seconds, occupancy, abandon_rate"
        faults.append({"where": "body.targets", "what": "nothing is to be reached", "accepted": accepted})
    if targets.abandon_rate is not None and asked.patience_seconds is None:
        what = "without a patience nobody leaves, so abandon_rate limits nothing"
        faults.append({"where": "body.patience_seconds", "what": what, "accepted": "from 1 to 86400 seconds"})
    return faults


def _refuse(faults: list[dict[str, Any]]) -> None:
    if faults:
        places = ", ".join(fault["where"] for fault in faults)
        raise Invalid(f"The request has {len(faults)} fault(s): {places}.", faults=faults)
