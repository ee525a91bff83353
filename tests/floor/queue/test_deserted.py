"""Queues that send their callers on when nobody is there for them: who is looked at then, and what is written."""

import pytest

from app.floor import commands as c
from app.floor.memory.effects import SaveContact
from app.routing.overflow.rules import Do, OverflowRule, When
from tests.floor.factories import CONFIG, T0, Bench
from tests.floor.handlers.test_on_configuration import with_agent, with_cards
from tests.floor.queueing import hours, minute_of_day

ASKED = OverflowRule(when=When.WAIT, at=5, do=Do.CALLBACK)
DESERTED = OverflowRule(when=When.NO_AGENT, do=Do.VOICEMAIL)
LATER = OverflowRule(when=When.WAIT, at=60, do=Do.QUEUE, queue="loans")


def test_who_was_asked_long_ago_whether_to_be_called_back_is_sent_on_at_once_when_the_last_agent_goes() -> None:
    """Also where something else is due within the time that they would have had to think."""
    floor = Bench(with_cards(CONFIG, overflow=(ASKED, DESERTED, LATER)))
    floor.do(c.Connect(agent_id="ann"))
    contact = floor.arrives()
    floor.wait(45)
    assert floor.contact(contact).overflow_at == T0 + 60
    floor.do(c.LogOff(agent_id="ann"))
    assert floor.contact(contact).ending == "voicemail"


@pytest.mark.parametrize("seconds", [5, 34])
def test_who_is_asked_whether_to_be_called_back_has_their_time_where_something_else_is_due_after_it(
    seconds: int,
) -> None:
    floor = Bench(with_cards(CONFIG, overflow=(ASKED, DESERTED, LATER)))
    floor.do(c.Connect(agent_id="ann"))
    contact = floor.arrives()
    floor.wait(seconds)
    floor.do(c.LogOff(agent_id="ann"))
    assert floor.contact(contact).ending is None
    floor.wait(35 - seconds)
    assert floor.contact(contact).ending == "voicemail"


@pytest.mark.parametrize("what", ["renamed", "logs off"])
def test_nobody_who_waits_is_written_for_an_agent_without_whom_others_are_there(what: str) -> None:
    config = with_cards(CONFIG, overflow=(DESERTED, LATER), hours=hours(minute_of_day(T0), minute_of_day(T0) + 300))
    floor = Bench(config)
    floor.do(c.Connect(agent_id="ann"))
    floor.do(c.Connect(agent_id="bob"))
    waiting = [floor.arrives(call_id=f"c{number}") for number in range(3)]
    floor.now += 1
    if what == "renamed":
        floor.do(c.Configure(config=with_agent(config, "bob", name="Robert")))
    else:
        floor.do(c.LogOff(agent_id="bob"))
    assert [each for each in floor.last.effects if isinstance(each, SaveContact)] == []
    for agent in ("ann", "bob") if what == "renamed" else ("ann",):
        floor.do(c.LogOff(agent_id=agent))
    assert [floor.contact(each).ending for each in waiting] == ["voicemail"] * 3
