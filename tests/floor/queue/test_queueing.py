"""Queues that do not take everybody: overflow, hours, callback in line, and what callers are told of their wait."""

import msgspec
import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.configuration.config import LooserStep
from app.floor.memory.effects import SwitchOrder
from app.floor.memory.entities import ContactState
from app.routing.overflow.rules import Do, OverflowRule, When
from tests.floor.factories import CONFIG, T0, Bench
from tests.floor.queueing import hours, minute_of_day, outcomes, rules, to_loans, ways


def test_full_queue_sends_the_next_caller_on_at_their_original_place() -> None:
    floor = Bench(rules(to_loans(When.LENGTH, 2)))
    for n in range(2):
        floor.arrives(call_id=f"c{n}")
    contact = floor.arrives(call_id="c2")
    assert (floor.contact(contact).queue, ways(floor, contact)) == ("loans", ["overflowed", None])
    why = msgspec.json.decode(floor.told("contact.overflowed")[0].body)["why"]
    limits = {"because": "length", "measured": 2, "limit": 2, "to": "queue:loans"}
    assert why == {"rule": "overflow", "waited_seconds": 0, **limits}


def test_caller_is_sent_on_when_they_have_waited_long_enough_and_keeps_the_arrival() -> None:
    floor = Bench(rules(to_loans(When.WAIT, 60)))
    contact = floor.arrives()
    floor.wait(59)
    assert floor.contact(contact).queue == "cards"
    floor.wait(1)
    assert (floor.contact(contact).queue, floor.contact(contact).queued_at) == ("loans", T0)
    why = msgspec.json.decode(floor.told("contact.overflowed")[0].body)["why"]
    assert (why["because"], why["waited_seconds"], why["measured"], why["limit"]) == ("wait", 60, 60, 60)


def test_who_waits_is_sent_on_at_the_limit_though_their_requirement_loosens_later() -> None:
    floor = Bench(rules(to_loans(When.WAIT, 30), steps=(LooserStep(after_seconds=60, requires=()),)))
    contact = floor.arrives()
    floor.wait(30)
    assert floor.contact(contact).queue == "loans"


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


@pytest.mark.parametrize(
    ("rule", "order", "said", "seconds"),
    [
        (
            OverflowRule(when=When.LENGTH, at=0, do=Do.MESSAGE, message="Too many."),
            "call.disconnect",
            {"message": "Too many.", "reason": "turned_away"},
            120,
        ),
        (
            OverflowRule(when=When.NO_AGENT, do=Do.VOICEMAIL, message="Speak."),
            "call.voicemail",
            {"message": "Speak.", "queue": "cards"},
            900,
        ),
    ],
)
def test_who_is_turned_away_hears_why_and_is_not_kept_where_the_platform_tells_no_end(
    rule: OverflowRule, order: str, said: dict[str, str], seconds: float
) -> None:
    floor = Bench(rules(rule))
    contact = floor.arrives()
    (given,) = (each for each in floor.last.effects if isinstance(each, SwitchOrder))
    assert given.type == order
    assert said.items() <= msgspec.json.decode(given.body).items()
    floor.wait(seconds - 1)
    assert contact in floor.state.store.contacts
    floor.wait(1)
    assert contact not in floor.state.store.contacts


def test_limit_of_any_length_goes_off_once_and_not_for_ever() -> None:
    for at in (100 / 3, 33.3333333, 0.1234564, 12.3456784):
        floor = Bench(rules(to_loans(When.WAIT, at)))
        contact = floor.arrives()
        floor.wait(200)
        assert floor.contact(contact).queue == "loans"


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


def test_who_waits_for_a_later_step_is_told_no_less_than_the_time_until_it() -> None:
    floor = Bench(rules(requires=(("cards", 5),), steps=(LooserStep(after_seconds=30, requires=(("cards", 2),)),)))
    floor.on("ann")
    first = floor.arrives(call_id="c0")
    floor.wait(30)
    floor.answers("ann", first, "c0")
    floor.now += 5
    floor.call("cleared", "c0")
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=first))
    waits = floor.arrives(call_id="c1")
    assert floor.contact(waits).estimated_wait == 30
    floor.now += 20
    assert floor.do(c.TellWait(contact_id=waits))["estimated_wait_seconds"] == 10


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
    first = floor.do(c.TellWait(contact_id=waits))
    floor.now += 40
    later = floor.do(c.TellWait(contact_id=waits))
    assert (first["position"], later["because"]) == (1, "counted_down")
    assert later["estimated_wait_seconds"] == pytest.approx(first["estimated_wait_seconds"] - 40)
    floor.now += 1
    floor.arrives(call_id="c3", tier="private")
    told = floor.do(c.TellWait(contact_id=waits))
    assert (told["position"], told["overtaken_by"], told["because"]) == (2, 1, "overtaken")
    assert told["estimated_wait_seconds"] > later["estimated_wait_seconds"]


def test_what_is_told_never_counts_up_against_what_was_told_last() -> None:
    floor = Bench()
    floor.on("ann")
    for n in range(3):
        contact = floor.arrives(call_id=f"p{n}")
        floor.answers("ann", contact, f"p{n}")
        floor.now += 300
        floor.call("cleared", f"p{n}")
        floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact))
    floor.answers("ann", floor.arrives(call_id="c1"), "c1")
    waits = floor.arrives(call_id="c2")
    first = floor.do(c.TellWait(contact_id=waits))["estimated_wait_seconds"]
    loaned = {"bob": floor.arrives("200", "l1"), "dee": floor.arrives("200", "l2")}
    for agent, call in (("bob", "l1"), ("dee", "l2")):
        floor.now += 1
        floor.do(c.Connect(agent_id=agent))
        floor.call("established", call, agent=agent)
        floor.do(c.Ready(agent_id=agent, after_contact=True))
    floor.now += 18
    shorter = floor.do(c.TellWait(contact_id=waits))
    assert (shorter["because"], shorter["estimated_wait_seconds"] < first - 20) == ("predicted", True)
    for agent in loaned:
        floor.do(c.NotReady(agent_id=agent, reason="break", after_contact=True))
    floor.now += 20
    later = floor.do(c.TellWait(contact_id=waits))
    assert later["because"] == "counted_down"
    assert later["estimated_wait_seconds"] == pytest.approx(shorter["estimated_wait_seconds"] - 20)
    kept = floor.contact(waits)
    assert (kept.told_wait, kept.told_at) == (later["estimated_wait_seconds"], floor.now)
    assert [entry.data["because"] for entry in kept.timeline if entry.kind == "wait.told"] == ["predicted", "predicted"]


def test_agents_on_a_break_are_logged_on_so_nobody_is_sent_away() -> None:
    floor = Bench(rules(to_loans(When.NO_AGENT)))
    floor.on("ann")
    floor.do(c.NotReady(agent_id="ann", reason="break"))
    contact = floor.arrives()
    assert floor.contact(contact).queue == "cards"
    floor.do(c.LogOff(agent_id="ann"))
    assert floor.contact(contact).queue == "loans"


def test_missed_offer_of_the_only_agent_sends_nobody_away() -> None:
    floor = Bench(rules(to_loans(When.NO_AGENT)))
    floor.on("ann")
    contact = floor.arrives()
    floor.wait(21)
    assert floor.states("ann") == [AgentState.NOT_READY]
    assert floor.contact(contact).queue == "cards"
