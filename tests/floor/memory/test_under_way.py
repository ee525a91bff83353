"""Doubled clicks: what is asked for again while it is under way is refused, and the switch is ordered once."""

from typing import Any

import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.memory.entities import ContactState
from app.telephony.delivery import RetryPolicy, too_late
from tests.floor.factories import Bench

BOB = c.Destination(agent="bob")
NUMBER = c.Destination(number="+4930123")
QUEUE = c.Destination(queue="loans")


def talking(floor: Bench) -> str:
    """Ann talks to a caller; Bob is ready."""
    floor.on("ann")
    contact = floor.call("offered", to="100", leg_id="caller")
    floor.answers("ann", contact)
    floor.on("bob")
    return contact


def of_ann(kind: type[c.ContactCommand], contact: str, **more: Any) -> c.ContactCommand:
    return kind(agent_id="ann", contact_id=contact, **more)


@pytest.mark.parametrize(
    ("kind", "more", "order"),
    [
        (c.Hold, {}, "call.hold"),
        (c.Transfer, {"to": QUEUE}, "call.transfer"),
        (c.Transfer, {"to": BOB}, "call.transfer"),
        (c.Transfer, {"to": NUMBER}, "call.transfer"),
        (c.Conference, {"to": BOB}, "call.conference"),
        (c.Conference, {"to": NUMBER}, "call.conference"),
        (c.HangUp, {}, "call.disconnect"),
    ],
)
def test_doubled_click_is_one_order_and_told_that_it_is_under_way(
    kind: type[c.ContactCommand], more: dict[str, Any], order: str
) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(kind, contact, **more))
    assert floor.orders() == [order]
    floor.now += 0.2
    problem = floor.refused(of_ann(kind, contact, **more))
    assert (problem["code"], problem["contact_id"], problem["again_in_seconds"] > 0) == ("under-way", contact, True)
    assert problem["detail"].startswith(f"{order} of contact {contact} is under way already")


def test_doubled_retrieve_is_one_order_and_what_is_done_may_be_asked_again() -> None:
    floor = Bench()
    contact = talking(floor)
    for _ in range(2):
        floor.do(of_ann(c.Hold, contact))
        floor.call("held", agent="1001")
        assert floor.refused(of_ann(c.Hold, contact))["state"] == "held"
        floor.do(of_ann(c.Retrieve, contact))
        assert floor.refused(of_ann(c.Retrieve, contact))["code"] == "under-way"
        floor.call("retrieved", agent="1001")
        floor.now += 1


@pytest.mark.parametrize("to", [QUEUE, NUMBER])
def test_transfer_to_elsewhere_waits_for_the_one_that_is_under_way(to: c.Destination) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.Transfer, contact, to=BOB))
    floor.now += 10
    problem = floor.refused(of_ann(c.Transfer, contact, to=to))
    assert (problem["code"], problem["to"], problem["again_in_seconds"]) == ("under-way", "agent:bob", 50.0)
    assert problem["detail"] == (
        f"call.transfer of contact {contact} is under way already, to agent:bob, and the telephone platform has not "
        f"said what came of it, so the one to {to.text} is not ordered: a call goes to one place at a time. Ask again "
        "as soon as it has failed, or in 50 s."
    )
    assert floor.contact(contact).transfer == BOB


def test_transfer_that_is_asked_for_twice_is_said_not_to_be_ordered_again_and_until_when() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.Transfer, contact, to=NUMBER))
    floor.now += 59.5
    problem = floor.refused(of_ann(c.Transfer, contact, to=NUMBER))
    assert (problem["to"], problem["again_in_seconds"]) == ("number:+4930123", 0.5)
    assert problem["detail"].endswith("so it is not ordered again. Ask again as soon as it has failed, or in 1 s.")
    assert floor.refused(of_ann(c.Transfer, contact, to=c.Destination()))["to"] == "number:+4930123"


def test_somebody_else_may_be_added_while_the_first_is_rung() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.Conference, contact, to=NUMBER))
    floor.do(of_ann(c.Conference, contact, to=c.Destination(number="+4930456")))
    assert floor.orders() == ["call.conference"]


@pytest.mark.parametrize("said", ["conferenced", "failed"])
def test_number_that_came_or_failed_may_be_added_again(said: str) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.Conference, contact, to=NUMBER))
    floor.call("delivered", leg_id="party")
    assert floor.refused(of_ann(c.Conference, contact, to=NUMBER))["code"] == "under-way"
    floor.call(said, leg_id="party")
    floor.do(of_ann(c.Conference, contact, to=NUMBER))


@pytest.mark.parametrize(
    ("kind", "more"),
    [(c.Hold, {}), (c.Transfer, {"to": QUEUE}), (c.Conference, {"to": NUMBER}), (c.Conference, {"to": BOB})],
)
def test_order_that_was_given_up_may_be_asked_again(kind: type[c.ContactCommand], more: dict[str, Any]) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(kind, contact, **more))
    (given,) = floor.contact(contact).under_way
    for order, ok in ((given.order + 99, False), (given.order, True)):
        failed = c.OrderFailed(
            order_id=order, order_type=given.kind, contact_id=contact, agent_id="ann", detail="no", attempts=1
        )
        floor.do(failed)
        floor.try_(of_ann(kind, contact, **more))
        assert floor.last.answer.ok is ok


@pytest.mark.parametrize(
    ("kind", "more", "seconds"),
    [(c.Hold, {}, 5), (c.Transfer, {"to": BOB}, 60), (c.Transfer, {"to": QUEUE}, 60), (c.HangUp, {}, 60)],
)
def test_order_is_waited_for_as_long_as_it_is_tried_and_one_without_harm_as_long_as_a_click_is_doubled(
    kind: type[c.ContactCommand], more: dict[str, Any], seconds: float
) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(kind, contact, **more))
    begun = floor.now
    floor.now = begun + seconds - 3.5
    problem = floor.refused(of_ann(kind, contact, **more))
    assert problem["again_in_seconds"] == 3.5
    assert problem["detail"].endswith("Ask again as soon as it has failed, or in 4 s.")
    floor.now = begun + seconds - 0.5
    floor.refused(of_ann(kind, contact, **more))
    floor.now = begun + seconds
    floor.do(of_ann(kind, contact, **more))
    assert [each.until - floor.now for each in floor.contact(contact).under_way] == [seconds]


def test_transfer_is_not_ordered_again_while_the_first_order_may_still_be_sent() -> None:
    floor = Bench()
    contact = talking(floor)
    begun = floor.now
    floor.do(of_ann(c.Transfer, contact, to=QUEUE))
    policy = RetryPolicy()
    floor.now = begun + policy.patience - 0.001
    assert too_late("call.transfer", floor.now - begun, policy) is None
    assert floor.refused(of_ann(c.Transfer, contact, to=QUEUE))["code"] == "under-way"
    floor.now = begun + policy.patience
    assert too_late("call.transfer", floor.now - begun, policy) is not None
    floor.do(of_ann(c.Transfer, contact, to=QUEUE))


def test_number_that_is_added_once_more_is_waited_for_anew() -> None:
    floor = Bench()
    contact = talking(floor)
    for leg in ("one", "two"):
        floor.do(of_ann(c.Conference, contact, to=NUMBER))
        assert floor.refused(of_ann(c.Conference, contact, to=NUMBER))["code"] == "under-way"
        floor.call("conferenced", leg_id=leg)


def test_who_comes_is_not_taken_for_somebody_else_who_is_waited_for() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.Conference, contact, to=BOB))
    floor.do(of_ann(c.Conference, contact, to=NUMBER))
    floor.call("conferenced", leg_id="party")
    assert floor.refused(of_ann(c.Conference, contact, to=BOB))["code"] == "under-way"
    floor.do(of_ann(c.Conference, contact, to=NUMBER))
    floor.call("established", agent="1002")
    assert floor.refused(of_ann(c.Conference, contact, to=NUMBER))["code"] == "under-way"


def test_transfer_to_a_queue_does_not_fail_with_somebody_who_was_rung() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.Transfer, contact, to=QUEUE))
    floor.call("delivered", leg_id="party")
    floor.call("failed", leg_id="party", cause="no_answer")
    assert floor.refused(of_ann(c.Transfer, contact, to=NUMBER))["code"] == "under-way"


def test_platform_that_says_nothing_keeps_nobody_from_asking_again() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.Hold, contact))
    floor.wait(61)
    floor.do(of_ann(c.Hold, contact))
    assert (floor.orders(), len(floor.contact(contact).under_way)) == (["call.hold"], 1)


def test_agent_who_comes_back_to_the_call_may_ask_again() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.Conference, contact, to=BOB))
    floor.call("established", agent="1002")
    floor.do(of_ann(c.Hold, contact))
    floor.call("connection_cleared", agent="1001")
    floor.now += 1
    floor.call("established", agent="1001")
    floor.do(of_ann(c.Hold, contact))
    assert floor.orders() == ["call.hold"]


@pytest.mark.parametrize("kind", [c.CompleteTransfer, c.ReconnectCall])
def test_doubled_end_of_a_consultation_is_one_order(kind: type[c.ContactCommand]) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.ConsultCall, contact, to=BOB))
    floor.call("established", agent="1002")
    floor.do(of_ann(kind, contact))
    assert floor.refused(of_ann(kind, contact))["code"] == "under-way"


@pytest.mark.parametrize("to", [BOB, NUMBER])
def test_party_to_whom_a_caller_is_being_left_is_not_dropped_until_that_has_failed(to: c.Destination) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.ConsultCall, contact, to=to))
    floor.call("established", leg_id="consulted", **({"agent": "1002"} if to.agent else {}))
    floor.do(of_ann(c.CompleteTransfer, contact))
    problem = floor.refused(of_ann(c.ReconnectCall, contact))
    assert (problem["code"], problem["again_in_seconds"]) == ("under-way", 60)
    assert "so call.reconnect is not ordered" in problem["detail"]
    (given,) = floor.contact(contact).under_way
    floor.do(
        c.OrderFailed(
            order_id=given.order, order_type=given.kind, contact_id=contact, agent_id="ann", detail="no", attempts=1
        )
    )
    floor.do(of_ann(c.ReconnectCall, contact))
    assert floor.orders() == ["call.reconnect"]


def test_doubled_hang_up_of_whom_an_agent_consults_is_one_order_each_time() -> None:
    floor = Bench()
    contact = talking(floor)
    for _ in range(2):
        floor.do(of_ann(c.ConsultCall, contact, to=BOB))
        floor.do(c.HangUp(agent_id="bob", contact_id=contact))
        assert floor.refused(c.HangUp(agent_id="bob", contact_id=contact))["code"] == "under-way"
        floor.now += 1
        floor.call("failed", agent="1002", cause="declined")


def test_supervisor_who_ends_a_call_twice_orders_it_once() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.HangUp, contact))
    floor.do(c.EndCall(contact_id=contact, by="sue"))
    assert floor.orders() == ["call.disconnect"]
    assert floor.refused(c.EndCall(contact_id=contact, by="sue"))["code"] == "under-way"
    floor.wait(15)
    assert floor.contact(contact).ended_at is not None


def test_doubled_order_to_record_is_one() -> None:
    floor = Bench()
    contact = talking(floor)
    asked = c.Record(contact_id=contact, do="start", by="ann", agent_id="ann")
    floor.do(asked)
    assert floor.refused(asked)["state"] == "recording"


def test_agent_whose_call_goes_on_after_a_lost_hang_up_may_hang_up_again_at_once() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.Conference, contact, to=BOB))
    floor.call("delivered", agent="1002")
    floor.do(of_ann(c.HangUp, contact))
    floor.now += 1
    floor.call("established", agent="1002")
    assert floor.contact(contact).close_at is None
    floor.do(of_ann(c.HangUp, contact))
    assert floor.orders() == ["call.disconnect"]


def test_agent_whose_hang_up_is_lost_is_free_in_time_though_their_colleague_has_left_meanwhile() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.Conference, contact, to=BOB))
    floor.call("established", agent="1002")
    floor.do(of_ann(c.HangUp, contact))
    floor.now += 1
    floor.call("connection_cleared", agent="1002")
    floor.wait(14)
    assert (floor.contact(contact).ended_at, floor.states("ann")) == (floor.now, [AgentState.WORKING_AFTER_CALL])


def test_agent_whose_hang_up_is_lost_leaves_the_caller_with_the_colleague_who_talks_to_them() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.Conference, contact, to=BOB))
    floor.call("established", agent="1002")
    floor.do(c.HangUp(agent_id="bob", contact_id=contact))
    floor.wait(16)
    assert (floor.contact(contact).state, floor.contact(contact).agents) == (ContactState.ACTIVE, ("ann",))
    assert floor.states("ann", "bob") == [AgentState.BUSY, AgentState.WORKING_AFTER_CALL]
    assert floor.contact(contact).timeline[-1].kind == "agent.swept"
    floor.do(of_ann(c.HangUp, contact))
    floor.wait(16)
    assert floor.contact(contact).ended_at is not None


def test_supervisor_whose_order_to_end_a_call_is_lost_ends_it_for_all_who_are_on_it() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.Conference, contact, to=BOB))
    floor.call("established", agent="1002")
    floor.do(c.HangUp(agent_id="bob", contact_id=contact))
    floor.do(c.EndCall(contact_id=contact, by="sue"))
    floor.wait(16)
    assert floor.contact(contact).ended_at is not None


def test_transfer_that_failed_at_its_target_may_be_asked_again() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.Transfer, contact, to=BOB))
    floor.call("delivered", agent="1002", leg_id="b")
    assert floor.refused(of_ann(c.Transfer, contact, to=QUEUE))["code"] == "under-way"
    floor.call("failed", agent="1002", leg_id="b", cause="no_answer")
    floor.do(of_ann(c.Transfer, contact, to=QUEUE))
    assert floor.orders() == ["call.transfer"]


def test_caller_does_not_hear_music_for_a_minute_where_the_platform_has_lost_the_order() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(of_ann(c.Hold, contact))
    floor.call("held", agent="1001")
    floor.do(of_ann(c.Retrieve, contact))
    floor.now += 6
    floor.do(of_ann(c.Retrieve, contact))
    assert floor.orders() == ["call.retrieve"]
