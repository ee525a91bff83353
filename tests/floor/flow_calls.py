"""A call through a flow on the floor itself: as a rehearsal, but every event takes the way of a platform's."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import msgspec

from app.floor import commands as c
from app.floor.configuration.config import AgentRecord, FloorConfig, FlowBook, QueueRules, SourceRules
from app.floor.memory.effects import Ask, SwitchOrder
from app.floor.memory.entities import Contact, ContactState
from app.ivr.language.flow import Flow
from app.ivr.language.reading import read_flow
from app.ivr.language.world import CustomerView, QueueView, World
from app.ivr.playing.state import (
    AnyAction,
    AnyEvent,
    Fetched,
    FlowState,
    HungUp,
    Keyed,
    NoInput,
    Said,
    Started,
    Step,
    TimedOut,
    ToCallback,
    ToHangUp,
    ToQueue,
    ToVoicemail,
    Verified,
)
from app.routing.estimate import Average
from app.routing.estimate import Flow as Seen
from app.routing.hours.calendar import Hours, Interval
from app.telephony.instructions import AnyInstruction, HangUp, Script
from tests.floor.factories import Bench, call_event

ALWAYS = Hours(time_zone="UTC", weekly=((Interval(0, 1440),),) * 7)
NEVER = Hours(time_zone="UTC", weekly=((),) * 7)
BEFORE_A_SURVEY = """
flow: before
languages: [zh]
fallback_queue: service
start: wait
nodes: {wait: {type: queue, queue: service, survey: %s}}
"""
SKILLS = (("cards", 5), ("loans", 5))
IDS = count(1)


def house(world: World, flows: Mapping[str, Flow], queues: frozenset[str], number: str) -> FloorConfig:
    """A floor like the world that is given: what is closed there is closed by its hours."""
    views = {**{key: QueueView() for key in queues}, **world.queues}
    return FloorConfig(
        queues={
            key: QueueRules(id=key, name=key, teams=(key,), hours=ALWAYS if view.open else NEVER)
            for key, view in views.items()
        },
        agents={
            f"{key}-{place}": AgentRecord(
                id=f"{key}-{place}", name=key, address=f"{key}-{place}", team=key, skills=SKILLS
            )
            for key, view in views.items()
            for place in range(max(1, view.agents_on_duty))
        },
        sources={"pbx": SourceRules(id="pbx", numbers={f"to-{key}": key for key in views}, flows={"500": number})},
        hours={key: ALWAYS if view.open else NEVER for key, view in world.hours.items()},
        flows=FlowBook(current=dict.fromkeys(flows, 1), versions={(key, 1): flow for key, flow in flows.items()}),
    )


class FlowCall(Bench):
    """One call. `advance` stands in for the interpreter of a rehearsal: the floor runs it, and what the floor made of
    it (an answer, orders, a contact that waits) is read back as a step."""

    def __init__(self, queues: frozenset[str], flows: Mapping[str, Flow], *, asks_afterwards: bool) -> None:
        super().__init__(FloorConfig())
        self.queues, self.flows, self.asks_afterwards = queues, flows, asks_afterwards
        self.id, self.reply = f"018f0000-0000-7000-8000-{next(IDS):012}", dict[str, Any]()

    def advance(self, flow: Flow, state: FlowState, event: AnyEvent, world: World, _: Mapping[str, Flow]) -> Step:
        """Let the event come to the floor, as a platform, a clock or an errand would bring it."""
        self.reply, earlier = {}, state.script
        if isinstance(event, Started):
            self._rings(flow, world)
        elif isinstance(event, TimedOut):
            due = self.contact(self.id).flow
            assert due is not None
            assert due.due_at is not None
            self.wait(due.due_at - self.now)
        elif isinstance(event, HungUp):
            self.call("connection_cleared", self.id)
            return Step(state=msgspec.structs.replace(state, waiting="over", request=None, secrets={}))
        elif isinstance(event, Fetched | Verified):
            found = isinstance(event, Verified) and event.outcome == "found"
            caller = recognised(world.customer) if found else None
            self.do(c.FlowAnswered(contact_id=self.id, event=event, caller=caller))
        else:
            self._tells("digits", details={"script": earlier, **details(event)})
        return self._made()

    def _rings(self, flow: Flow, world: World) -> None:
        self.now = world.now - 1
        flows, entry = {**self.flows, flow.flow: flow}, flow.flow
        if self.asks_afterwards:
            entry, flows["before"] = "before", read_flow(BEFORE_A_SURVEY % flow.flow)
        self.do(c.Configure(config=house(world, flows, self.queues, entry)))
        for key, view in world.queues.items():
            self._fill(key, view)
        customer = recognised(world.customer) if world.customer.known else None
        self._tells("offered", from_=world.caller.number or None, to="500", caller=customer)
        if self.asks_afterwards:
            self.speaks_to("service-0")

    def speaks_to(self, agent: str) -> tuple[AnyInstruction, ...]:
        """An agent comes, takes the call and hangs up; gives what the caller hears then."""
        self.on(agent)
        self.answers(agent, self.id, self.id)
        self.call("connection_cleared", self.id, agent=agent)
        return self._instructions()

    def _fill(self, key: str, view: QueueView) -> None:
        """Callers who wait, and agents who are rung for those before them."""
        busy = view.agents_on_duty if view.waiting else 0
        for place in range(view.waiting + busy):
            self.call("offered", f"{key}-{place}", to=f"to-{key}")
        self.on(*(f"{key}-{place}" for place in range(busy)))
        handling = view.estimated_wait * view.agents_on_duty / (view.waiting + 1)
        self.state.store.flows[key] = Seen(handling=Average(handling))

    def _tells(self, kind: str, caller: c.Recognised | None = None, **more: Any) -> None:
        self.now += 0.5
        event = call_event(kind, self.id, self.now, **more)
        self.reply = self.do(c.TakeEvent(event=event, contact_id=self.id, caller=caller))

    def _made(self) -> Step:
        contact = self.contact(self.id)
        assert contact.flow is not None
        instructions = self._instructions()
        alerts = [msgspec.json.decode(told.body)["detail"] for told in self.told("flow.alert")]
        return Step(
            state=contact.flow.state,
            instructions=instructions,
            wait_seconds=contact.flow.state.wait_seconds,
            request=next((e.request for e in self.last.effects if isinstance(e, Ask)), None),
            action=ended(contact, instructions) if contact.flow.state.over else None,
            alert="; ".join(alerts) or None,
        )

    def _instructions(self) -> tuple[AnyInstruction, ...]:
        scripts = [e.body for e in self.last.effects if isinstance(e, SwitchOrder) and e.type == "call.script"]
        if scripts:
            return msgspec.convert(msgspec.json.decode(scripts[-1])["script"], Script).instructions
        told = self.reply.get("instructions", [])
        return msgspec.convert({"number": 0, "instructions": told}, Script).instructions


def ended(contact: Contact, instructions: tuple[AnyInstruction, ...]) -> AnyAction:
    """What the floor has done with the caller, in the words of flows."""
    queue = str(contact.queue)
    if contact.state in (ContactState.WAITING, ContactState.OFFERED):
        survey, bonus = contact.survey, contact.own_bonus
        return ToQueue(queue=queue, steps=contact.own_steps, bonus=bonus, survey=survey)
    if contact.callback_to is not None:
        return ToCallback(queue=queue, number=contact.callback_to)
    if contact.ending == "voicemail":
        return ToVoicemail(queue=queue)
    last = instructions[-1]
    assert isinstance(last, HangUp), (contact.ending, last)
    return ToHangUp(reason=last.reason)


def details(event: AnyEvent) -> dict[str, Any]:
    """What a platform tells of an event, besides the number of the script."""
    if isinstance(event, Keyed) and event.secret_ref is not None:
        return {"secret_ref": event.secret_ref, "length": event.length, "finished": event.finished}
    if isinstance(event, Keyed):
        return {"digits": event.digits, "finished": event.finished}
    if isinstance(event, Said):
        return {"speech": event.text, "confidence": event.confidence}
    assert isinstance(event, NoInput), event
    return {"digits": ""}


def recognised(customer: CustomerView) -> c.Recognised:
    """The customer as a look-up finds them."""
    profile = msgspec.json.encode({"customer": {"attributes": customer.attributes, "segments": customer.segments}})
    tier, language = customer.tier or None, customer.language or None
    return c.Recognised(customer=c.CustomerCard(customer.id, customer.name, tier, language), profile=profile)
