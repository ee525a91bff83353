"""SIP messages as they go over the wire."""

import re
from dataclasses import dataclass, field

VERSION = "SIP/2.0"
COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
}
REASONS = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted", 400: "Bad Request",
    403: "Forbidden", 404: "Not Found", 408: "Request Timeout", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here",
    500: "Server Internal Error", 503: "Service Unavailable", 600: "Busy Everywhere", 603: "Decline",
}  # fmt: skip


class MessageFaulty(ValueError):
    """What arrived is no SIP message."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response: its first line, its headers in order (names as written), its body."""

    first: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""
    content_type: str = field(default="application/sdp", kw_only=True)

    @classmethod
    def parse(cls, data: bytes) -> "Message":
        """Read a datagram. Raises `MessageFaulty`."""
        head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        headers = []
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise MessageFaulty(f"{line!r} is no header")
            headers.append((name.strip(), value.strip()))
        if VERSION not in first:
            raise MessageFaulty(f"{first!r} is no first line")
        return cls(first, tuple(headers), body)

    def encode(self) -> bytes:
        """The datagram."""
        lines = [self.first, *(f"{name}: {value}" for name, value in self.headers)]
        if self.body:
            lines.append(f"Content-Type: {self.content_type}")
        lines.append(f"Content-Length: {len(self.body.encode())}")
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode()

    def all(self, name: str) -> list[str]:
        """The values of a header."""
        return [value for key, value in self.headers if _full(key) == name.lower()]

    def get(self, name: str) -> str | None:
        """The first value of a header."""
        return next(iter(self.all(name)), None)

    def want(self, name: str) -> str:
        """The first value of a header that must be there. Raises `MessageFaulty`."""
        value = self.get(name)
        if value is None:
            raise MessageFaulty(f"{self.first}: there is no {name}")
        return value

    @property
    def status(self) -> int | None:
        """The status of a response; None for a request."""
        return int(self.first.split()[1]) if self.first.startswith(VERSION) else None

    @property
    def reason(self) -> str:
        """A response's words."""
        return self.first.split(" ", 2)[-1]

    @property
    def method(self) -> str:
        """What is asked, or what this is the response to."""
        return self.want("CSeq").split()[1]

    @property
    def number(self) -> int:
        """The number of the request in its dialog."""
        return int(self.want("CSeq").split()[0])

    @property
    def call_id(self) -> str:
        """Which call it belongs to."""
        return self.want("Call-ID")

    @property
    def branch(self) -> str:
        """Which transaction of the sender it belongs to."""
        return parameter(self.want("Via"), "branch") or ""


def response(request: Message, status: int, headers: tuple[tuple[str, str], ...] = (), body: str = "") -> Message:
    """An answer to `request`; To is taken from `headers` if it is there (it carries our tag)."""
    copied = [(name, value) for name in ("Via", "From") for value in request.all(name)]
    if not any(name == "To" for name, _ in headers):
        copied.append(("To", request.want("To")))
    copied += [("Call-ID", request.call_id), ("CSeq", request.want("CSeq"))]
    return Message(f"{VERSION} {status} {REASONS.get(status, 'Unknown')}", (*copied, *headers), body)


def parameter(value: str, name: str) -> str | None:
    """A parameter of a header's value, such as the tag of From."""
    found = re.search(rf";\s*{name}=([^;>,\s]+)", value)
    return found[1] if found else None


def uri(value: str) -> str:
    """The address in a header's value."""
    found = re.search(r"<([^>]+)>", value)
    return found[1] if found else value.split(";")[0].strip()


def user(value: str) -> str:
    """The user of a header's address: who calls, or who is called."""
    found = re.search(r"sips?:([^@;>]+)@", value)
    return found[1] if found else ""


def _full(name: str) -> str:
    lower = name.lower()
    return COMPACT.get(lower, lower)
