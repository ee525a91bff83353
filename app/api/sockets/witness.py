"""Between the floor and the sockets: whoever sees a customer's profile pop has read it, and that is written down."""

from uuid import UUID

import msgspec

from app.customers.profiles.reads import ReadLog
from app.floor.frames import AGENT_TOPIC
from app.realtime.hub import Hub

_SHOWN = b'"profile":{'


class _Customer(msgspec.Struct):
    id: str


class _Contact(msgspec.Struct):
    id: str
    customer: _Customer | None = None


class _Frame(msgspec.Struct):
    contact: _Contact


_read = msgspec.json.Decoder(_Frame).decode


class Witness:
    """Hands all that the floor tells to the hub, and notes the pops that reach somebody's screen here."""

    def __init__(self, hub: Hub, reads: ReadLog) -> None:
        self._hub = hub
        self._reads = reads

    def publish(self, topic: str, seq: int, frame: bytes) -> None:
        """Hand a frame on; one with a profile is a read by the agent whose topic it is."""
        self._hub.publish(topic, seq, frame)
        if _SHOWN in frame and topic.startswith(AGENT_TOPIC) and self._hub.listened(topic):
            contact = _read(frame).contact
            if contact.customer is not None:
                agent = topic.removeprefix(AGENT_TOPIC)
                self._reads.note_pop(agent, UUID(contact.customer.id), UUID(contact.id))

    def broadcast(self, frame: bytes) -> None:
        """Hand it on."""
        self._hub.broadcast(frame)

    def dismiss(self, code: int, reason: str) -> None:
        """Hand it on."""
        self._hub.dismiss(code, reason)

    def listened(self, topic: str) -> bool:
        """Whether anybody subscribes to a topic."""
        return self._hub.listened(topic)
