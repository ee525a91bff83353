"""A small bank and shorthands for what platforms and agents say."""

from typing import Any

import asyncpg
import msgspec

from app.agents.presence import AgentState
from app.core.ids import new_id
from app.floor import commands as c
from app.floor.configuration.config import AgentRecord, FloorConfig, LooserStep, QueueRules, SourceRules, TierRules
from app.floor.invariants import check
from app.floor.memory.effects import Happened, SwitchOrder
from app.floor.memory.entities import Contact, ContactState, LiveAgent
from app.floor.state import FloorState, Outcome
from app.routing.engine.requirement import names, satisfies
from app.telephony.events import CallEvent
from tests.fixtures import spoken

T0 = 1_800_000_000.0

CONFIG = FloorConfig(
    queues={
        "cards": QueueRules(id="cards", name="Cards", requires=(("cards", 2),), offer_seconds=20, wrap_up_seconds=30),
        "loans": QueueRules(id="loans", name="Loans", requires=(("loans", 3),), decline_keeps_ready=False),
        "wealth": QueueRules(
            id="wealth", name="Wealth", requires=(("wealth", 4),), language_level=3, default_language="en", bonus=30
        ),
    },
    agents={
        "ann": AgentRecord(id="ann", name="Ann", address="1001", skills=(("cards", 3), ("zh", 5))),
        "bob": AgentRecord(id="bob", name="Bob", address="1002", skills=(("cards", 2), ("loans", 4))),
        "cho": AgentRecord(id="cho", name="Cho", address="1003", skills=(("en", 4), ("wealth", 5), ("zh", 5))),
        "dee": AgentRecord(id="dee", name="Dee", address="1004", skills=(("cards", 5), ("loans", 5))),
    },
    sources={
        "pbx": SourceRules(id="pbx", numbers={"100": "cards", "200": "loans", "300": "wealth"}),
        "cloud": SourceRules(id="cloud", default_queue="cards"),
    },
    tiers={"gold": TierRules(60.0, 1), "private": TierRules(300.0, 2), "standard": TierRules()},
    wrap_up_codes=frozenset({"solved", "callback"}),
)


def call_event(kind: str, call_id: str = "c1", at: float = T0, source: str = "pbx", **more: Any) -> CallEvent:
    """An event as an adapter would hand it in."""
    return CallEvent(source=source, type=f"call.{kind}", call_id=call_id, at=at, **more)


class Bench:
    """A floor to play on: keeps the clock, checks the invariants after every command, and finds what was told."""

    def __init__(self, config: FloorConfig = CONFIG) -> None:
        self.state = FloorState(config)
        self.now = T0
        self.last = Outcome(c.Answer(True))

    def do(self, command: c.Command) -> dict[str, Any]:
        """Apply a command that must be accepted."""
        self.try_(command)
        assert self.last.answer.ok, self.last.answer.body
        return self.last.answer.body

    def refused(self, command: c.Command) -> dict[str, Any]:
        """Apply a command that must be refused; gives the problem."""
        self.try_(command)
        assert not self.last.answer.ok
        assert self.last.effects == ()
        return self.last.answer.body

    def try_(self, command: c.Command) -> None:
        """Apply a command, whatever comes of it."""
        before = self.state.store.waiting()
        self.last = self.state.apply(command, self.now)
        check(self.state)
        spoken.hold(self.last.effects)
        no_script_parts_two_who_talk(self.state, self.last)
        nobody_was_overtaken(self.state, before, self.told("contact.offered"))

    def on(self, *agents: str) -> None:
        """Agents log on and become ready, one second apart."""
        for agent in agents:
            self.do(c.Connect(agent_id=agent))
            self.do(c.Ready(agent_id=agent))
            self.now += 1

    def call(self, kind: str, call_id: str = "c1", **more: Any) -> str:
        """A platform's event now; gives the contact's id."""
        caller, at = more.pop("caller", None), more.pop("at", self.now)
        event = call_event(kind, call_id, at, **more)
        body = self.do(c.TakeEvent(event=event, contact_id=new_id(), caller=caller))
        contact_id: str = body["contact_id"]
        return contact_id

    def arrives(self, to: str = "100", call_id: str = "c1", **customer: Any) -> str:
        """A call is offered; with `tier` or `language` the caller is a known customer."""
        caller = None
        if customer:
            caller = c.Recognised(customer=c.CustomerCard(id=new_id(), name="Wang", **customer))
        return self.call("offered", call_id, from_="+8613800138000", to=to, caller=caller)

    def answers(self, agent: str, contact_id: str, call_id: str = "c1") -> None:
        """The agent accepts and their phone is connected."""
        self.do(c.AcceptOffer(agent_id=agent, contact_id=contact_id))
        self.call("established", call_id, agent=agent)

    def wait(self, seconds: float) -> None:
        """Let time pass; everything due happens at its own time."""
        until = self.now + seconds
        while (due := self.state.next_deadline()) is not None and due <= until:
            self.now = max(due, self.now)
            self.do(c.Expire())
        self.now = until

    def agent(self, agent_id: str) -> LiveAgent:
        """The agent now."""
        return self.state.store.agent(agent_id)

    def states(self, *agents: str) -> list[AgentState]:
        """The agents' states."""
        return [self.agent(agent).state for agent in agents]

    def contact(self, contact_id: str) -> Contact:
        """The contact now."""
        return self.state.store.contacts[contact_id]

    def offered_to(self, contact_id: str) -> str | None:
        """Whom the contact is on offer to."""
        contact = self.state.store.contacts.get(contact_id)
        return contact.offer.agent if contact is not None and contact.offer is not None else None

    def told(self, kind: str) -> list[Happened]:
        """The events of one type that the last command made."""
        return [e for e in self.last.effects if isinstance(e, Happened) and e.type == kind]

    def told_of(self, contact_id: str) -> bytes:
        """The last screen pop of a contact, as the last command made it."""
        return next(e.body for e in reversed(self.told("contact.offered")) if e.contact == contact_id)

    def orders(self) -> list[str]:
        """The switch orders that the last command made."""
        return [e.type for e in self.last.effects if isinstance(e, SwitchOrder)]


def no_script_parts_two_who_talk(state: FloorState, last: Outcome) -> None:
    """No script is ordered for a caller to whom an agent is being connected already, or who talks to one."""
    orders = [each for each in last.effects if isinstance(each, SwitchOrder)]
    for place, order in enumerate(orders):
        if order.type == "call.script":
            contact = state.store.contacts.get(order.contact)
            parts = contact is not None and (contact.state is ContactState.CONNECTING or contact.agents)
            connected_after = any(
                each.type == "call.connect" and each.contact == order.contact for each in orders[place + 1 :]
            )
            assert not parts or connected_after, f"a script would part {order.contact} from their agent"


def nobody_was_overtaken(state: FloorState, before: list[Contact], offers: list[Happened]) -> None:
    """No agent chose a contact while one with an earlier place waited, before and after, that they might have had."""
    store = state.store
    waited = [each for each in before if store.contacts.get(each.id) == each]
    for told in offers:
        contact = store.contacts.get(told.contact or "")
        if contact is None or b'"rule":"agent_finds_contact"' not in told.body or told.agent is None:
            continue
        kind = store.config.agents[told.agent].kind
        for each in waited:
            could = names(each.wanted, told.agent) and satisfies(kind, each.wanted) and not each.held
            passed = could and told.agent not in each.missed_by and each.place < contact.place
            assert not passed, f"{contact.id} overtook {each.id} for {told.agent}"


async def configure(dsn: str, config: FloorConfig = CONFIG) -> None:
    """Write a configuration into the records of a database."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await _write(connection, config)
    finally:
        await connection.close()


def _step(step: LooserStep) -> dict[str, Any]:
    """As the records keep it: skills as an object."""
    kept: dict[str, Any] = msgspec.to_builtins(step)
    return kept | {"requires": dict(step.requires), "one_of": [dict(group) for group in step.one_of]}


async def _write(db: "asyncpg.Connection[asyncpg.Record]", config: FloorConfig) -> None:
    skills = sorted({s for a in config.agents.values() for s, _ in a.skills} | {"zh", "en"})
    await db.executemany("INSERT INTO skills (id, name) VALUES ($1, $1)", [(s,) for s in skills])
    await db.executemany(
        "INSERT INTO tiers (id, name, rank, bonus_seconds) VALUES ($1, $1, $2, $3)",
        [(key, tier.rank, tier.bonus) for key, tier in config.tiers.items()],
    )
    await db.executemany("INSERT INTO wrap_up_codes (id, name) VALUES ($1, $1)", [(w,) for w in config.wrap_up_codes])
    await db.executemany(
        """INSERT INTO queues (id, name, bonus_seconds, offer_seconds, wrap_up_seconds, decline_keeps_ready,
                               language_level, default_language, preferred_seconds, last_agent_seconds, selection,
                               strict_tiers, wrap_up_ends, overflow, steps, record)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)""",
        [
            (q.id, q.name, q.bonus, q.offer_seconds, q.wrap_up_seconds, q.decline_keeps_ready, q.language_level,
             q.default_language, q.preferred_seconds, q.last_agent_seconds, q.selection, q.strict_tiers, q.wrap_up_ends,
             msgspec.json.encode(q.overflow).decode(), msgspec.json.encode([_step(s) for s in q.steps]).decode(),
             q.record)
            for q in config.queues.values()
        ],
    )  # fmt: skip
    queue_skills = [(q.id, s, level) for q in config.queues.values() for s, level in q.requires]
    await db.executemany("INSERT INTO queue_skills (queue_id, skill_id, level) VALUES ($1, $2, $3)", queue_skills)
    people = [(a.id, a.name) for a in config.agents.values()]
    await db.executemany("INSERT INTO users (id, name, role, password_hash) VALUES ($1, $2, 'agent', '-')", people)
    phones = [(a.id, a.name, a.address) for a in config.agents.values()]
    await db.executemany("INSERT INTO agents (id, name, address) VALUES ($1, $2, $3)", phones)
    held = [(a.id, s, level) for a in config.agents.values() for s, level in a.skills]
    await db.executemany("INSERT INTO agent_skills (agent_id, skill_id, level) VALUES ($1, $2, $3)", held)
    for source in config.sources.values():
        await db.execute(
            "INSERT INTO cti_sources (id, name, secrets, default_queue) VALUES ($1, $1, '{}', $2)",
            source.id,
            source.default_queue,
        )
        numbers = [(source.id, number, queue) for number, queue in source.numbers.items()]
        await db.executemany("INSERT INTO dialled_numbers (source_id, number, queue_id) VALUES ($1, $2, $3)", numbers)
