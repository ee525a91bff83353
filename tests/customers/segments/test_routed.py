"""The way from a rule to a call: what rules have given is what flows and queues go by."""

from typing import Any, cast

import msgspec

from app.api.platforms.recognition import CallerLookUp
from app.core.ids import new_id
from app.db.engine import WriteSession
from app.db.pool import connection_of
from app.floor import commands as c
from app.floor.configuration.config import FlowBook
from app.ivr.language.reading import read_flow
from tests.customers.factories import REGION, customer_id
from tests.customers.segments.ruling import GOLD, give, judge_all, judge_noted, let_count, rules
from tests.floor.factories import call_event
from tests.floor.flow.test_playing import BY_SEGMENT
from tests.floor.flow_line import Line, config

RICH, PLAIN, DORMANT = "+8613800138000", "+8613800138001", "+8613800138002"


async def test_flows_and_queues_go_by_the_segments_and_tiers_that_rules_have_given(session: WriteSession) -> None:
    balances = {RICH: 600_000, PLAIN: 10, DORMANT: 0}
    who = {number: await customer_id(session, number, [number]) for number in balances}
    for number, balance in balances.items():
        await give(session, who[number], balance)
    ranks = {"gold": GOLD, "standard": "true"}
    await let_count(session, rules(ranks, {"dormant": "balance('CNY') < 1.0"}))
    await judge_all(session)

    book = FlowBook(current={"main": 1}, versions={("main", 1): read_flow(BY_SEGMENT)})
    line = Line(msgspec.structs.replace(config(), flows=book))
    look_up = CallerLookUp(cast(Any, await connection_of(session)), REGION, lambda: line.now).look_up

    async def rings(number: str) -> str:
        event = call_event("offered", new_id(), line.now, from_=number, to="500")
        line.do(c.TakeEvent(event=event, contact_id=new_id(), caller=await look_up(event)))
        return str(line.last.answer.body["contact_id"])

    plain, dormant = await rings(PLAIN), await rings(DORMANT)
    line.wait(10)
    rich = await rings(RICH)
    assert [line.contact(each).queue for each in (plain, dormant, rich)] == ["cards", "loans", "cards"]
    line.on("ann")
    assert line.offered_to(rich) == "ann"  # who came later, and is of the tier that buys a minute

    await give(session, who[DORMANT], 600_000)
    await judge_noted(session)
    again = line.contact(await rings(DORMANT))
    assert again.customer is not None
    assert (again.queue, again.customer.tier) == ("cards", "gold")
