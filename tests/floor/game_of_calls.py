"""Random play, the part of it that agents have who are on a call."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.agents.presence import AgentState
from app.core.ids import new_id
from app.floor import commands as c
from app.floor.memory.effects import SwitchOrder
from app.floor.memory.entities import Contact, ContactState, LiveAgent
from app.floor.state import FloorState
from tests.floor.factories import CONFIG as BANK
from tests.floor.factories import call_event
from tests.floor.rules_at_work import every_rule_at_work

CONFIG = every_rule_at_work(BANK)
AGENTS = st.sampled_from(sorted(CONFIG.agents))
DESTINATIONS = st.one_of(
    st.sampled_from(sorted(CONFIG.queues)).map(lambda q: c.Destination(queue=q)),
    AGENTS.map(lambda a: c.Destination(agent=a)),
    st.just(c.Destination(number="+49")),
)
ANSWERED = {"call.established", "call.conferenced", "call.held", "call.retrieved"}


class AgentsOnCalls(RuleBasedStateMachine):
    """Agents hold, transfer, confer and consult, and click twice."""

    state: FloorState
    now: float

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[c.Command, str, c.Answer]] = []
        self.ordered: dict[int, SwitchOrder] = {}

    def send(self, command: c.Command, key: str | None = None) -> c.Answer:
        """What the floor's loop does with a command."""
        raise NotImplementedError

    def ask(self, command: c.Command) -> None:
        key = new_id()
        self.sent.append((command, key, self.send(command, key)))

    def tell(self, contact: Contact, kind: str, agent: str | None, leg: str | None = None) -> None:
        event = call_event(kind, contact.call.id, self.now, source=contact.call.source, agent=agent, leg_id=leg)
        self.ask(c.TakeEvent(event=event, contact_id=new_id()))

    def give_up(self, order_id: int) -> None:
        """By the number, the type and the agent that it was ordered with."""
        order = self.ordered[order_id]
        self.ask(c.OrderFailed(order_id=order_id, order_type=order.type, contact_id=order.contact, agent_id=order.agent,
                               detail="no"))  # fmt: skip

    def click_twice(self, command: c.ContactCommand | c.Listen | c.StopListening | c.TakeCall) -> None:
        """Who clicks twice asks the switch once; a phone that has not answered may ring again for the next offer."""
        talks = self.state.store.contacts[command.contact_id].state is ContactState.ACTIVE
        self.ask(command)
        if talks and self.sent[-1][2].ok:
            held = self.state.store.contacts[command.contact_id]
            self.ask(command)
            assert not self.sent[-1][2].ok, f"{command} was ordered twice"
            assert self.state.store.contacts.get(command.contact_id) == held

    @precondition(lambda self: self.agents_in(AgentState.BUSY))
    @rule(data=st.data(), kind=st.sampled_from([c.Hold, c.Retrieve, c.HangUp]))
    def agent_handles_the_call(self, data: st.DataObject, kind: type[c.ContactCommand]) -> None:
        agent = data.draw(st.sampled_from(self.agents_in(AgentState.BUSY)))
        self.click_twice(kind(agent_id=agent.id, contact_id=agent.contacts[-1]))

    @precondition(lambda self: self.agents_in(AgentState.BUSY))
    @rule(data=st.data(), to=DESTINATIONS)
    def agent_transfers(self, data: st.DataObject, to: c.Destination) -> None:
        agent = data.draw(st.sampled_from(self.agents_in(AgentState.BUSY)))
        self.click_twice(c.Transfer(agent_id=agent.id, contact_id=agent.contacts[-1], to=to))

    @precondition(lambda self: self.agents_in(AgentState.BUSY))
    @rule(data=st.data(), to=DESTINATIONS)
    def agent_confers(self, data: st.DataObject, to: c.Destination) -> None:
        agent = data.draw(st.sampled_from(self.agents_in(AgentState.BUSY)))
        self.click_twice(c.Conference(agent_id=agent.id, contact_id=agent.contacts[-1], to=to))

    @precondition(lambda self: self.agents_in(AgentState.BUSY))
    @rule(data=st.data(), to=DESTINATIONS)
    def agent_consults(self, data: st.DataObject, to: c.Destination) -> None:
        agent = data.draw(st.sampled_from(self.agents_in(AgentState.BUSY)))
        self.click_twice(c.ConsultCall(agent_id=agent.id, contact_id=agent.contacts[-1], to=to))

    @precondition(lambda self: any(x.consult for x in self.contacts_in(ContactState.ACTIVE)))
    @rule(data=st.data(), kind=st.sampled_from([c.CompleteTransfer, c.ReconnectCall]),
          said=st.sampled_from(["established", "failed", "transferred", "connection_cleared", None]))  # fmt: skip
    def consultation_goes_on(self, data: st.DataObject, kind: type[c.ContactCommand], said: str | None) -> None:
        found = data.draw(st.sampled_from([x for x in self.contacts_in(ContactState.ACTIVE) if x.consult]))
        assert found.consult is not None
        if said is None:
            self.click_twice(kind(agent_id=found.consult.by, contact_id=found.id))
        else:
            self.tell(found, said, data.draw(st.sampled_from([found.consult.agent, found.consult.by])))

    @precondition(lambda self: any(x.invited for x in self.contacts_in(ContactState.ACTIVE)))
    @rule(data=st.data(), said=st.sampled_from(["established", "failed", "connection_cleared", "given up", "declined"]))
    def invitation_goes_on(self, data: st.DataObject, said: str) -> None:
        found = data.draw(st.sampled_from([x for x in self.contacts_in(ContactState.ACTIVE) if x.invited]))
        invite = data.draw(st.sampled_from(found.invited))
        if said == "declined":
            self.click_twice(c.HangUp(agent_id=invite.agent, contact_id=found.id))
        elif said == "given up":
            self.ask(c.OrderFailed(order_id=invite.order, order_type="call.conference", contact_id=found.id,
                                   agent_id=invite.by, detail="refused"))  # fmt: skip
        else:
            self.tell(found, said, invite.agent)

    @invariant()
    def who_is_on_a_call_talks_on_it(self) -> None:
        """Or has not talked on it yet; whatever else of theirs was rung for it, and never told to have ended."""
        for contact in self.contacts_in(ContactState.ACTIVE):
            for agent in contact.agents:
                told = [leg for leg in contact.call.legs if leg.agent == agent]
                talked = [leg for leg in told if {mark.kind for mark in leg.marks} & ANSWERED]
                over = talked and all(leg.ended for leg in talked)
                assert not over, f"{agent} is kept on {contact.id}, which they have left"

    @precondition(lambda self: self.contacts_in(ContactState.ACTIVE))
    @rule(data=st.data(), agent=AGENTS, leaves=st.booleans())
    def colleague_declines_and_comes_when_invited_again(self, data: st.DataObject, agent: str, leaves: bool) -> None:
        """By another leg than the first, of which no end is told."""
        found = data.draw(st.sampled_from(self.contacts_in(ContactState.ACTIVE)))
        invites = c.Conference(agent_id=found.agents[0], contact_id=found.id, to=c.Destination(agent=agent))
        self.ask(c.Ready(agent_id=agent))
        self.ask(invites)
        if self.sent[-1][2].ok:
            self.tell(found, "delivered", agent, "first")
            self.ask(c.HangUp(agent_id=agent, contact_id=found.id))
            self.ask(invites)
            self.tell(found, "established", agent, "second")
            if leaves:
                self.tell(found, "connection_cleared", agent, "second")

    @precondition(lambda self: self.contacts_in(ContactState.ACTIVE))
    @rule(data=st.data(), agent=AGENTS)
    def colleague_comes_and_hangs_up_and_nobody_can_act_for_a_while(self, data: st.DataObject, agent: str) -> None:
        """The other one goes on talking, though the hang-up was lost in the outage."""
        found = data.draw(st.sampled_from(self.contacts_in(ContactState.ACTIVE)))
        stays = found.agents[0]
        self.ask(c.Ready(agent_id=agent))
        self.ask(c.Conference(agent_id=stays, contact_id=found.id, to=c.Destination(agent=agent)))
        if not self.sent[-1][2].ok or found.close_at is not None:
            return
        self.tell(found, "established", agent)
        self.ask(c.HangUp(agent_id=agent, contact_id=found.id))
        self.now = round(self.now + 120, 6)
        self.send(c.Resumed())
        self.ask(c.Hold(agent_id=stays, contact_id=found.id))
        self.now = round(self.now + 16, 6)
        self.send(c.Expire())
        after = self.state.store.contacts[found.id]
        assert stays in after.agents, f"{stays} was cut off from {found.id} since {agent} had hung up"

    def contacts_in(self, *states: ContactState) -> list[Contact]:
        return sorted((x for x in self.state.store.contacts.values() if x.state in states), key=lambda x: x.id)

    def agents_in(self, state: AgentState) -> list[LiveAgent]:
        return sorted((x for x in self.state.store.agents.values() if x.state is state), key=lambda x: x.id)
