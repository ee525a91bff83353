"""An answer of which nothing was told before the call's end: what was written of it is put right, its legs too."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.calls.leg import Party
from app.floor import commands as c
from tests.reports.kept import Kept

KEPT = text(
    """select i.outcome, i.agent_id, i.wait_seconds, i.talk_seconds, v.outcome as left_as, v.agent_id as left_to,
              i.legs -> -1 as leg, jsonb_array_length(i.legs) as legs
       from interactions i join queue_visits v on v.interaction_id = i.id"""
)


@pytest.mark.parametrize("apart", [False, True], ids=["in the same batch", "in a later batch"])
async def test_answer_told_after_the_end_is_in_the_legs_whichever_batch_it_comes_in(
    session: AsyncSession, apart: bool
) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.wait(5)
    answered = floor.now
    floor.wait(20)
    floor.call("cleared")
    if apart:
        await floor.keep(session)
    floor.call("established", agent="1001", at=answered)
    floor.call("established", agent="1001", at=answered)
    await floor.keep(session)
    kept = dict((await session.execute(KEPT)).one()._mapping)
    leg = kept.pop("leg")
    assert kept == {
        "outcome": "answered",
        "agent_id": "ann",
        "wait_seconds": 5,
        "talk_seconds": 20,
        "left_as": "answered",
        "left_to": "ann",
        "legs": 2,
    }
    told = {name: leg[name] for name in ("party", "agent", "state", "talk_seconds", "hold_seconds")}
    assert told == {"party": Party.AGENT, "agent": "ann", "state": "cleared", "talk_seconds": 20, "hold_seconds": 0}
    assert leg["since"] == "2027-01-15T08:00:26.000Z"
