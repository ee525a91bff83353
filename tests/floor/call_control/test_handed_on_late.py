"""Callers whom a supervisor, or an agent beside one, has left to somebody else, told late or out of order."""

import pytest

from app.floor import commands as c
from app.floor.memory.effects import SwitchOrder
from app.floor.memory.entities import ContactState
from tests.floor.factories import Bench
from tests.floor.supervision.test_supervisors_phones import comes, goes, presses, taken, talking

WAITS = (ContactState.WAITING, ContactState.OFFERED)
BY = pytest.mark.parametrize("by", ["sue", "cho"])


def joined(floor: Bench, by: str) -> str:
    """Ann's caller hears the supervisor, too."""
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by=by, address="7001", mode="join"))
    comes(floor, by)
    return contact


def elsewhere(floor: Bench, contact: str) -> bool:
    """Whether the caller is with somebody of whom it is not told, and waits for nobody."""
    found = floor.contact(contact)
    return (found.state, found.sent_away, found.requeue_at) == (ContactState.ARRIVING, True, None)


@BY
@pytest.mark.parametrize("when", ["before they came", "while they were in"])
def test_caller_whose_supervisor_has_gone_waits_though_an_agent_of_before_is_first_told_now_to_have_handed_them_on(
    by: str, when: str
) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by=by, address="7001" if by == "sue" else None))
    floor.now += 1
    at = floor.now
    comes(floor, by)
    if when == "while they were in":
        floor.now += 1
        at = floor.now
    floor.now += 1
    floor.call("connection_cleared", agent="1001")
    goes(floor, by)
    floor.call("transferred", agent="1001", at=at)
    floor.wait(10)
    assert floor.contact(contact).state in WAITS


def test_caller_whom_an_agent_hands_on_whose_supervisor_has_gone_does_not_wait() -> None:
    floor = Bench()
    contact = taken(floor, "sue", alone=False)
    goes(floor, "sue")
    floor.now += 2
    at = floor.now
    floor.call("connection_cleared", agent="1001")
    floor.call("transferred", agent="1001", at=at)
    floor.wait(60)
    assert elsewhere(floor, contact)


@BY
@pytest.mark.parametrize("how", ["waits", "is on offer", "is being connected"])
def test_caller_who_waits_and_whom_a_joined_supervisor_has_handed_on_waits_no_longer_though_it_is_told_after_their_end(
    by: str, how: str
) -> None:
    floor = Bench()
    contact = joined(floor, by)
    floor.call("connection_cleared", agent="1001")
    if how != "waits":
        floor.on("bob")
    floor.wait(6)
    if how == "is being connected":
        floor.do(c.AcceptOffer(agent_id="bob", contact_id=contact))
    at = floor.now
    goes(floor, by)
    floor.call("transferred", agent=by, leg_id=f"channel-{by}", at=at)
    assert elsewhere(floor, contact)
    assert floor.orders() == (["call.cancel"] if how == "is being connected" else [])
    assert floor.contact(contact).visits[-1].outcome == "flowed_out"


@BY
@pytest.mark.parametrize("told", ["before their end", "after their end"])
def test_caller_waits_whom_an_agent_had_beside_a_number_that_a_joined_supervisor_has_brought(
    by: str, told: str
) -> None:
    floor = Bench()
    contact = joined(floor, by)
    floor.now += 1
    at = floor.now
    floor.now += 1
    floor.call("connection_cleared", agent="1001")
    floor.wait(6)
    if told == "after their end":
        floor.call("supervisor_left", leg_id=f"channel-{by}", details={"supervisor": by}, at=at)
    floor.call("transferred", agent=by, leg_id=f"channel-{by}", at=at)
    assert floor.contact(contact).state is ContactState.WAITING


@BY
def test_caller_waits_whose_next_agent_has_gone_since_a_joined_supervisor_had_handed_them_on(by: str) -> None:
    floor = Bench()
    contact = joined(floor, by)
    floor.call("connection_cleared", agent="1001")
    floor.on("bob")
    floor.wait(6)
    floor.now += 1
    at = floor.now
    goes(floor, by)
    floor.answers("bob", contact)
    floor.now += 5
    floor.call("connection_cleared", agent="1002")
    floor.wait(6)
    floor.call("transferred", agent=by, leg_id=f"channel-{by}", at=at)
    assert floor.contact(contact).state is ContactState.WAITING


@BY
@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("before", [False, True])
def test_caller_whom_a_joined_supervisor_has_sent_to_a_queue_of_the_switch_waits(
    by: str, waits: bool, before: bool
) -> None:
    """The end of the agent who had gone before is told last, or the transfer, of a caller who waits already; also of
    one who was in a queue of the switch before the agent had them."""
    floor = Bench()
    contact = joined(floor, by)
    if before:
        floor.call("queued", queue="cards", at=floor.now - 5)
    left, sent = floor.now + 1, floor.now + 2
    floor.now += 3
    if waits:
        floor.call("connection_cleared", agent="1001", at=left)
        floor.wait(6)
        floor.call("supervisor_left", leg_id=f"channel-{by}", details={"supervisor": by}, at=sent)
        floor.call("queued", queue="cards", at=sent)
    floor.call("transferred", agent=by, leg_id=f"channel-{by}", at=sent)
    if not waits:
        floor.call("queued", queue="cards", at=sent)
        floor.call("connection_cleared", agent="1001", at=left)
        floor.wait(6)
    assert floor.contact(contact).state is ContactState.WAITING


def test_who_only_heard_takes_nobody_out_of_the_queue_after_their_end() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="sue", address="7001", mode="listen"))
    comes(floor, "sue")
    floor.call("connection_cleared", agent="1001")
    floor.wait(6)
    at = floor.now
    goes(floor, "sue")
    floor.call("transferred", agent="sue", leg_id="channel-sue", at=at)
    assert floor.contact(contact).state is ContactState.WAITING


@BY
@pytest.mark.parametrize("order", ["tle", "tel", "te", "lte", "let", "tl"])
def test_caller_whom_a_supervisor_hands_on_who_has_taken_them_does_not_wait_whenever_the_agents_end_is_told(
    by: str, order: str
) -> None:
    floor = Bench()
    contact = taken(floor, by, alone=False)
    floor.call("established", leg_id="number")
    at = floor.now + 1
    floor.now += 3
    for what in order:
        if what == "t":
            floor.call("transferred", agent=by, leg_id=f"channel-{by}", at=at)
        elif what == "l":
            floor.call("supervisor_left", leg_id=f"channel-{by}", details={"supervisor": by}, at=at)
        else:
            floor.call("connection_cleared", agent="1001", at=at + 1)
    floor.wait(60)
    assert elsewhere(floor, contact)
    assert floor.contact(contact).ended_at is None


@BY
def test_agent_who_is_not_dropped_keeps_a_caller_whom_a_supervisor_hands_on(by: str) -> None:
    floor = Bench()
    contact = taken(floor, by, alone=False)
    order = next(each.order for each in floor.contact(contact).under_way if each.leaves == "ann")
    presses(floor, by, "transferred")
    goes(floor, by)
    failed = c.OrderFailed(order_id=order, order_type="call.cancel", contact_id=contact, agent_id="ann", detail="no")
    floor.do(failed)
    assert (floor.contact(contact).agents, floor.contact(contact).sent_away) == (("ann",), False)
    floor.call("connection_cleared", agent="1001")
    floor.wait(6)
    assert floor.contact(contact).state in WAITS


@BY
def test_caller_whom_a_supervisor_has_left_to_a_colleague_before_the_agents_end_is_told_waits_after_the_colleague(
    by: str,
) -> None:
    floor = Bench()
    contact = taken(floor, by, alone=False)
    floor.on("bob")
    presses(floor, by, "transferred")
    floor.call("established", agent="1002", leg_id="bobs")
    floor.call("connection_cleared", agent="1001")
    assert floor.contact(contact).agents == ("bob",)
    floor.now += 5
    floor.call("connection_cleared", agent="1002", leg_id="bobs")
    floor.wait(6)
    assert floor.contact(contact).state in WAITS


def test_nobody_orders_the_end_of_a_call_that_a_supervisor_has_handed_on_where_the_agents_end_is_never_told() -> None:
    floor = Bench()
    contact = taken(floor, "sue", alone=False)
    presses(floor, "sue", "transferred")
    ordered: list[str] = []
    for _ in range(30):
        floor.wait(1)
        ordered += [each.type for each in floor.last.effects if isinstance(each, SwitchOrder)]
    assert ordered == []
    assert elsewhere(floor, contact)


@pytest.mark.parametrize("order", ["te", "tle", "lte", "let", "etl", "elt", "el"])
def test_caller_whom_a_supervisor_sends_to_a_colleague_by_order_waits_for_them_in_whichever_order_it_is_told(
    order: str,
) -> None:
    floor = Bench()
    contact = taken(floor, "cho", alone=False)
    floor.on("bob")
    floor.do(c.Transfer(agent_id="cho", contact_id=contact, to=c.Destination(agent="bob")))
    at = floor.now
    floor.now += 1
    for what in order:
        if what == "t":
            floor.call("transferred", agent="cho", leg_id="channel-cho", at=at)
        elif what == "l":
            floor.call("supervisor_left", leg_id="channel-cho", details={"supervisor": "cho"}, at=at)
        else:
            floor.call("connection_cleared", agent="1001", at=at - 1)
    assert floor.offered_to(contact) == "bob"


@BY
@pytest.mark.parametrize("order", ["tle", "tel", "lte", "let", "etl", "elt", "ttle", "tlet"])
def test_caller_whom_a_joined_supervisor_hands_on_after_the_agent_has_gone_does_not_wait_whenever_that_is_told(
    by: str, order: str
) -> None:
    floor = Bench()
    contact = joined(floor, by)
    at = floor.now + 1
    floor.now += 4
    for what in order:
        if what == "t":
            floor.call("transferred", agent=by, leg_id=f"channel-{by}", at=at + 1)
        elif what == "l":
            floor.call("supervisor_left", leg_id=f"channel-{by}", details={"supervisor": by}, at=at + 1)
        else:
            floor.call("connection_cleared", agent="1001", at=at)
    floor.wait(60)
    assert elsewhere(floor, contact)


def test_caller_whom_a_joined_supervisor_had_handed_on_before_waits_after_the_next_agent() -> None:
    floor = Bench()
    contact = joined(floor, "sue")
    floor.call("connection_cleared", agent="1001")
    presses(floor, "sue", "transferred")
    floor.on("bob")
    floor.now += 5
    floor.call("established", agent="1002")
    floor.now += 5
    floor.call("connection_cleared", agent="1002")
    floor.wait(6)
    assert floor.contact(contact).state in WAITS


def test_caller_waits_whose_consulted_colleague_is_told_late_to_have_gone_before_the_call_was_theirs() -> None:
    floor = Bench()
    contact = taken(floor, "cho")
    floor.on("bob")
    floor.do(c.ConsultCall(agent_id="cho", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("established", agent="1002")
    at = floor.now + 1
    floor.now += 2
    floor.do(c.CompleteTransfer(agent_id="cho", contact_id=contact))
    floor.call("transferred", agent="cho", leg_id="channel-cho")
    goes(floor, "cho")
    floor.call("connection_cleared", agent="1002", at=at)
    floor.wait(6)
    assert floor.contact(contact).state in WAITS


@BY
def test_caller_who_waits_and_whom_a_supervisor_has_handed_on_before_they_were_let_go_waits_no_longer(by: str) -> None:
    floor = Bench()
    contact = joined(floor, by)
    floor.call("connection_cleared", agent="1001")
    floor.wait(6)
    at = floor.now
    floor.now += 1
    floor.do(c.StopListening(contact_id=contact, by=by))
    floor.call("transferred", agent=by, leg_id=f"channel-{by}", at=at)
    floor.call("supervisor_left", leg_id=f"channel-{by}", details={"supervisor": by}, at=at)
    assert elsewhere(floor, contact)


@pytest.mark.parametrize("told", ["before the agent's end", "after the agent's end"])
def test_caller_waits_whom_a_second_supervisor_has_had_since_the_first_one_had_handed_them_on(told: str) -> None:
    floor = Bench()
    contact = taken(floor, "sue", alone=False)
    presses(floor, "sue", "transferred")
    floor.do(c.TakeCall(contact_id=contact, by="sam", address="7002"))
    comes(floor, "sam")
    if told == "before the agent's end":
        goes(floor, "sam")
    floor.call("connection_cleared", agent="1001")
    if told == "after the agent's end":
        goes(floor, "sam")
    floor.on("bob")
    floor.wait(6)
    assert floor.contact(contact).state in WAITS


@BY
@pytest.mark.parametrize("order", ["tj", "tje", "tjle", "tjel", "tejl", "tlj", "tlje", "ttje", "tjje", "te"])
def test_caller_whom_a_supervisor_who_takes_them_hands_on_does_not_wait_though_it_is_told_before_they_have_come(
    by: str, order: str
) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by=by, address="7001" if by == "sue" else None))
    at = floor.now + 1
    floor.now += 5
    ordered: list[str] = []
    for what in order:
        if what == "t":
            floor.call("transferred", agent=by, leg_id=f"channel-{by}", at=at + 2)
        elif what == "e":
            floor.call("connection_cleared", agent="1001", at=at + 1)
        else:
            kind, later = ("joined", 0) if what == "j" else ("left", 2)
            floor.call(f"supervisor_{kind}", leg_id=f"channel-{by}", details={"supervisor": by}, at=at + later)
        ordered += floor.orders()
    assert ordered == ["call.cancel"]
    floor.wait(60)
    assert elsewhere(floor, contact)
    found = floor.contact(contact)
    assert (found.agents, found.listeners) == ((), ())
    own = found.call.leg_of("cho")
    assert (own is not None and own.talk_seconds == (2 if "j" in order else 0)) if by == "cho" else own is None


@pytest.mark.parametrize("before", [False, True])
def test_transfer_by_a_leg_from_before_is_none_of_the_phone_that_rings_a_supervisor_now(before: bool) -> None:
    floor = Bench()
    contact = joined(floor, "sue")
    floor.now += 1
    at = floor.now
    goes(floor, "sue")
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="7001"))
    floor.call("transferred", agent="sue", leg_id="channel-sue", at=at if before else floor.now)
    assert floor.contact(contact).agents == ("ann",)
    assert [(each.by, each.inside) for each in floor.contact(contact).listeners] == [("sue", False)]
