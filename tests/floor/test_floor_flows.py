"""Callers in flows: keys lead on, whatever comes late or not at all harms nobody, and the flow's end is the floor's."""

from typing import Any

import msgspec
import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.config import FloorConfig, FlowBook
from app.floor.effects import Ask, EndContact, SwitchOrder
from app.floor.entities import ContactState
from app.floor.state import FloorState
from app.ivr.reading import read_flow
from app.ivr.state import Fetch, Fetched, Verified, Verify
from tests.floor.factories import CONFIG, Bench, call_event

MAIN = """
flow: main
languages: [en]
fallback_queue: loans
start: menu
variables: {balance: number}
nodes:
  menu:
    type: menu
    prompt: Cards one, balance two, call back three, message four, card number five, over six.
    choices: {1: cards, 2: balance, 3: call_back, 4: message, 5: number, 6: bye}
    otherwise: cards
  cards:
    type: queue
    queue: cards
    bonus: 30
    requires: {cards: 3}
    announcements: {first_seconds: 20, every_seconds: 30}
    callback: {after_seconds: 10, key: '1'}
    survey: survey
  balance: {type: fetch, url: 'http://bank.invalid/balance', into: {balance: /balance}, next: told, failed: cards}
  told: {type: say, text: 'It is {string(vars.balance)}.', next: bye}
  call_back: {type: callback, queue: cards, no_number: cards}
  message: {type: voicemail, queue: cards, prompt: Speak.}
  number: {type: collect, prompt: Card., into: card, secret: true, least: 4, most: 8, next: pin, otherwise: cards}
  pin: {type: collect, prompt: PIN., into: pin, secret: true, least: 4, most: 6, next: who, otherwise: cards}
  who: {type: identify, by: card_number, number: card, pin: pin, found: cards, not_found: number, failed: cards}
  bye: {type: hang_up}
"""
SURVEY = """
flow: survey
languages: [en]
fallback_queue: cards
start: rate
nodes:
  rate: {type: survey, question: csat, prompt: One to five., next: bye, otherwise: bye}
  bye: {type: hang_up}
"""
FLOWS = {("main", 1): read_flow(MAIN), ("survey", 1): read_flow(SURVEY)}


def config(**changes: Any) -> FloorConfig:
    """The small bank, where the number 500 leads to the flow."""
    pbx = msgspec.structs.replace(CONFIG.sources["pbx"], flows={"500": "main"})
    book = FlowBook(current={"main": 1, "survey": 1}, versions=FLOWS)
    return msgspec.structs.replace(CONFIG, sources={**CONFIG.sources, "pbx": pbx}, flows=book, **changes)


class Line(Bench):
    """A caller of the flow."""

    def __init__(self, rules: FloorConfig | None = None) -> None:
        super().__init__(rules or config())
        self.said: dict[str, Any] = {}

    def rings(self) -> str:
        self.said = self._tells("offered", from_="+8613800138000", to="500")
        return str(self.said["contact_id"])

    def presses(self, digits: str, script: int | None = None, **more: Any) -> None:
        number = self.said.get("script") if script is None else script
        details = {"script": number, "digits": digits, **more}
        said = self._tells("digits", details=details)
        self.said = said if "script" in said else {**self.said, "instructions": []}

    def heard(self) -> list[str]:
        return [each["do"] for each in self.said["instructions"]]

    def ordered(self) -> list[dict[str, Any]]:
        told = [e for e in self.last.effects if isinstance(e, SwitchOrder) and e.type == "call.script"]
        scripts = [msgspec.json.decode(each.body)["script"] for each in told]
        if scripts:
            self.said = {"script": scripts[-1]["number"], "instructions": scripts[-1]["instructions"]}
        return scripts

    def asked(self) -> list[Ask]:
        return [e for e in self.last.effects if isinstance(e, Ask)]

    def _tells(self, kind: str, **more: Any) -> dict[str, Any]:
        self.now += 0.5
        event = call_event(kind, "c1", self.now, **more)
        return self.do(c.TakeEvent(event=event, contact_id="018f0000-0000-7000-8000-000000000001"))


def outcomes(floor: Bench) -> list[str]:
    return [effect.outcome for effect in floor.last.effects if isinstance(effect, EndContact)]


def test_menu_leads_to_a_queue_with_the_requirement_and_bonus_of_the_flow() -> None:
    line = Line()
    line.on("bob", "ann")
    contact = line.rings()
    assert (line.heard(), line.contact(contact).queue) == (["collect"], None)
    line.presses("1")
    assert line.heard() == ["queue"]
    assert (line.contact(contact).queue, line.contact(contact).bonus) == ("cards", 30)
    assert line.offered_to(contact) == "ann"  # bob has cards at 2 only


def test_same_key_twice_and_a_late_key_change_nothing() -> None:
    line = Line()
    contact = line.rings()
    line.presses("9")
    assert (line.heard()[-1], line.said["script"]) == ("collect", 2)
    before = line.contact(contact).flow
    line.presses("1", script=1)
    assert (line.contact(contact).flow, line.heard()) == (before, [])


def test_caller_who_keys_nothing_and_a_platform_that_says_nothing_come_to_a_queue_in_the_end() -> None:
    line = Line()
    contact = line.rings()
    for _ in range(20):
        line.wait(60)
        if line.contact(contact).state is ContactState.WAITING:
            break
    assert line.contact(contact).queue == "cards"


def test_fetched_answer_is_spoken_and_ends_the_call_as_served_by_the_flow() -> None:
    line = Line()
    contact = line.rings()
    line.presses("2")
    (ask,) = line.asked()
    assert isinstance(ask.request, Fetch)
    line.do(
        c.FlowAnswered(contact_id=contact, event=Fetched(request=ask.request.id, status=200, body='{"balance": 7}'))
    )
    (script,) = line.ordered()
    assert script["instructions"][0]["text"] == "It is 7."
    line.call("cleared")
    assert outcomes(line) == ["self_served"]


def test_fetch_that_is_never_answered_is_given_up_by_the_floor() -> None:
    line = Line()
    contact = line.rings()
    line.presses("2")
    line.wait(60)
    assert line.contact(contact).queue == "cards"


def test_request_is_asked_again_by_the_next_owner() -> None:
    line = Line()
    contact = line.rings()
    line.presses("2")
    (ask,) = line.asked()
    line.do(c.TakeOver())
    assert line.asked() == [Ask(contact=contact, request=ask.request)]


def test_state_survives_as_json_and_any_process_goes_on_with_it() -> None:
    line = Line()
    contact = line.rings()
    kept = msgspec.json.encode(line.contact(contact))
    other = Line()
    other.state = FloorState(config(), line.state.seq)
    other.state.store.contacts[contact] = msgspec.json.decode(kept, type=type(line.contact(contact)))
    other.state.store.reindex(config())
    other.now, other.said = line.now, line.said
    other.presses("1")
    assert other.contact(contact).queue == "cards"


def test_call_keeps_the_version_with_which_it_began() -> None:
    line = Line()
    contact = line.rings()
    newer = read_flow(MAIN.replace("queue: cards", "queue: loans"))
    book = FlowBook(current={"main": 2, "survey": 1}, versions={**FLOWS, ("main", 2): newer})
    line.do(c.Configure(config=msgspec.structs.replace(config(), flows=book)))
    line.presses("1")
    assert line.contact(contact).queue == "cards"


def test_version_that_is_gone_costs_nobody_the_call() -> None:
    line = Line()
    contact = line.rings()
    line.do(c.Configure(config=msgspec.structs.replace(config(), flows=FlowBook())))
    line.presses("1")
    assert line.contact(contact).state is ContactState.WAITING
    assert line.told("flow.alert")


def test_queue_that_was_removed_since_the_flow_was_published_leads_to_the_fallback() -> None:
    line = Line()
    contact = line.rings()
    left = {key: rules for key, rules in CONFIG.queues.items() if key != "cards"}
    line.do(c.Configure(config=config(queues=left)))
    line.presses("1")
    assert line.contact(contact).queue == "loans"
    assert line.told("flow.alert")


@pytest.mark.parametrize("keys", ["", "1", "2", "3", "4", "5", "51234", "6"])
def test_caller_may_hang_up_at_every_node(keys: str) -> None:
    line = Line()
    contact = line.rings()
    for key in keys[:1]:
        line.presses(key)
    if len(keys) > 1:
        line.presses("", secret_ref="r1", length=4)
    line.call("connection_cleared")
    assert len(outcomes(line)) == 1
    left = [each for each in line.state.store.contacts.values() if each.id == contact]
    assert left == []


def test_promised_callback_takes_a_place_in_the_line() -> None:
    line = Line()
    contact = line.rings()
    line.presses("3")
    assert line.heard()[-1] == "hang_up"
    line.call("cleared")
    assert outcomes(line) == ["callback"]
    (callback,) = line.state.store.contacts.values()
    assert (callback.callback_of, callback.queue, callback.call.to) == (contact, "cards", "+8613800138000")


def test_message_is_an_outcome_of_its_own() -> None:
    line = Line()
    line.rings()
    line.presses("4")
    assert line.heard()[-1] == "voicemail"
    line.call("cleared")
    assert outcomes(line) == ["voicemail"]


def proves(line: Line, outcome: str) -> str:
    contact = line.rings()
    line.presses("5")
    line.presses("", secret_ref="r1", length=6)
    line.presses("", secret_ref="r2", length=4)
    (ask,) = line.asked()
    assert isinstance(ask.request, Verify)
    assert (ask.request.number_ref, ask.request.secret_ref) == ("r1", "r2")
    known = c.Recognised(customer=c.CustomerCard("k1", "Wang", "gold"), profile=b"{}") if outcome == "found" else None
    event = Verified(request=ask.request.id, outcome=outcome, customer="k1" if known else None)  # type: ignore[arg-type]
    line.do(c.FlowAnswered(contact_id=contact, event=event, caller=known))
    line.ordered()
    return contact


def test_caller_who_proves_who_they_are_is_served_as_who_they_are() -> None:
    line = Line()
    contact = line.contact(proves(line, "found"))
    assert contact.customer is not None
    assert (contact.verified, contact.customer.name, contact.queue, contact.bonus) == (True, "Wang", "cards", 90)


def test_locked_identification_is_told_politely_and_alerts() -> None:
    line = Line()
    contact = proves(line, "locked")
    assert line.told("flow.alert")
    assert line.heard()[0] == "say"
    assert line.contact(contact).queue == "loans"


def test_waiting_caller_is_offered_a_callback_once_and_told_their_place_again_and_again() -> None:
    line = Line()
    contact = line.rings()
    line.presses("1")
    line.wait(10)
    (script,) = line.ordered()
    assert [each["do"] for each in script["instructions"]] == ["collect"]
    line.presses("5")
    line.wait(10)
    (script,) = line.ordered()
    (queue,) = script["instructions"]
    assert (queue["do"], queue["prompts"][0]["text"]) == ("queue", "You are number 1 in the queue.")
    line.wait(30)
    assert len(line.ordered()) == 1
    assert line.contact(contact).state is ContactState.WAITING


def test_key_on_the_offer_is_a_promise() -> None:
    line = Line()
    contact = line.rings()
    line.presses("1")
    line.wait(10)
    line.ordered()
    line.presses("1")
    assert line.heard() == ["hang_up"]
    line.call("cleared")
    assert outcomes(line) == ["callback"]
    assert contact not in line.state.store.contacts


def test_caller_is_asked_how_it_was_when_the_agent_has_gone() -> None:
    line = Line()
    line.on("ann")
    contact = line.rings()
    line.presses("1")
    line.answers("ann", contact)
    line.call("connection_cleared", agent="ann")
    (script,) = line.ordered()
    assert script["instructions"][0]["do"] == "collect"
    line.presses("5")
    assert [e.data["rating"] for e in line.contact(contact).timeline if e.kind == "flow.survey"] == [5]
    line.call("cleared")
    assert outcomes(line) == ["answered"]
    assert line.states("ann") == [AgentState.WORKING_AFTER_CALL]
