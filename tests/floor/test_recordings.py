"""Recording calls: by the queue's rule, on demand, never a secret, and as the platform took it."""

from typing import Any

import msgspec
import pytest

from app.floor import commands as c
from app.floor.configuration.config import FloorConfig, FlowBook
from app.floor.memory.effects import SwitchOrder
from app.floor.memory.entities import Contact
from app.ivr.language.reading import read_flow
from tests.floor.factories import CONFIG, Bench
from tests.floor.flow_line import FLOWS, config

SECRET_SURVEY = """
flow: survey
languages: [en]
fallback_queue: cards
start: pin
nodes:
  pin: {type: collect, prompt: PIN., into: pin, secret: true, least: 4, most: 6, next: thanks, otherwise: thanks}
  thanks: {type: collect, prompt: One to five., into: mark, least: 1, most: 1, next: bye, otherwise: bye}
  bye: {type: hang_up}
"""


def recorded(*queues: str) -> FloorConfig:
    rules = {key: msgspec.structs.replace(CONFIG.queues[key], record="on") for key in queues}
    return msgspec.structs.replace(CONFIG, queues={**CONFIG.queues, **rules})


class Desk(Bench):
    """Ann talks with a caller of the queue `cards`."""

    def talks(self, agent: str = "ann") -> str:
        self.on(agent)
        contact = self.arrives()
        self.answers(agent, contact)
        return contact

    def ask(self, contact: str, do: str, agent: str | None = "ann") -> dict[str, Any]:
        command: Any = c.Record(contact_id=contact, do=do, by=agent or "sue", agent_id=agent)  # type: ignore[arg-type]
        return self.do(command)

    def refuses(self, contact: str, do: str, agent: str | None = "ann") -> dict[str, Any]:
        command: Any = c.Record(contact_id=contact, do=do, by=agent or "sue", agent_id=agent)  # type: ignore[arg-type]
        return self.refused(command)

    def record_orders(self) -> list[SwitchOrder]:
        return [e for e in self.last.effects if isinstance(e, SwitchOrder) and e.type == "call.record"]

    def done(self) -> list[tuple[str, str]]:
        """What was ordered of recordings by the last command: (do, recording)."""
        told = [msgspec.json.decode(each.body) for each in self.record_orders()]
        return [(each["do"], each["recording"]) for each in told]

    def fails(self, order: SwitchOrder) -> None:
        failed = c.OrderFailed(
            order_id=order.seq, order_type=order.type, contact_id=order.contact, agent_id=order.agent, detail="no"
        )
        self.do(failed)


def states(contact: Contact) -> list[str]:
    return [str(each.state) for each in contact.recordings]


def test_queue_that_records_has_it_ordered_when_the_first_agent_is_connected() -> None:
    floor = Desk(recorded("cards"))
    contact = floor.talks()
    assert floor.done() == [("start", f"{contact}.1")]
    assert floor.record_orders()[0].agent == "ann"
    assert states(floor.contact(contact)) == ["recording"]
    (told,) = floor.told("contact.updated")
    assert msgspec.json.decode(told.body)["contact"]["recordings"][0]["state"] == "recording"
    entry = next(each for each in floor.contact(contact).timeline if each.kind == "recording.started")
    assert entry.data == {"recording": f"{contact}.1", "queue": "cards"}


def test_queue_that_does_not_record_orders_nothing_by_itself() -> None:
    floor = Desk(recorded("loans"))
    contact = floor.talks()
    assert (floor.done(), floor.contact(contact).recordings) == ([], ())


def test_second_agent_does_not_begin_another_recording() -> None:
    floor = Desk(recorded("cards"))
    contact = floor.talks()
    floor.on("bob")
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("established", agent="bob")
    assert floor.contact(contact).agents == ("ann", "bob")
    assert states(floor.contact(contact)) == ["recording"]


def test_agent_records_pauses_resumes_and_stops_streams_254() -> None:
    floor = Desk()
    contact = floor.talks()
    for do, state in (("start", "recording"), ("pause", "paused"), ("resume", "recording"), ("stop", "stopped")):
        assert floor.ask(contact, do)["recording"]["state"] == state
        assert floor.done() == [(do, f"{contact}.1")]
        assert [told.agent for told in floor.told("contact.updated")] == ["ann"]
    kinds = [each.kind for each in floor.contact(contact).timeline if each.kind.startswith("recording.")]
    assert kinds == ["recording.started", "recording.paused", "recording.resumed", "recording.stopped"]
    assert floor.ask(contact, "start")["recording"]["id"] == f"{contact}.2"


@pytest.mark.parametrize(
    ("before", "do", "state", "accepted"),
    [
        ((), "pause", "none", ["start"]),
        ((), "stop", "none", ["start"]),
        (("start",), "start", "recording", ["pause", "stop"]),
        (("start",), "resume", "recording", ["pause", "stop"]),
        (("start", "pause"), "pause", "paused", ["resume", "stop"]),
        (("start", "stop"), "resume", "stopped", ["start"]),
    ],
)
def test_what_does_not_fit_is_refused_with_the_state(
    before: tuple[str, ...], do: str, state: str, accepted: list[str]
) -> None:
    floor = Desk()
    contact = floor.talks()
    for each in before:
        floor.ask(contact, each)
    told = floor.refuses(contact, do)
    assert (told["state"], told["accepted"]) == (state, accepted)


def test_only_who_is_on_the_call_may_ask_and_only_while_it_is() -> None:
    floor = Desk()
    contact = floor.talks()
    floor.on("bob")
    assert "that you are on" in floor.refuses(contact, "start", "bob")["detail"]
    floor.call("cleared")
    assert floor.refuses(contact, "start")["state"] == "wrap_up"
    assert floor.refuses(contact, "start", None)["state"] == "wrap_up"


def test_supervisor_does_the_same_from_outside() -> None:
    floor = Desk()
    waits = floor.arrives(call_id="c0")
    assert floor.refuses(waits, "start", None)["state"] == "waiting"
    floor.on("ann")
    floor.answers("ann", waits, "c0")
    assert floor.ask(waits, "start", None)["recording"]["by"] == "sue"
    assert floor.ask(waits, "pause", None)["recording"]["state"] == "paused"
    assert floor.record_orders()[0].agent is None


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("start",), "failed"),
        (("start", "pause"), "recording"),
        (("start", "pause", "resume"), "paused"),
        (("start", "stop"), "recording"),
        (("start", "pause", "stop"), "paused"),
    ],
)
def test_order_that_is_not_taken_is_told_and_taken_back(asked: tuple[str, ...], expected: str) -> None:
    floor = Desk()
    contact = floor.talks()
    for do in asked:
        floor.ask(contact, do)
    floor.fails(floor.record_orders()[0])
    assert states(floor.contact(contact)) == [expected]
    assert [told.agent for told in floor.told("command.failed")] == ["ann"]
    assert [told.agent for told in floor.told("contact.updated")] == ["ann"]


def test_late_failure_of_a_pause_does_not_undo_what_was_asked_later() -> None:
    floor = Desk()
    contact = floor.talks()
    floor.ask(contact, "start")
    floor.ask(contact, "pause")
    pause = floor.record_orders()[0]
    floor.ask(contact, "resume")
    floor.fails(pause)
    assert states(floor.contact(contact)) == ["recording"]
    assert floor.contact(contact).recordings[0].pauses == ()


@pytest.mark.parametrize("then", ["start", "cleared"])
def test_stop_that_is_not_taken_changes_nothing_once_it_does_not_matter(then: str) -> None:
    floor = Desk()
    contact = floor.talks()
    floor.ask(contact, "start")
    floor.ask(contact, "stop")
    stop = floor.record_orders()[0]
    if then == "start":
        floor.ask(contact, "start")
    else:
        floor.call("cleared")
    floor.fails(stop)
    assert states(floor.contact(contact))[0] == "stopped"


def test_recording_that_could_not_begin_begins_with_the_next_agent() -> None:
    floor = Desk(recorded("cards"))
    contact = floor.talks()
    floor.fails(floor.record_orders()[0])
    floor.on("bob")
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("established", agent="bob")
    assert states(floor.contact(contact)) == ["failed", "recording"]


def test_recording_that_somebody_stopped_stays_so_in_the_same_queue() -> None:
    floor = Desk(recorded("cards"))
    contact = floor.talks()
    floor.ask(contact, "stop")
    floor.on("bob")
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("established", agent="bob")
    assert states(floor.contact(contact)) == ["stopped"]


def test_recording_ends_with_its_call_and_is_ready_when_the_platform_says_so() -> None:
    floor = Desk(recorded("cards"))
    contact = floor.talks()
    floor.call("cleared")
    assert (floor.done(), states(floor.contact(contact))) == ([], ["stopped"])
    floor.call("recording_ready", details={"recording": f"{contact}.1", "seconds": 61.5})
    assert states(floor.contact(contact)) == ["ready"]
    assert floor.contact(contact).recordings[0].seconds == 61.5
    assert [told.agent for told in floor.told("contact.updated")] == ["ann"]


@pytest.mark.parametrize("kind", ["recording_ready", "recording_failed"])
def test_platform_says_during_the_call_how_a_recording_ended(kind: str) -> None:
    floor = Desk()
    contact = floor.talks()
    floor.ask(contact, "start")
    floor.call(kind, details={"recording": f"{contact}.9"})
    assert states(floor.contact(contact)) == ["recording"]
    floor.call(kind, details={"recording": f"{contact}.1"})
    assert states(floor.contact(contact)) == [kind.removeprefix("recording_")]


@pytest.mark.parametrize("seconds", ["9", -1, 10**400, True, None])
def test_length_that_cannot_be_is_not_believed(seconds: Any) -> None:
    floor = Desk()
    contact = floor.talks()
    floor.ask(contact, "start")
    floor.call("recording_ready", details={"recording": f"{contact}.1", "seconds": seconds})
    assert [(str(each.state), each.seconds) for each in floor.contact(contact).recordings] == [("ready", None)]


def surveyed() -> tuple[Desk, str]:
    """Ann has left a recorded call, whose flow asks the caller for a secret now."""
    book = FlowBook(
        current={"main": 1, "survey": 1}, versions={**FLOWS, ("survey", 1): read_flow(SECRET_SURVEY)}
    )  # fmt: skip
    rules = config(queues=recorded("cards").queues)
    floor = Desk(msgspec.structs.replace(rules, flows=book))
    floor.on("ann")
    contact = floor.call("offered", from_="+861", to="500")
    floor.call("digits", details={"script": 1, "digits": "1"})
    floor.answers("ann", contact)
    floor.call("established")
    floor.call("connection_cleared", agent="ann")
    return floor, contact


def test_nothing_is_recorded_while_a_secret_is_keyed() -> None:
    floor, contact = surveyed()
    assert floor.orders() == ["call.record", "call.script"], "it pauses before the caller is asked"
    assert floor.done() == [("pause", f"{contact}.1")]
    assert floor.refuses(contact, "resume", None)["accepted"] == ["stop"]
    run = floor.contact(contact).flow
    assert run is not None
    floor.call("digits", details={"script": run.state.script, "secret_ref": "r1", "length": 4})
    assert floor.done() == [("resume", f"{contact}.1")]
    assert states(floor.contact(contact)) == ["recording"]


def test_recording_that_does_not_pause_for_a_secret_is_stopped() -> None:
    floor, contact = surveyed()
    floor.fails(floor.record_orders()[0])
    assert floor.done() == [("stop", f"{contact}.1")]
    assert states(floor.contact(contact)) == ["stopped"]
