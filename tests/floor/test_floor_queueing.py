"""Queues that do not take everybody: overflow, hours, callback in line, and what callers are told of their wait."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.config import FloorConfig
from app.floor.effects import EndContact
from app.floor.entities import ContactState
from app.routing.hours import Hours, Interval
from app.routing.overflow import Do, OverflowRule, When
from tests.floor.factories import CONFIG, T0, Bench


def to_loans(when: When, at: float = 0) -> OverflowRule:
    return OverflowRule(when=when, at=at, do=Do.QUEUE, queue="loans")


def rules(*overflow: OverflowRule, **changes: Any) -> FloorConfig:
    """The small bank, where the queue of cards overflows."""
    cards = msgspec.structs.replace(CONFIG.queues["cards"], overflow=overflow, **changes)
    return msgspec.structs.replace(CONFIG, queues={**CONFIG.queues, "cards": cards})


def hours(opens: int, closes: int) -> Hours:
    """Open between two minutes of every day, UTC."""
    return Hours(time_zone="UTC", weekly=((Interval(opens, closes),),) * 7)


def minute_of_day(instant: float) -> int:
    moment = datetime.fromtimestamp(instant, UTC)
    return moment.hour * 60 + moment.minute


def outcomes(floor: Bench) -> list[str]:
    return [effect.outcome for effect in floor.last.effects if isinstance(effect, EndContact)]


def ways(floor: Bench, contact: str) -> list[str | None]:
    return [visit.outcome for visit in floor.contact(contact).visits]


def test_full_queue_sends_the_next_caller_on_at_their_original_place() -> None:
    floor = Bench(rules(to_loans(When.LENGTH, 2)))
    for n in range(2):
        floor.arrives(call_id=f"c{n}")
    contact = floor.arrives(call_id="c2")
    assert (floor.contact(contact).queue, ways(floor, contact)) == ("loans", ["overflowed", None])
    why = msgspec.json.decode(floor.told("contact.overflowed")[0].body)["why"]
    del why["waited_seconds"]
    assert why == {"rule": "overflow", "because": "length", "measured": 2, "limit": 2, "to": "queue:loans"}


def test_caller_is_sent_on_when_they_have_waited_long_enough_and_keeps_the_arrival() -> None:
    floor = Bench(rules(to_loans(When.WAIT, 60)))
    contact = floor.arrives()
    floor.wait(59)
    assert floor.contact(contact).queue == "cards"
    floor.wait(1)
    assert (floor.contact(contact).queue, floor.contact(contact).queued_at) == ("loans", T0)


def test_two_queues_that_overflow_into_each_other_do_not_toss_a_caller_about() -> None:
    back = msgspec.structs.replace(
        CONFIG.queues["loans"], overflow=(OverflowRule(when=When.WAIT, at=60, do=Do.QUEUE, queue="cards"),)
    )
    config = rules(to_loans(When.WAIT, 60))
    floor = Bench(msgspec.structs.replace(config, queues={**config.queues, "loans": back}))
    contact = floor.arrives()
    floor.wait(600)
    assert floor.contact(contact).queue == "loans"
    assert len(floor.contact(contact).visits) == 2


def test_queue_that_nobody_serves_sends_on_those_who_come_and_those_who_are_left_behind() -> None:
    floor = Bench(rules(to_loans(When.NO_AGENT)))
    early = floor.arrives(call_id="c0")
    assert floor.contact(early).queue == "loans"
    floor.on("ann")
    taken, waits = floor.arrives(call_id="c1"), floor.arrives(call_id="c2")
    floor.answers("ann", taken, "c1")
    assert floor.contact(waits).queue == "cards"
    floor.call("connection_cleared", "c1", agent="ann")
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=taken))
    assert floor.offered_to(waits) == "ann"
    floor.do(c.LogOff(agent_id="ann"))
    assert floor.contact(waits).queue == "loans"


def test_closed_queue_says_so_and_hangs_up_without_counting_anybody_as_lost() -> None:
    now = minute_of_day(T0)
    closed = hours((now + 60) % 1380, (now + 120) % 1380 or 1380)
    floor = Bench(rules(OverflowRule(when=When.CLOSED, do=Do.MESSAGE, message="Until tomorrow."), hours=closed))
    contact = floor.arrives()
    assert floor.orders() == ["call.disconnect"]
    assert (floor.contact(contact).state, ways(floor, contact)) == (ContactState.ARRIVING, ["closed"])
    floor.call("cleared")
    assert outcomes(floor) == ["closed"]


def test_queue_that_closes_does_not_keep_those_who_still_wait() -> None:
    now = minute_of_day(T0)
    floor = Bench(rules(hours=hours(max(0, now - 10), now + 5)))
    contact = floor.arrives()
    assert floor.contact(contact).state is ContactState.WAITING
    floor.wait(360)
    assert floor.contact(contact).state is not ContactState.WAITING
    assert ways(floor, contact) == ["closed"]


def test_mailbox_takes_a_message_and_the_outcome_says_so() -> None:
    floor = Bench(rules(OverflowRule(when=When.LENGTH, at=0, do=Do.VOICEMAIL)))
    contact = floor.arrives()
    assert floor.orders() == ["call.voicemail"]
    floor.call("cleared")
    assert (outcomes(floor), contact in floor.state.store.contacts) == (["voicemail"], False)


def callback(floor: Bench, call_id: str = "c1") -> str:
    """The caller asks to be called back and hangs up; gives the id of the callback's contact."""
    before = set(floor.state.store.contacts)
    floor.call("callback_requested", call_id)
    floor.call("cleared", call_id)
    (made,) = set(floor.state.store.contacts) - before
    return made


def test_callback_keeps_the_place_and_is_no_abandon_queued_callbacks_9() -> None:
    floor = Bench()
    first = floor.arrives(call_id="c0")
    floor.now += 10
    floor.arrives(call_id="c1")
    floor.now += 10
    later = floor.arrives(call_id="c2")
    made = callback(floor)
    assert outcomes(floor) == ["callback"]
    floor.on("ann", "bob", "dee")
    assert [floor.offered_to(key) for key in (first, made, later)] == ["ann", "bob", "dee"]


def test_one_request_makes_one_callback_freepbx_525() -> None:
    floor = Bench()
    floor.arrives()
    floor.call("callback_requested")
    floor.call("callback_requested", details={"number": "+8613900000000"})
    floor.call("cleared")
    floor.call("callback_requested")
    waiting = [x for x in floor.state.store.contacts.values() if x.state is ContactState.WAITING]
    assert [contact.call.to for contact in waiting] == ["+8613800138000"]


def test_agent_who_takes_a_callback_dials_and_the_answered_call_is_an_answered_contact() -> None:
    floor = Bench()
    floor.arrives()
    made = callback(floor)
    floor.on("ann")
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=made))
    assert floor.orders() == ["call.dial"]
    floor.call("established", made, agent="ann", leg_id="a")
    floor.call("established", made, leg_id="customer")
    assert (floor.contact(made).state, floor.states("ann")) == (ContactState.ACTIVE, [AgentState.BUSY])
    floor.call("cleared", made)
    assert outcomes(floor) == ["answered"]


def test_callback_that_nobody_answers_fails_and_frees_the_agent() -> None:
    floor = Bench()
    floor.arrives()
    made = callback(floor)
    floor.on("ann")
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=made))
    floor.call("cleared", made, cause="no_answer")
    assert (outcomes(floor), floor.states("ann")) == (["failed"], [AgentState.READY])


def test_caller_who_is_served_before_hanging_up_needs_no_callback() -> None:
    floor = Bench()
    contact = floor.arrives()
    floor.call("callback_requested")
    floor.on("ann")
    floor.answers("ann", contact)
    floor.call("cleared")
    assert outcomes(floor) == ["answered"]
    assert all(each.callback_of is None for each in floor.state.store.contacts.values())


def test_long_queue_asks_once_whether_to_call_back() -> None:
    floor = Bench(rules(OverflowRule(when=When.WAIT, at=30, do=Do.CALLBACK)))
    contact = floor.arrives()
    floor.wait(29)
    assert not floor.contact(contact).callback_asked
    floor.wait(1)
    assert floor.orders() == ["call.offer_callback"]
    floor.wait(600)
    assert floor.contact(contact).state is ContactState.WAITING


def test_limit_of_any_length_goes_off_once_and_not_for_ever() -> None:
    for at in (100 / 3, 33.3333333, 0.1234564, 12.3456784):
        floor = Bench(rules(to_loans(When.WAIT, at)))
        contact = floor.arrives()
        floor.wait(200)
        assert floor.contact(contact).queue == "loans"


def test_closed_queue_that_offers_a_callback_gives_time_to_answer_and_then_keeps_nobody() -> None:
    now = minute_of_day(T0)
    night = hours(now + 60 if now < 1300 else 0, now + 70 if now < 1300 else 5)
    for answers in (True, False):
        floor = Bench(rules(OverflowRule(when=When.CLOSED, do=Do.CALLBACK), hours=night))
        contact = floor.arrives()
        assert floor.orders() == ["call.offer_callback"]
        if answers:
            made = callback(floor)
            assert outcomes(floor) == ["callback"]
            assert floor.contact(made).held
            floor.on("ann")
            assert floor.offered_to(made) is None  # nobody is rung at night
        else:
            floor.wait(31)
            assert floor.contact(contact).ending == "closed"


def test_two_closed_queues_do_not_keep_a_caller_between_them() -> None:
    now = minute_of_day(T0)
    night = hours(now + 60 if now < 1300 else 0, now + 70 if now < 1300 else 5)
    closed = (OverflowRule(when=When.CLOSED, do=Do.QUEUE, queue="loans"),)
    back = (OverflowRule(when=When.CLOSED, do=Do.QUEUE, queue="cards"),)
    config = rules(*closed, hours=night)
    loans = msgspec.structs.replace(config.queues["loans"], overflow=back, hours=night)
    floor = Bench(msgspec.structs.replace(config, queues={**config.queues, "loans": loans}))
    contact = floor.arrives()
    assert floor.contact(contact).ending == "closed"


def test_full_queue_turns_away_who_comes_and_never_who_is_first() -> None:
    floor = Bench(
        rules(OverflowRule(when=When.LENGTH, at=3, do=Do.MESSAGE), OverflowRule(when=When.WAIT, at=900, do=Do.MESSAGE))
    )
    floor.on("ann")
    first = floor.arrives(call_id="c0")
    for n in range(1, 4):
        floor.arrives(call_id=f"c{n}")
    floor.do(c.NotReady(agent_id="ann", reason="break"))
    floor.wait(60)
    assert floor.contact(first).state is ContactState.WAITING


def test_platforms_own_queue_event_neither_repeats_nor_undoes_an_overflow() -> None:
    floor = Bench(rules(to_loans(When.LENGTH, 0)))
    contact = floor.arrives()
    floor.call("queued", queue="cards")
    assert (floor.contact(contact).queue, ways(floor, contact)) == ("loans", ["overflowed", None])
    floor = Bench(rules(OverflowRule(when=When.LENGTH, at=0, do=Do.MESSAGE)))
    contact = floor.arrives()
    floor.call("queued")
    assert (floor.orders(), ways(floor, contact)) == ([], ["turned_away"])


def test_new_overflow_reaches_those_who_wait_already() -> None:
    floor = Bench()
    contact = floor.arrives()
    floor.wait(100)
    floor.do(c.Configure(config=rules(to_loans(When.WAIT, 60))))
    assert floor.contact(contact).queue == "loans"


def test_mailbox_that_the_platform_cannot_give_ends_the_call() -> None:
    floor = Bench(rules(OverflowRule(when=When.LENGTH, at=0, do=Do.VOICEMAIL)))
    contact = floor.arrives()
    floor.do(c.OrderFailed(order_id=1, order_type="call.voicemail", contact_id=contact, agent_id=None, detail="no"))
    assert floor.orders() == ["call.disconnect"]
    floor.wait(1000)
    assert contact not in floor.state.store.contacts


@pytest.mark.parametrize("failure", ["leg", "dial", "silence", "release"])
def test_promised_callback_survives_what_is_not_the_customers_doing(failure: str) -> None:
    floor = Bench()
    floor.arrives()
    made = callback(floor)
    floor.on("ann")
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=made))
    if failure == "leg":
        floor.call("connection_cleared", made, agent="ann", leg_id="a")
        floor.call("cleared", made)
    elif failure == "dial":
        floor.do(c.OrderFailed(order_id=1, order_type="call.dial", contact_id=made, agent_id="ann", detail="503"))
    elif failure == "release":
        floor.do(c.Release(agent_id="ann", by="sue"))
    else:
        floor.wait(200)
    assert floor.contact(made).state is ContactState.WAITING
    assert floor.states("ann") == [AgentState.NOT_READY]
    floor.on("bob")
    assert floor.offered_to(made) == "bob"
    floor.do(c.AcceptOffer(agent_id="bob", contact_id=made))
    assert floor.orders() == ["call.dial"]


def test_promised_callback_is_not_swept_over_night() -> None:
    floor = Bench()
    floor.arrives()
    made = callback(floor)
    floor.wait(14 * 3600)
    floor.on("ann")
    assert floor.offered_to(made) == "ann"


def test_customer_who_was_called_back_and_is_transferred_is_connected_and_not_dialled_again() -> None:
    floor = Bench()
    floor.arrives()
    made = callback(floor)
    floor.on("ann", "bob")
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=made))
    floor.call("established", made, agent="ann", leg_id="a")
    floor.call("established", made, leg_id="customer")
    floor.do(c.Transfer(agent_id="ann", contact_id=made, to=c.Destination(queue="loans")))
    floor.call("connection_cleared", made, agent="ann", leg_id="a")
    floor.do(c.AcceptOffer(agent_id="bob", contact_id=made))
    assert floor.orders() == ["call.connect"]


def test_caller_who_hangs_up_while_a_phone_is_being_connected_keeps_the_promised_callback() -> None:
    floor = Bench()
    contact = floor.arrives()
    floor.call("callback_requested")
    floor.on("ann")
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.call("cleared")
    assert outcomes(floor) == ["callback"]


def test_caller_who_asks_again_in_a_second_call_gets_one_callback_freepbx_525() -> None:
    floor = Bench()
    for call_id in ("c1", "c2"):
        floor.arrives(call_id=call_id)
        floor.call("callback_requested", call_id)
        floor.call("cleared", call_id)
    assert len(floor.state.store.lines["cards"]) == 1


def test_wait_is_predicted_from_the_length_of_the_queue_and_kept_with_the_stay() -> None:
    floor = Bench()
    floor.on("ann")
    first = floor.arrives(call_id="c0")
    assert floor.contact(first).estimated_wait == 0.0
    floor.answers("ann", first, "c0")
    floor.now += 90
    floor.call("connection_cleared", "c0", agent="ann")
    floor.call("cleared", "c0")
    floor.now += 10
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=first))
    floor.answers("ann", floor.arrives(call_id="c1"), "c1")
    second, third = floor.arrives(call_id="c2"), floor.arrives(call_id="c3")
    told = [floor.contact(key).visits[-1].estimated_wait for key in (second, third)]
    assert told == [pytest.approx(100), pytest.approx(200)]


def test_what_a_caller_is_told_counts_down_and_up_only_when_overtaken_and_says_so() -> None:
    floor = Bench()
    floor.on("ann")
    for n in range(3):  # a pace of a hundred seconds a contact
        contact = floor.arrives(call_id=f"p{n}")
        floor.answers("ann", contact, f"p{n}")
        floor.now += 100
        floor.call("cleared", f"p{n}")
        floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact))
    floor.answers("ann", floor.arrives(call_id="c1"), "c1")
    waits = floor.arrives(call_id="c2", tier="standard")
    first = floor.do(c.Look(what="wait", contact_id=waits))
    floor.now += 40
    later = floor.do(c.Look(what="wait", contact_id=waits))
    assert (first["position"], later["because"]) == (1, "counted_down")
    assert later["estimated_wait_seconds"] == pytest.approx(first["estimated_wait_seconds"] - 40)
    floor.arrives(call_id="c3", tier="private")
    told = floor.do(c.Look(what="wait", contact_id=waits))
    assert (told["position"], told["overtaken_by"], told["because"]) == (2, 1, "overtaken")
    assert told["estimated_wait_seconds"] > later["estimated_wait_seconds"]
