"""Callbacks that nobody waited for, because of an alert."""

from typing import Any

import msgspec
import pytest

from app.floor import commands as c
from app.floor.memory.entities import ContactState
from app.routing.engine.capacity import Blending
from app.telephony.events import OrderType
from tests.floor.factories import CONFIG, Bench

CONTACT, ALERT = "0f0f0f0f-0000-5000-8000-000000000001", "0f0f0f0f-0000-7000-8000-000000000002"
WANG = c.CustomerCard("w", "Wang", "gold", "zh")


def asked(**given: Any) -> c.OpenCallback:
    caller = c.Recognised(customer=WANG, profile=b'{"alerts":[]}')
    wish = {"contact_id": CONTACT, "queue": "cards", "number": "+8613800138000", "because_of": ALERT, "by": "sun"}
    return c.OpenCallback(**{"caller": caller, "source": "pbx", **wish, **given})


def test_whoevers_turn_it_is_dials_and_sees_who_it_is() -> None:
    floor = Bench()
    floor.do(asked())
    contact = floor.contact(CONTACT)
    assert (contact.state, contact.queue, contact.callback_of, contact.promised) == (
        ContactState.WAITING,
        "cards",
        ALERT,
        True,
    )
    assert floor.state.store.profiles[CONTACT] == b'{"alerts":[]}'
    floor.on("ann")
    assert floor.offered_to(CONTACT) == "ann"
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=CONTACT))
    assert floor.orders() == [OrderType.DIAL]
    floor.call("established", CONTACT, agent="ann", leg_id="a")
    floor.call("established", CONTACT, leg_id="customer")
    assert floor.contact(CONTACT).state is ContactState.ACTIVE


def test_asked_again_it_is_the_same_callback() -> None:
    floor = Bench()
    first, again = floor.do(asked()), floor.do(asked(number="+49"))
    assert first["contact"]["id"] == again["contact"]["id"]
    assert floor.contact(CONTACT).call.to == "+8613800138000"


def test_asked_again_when_it_is_over_nobody_is_called_twice() -> None:
    floor = Bench()
    floor.do(asked())
    floor.on("ann")
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=CONTACT))
    floor.call("cleared", CONTACT, cause="no_answer")
    assert CONTACT not in floor.state.store.contacts
    assert floor.refused(asked())["contact_id"] == CONTACT


def test_who_is_promised_a_callback_gets_no_second_one() -> None:
    floor = Bench()
    floor.do(asked())
    assert floor.refused(asked(contact_id="0f0f0f0f-0000-5000-8000-000000000003"))["contact_id"] == CONTACT


@pytest.mark.parametrize(
    ("wrong", "where"), [({"queue": "none"}, "queue"), ({"number": "x"}, "number"), ({"source": "none"}, "source")]
)
def test_what_cannot_be_dialled_is_refused_with_what_can(wrong: dict[str, str], where: str) -> None:
    floor = Bench()
    assert [each["where"] for each in floor.refused(asked(**wrong))["faults"]] == [where]
    assert floor.state.store.contacts == {}


def test_chat_on_offer_beside_a_callback_that_was_not_put_through_goes_to_others() -> None:
    ann = msgspec.structs.replace(CONFIG.agents["ann"], capacity=(("chat", 1), ("voice", 1)), blending=Blending.MIXED)
    floor = Bench(msgspec.structs.replace(CONFIG, agents={**CONFIG.agents, "ann": ann}))
    floor.on("ann")
    floor.do(asked())
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=CONTACT))
    chat = floor.call("offered", "c2", to="100", details={"channel": "chat"})
    assert floor.offered_to(chat) == "ann"
    floor.call("failed", CONTACT, agent="ann", leg_id="a", cause="no_answer")
    assert (floor.agent("ann").offer, floor.offered_to(chat)) == (None, None)
