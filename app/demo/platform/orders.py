"""Commands from Callfloor, as the simulated platform reads them."""

from typing import Any

import msgspec


class Phone(msgspec.Struct, frozen=True):
    """An agent and the phone to ring."""

    id: str
    address: str


class Orders(msgspec.Struct, frozen=True):
    """What a command says about its call."""

    call_id: str
    contact_id: str | None = None
    agent: Phone | None = None
    to: dict[str, Any] | str | None = None
    leg_id: str | None = None


class Order(msgspec.Struct, frozen=True):
    """One command: its type and what it says."""

    type: str
    data: Orders


def read_order(body: bytes) -> Order:
    """Decode a command; raises `msgspec.ValidationError` or `msgspec.DecodeError` for what is none."""
    return msgspec.json.decode(body, type=Order)
