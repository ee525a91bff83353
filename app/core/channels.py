"""How a wire describes itself: what may be said on it, as types. The AsyncAPI document is made of these."""

import msgspec


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One wire. `hears` are the messages that the server takes, `tells` those that it sends (from a struct's tag or its
    name comes the message's name, from its docstring the description). `protocol` is ws or http (POST).

    `address` is a path here, or None where the other side has the address. `headers` describe each message's.
    """

    name: str
    title: str
    description: str
    protocol: str
    address: str | None = None
    hears: tuple[type[msgspec.Struct], ...] = ()
    tells: tuple[type[msgspec.Struct], ...] = ()
    headers: type[msgspec.Struct] | None = None
