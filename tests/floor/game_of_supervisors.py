"""Random play, the part of it that supervisors have, who may be agents, and agents who do more than to talk."""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.memory.entities import Contact, ContactState
from tests.floor.factories import call_event
from tests.floor.game_of_calls import AGENTS, DESTINATIONS, AgentsOnCalls

SUPERVISORS = st.sampled_from(["sue", "bob", "cho"])
HANG_UPS = ("call.disconnect", "call.cancel")
RUNG = ("call.listen", "call.consult", "call.conference", "call.complete_transfer", "call.reconnect")


class SupervisorsAtWork(AgentsOnCalls):
    """Supervisors listen, whisper, join, take over, release, end and record; also while they are rung or consulted."""

    @precondition(lambda self: self.contacts_in(ContactState.ACTIVE))
    @rule(data=st.data(), by=SUPERVISORS, mode=st.sampled_from(["listen", "whisper", "join", "take", "take", "stop"]))
    def supervisor_minds_a_call(self, data: st.DataObject, by: str, mode: str) -> None:
        key = data.draw(st.sampled_from(self.contacts_in(ContactState.ACTIVE))).id
        if mode == "stop":
            self.click_twice(c.StopListening(contact_id=key, by=by))
        elif mode == "take":
            self.click_twice(c.TakeCall(contact_id=key, by=by, address="7001" if by == "sue" else None))
        else:
            self.click_twice(c.Listen(contact_id=key, by=by, address=f"phone-{by}", mode=mode))

    @precondition(lambda self: any(x.invited for x in self.contacts_in(ContactState.ACTIVE)))
    @rule(data=st.data())
    def who_is_invited_takes_the_call(self, data: st.DataObject) -> None:
        """And is rung as invited no longer, from the moment in which they have asked for it."""
        found = data.draw(st.sampled_from([x for x in self.contacts_in(ContactState.ACTIVE) if x.invited]))
        by = data.draw(st.sampled_from(found.invited)).agent
        self.ask(c.TakeCall(contact_id=found.id, by=by))
        rung = [invite.agent for invite in self.state.store.contacts[found.id].invited]
        assert not (self.sent[-1][2].ok and by in rung), f"{by} is rung as invited to {found.id}, which they take over"

    @precondition(lambda self: self.supervised())
    @rule(data=st.data(), joined=st.booleans(), leg=st.sampled_from([None, "listener"]))
    def supervisors_phone_reacts(self, data: st.DataObject, joined: bool, leg: str | None) -> None:
        contact = data.draw(st.sampled_from(self.supervised()))
        by = data.draw(st.sampled_from(contact.listeners)).by
        self.supervisor_is(contact, "supervisor_joined" if joined else "supervisor_left", by, leg)

    @precondition(lambda self: self.supervised())
    @rule(data=st.data(), kind=st.sampled_from(["held", "held", "retrieved", "transferred"]))
    def supervisor_does_something_at_the_phone(self, data: st.DataObject, kind: str) -> None:
        """Nobody is on the call as an agent for that, nor off it who has not taken it."""
        contact = data.draw(st.sampled_from(self.supervised()))
        each = data.draw(st.sampled_from(contact.listeners))
        leg_id = each.leg or data.draw(st.sampled_from([None, *contact.listened]))
        if leg_id is not None:
            event = call_event(
                kind, contact.call.id, self.now, source=contact.call.source, agent=each.by, leg_id=leg_id
            )
            self.ask(c.TakeEvent(event=event, contact_id=contact.id))
            after = self.state.store.contacts[contact.id].agents
            assert set(after) | {each.by} == set(contact.agents) | {each.by}
            assert each.by in contact.agents or each.by not in after

    def supervisor_is(self, contact: Contact, kind: str, by: str, leg: str | None = None) -> None:
        event = call_event(
            kind, contact.call.id, self.now, source=contact.call.source, leg_id=leg, details={"supervisor": by}
        )
        self.ask(c.TakeEvent(event=event, contact_id=contact.id))

    @precondition(lambda self: any(x.under_way or x.consult for x in self.contacts_in(ContactState.ACTIVE)))
    @rule(data=st.data(), kind=st.sampled_from(RUNG), off=st.sampled_from([0, 0, -1]))
    def order_about_who_is_rung_is_given_up(self, data: st.DataObject, kind: str, off: int) -> None:
        found = [x for x in self.contacts_in(ContactState.ACTIVE) if x.under_way or x.consult]
        contact = data.draw(st.sampled_from(found))
        orders = [each.order for each in contact.under_way] + [contact.consult.order if contact.consult else 1]
        number = data.draw(st.sampled_from(orders)) + off
        if any(each.order == number and each.kind in HANG_UPS for each in contact.under_way):
            return
        self.ask(c.OrderFailed(order_id=number, order_type=kind, contact_id=contact.id, agent_id=None, detail="no"))

    @precondition(lambda self: self.contacts_in(ContactState.ACTIVE))
    @rule(data=st.data(), by=SUPERVISORS, hangs_up=st.booleans(),
          said=st.sampled_from(["nothing", "nothing", "refused", "ended"]))  # fmt: skip
    def supervisor_takes_a_call_and_nobody_of_before_is_kept(self, data: st.DataObject, by: str, hangs_up: bool,
                                                             said: str) -> None:  # fmt: skip
        """Whatever the platform makes of the orders that drop them, and whatever the supervisor does with the call."""
        found = data.draw(st.sampled_from(self.contacts_in(ContactState.ACTIVE)))
        self.ask(c.TakeCall(contact_id=found.id, by=by, address="7001" if by == "sue" else None))
        if not self.sent[-1][2].ok or any(each.for_all for each in found.under_way):
            return
        self.supervisor_is(found, "supervisor_joined", by)
        taken = self.state.store.contacts[found.id]
        before = [agent for agent in taken.agents if agent != by]
        orders = {each.leaves: each.order for each in taken.under_way}
        if by in taken.agents:
            self.ask(c.ConsultCall(agent_id=by, contact_id=found.id, to=data.draw(DESTINATIONS)))
            self.ask(c.ReconnectCall(agent_id=by, contact_id=found.id))
        for agent in before:
            if hangs_up:
                self.ask(c.HangUp(agent_id=agent, contact_id=found.id))
            if said == "refused" and (order := orders.get(agent)) is not None:
                self.give_up(order)
            elif said == "ended":
                self.tell(found, "connection_cleared", agent)
        self.now = round(self.now + 16, 6)
        self.send(c.Expire())
        after = self.state.store.contacts.get(found.id)
        assert after is not None
        assert after.ended_at is None, f"{found.id} was closed under {by}, who had taken it"
        assert not set(before) & set(after.agents), f"{before} are kept on {found.id}, which {by} has taken"

    @precondition(lambda self: any(x.under_way for x in self.contacts_in(ContactState.ACTIVE)))
    @rule(data=st.data())
    def hang_up_is_given_up(self, data: st.DataObject) -> None:
        found = data.draw(st.sampled_from([x for x in self.contacts_in(ContactState.ACTIVE) if x.under_way]))
        asked = data.draw(st.sampled_from(found.under_way))
        if asked.kind in HANG_UPS:
            self.give_up(asked.order)

    @rule(agent=AGENTS)
    def supervisor_releases(self, agent: str) -> None:
        self.ask(c.Release(agent_id=agent, by="sue"))

    @precondition(lambda self: self.contacts_in(*ContactState))
    @rule(data=st.data(), what=st.sampled_from(["end", "call back", "record", "tell"]), by=SUPERVISORS)
    def supervisor_does_something_about_a_contact(self, data: st.DataObject, what: str, by: str) -> None:
        key = data.draw(st.sampled_from(self.contacts_in(*ContactState))).id
        wishes: dict[str, c.Command] = {
            "end": c.EndCall(contact_id=key, by=by),
            "call back": c.AskCallback(contact_id=key),
            "record": c.Record(contact_id=key, do=data.draw(st.sampled_from(["start", "pause", "stop"])), by="sue"),
            "tell": c.TellWait(contact_id=key),
        }
        self.ask(wishes[what])

    @rule(agent=AGENTS, reason=st.sampled_from(["lunch", None]))
    def agent_says_what_follows(self, agent: str, reason: str | None) -> None:
        ready = c.Ready(agent_id=agent, after_contact=True)
        self.ask(ready if reason is None else c.NotReady(agent_id=agent, reason=reason, after_contact=True))

    @precondition(lambda self: self.beside_another())
    @rule(data=st.data(), kind=st.sampled_from([c.AcceptOffer, c.AcceptOffer, c.DeclineOffer]))
    def agent_minds_an_offer_beside_another_contact(self, data: st.DataObject, kind: type[c.ContactCommand]) -> None:
        agent_id, contact_id = data.draw(st.sampled_from(self.beside_another()))
        self.ask(kind(agent_id=agent_id, contact_id=contact_id))

    def supervised(self) -> list[Contact]:
        return [x for x in self.contacts_in(*ContactState) if x.listeners]

    def beside_another(self) -> list[tuple[str, str]]:
        """The offers that busy agents have, of a chat beside another one or a call."""
        return [(x.id, x.offer) for x in self.agents_in(AgentState.BUSY) if x.offer is not None]

    @invariant()
    def who_has_taken_a_call_is_consulted_about_it_no_more(self) -> None:
        for contact in self.supervised():
            for each in contact.listeners:
                has_it = each.taking and each.inside and each.by in contact.agents
                rung = contact.consult is not None and not contact.consult.answered and contact.consult.agent == each.by
                assert not (has_it and rung), f"{each.by} is rung for {contact.id} they have"

    @invariant()
    def who_is_on_a_call_by_the_phone_of_a_supervisor_has_taken_it(self) -> None:
        for contact in self.contacts_in(ContactState.ACTIVE):
            for agent in contact.agents:
                leg = contact.call.leg_of(agent)
                as_supervisor = leg is not None and leg.id.startswith("supervisor:")
                has_it = any(each.by == agent and each.taking and each.inside for each in contact.listeners)
                assert has_it or not as_supervisor, f"{agent} is kept on {contact.id}, which they have left"
