"""What those who connect a platform read is what goes over the wire."""

from typing import Any

import msgspec
import pytest

from app.floor.memory.effects import SwitchOrder
from app.routing.overflow.rules import Do, OverflowRule, When
from app.telephony.adapters.generic.channels import OrderData
from app.telephony.adapters.generic.parse import CallData
from tests.floor.factories import CONFIG, Bench

ORDERS: list[tuple[OverflowRule, str, dict[str, Any]]] = [
    (OverflowRule(when=When.LENGTH, do=Do.CALLBACK), "call.offer_callback", {"queue": "cards"}),
    (
        OverflowRule(when=When.LENGTH, do=Do.VOICEMAIL, message="Speak."),
        "call.voicemail",
        {"queue": "cards", "message": "Speak."},
    ),
    (
        OverflowRule(when=When.NO_AGENT, do=Do.MESSAGE, message="Nobody is here."),
        "call.disconnect",
        {"message": "Nobody is here.", "reason": "turned_away"},
    ),
    (OverflowRule(when=When.LENGTH, do=Do.MESSAGE), "call.disconnect", {"message": None, "reason": "turned_away"}),
]


@pytest.mark.parametrize(("rule", "kind", "said"), ORDERS)
def test_orders_about_those_who_are_not_served_are_described(
    rule: OverflowRule, kind: str, said: dict[str, Any]
) -> None:
    cards = msgspec.structs.replace(CONFIG.queues["cards"], overflow=(rule,))
    floor = Bench(msgspec.structs.replace(CONFIG, queues={**CONFIG.queues, "cards": cards}))
    contact = floor.arrives()
    (order,) = [each for each in floor.last.effects if isinstance(each, SwitchOrder)]
    data = msgspec.json.decode(order.body)
    assert (order.type, data) == (kind, {"call_id": "c1", "contact_id": contact, **said})
    assert msgspec.to_builtins(msgspec.convert(data, OrderData)) == data, "all of it is described"


def test_what_is_kept_as_it_was_sent_is_described_all_the_same() -> None:
    described = msgspec.json.schema(CallData)["$defs"]["CallData"]["properties"]
    assert described["channel"]["type"] == described["number"]["type"] == "string"
    assert "voice" in described["channel"]["description"]
    assert "call.callback_requested" in described["number"]["description"]
