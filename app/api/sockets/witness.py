"""Between the floor and the sockets: whoever sees a customer's profile pop has read it, which is written down; and what
happens to contacts is news for those who have the customer's profile open."""

from collections.abc import Callable, Sized
from uuid import UUID

import msgspec

from app.api.sockets.narrowed import Narrowed
from app.customers.profiles.reads import ReadLog
from app.floor.frames import AGENT_TOPIC, FLOOR_TOPIC
from app.realtime.hub import Hub

_SHOWN = b'"profile":{'


class _Customer(msgspec.Struct):
    id: str


class _Contact(msgspec.Struct):
    id: str
    customer: _Customer | None = None


class _Frame(msgspec.Struct):
    contact: _Contact | None = None


_read = msgspec.json.Decoder(_Frame).decode


class Witness:
    """Hands all that the floor tells to the hub and to those who watch a part of it, and notes the pops that reach
    somebody's screen here."""

    def __init__(
        self, hub: Hub, narrowed: Narrowed, reads: ReadLog, poke: Callable[[UUID], None], watched: Sized
    ) -> None:
        self._hub = hub
        self._narrowed = narrowed
        self._reads = reads
        self._poke = poke
        self._watched = watched

    def publish(self, topic: str, seq: int, frame: bytes) -> None:
        """Hand a frame on. One with a profile is a read by the agent whose topic it is; one of a customer's contact may
        be news for whoever has their profile open."""
        self._hub.publish(topic, seq, frame)
        if topic == FLOOR_TOPIC and len(self._narrowed):
            self._narrowed.publish(seq, frame)
        shown = _SHOWN in frame and topic.startswith(AGENT_TOPIC) and self._hub.listened(topic)
        if not shown and not len(self._watched):
            return
        contact = _read(frame).contact
        if contact is None or contact.customer is None:
            return
        customer_id = UUID(contact.customer.id)
        if shown:
            self._reads.note_pop(topic.removeprefix(AGENT_TOPIC), customer_id, UUID(contact.id))
        self._poke(customer_id)

    def broadcast(self, frame: bytes) -> None:
        """Hand it on."""
        self._hub.broadcast(frame)

    def dismiss(self, code: int, reason: str) -> None:
        """Hand it on."""
        self._hub.dismiss(code, reason)

    def listened(self, topic: str) -> bool:
        """Whether anybody subscribes to a topic."""
        return self._hub.listened(topic) or (topic == FLOOR_TOPIC and len(self._narrowed) > 0)
