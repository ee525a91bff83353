"""Random commands, duplicates, reorderings and timers against the real journal.

After every command the invariants of routing hold; after every batch the tables recover to exactly the state in memory,
and a command sent again under its id gets its first answer without being done twice.
"""

import asyncio
from collections.abc import Coroutine
from itertools import count
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from app.agents.presence import AgentState
from app.core.ids import new_id
from app.floor import commands as c
from app.floor.invariants import check
from app.floor.journal.batch import Batch
from app.floor.journal.inbox import Inbox, encode
from app.floor.journal.writer import Journal
from app.floor.loop.recovery import recover
from app.floor.memory.due import SWEEP_SECONDS
from app.floor.memory.effects import SwitchOrder
from app.floor.memory.entities import Contact, ContactState
from app.floor.state import FloorState
from app.ivr.playing.state import Fetched
from app.telephony.events import PhoneWord
from app.telephony.instructions import Enqueue, Music, Script
from tests.fixtures.database import Database, Server
from tests.floor.factories import T0, call_event, no_script_parts_two_who_talk
from tests.floor.game_of_administrators import changed_by_somebody, same_as_judged_anew
from tests.floor.game_of_calls import AGENTS, CONFIG
from tests.floor.game_of_supervisors import SupervisorsAtWork

Result = TypeVar("Result")


CALLS = st.integers(1, 5)
KINDS = st.sampled_from(
    ["offered", "queued", "delivered", "established", "held", "retrieved", "transferred", "conferenced", "diverted",
     "digits", "script_done", "connection_cleared", "failed", "cleared", "mystery", "callback_requested"]
)  # fmt: skip
NUMBERS = st.sampled_from(["100", "200", "300", "500", "999", None])
TIERS = st.sampled_from([None, "standard", "gold", "private"])
_games = count(1)


class FloorGame(SupervisorsAtWork):
    """One game on a floor (of the database) of its own."""

    run_async: Any
    journal: Journal

    def __init__(self) -> None:
        super().__init__()
        self.floor = f"game-{next(_games)}"
        self.now = T0
        self.config = CONFIG
        self.state = FloorState(CONFIG)
        self.batch, self.inbox, self.new_rules = Batch(), Inbox(), False
        self.alerts = (new_id(), new_id())
        self.closed: tuple[Batch, int, dict[tuple[str, str], c.Answer]] | None = None
        self.uncommitted: dict[tuple[str, str], c.Answer] = {}
        self.journal.floor = self.floor
        self.wait_for(self.journal.own(0.01))
        self.state.begin_batch()
        for agent in sorted(CONFIG.agents):
            self.comes(agent)
        for number in ("100", "200"):
            self.somebody_answers(number, None, "voice")

    def wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:
        result: Result = self.run_async(work)
        return result

    def send(self, command: c.Command, key: str | None = None) -> c.Answer:
        """What the floor's loop does with a command."""
        at = ("game", key) if key else None
        known = (self.uncommitted.get(at) or self.inbox.get(at)) if at else None
        if known is not None:
            return known
        apply = same_as_judged_anew if isinstance(command, c.Configure) else FloorState.apply
        outcome = apply(self.state, command, self.now)
        check(self.state)
        no_script_parts_two_who_talk(self.state, outcome)
        self.batch.add(outcome.effects)
        self.ordered |= {each.seq: each for each in outcome.effects if isinstance(each, SwitchOrder)}
        if at is not None:
            self.batch.remember(*at, self.now, encode(outcome.answer))
            self.uncommitted[at] = outcome.answer
        return outcome.answer

    @rule(data=st.data())
    def administrator_changes_the_rules(self, data: st.DataObject) -> None:
        self.config = data.draw(changed_by_somebody(self.config, CONFIG))
        self.new_rules = True
        self.send(c.Configure(config=self.config))

    @rule(kind=KINDS, call=CALLS, agent=st.none() | AGENTS, to=NUMBERS, tier=TIERS, late=st.integers(-30, 30),
          outbound=st.booleans(), sequence=st.none() | st.integers(1, 20),
          leg=st.sampled_from([None, None, "x", "y"]))  # fmt: skip
    def platform_speaks(self, kind: str, call: int, agent: str | None, to: str | None, tier: str | None, late: int,
                        outbound: bool, sequence: int | None, leg: str | None) -> None:  # fmt: skip
        caller = c.Recognised(customer=c.CustomerCard(new_id(), "Li", tier, "zh"), profile=b'{"a":1}') if tier else None
        event = call_event(
            kind, f"{self.floor}-{call}", self.now - late, to=to, agent=agent, sequence=sequence,
            direction="outbound" if outbound else None, leg_id=leg,
        )  # fmt: skip
        self.ask(c.TakeEvent(event=event, contact_id=new_id(), caller=caller, raw=b'{"type":"x"}'))

    @rule(to=st.sampled_from(["100", "200", "300", "500"]), tier=TIERS, channel=st.sampled_from(["voice", "chat"]))
    def call_arrives(self, to: str, tier: str | None, channel: str) -> None:
        self.arrives(to, tier, channel)

    def arrives(self, to: str, tier: str | None, channel: str) -> None:
        card = c.CustomerCard(new_id(), "Li", tier, "zh")
        caller = c.Recognised(customer=card, preferred_agent="cho", last_agent="bob") if tier else None
        event = call_event("offered", f"{self.floor}-{new_id()}", self.now, to=to, from_="+8613800138000",
                           details={"channel": channel})  # fmt: skip
        self.ask(c.TakeEvent(event=event, contact_id=new_id(), caller=caller))

    @rule(to=st.sampled_from(["100", "200"]), tier=TIERS, channel=st.sampled_from(["voice", "voice", "chat"]))
    def agent_answers_a_call(self, to: str, tier: str | None, channel: str) -> None:
        """Several steps in one: few games would come to a call that somebody is on by single ones."""
        self.comes("ann" if to == "100" else "bob")
        self.somebody_answers(to, tier, channel)

    def somebody_answers(self, to: str, tier: str | None, channel: str) -> None:
        self.arrives(to, tier, channel)
        for agent in self.agents_in(AgentState.RESERVED):
            self.ask(c.AcceptOffer(agent_id=agent.id, contact_id=agent.offer or ""))
        for contact in self.contacts_in(ContactState.CONNECTING):
            self.tell(contact, "established", contact.offer.agent if contact.offer else None)

    @precondition(lambda self: self.contacts_in(ContactState.CONNECTING))
    @rule(data=st.data(), kind=st.sampled_from(["delivered", *["established"] * 2, "failed", "connection_cleared"]),
          leg=st.sampled_from([None, "first", "second"]))  # fmt: skip
    def phone_reacts(self, data: st.DataObject, kind: str, leg: str | None) -> None:
        contact = data.draw(st.sampled_from(self.contacts_in(ContactState.CONNECTING)))
        self.tell(contact, kind, contact.offer.agent if contact.offer else None, leg)

    @precondition(lambda self: self.contacts_in(*ContactState))
    @rule(data=st.data(), kind=KINDS, customer=st.booleans())
    def call_goes_on(self, data: st.DataObject, kind: str, customer: bool) -> None:
        contact = data.draw(st.sampled_from(self.contacts_in(*ContactState)))
        if customer or not contact.agents:
            self.tell(contact, kind, None)
            return
        agent = data.draw(st.sampled_from(contact.agents))
        named = [leg.id.split("#")[0] for leg in contact.call.legs if leg.agent == agent]
        self.tell(contact, kind, agent, data.draw(st.sampled_from([None, *named])))

    @precondition(lambda self: self.scripted())
    @rule(data=st.data(), keys=st.sampled_from(["", *"12345678"]), late=st.sampled_from([0, 0, 0, 1]),
          transfer=st.sampled_from([None, "busy", "completed"]))  # fmt: skip
    def script_is_answered(self, data: st.DataObject, keys: str, late: int, transfer: str | None) -> None:
        contact = data.draw(st.sampled_from(self.scripted()))
        kind = data.draw(st.sampled_from(["digits", "digits", "script_done"]))
        details = {"script": contact.last_script - late, "digits": keys, "transfer": transfer}
        event = call_event(kind, contact.call.id, self.now, source=contact.call.source, details=details)
        self.ask(c.TakeEvent(event=event, contact_id=new_id()))

    @precondition(lambda self: self.scripted())
    @rule(data=st.data(), refused=st.booleans(), plain=st.booleans())
    def script_is_given_up(self, data: st.DataObject, refused: bool, plain: bool) -> None:
        contact = data.draw(st.sampled_from(self.scripted()))
        told = (Enqueue(queue=contact.queue or ""),) if plain else (Music(),)
        script = Script(number=contact.last_script, instructions=told)
        self.ask(c.OrderFailed(order_id=1, order_type="call.script", contact_id=contact.id, agent_id=None,
                               detail="no", refused=refused, script=script))  # fmt: skip

    @precondition(lambda self: self.scripted())
    @rule(data=st.data(), body=st.sampled_from(['{"balance": 7}', "no"]))
    def request_is_answered(self, data: st.DataObject, body: str) -> None:
        contact = data.draw(st.sampled_from(self.scripted()))
        asked = contact.flow.state.request if contact.flow is not None else None
        event = Fetched(request=asked.id if asked is not None else "r", status=200, body=body)
        self.ask(c.FlowAnswered(contact_id=contact.id, event=event))

    @rule(agent=AGENTS)
    def agent_comes(self, agent: str) -> None:
        self.comes(agent)

    def comes(self, agent: str) -> None:
        self.ask(c.Connect(agent_id=agent))
        self.ask(c.Ready(agent_id=agent))

    @rule(agent=AGENTS, kind=st.sampled_from([c.Connect, c.Ready, c.LogOff]))
    def agent_moves(self, agent: str, kind: type[c.AgentCommand]) -> None:
        self.ask(kind(agent_id=agent))

    @rule(agent=AGENTS, source=st.sampled_from(["pbx", "pbx", "cloud"]), word=st.sampled_from([*PhoneWord]))
    def platform_tells_of_a_phone(self, agent: str, source: str, word: PhoneWord) -> None:
        self.ask(c.PhoneState(source=source, address=CONFIG.agents[agent].address, state=word))

    @rule(agent=AGENTS, ago=st.integers(0, 60))
    def agent_vanishes(self, agent: str, ago: int) -> None:
        self.ask(c.Disconnect(agent_id=agent, last_heard=self.now - ago))

    @rule(agent=AGENTS)
    def agent_takes_a_break(self, agent: str) -> None:
        self.ask(c.NotReady(agent_id=agent, reason="break"))

    @precondition(lambda self: self.agents_in(AgentState.RESERVED))
    @rule(data=st.data(), kind=st.sampled_from([c.AcceptOffer, c.AcceptOffer, c.DeclineOffer]))
    def agent_minds_the_offer(self, data: st.DataObject, kind: type[c.ContactCommand]) -> None:
        agent = data.draw(st.sampled_from(self.agents_in(AgentState.RESERVED)))
        self.ask(kind(agent_id=agent.id, contact_id=agent.offer or ""))

    @rule(place=st.integers(0, 1), queue=st.sampled_from(["cards", "none"]))
    def alert_asks_for_a_callback(self, place: int, queue: str) -> None:
        key = self.alerts[place]
        wish = {"contact_id": key, "queue": queue, "number": "+49", "because_of": key, "by": "mei", "source": "pbx"}
        self.ask(c.OpenCallback(**wish, caller=c.Recognised(customer=c.CustomerCard(key, "Li"), profile=b"{}")))

    @rule(agent=AGENTS)
    def agent_dials(self, agent: str) -> None:
        self.ask(c.Dial(agent_id=agent, contact_id=new_id(), to="+49", source="pbx"))

    @rule(agent=AGENTS, code=st.sampled_from([None, "solved", "wrong"]))
    def agent_wraps_up(self, agent: str, code: str | None) -> None:
        contact = self.state.store.agent(agent).wrap_up or new_id()
        self.ask(c.FinishWrapUp(agent_id=agent, contact_id=contact, code=code, note="n"))

    @rule(
        data=st.data(),
        agent=AGENTS,
        order=st.sampled_from(["call.connect", "call.dial", "call.hold", "call.transfer", "call.disconnect"]),
    )
    def switch_cannot_be_told(self, data: st.DataObject, agent: str, order: str) -> None:
        contact = self.contact_of(agent)
        found = self.state.store.contacts.get(contact)
        asked = [each.order for each in found.under_way if each.kind == order] if found is not None else []
        number = data.draw(st.sampled_from([*asked, 1]))
        self.ask(c.OrderFailed(order_id=number, order_type=order, contact_id=contact, agent_id=agent, detail="refused"))

    @rule(seconds=st.sampled_from([0.001, 1, 6, 21, 31, 46, 700, 15_000]))
    def time_passes(self, seconds: float) -> None:
        self.now = round(self.now + seconds, 6)
        self.send(c.Expire())
        due = self.state.next_deadline()
        assert due is None or due > self.now, "what was due has happened"

    @rule(command=st.sampled_from([c.TakeOver(), c.Resumed()]))
    def an_outage_is_over(self, command: c.Command) -> None:
        self.send(command)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def message_comes_again(self, data: st.DataObject) -> None:
        command, key, answer = data.draw(st.sampled_from(self.sent))
        assert encode(self.send(command, key)) == encode(answer)

    @precondition(lambda self: self.closed is None)
    @rule()
    def next_batch_gathers_while_this_one_is_committed(self) -> None:
        self.state.close_batch()
        self.closed = (self.batch, self.state.seq, dict(self.uncommitted))
        self.batch = Batch()

    @precondition(lambda self: self.closed is not None)
    @rule()
    def commit_under_way_ends(self) -> None:
        assert self.closed is not None
        batch, seq, answers = self.closed
        if batch:
            self.wait_for(self.journal.commit(batch, seq))
        self.state.settle_batch()
        for key, answer in answers.items():
            self.inbox.put(key, encode(answer))
            del self.uncommitted[key]
        self.closed = None

    @rule()
    def batch_is_committed(self) -> None:
        if self.closed is not None:
            self.commit_under_way_ends()
        if self.batch:
            self.wait_for(self.journal.commit(self.batch, self.state.seq))
        for key, answer in self.uncommitted.items():
            self.inbox.put(key, encode(answer))
        self.uncommitted.clear()
        self.batch, self.new_rules = Batch(), False
        self.wait_for(self.recovers_to_the_same())
        self.state.begin_batch()

    @rule()
    def batch_is_taken_back(self) -> None:
        """As after finding out that one of its commands was answered long ago; what was sent may be sent again."""
        self.state.undo_batch()
        self.sent = [known for known in self.sent if ("game", known[1]) not in self.uncommitted]
        self.uncommitted.clear()
        self.batch, self.closed = Batch(), None
        if self.new_rules:  # they are the records', so they are obeyed again
            self.send(c.Configure(config=self.config))
            return
        check(self.state)
        self.wait_for(self.recovers_to_the_same())

    async def recovers_to_the_same(self) -> None:
        found = await recover(self.journal.connection, self.floor, self.config, self.now)
        mine, theirs = self.state.store, found.state.store
        assert theirs.contacts == mine.contacts
        assert theirs.agents == mine.agents
        assert theirs.phones == mine.phones
        assert theirs.profiles.keys() == mine.profiles.keys()
        assert found.state.seq == self.state.seq
        ours = {key: ended for key, ended in theirs.ended.items() if key[1] in self.call_ids()}
        assert ours == {k: e for k, e in mine.ended.items() if e.ended_at > self.now - 600}
        check(found.state)

    def call_ids(self) -> set[str]:
        return {key[1] for key in self.state.store.ended}

    def scripted(self) -> list[Contact]:
        return [x for x in self.contacts_in(*ContactState) if x.last_script]

    def contact_of(self, agent: str) -> str:
        held = self.state.store.agent(agent).contacts
        return held[-1] if held else new_id()

    @invariant()
    def numbers_have_no_gap(self) -> None:
        batches = [self.batch, self.closed[0]] if self.closed is not None else [self.batch]
        given = sorted([e.seq for b in batches for e in b.events] + [o.seq for b in batches for o in b.orders])
        assert given == list(range(self.journal.seq + 1, self.state.seq + 1))

    @invariant()
    def who_was_promised_a_callback_waits_or_is_being_called(self) -> None:
        for contact in self.state.store.contacts.values():
            if contact.promised and contact.state is ContactState.ARRIVING:
                assert contact.close_at is not None, f"{contact.id} was promised a callback and is forgotten"

    def time_frees_everybody(self) -> None:
        """Every state that holds somebody has an end; a promised callback is the next agent's from this look on."""
        for _ in range(3):
            self.now += SWEEP_SECONDS + 3600
            self.ask(c.Expire())
        for agent in self.state.store.agents.values():
            endless = agent.wrap_up is not None and agent.wrap_up_until is None
            held = agent.state in (AgentState.RESERVED, AgentState.BUSY) and agent.since < self.now
            assert not held, f"{agent.id} is {agent.state} for ever"
            assert agent.state is not AgentState.WORKING_AFTER_CALL or endless, f"{agent.id} wraps up for ever"
        for contact in self.state.store.contacts.values():
            assert contact.promised or contact.state is ContactState.WRAP_UP, f"{contact.id} is stuck"

    def teardown(self) -> None:
        self.time_frees_everybody()
        self.batch_is_committed()


def test_floor_keeps_its_promises(server: Server) -> None:
    with asyncio.Runner() as runner:
        place = server.copy()
        database: Database = runner.run(place.__aenter__())
        FloorGame.run_async, FloorGame.journal = runner.run, Journal(database.dsn, "")
        try:
            run_state_machine_as_test(
                FloorGame,
                settings=settings(
                    max_examples=150,
                    stateful_step_count=50,
                    deadline=None,
                    report_multiple_bugs=False,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(FloorGame.journal.close())
            runner.run(place.__aexit__(None, None, None))
