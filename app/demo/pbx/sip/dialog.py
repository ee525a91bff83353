"""What two phones agree to call their call, and requests within it."""

import secrets
from dataclasses import dataclass, field
from urllib.parse import quote

from app.demo.pbx.sip.message import VERSION, Message, parameter

HOPS = "70"


def new_tag() -> str:
    """A word that nobody else uses."""
    return secrets.token_hex(6)


@dataclass
class Dialog:
    """One side's view of a call: From and To as this side writes them, where requests go."""

    place: str
    """Our host and port."""
    contact: str
    ours: str
    theirs: str
    target: str
    call_id: str = field(default_factory=new_tag)
    number: int = 0

    def request(
        self,
        method: str,
        headers: tuple[tuple[str, str], ...] = (),
        body: str = "",
        *,
        of: Message | None = None,
    ) -> Message:
        """The next request; with `of` one that belongs to another request of ours: its ACK or CANCEL."""
        if of is None:
            self.number += 1
        number, branch = (self.number, f"z9hG4bK{new_tag()}") if of is None else (of.number, of.branch)
        fixed = (
            ("Via", f"{VERSION}/UDP {self.place};branch={branch};rport"),
            ("Max-Forwards", HOPS),
            ("From", self.ours),
            ("To", self.theirs),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
            ("Contact", f"<{self.contact}>"),
        )
        return Message(f"{method} {self.target} {VERSION}", (*fixed, *headers), body)

    def acknowledged(self, invite: Message) -> Message:
        """The ACK of an answered INVITE: a transaction of its own."""
        message = self.request("ACK", of=invite)
        headers = tuple(
            (name, value.replace(invite.branch, f"z9hG4bK{new_tag()}") if name == "Via" else value)
            for name, value in message.headers
        )
        return Message(message.first, headers)

    @property
    def replaces(self) -> str:
        """This dialog as another phone names it that is to take our place; quoted to stand inside an address."""
        tags = f";to-tag={parameter(self.theirs, 'tag')};from-tag={parameter(self.ours, 'tag')}"
        return quote(self.call_id + tags, safe="")
