"""Agents who come back to a call by a leg of the same name, and are gone again: told before that they came."""

import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.memory.entities import ContactState
from tests.floor.factories import Bench
from tests.floor.supervision.test_supervisors_phones import talking

LEG = pytest.mark.parametrize("leg", [None, "bobs"])


def tells(floor: Bench, agent: str, leg: str | None, *told: tuple[str, float]) -> None:
    """So many seconds from now; told later, in this order."""
    at = floor.now
    floor.now += 9
    for kind, later in told:
        floor.call(kind, agent=agent, leg_id=leg, at=at + later)


@LEG
@pytest.mark.parametrize("end", ["connection_cleared", "transferred", "failed"])
def test_colleague_who_is_added_once_more_does_not_stay_busy_with_a_call_that_they_have_left(
    end: str, leg: str | None
) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.on("bob")
    for told in ((("established", 1), ("connection_cleared", 2)), ((end, 4), ("established", 1))):
        floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
        tells(floor, "1002", leg, *told)
        floor.wait(40)
    assert floor.contact(contact).agents == ("ann",)
    assert floor.agent("bob").contacts == ()


@LEG
def test_caller_whose_agent_has_them_once_more_and_is_gone_is_not_left_alone(leg: str | None) -> None:
    floor = Bench()
    contact = talking(floor)
    tells(floor, "1001", leg, ("connection_cleared", 1))
    floor.wait(40)
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    tells(floor, "1001", leg, ("connection_cleared", 4), ("established", 1))
    assert floor.contact(contact).state is ContactState.WAITING
    assert floor.agent("ann").state is not AgentState.BUSY
