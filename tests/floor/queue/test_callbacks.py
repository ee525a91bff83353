"""Callback in line: whoever hangs up keeps the place, and exactly one callback comes of it."""

import msgspec
import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.memory.entities import ContactState
from app.routing.overflow.rules import Do, OverflowRule, When
from tests.floor.factories import T0, Bench
from tests.floor.queueing import hours, minute_of_day, open_for_two_minutes, outcomes, rules


def callback(floor: Bench, call_id: str = "c1") -> str:
    """The caller asks to be called back and hangs up; gives the id of the callback's contact."""
    before = set(floor.state.store.contacts)
    floor.call("callback_requested", call_id)
    floor.call("cleared", call_id)
    (made,) = set(floor.state.store.contacts) - before
    return made


def test_callback_keeps_the_place_and_is_no_abandon_queued_callbacks_9_freepbx_621_fusionpbx_1322() -> None:
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


def test_promised_callback_that_waited_over_night_is_dialled_and_not_swept() -> None:
    floor = Bench()
    floor.arrives()
    made = callback(floor)
    floor.wait(14 * 3600)
    floor.on("ann")
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=made))
    floor.wait(1)
    assert floor.contact(made).state is ContactState.CONNECTING
    floor.call("established", made, agent="ann", leg_id="a")
    floor.call("established", made, leg_id="customer")
    floor.wait(1)
    assert floor.contact(made).state is ContactState.ACTIVE


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


@pytest.mark.parametrize(("told", "outcome"), [(True, "callback"), (False, "swept")])
def test_promise_stands_for_who_stays_on_the_line_until_the_queue_has_closed(told: bool, outcome: str) -> None:
    floor = Bench(open_for_two_minutes())
    contact = floor.arrives()
    floor.call("callback_requested")
    while floor.contact(contact).ending is None:
        floor.wait(1)
    assert floor.contact(contact).ending == "closed"
    floor.on("ann")
    assert floor.offered_to(contact) is None
    if told:
        floor.call("cleared")
    else:
        floor.now = floor.contact(contact).close_at or 0.0
        floor.do(c.Expire())
    assert outcomes(floor) == [outcome]
    (promised,) = floor.state.store.contacts.values()
    assert (promised.callback_of, promised.held, promised.offer) == (contact, True, None)


def test_callback_that_is_declined_after_closing_rings_nobody_else() -> None:
    floor = Bench(open_for_two_minutes(offer_seconds=500))
    floor.arrives()
    floor.call("callback_requested")
    floor.call("cleared")
    floor.on("ann", "bob")
    (callback,) = floor.state.store.contacts.values()
    floor.wait(200)
    floor.do(c.DeclineOffer(agent_id=str(floor.offered_to(callback.id)), contact_id=callback.id))
    assert (floor.contact(callback.id).held, floor.offered_to(callback.id)) == (True, None)


def promised_to(floor: Bench) -> list[str | None]:
    return [each.callback_of for each in floor.state.store.contacts.values() if each.callback_of]


def test_two_customers_behind_one_number_are_both_called_back() -> None:
    floor = Bench()
    callers = [floor.arrives(call_id=f"c{n}", tier="standard") for n in range(2)]
    for n in range(2):
        floor.call("callback_requested", f"c{n}")
        floor.call("cleared", f"c{n}")
    assert promised_to(floor) == callers


def test_second_request_while_the_first_callback_is_on_offer_makes_no_second_freepbx_525() -> None:
    floor = Bench()
    first = floor.arrives(call_id="c1")
    floor.call("callback_requested", "c1")
    floor.call("cleared", "c1")
    floor.on("ann")
    assert floor.states("ann") == [AgentState.RESERVED]
    floor.arrives(call_id="c2")
    floor.call("callback_requested", "c2")
    floor.call("cleared", "c2")
    assert promised_to(floor) == [first]


def test_callback_remembers_who_let_the_call_pass() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    contact = floor.arrives()
    floor.do(c.DeclineOffer(agent_id="ann", contact_id=contact))
    floor.call("callback_requested")
    floor.call("cleared")
    (callback,) = [each for each in floor.state.store.contacts.values() if each.callback_of]
    assert (callback.missed_by, floor.offered_to(callback.id)) == (("ann",), "bob")


def test_late_event_of_the_first_attempt_ends_no_second_one() -> None:
    floor = Bench()
    floor.arrives()
    floor.call("callback_requested")
    floor.call("cleared")
    (callback,) = floor.state.store.contacts.values()
    floor.on("ann", "bob")
    first = floor.do(c.AcceptOffer(agent_id=str(floor.offered_to(callback.id)), contact_id=callback.id))
    floor.wait(181)  # not a word of the platform: it goes back to its place
    second = floor.do(c.AcceptOffer(agent_id=str(floor.offered_to(callback.id)), contact_id=callback.id))
    dialled = [each["contact"]["call_id"] for each in (first, second)]
    assert dialled == [callback.id, f"{callback.id}.2"]
    floor.call("cleared", callback.id)
    assert floor.contact(callback.id).state is ContactState.CONNECTING
    floor.call("established", dialled[1])
    floor.call("cleared", dialled[1])
    assert outcomes(floor) == ["answered"]


@pytest.mark.parametrize("state", ["waiting", "offered"])
def test_callback_that_a_supervisor_ends_is_over_at_once_and_no_platform_is_asked(state: str) -> None:
    floor = Bench()
    floor.arrives()
    made = callback(floor)
    if state == "offered":
        floor.on("ann")
    assert floor.contact(made).state == state
    told = floor.do(c.EndCall(contact_id=made, by="sue"))
    assert (told["contact"]["state"], floor.orders()) == ("wrap_up", [])
    assert made not in floor.state.store.contacts
    assert outcomes(floor) == ["failed"]
    if state == "offered":
        assert floor.states("ann") == [AgentState.READY]


@pytest.mark.parametrize("end", ["told", "silent"])
def test_callback_that_a_supervisor_ends_while_it_is_dialled_is_offered_to_nobody_else(end: str) -> None:
    floor = Bench()
    floor.arrives()
    made = callback(floor)
    floor.on("ann", "bob")
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=made))
    floor.do(c.EndCall(contact_id=made, by="sue"))
    assert floor.orders() == ["call.disconnect"]
    if end == "told":
        floor.call("connection_cleared", made, agent="ann", leg_id="a")
        floor.call("cleared", made)
    else:
        floor.wait(16)
    assert floor.states("bob") == [AgentState.READY]
    assert made not in floor.state.store.contacts or floor.contact(made).ended_at is not None
    assert len(outcomes(floor)) == 1


def withdrawn(floor: Bench) -> list[tuple[str | None, str]]:
    """To whom the last command told that an offer is gone, and why."""
    return [(told.agent, msgspec.json.decode(told.body)["reason"]) for told in floor.told("offer.withdrawn")]


@pytest.mark.parametrize(
    ("cause", "reason"), [("no_answer", "phone_not_answered"), ("busy", "phone_busy"), (None, "phone_failed")]
)
def test_agent_whose_phone_is_not_answered_for_a_callback_is_told_so_as_of_any_contact(
    cause: str | None, reason: str
) -> None:
    floor = Bench()
    floor.arrives()
    made = callback(floor)
    floor.on("ann")
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=made))
    floor.call("failed", made, agent="1001", leg_id="a", cause=cause)
    assert withdrawn(floor) == [("ann", reason)]
    assert (floor.agent("ann").state, floor.agent("ann").reason) == (AgentState.NOT_READY, reason)


def test_agent_who_is_released_from_a_callback_before_their_phone_is_answered_is_told_so() -> None:
    floor = Bench()
    floor.arrives()
    made = callback(floor)
    floor.on("ann")
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=made))
    floor.do(c.Release(agent_id="ann", by="sue"))
    assert withdrawn(floor) == [("ann", "released")]


def test_agent_who_has_answered_their_phone_for_a_callback_was_not_passed_over() -> None:
    floor = Bench()
    floor.arrives()
    made = callback(floor)
    floor.on("ann")
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=made))
    floor.call("established", made, agent="1001", leg_id="a")
    floor.now += 3
    floor.call("connection_cleared", made, agent="1001", leg_id="a")
    assert (floor.contact(made).state, withdrawn(floor)) == (ContactState.WAITING, [])
