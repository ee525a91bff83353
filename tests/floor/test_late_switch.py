"""Random play on a switch that tells late, twice and out of order: what the floor makes of it in the end."""

import pytest

from app.agents.presence import AgentState
from app.calls.leg import Party
from app.floor import commands as c
from app.floor.memory.entities import Contact, ContactState
from tests.floor.late_switch import Phone, Switch

WAITS = (ContactState.WAITING, ContactState.OFFERED, ContactState.CONNECTING)


def step(switch: Switch, supervised: bool = True) -> None:
    chance, floor = switch.chance, switch.floor
    found = floor.state.store.contacts.get(switch.contact)
    ringing = [each for each in switch.phones if not each.talks]
    if ringing and chance.random() < 0.6:
        each = chance.choice(ringing)
        if chance.random() < 0.85:
            switch.answers(each)
        else:
            switch.gone(each, None if each.kind == "supervisor" else "failed", cause="busy")
        return
    if found is not None and found.state is ContactState.OFFERED:
        assert found.offer is not None
        switch.do(c.AcceptOffer(agent_id=found.offer.agent, contact_id=found.id))
        return
    talking = list(switch.talking("agent", "supervisor"))
    what = chance.choice(["press", "press", "ask", "supervise", "supervise"] if supervised else ["press", "ask", "ask"])
    if what == "press" and talking:
        press(switch, chance.choice(talking))
    elif what == "ask" and found is not None and found.agents:
        ask(switch, found, chance.choice(found.agents))
    elif what == "supervise" and found is not None:
        supervise(switch, found)


def press(switch: Switch, phone: Phone) -> None:
    what = switch.chance.choice(["hold", "hold", "hang up", "transfer"])
    if what == "hold":
        switch.hold(phone, not phone.holds)
    elif what == "hang up":
        switch.gone(phone)
    elif phone.mode in ("", "join"):
        switch.number()
        switch.gone(phone, "transferred")


def ask(switch: Switch, contact: Contact, agent: str) -> None:
    to = switch.chance.choice([c.Destination(number="+49"), c.Destination(agent="bob"), c.Destination(agent="dee")])
    kind = switch.chance.choice([c.Hold, c.Retrieve, c.HangUp, c.Transfer, c.Conference, c.ConsultCall,
                                 c.CompleteTransfer, c.ReconnectCall])  # fmt: skip
    if kind in (c.Transfer, c.Conference, c.ConsultCall):
        switch.do(kind(agent_id=agent, contact_id=contact.id, to=to))
    elif kind is c.HangUp and len(contact.agents) == 1:
        return
    else:
        switch.do(kind(agent_id=agent, contact_id=contact.id))


def supervise(switch: Switch, contact: Contact) -> None:
    by = switch.chance.choice(["sue", "cho"])
    address = "7001" if by == "sue" else None
    kind = switch.chance.choice(["take", "take", "join", "listen", "stop"])
    if kind == "take":
        switch.do(c.TakeCall(contact_id=contact.id, by=by, address=address))
    elif kind == "stop":
        switch.do(c.StopListening(contact_id=contact.id, by=by))
    else:
        switch.do(c.Listen(contact_id=contact.id, by=by, address=address, mode=kind))


def settled(switch: Switch) -> None:
    """All is told: the floor knows whether the caller is alone."""
    found = switch.floor.state.store.contacts.get(switch.contact)
    if switch.over or found is None or found.ended_at is not None:
        return
    truly = {each.who for each in switch.talking("agent")}
    heard = [each for each in switch.phones if each.talks and (each.kind != "supervisor" or each.mode == "join")]
    if not heard and not any(not each.talks for each in switch.phones):
        alone = found.state in WAITS or found.close_at is not None or found.requeue_at is not None
        assert alone, f"the caller is alone and {found.state}, {found.agents}"
    if truly or (any(switch.talking("number")) and switch.last == "transferred"):
        assert found.state not in WAITS, f"the caller talks to {heard} and waits"


def ends(switch: Switch) -> None:
    early = switch.over  # what was told since then is in the timeline only
    switch.clear()
    switch.wait(60)
    for agent in switch.floor.state.store.agents.values():
        assert agent.state is not AgentState.BUSY, f"{agent.id} stays busy with {agent.contacts}"
    for contact in switch.floor.state.store.contacts.values():
        assert contact.ended_at is not None, f"{contact.id} stays open"
    (ended,) = switch.ended
    call = ended.call
    assert call.cleared_at is not None
    length = call.cleared_at - call.opened_at
    for leg in call.legs:
        spent = (leg.queue_seconds, leg.ring_seconds, leg.talk_seconds, leg.hold_seconds)
        assert min(spent) >= 0
        assert sum(spent) <= length + 1e-6, f"{leg} of a call of {length} s"
    for who in {leg.agent for leg in call.legs if leg.party is Party.AGENT}:
        legs = [leg for leg in call.legs if leg.agent == who]
        assert sum(leg.talk_seconds + leg.hold_seconds for leg in legs) <= length + 1e-6, f"{legs} in {length} s"
    for who, seconds in switch.talked.items() if not early else ():
        legs = [leg for leg in call.legs if leg.agent == who]
        recorded = sum(leg.talk_seconds + leg.hold_seconds for leg in legs)
        assert abs(recorded - seconds) < 1e-3, f"{who} has talked for {seconds} s: {legs}"


STRANDED = (437, 954, 983)
"""By these a caller was stranded whom a supervisor had sent to a colleague by order."""

UNANSWERED = (366, 927, 1415, 2103, 2326)
"""By these one waited whom an agent had sent elsewhere, of whom it was not told yet that they had answered."""

LEFT_TO_NOBODY = 2057
"""By this one was stranded whom an agent seemed to have left to a number that had gone."""

HANDED_ON = 2138
"""By this one waited whom a joined supervisor had sent elsewhere, told before the end of an agent who had gone."""

SENT_TO_A_COLLEAGUE = 5283
"""By this one a caller waits, as they should, beside a number that an agent had brought before."""

EARLIER_PHONES = (30125, 34550, 39769)
"""By these one waited whom a supervisor had sent elsewhere who was taken to be in the call by an earlier phone."""

AGENTS_ALONE = (591, 982, 1586, 3441)
"""By these one waited whom the last of two agents, as it was told later, had sent elsewhere; by the last one a caller
was stranded whom an agent had left to a colleague of whom it was told before that they had gone."""

ASKED_BACK = (3255, 31133)
"""By these one was stranded whom an agent had left to a number that was being dropped."""

TWICE_SENT = (4274, 5441, 36354, 4441)
"""By these one waited whom an agent had sent elsewhere after another had sent them to a colleague, or asked for them
back from one."""

SENT_BY_ORDER = 4980
"""By this one was stranded whom an agent had sent to a colleague by order, told after the end of the last agent."""

CAME_BACK = 850
"""By this one an agent who had come back had talked for longer than they did."""

PROVED = (*STRANDED, *UNANSWERED, LEFT_TO_NOBODY, HANDED_ON, SENT_TO_A_COLLEAGUE, *EARLIER_PHONES)
PROVED_ALONE = (*AGENTS_ALONE, *ASKED_BACK, *TWICE_SENT, SENT_BY_ORDER, CAME_BACK)


@pytest.mark.parametrize("seed", [*range(300, 360), *PROVED])
def test_game(seed: int) -> None:
    play(seed, supervised=True)


@pytest.mark.parametrize("seed", [*range(300, 330), *PROVED_ALONE])
def test_game_of_agents_alone(seed: int) -> None:
    play(seed, supervised=False)


def play(seed: int, supervised: bool) -> None:
    switch = Switch(seed)
    try:
        for _ in range(switch.chance.randint(5, 25)):
            if switch.over:
                break
            step(switch, supervised)
            switch.wait(switch.chance.choice([0.1, 1, 3]))
        switch.wait(5.2)
        switch.wait(40)
        settled(switch)
        ends(switch)
    except AssertionError as fault:
        fault.add_note("\n".join(switch.log))
        raise
