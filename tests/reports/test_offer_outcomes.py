"""Every reason for which the floor takes an offer back counts as what it is."""

from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.floor import commands as c
from app.floor.memory import reasons
from app.reports.agent_metrics import FATES, OUTCOMES
from app.telephony.events import OrderType, PhoneWord
from tests.floor.factories import CONFIG
from tests.reports.kept import Kept, of


def accepted(floor: Kept, contact: str) -> None:
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))


def phone_says(cause: str) -> Callable[[Kept, str], None]:
    """Ann accepts, and her phone does not take the call."""

    def happens(floor: Kept, contact: str) -> None:
        accepted(floor, contact)
        floor.call("failed", agent="1001", cause=cause)

    return happens


def phone_is(word: PhoneWord) -> Callable[[Kept, str], object]:
    return lambda floor, _: floor.do(c.PhoneState(source="pbx", address="1001", state=word))


def order_is_lost(floor: Kept, contact: str) -> None:
    accepted(floor, contact)
    floor.do(
        c.OrderFailed(order_id=1, order_type=OrderType.CONNECT, contact_id=contact, agent_id="ann", detail="refused")
    )


def phone_rings_on(floor: Kept, contact: str) -> None:
    accepted(floor, contact)
    floor.wait(60)


def bob_is_first(floor: Kept, contact: str) -> None:
    floor.answers("bob", contact)


def another_call_comes(floor: Kept, contact: str) -> None:
    floor.call("offered", "c2", from_="+8613800138001", to="999")
    floor.call("established", "c2", agent="1001")


def falls_silent(floor: Kept, contact: str) -> None:
    floor.do(c.Disconnect(agent_id="ann", last_heard=floor.now - 40))
    floor.wait(5)


REASONS: dict[str, tuple[str, Callable[[Kept, str], object]]] = {
    "expired": ("timed_out", lambda floor, _: floor.wait(20)),
    "phone_not_answered": ("timed_out", phone_rings_on),
    "declined": ("declined", lambda floor, contact: floor.do(c.DeclineOffer(agent_id="ann", contact_id=contact))),
    "phone_declined": ("declined", phone_says("rejected")),
    "caller_gone": ("rescinded_caller_gone", lambda floor, _: floor.call("cleared")),
    "taken": ("rescinded_otherwise", bob_is_first),
    "busy": ("rescinded_otherwise", another_call_comes),
    "released": ("rescinded_otherwise", lambda floor, _: floor.do(c.Release(agent_id="ann", by="sue"))),
    "not_ready": ("agent_left", lambda floor, _: floor.do(c.NotReady(agent_id="ann", reason="break"))),
    "logged_off": ("agent_left", lambda floor, _: floor.do(c.LogOff(agent_id="ann"))),
    "connection_lost": ("agent_left", falls_silent),
    "connect_failed": ("phone_failed", order_is_lost),
    "phone_failed": ("phone_failed", phone_says("network_out_of_order")),
    "phone_busy": ("phone_failed", phone_says("busy")),
    "phone_unregistered": ("phone_failed", phone_is(PhoneWord.UNAVAILABLE)),
    "phone_missing": ("phone_failed", phone_is(PhoneWord.MISSING)),
}
"""What each counts as, and how it comes to be."""


@pytest.mark.parametrize("reason", REASONS)
async def test_an_offer_that_is_taken_back_counts_as_what_it_was(session: AsyncSession, reason: str) -> None:
    cards = msgspec.structs.replace(CONFIG.queues["cards"], offer_agents=2)
    floor = Kept(msgspec.structs.replace(CONFIG, queues={**CONFIG.queues, "cards": cards}))
    floor.on("ann", "bob")
    outcome, happens = REASONS[reason]
    happens(floor, floor.arrives())
    counts = await of(session, floor, "ann")
    told = (
        "select data ->> 'reason' from events where type = 'offer.withdrawn' and agent_id = 'ann' order by seq limit 1"
    )
    assert await session.scalar(text(told)) == reason
    became = {fate: getattr(counts, fate) for fate in FATES if fate != "pending"}
    assert became == {**dict.fromkeys(became, 0), outcome: 1}


def test_no_reason_of_the_floor_is_left_out() -> None:
    assert set(OUTCOMES) <= set(REASONS)
    assert {*map(reasons.why_not_reached, reasons._REASONS), *reasons.GONE, reasons.FAILED} <= set(REASONS)
