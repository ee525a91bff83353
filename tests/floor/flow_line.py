"""A small bank with a flow, and a caller in it."""

from typing import Any

import msgspec

from app.floor import commands as c
from app.floor.configuration.config import FloorConfig, FlowBook
from app.floor.memory.effects import Ask, EndContact, SwitchOrder
from app.ivr.language.reading import read_flow
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
    choices: {1: cards, 2: balance, 3: call_back, 4: message, 5: number, 6: bye, 7: full, 8: elsewhere}
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
  full:
    type: branch
    cases: [{when: 'queues.cards.waiting > 0 && queues.cards.open', next: message}]
    otherwise: cards
  elsewhere: {type: transfer, number: '+4930999'}
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
CONTACT = "018f0000-0000-7000-8000-000000000001"
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
        return self.do(c.TakeEvent(event=event, contact_id=CONTACT))


def outcomes(floor: Bench) -> list[str]:
    return [effect.outcome for effect in floor.last.effects if isinstance(effect, EndContact)]
