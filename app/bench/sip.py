"""A SIP load: many callers at one socket, many agents' phones at another, every message stamped as the kernel saw it.

Written on bare datagrams, since it shares the machine with what it measures. No sound is sent. A message in is stamped
by the kernel when it arrives (SO_TIMESTAMPNS), one out just before it is handed to the kernel, which is what a capture
of the loopback interface would say.
"""

import asyncio
import secrets
import socket
import struct
from collections.abc import Callable
from hashlib import md5

from app.core import clock
from app.core.errors import Unavailable

SO_TIMESTAMPNS = 35
_STAMP = struct.Struct("qq")
BUFFER = 4 * 1024 * 1024
LARGEST = 8192
AGAIN_SECONDS = 0.5
ATTEMPTS = 6
EXPIRES = 3600
SDP = (
    "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)
NO_SOUND_PORT = 9


class Unanswered(Unavailable):
    """The switch does not answer the load."""


class Heard:
    """A message that came in: its first line, its headers by name (the first of each), all of Via."""

    __slots__ = ("at", "fields", "first", "vias")

    def __init__(self, data: bytes, at: float) -> None:
        self.at = at
        self.first, *lines = data.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").split("\r\n")
        self.fields: dict[str, str] = {}
        self.vias: list[str] = []
        for line in lines:
            name, _, value = line.partition(": ")
            if name == "Via":
                self.vias.append(value)
            else:
                self.fields.setdefault(name, value)

    @property
    def status(self) -> int:
        """Of a response; 0 for a request."""
        return int(self.first[8:11]) if self.first.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        """Of a request, or of that which this responds to."""
        return self.fields["CSeq"].split(" ", 1)[1]

    @property
    def call(self) -> str:
        """The call's id."""
        return self.fields["Call-ID"]

    @property
    def branch(self) -> str:
        """The sender's transaction."""
        return self.vias[0].partition("branch=")[2].partition(";")[0]


Take = Callable[[Heard], None]


class Endpoint:
    """One socket that speaks with the switch; requests that come in go to `take`, each once."""

    def __init__(self, host: str, switch: tuple[str, int]) -> None:
        self.host = host
        self.take: Take = lambda heard: None
        self._switch = switch
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.bind((host, 0))
        self.place = f"{host}:{self._socket.getsockname()[1]}"
        self.sdp = SDP.format(host=host, port=NO_SOUND_PORT)
        self._asked: dict[str, tuple[Take, asyncio.TimerHandle]] = {}
        self._answered: dict[str, tuple[str, bytes]] = {}
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read)

    def close(self) -> None:
        """Leave."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        for _, timer in self._asked.values():
            timer.cancel()
        self._socket.close()

    def ask(self, method: str, target: str, headers: dict[str, str], body: str, take: Take) -> float:
        """Send a request, again until something is heard; its responses go to `take`. Gives the instant."""
        branch = f"z9hG4bK{secrets.token_hex(8)}"
        message = self._request(method, target, headers, body, branch)
        at = clock.now()
        self._send(message)
        self._wait(branch, message, take, 1)
        return at

    def acknowledge(self, target: str, headers: dict[str, str], branch: str | None = None) -> None:
        """Send an ACK; `branch` is the request's where that was refused."""
        self._send(self._request("ACK", target, headers, "", branch or f"z9hG4bK{secrets.token_hex(8)}"))

    def answer(self, request: Heard, status: str, to: str, contact: str = "", body: str = "") -> None:
        """Respond to a request; an INVITE that is repeated hears the same again."""
        fields = request.fields
        lines = [f"SIP/2.0 {status}", *(f"Via: {via}" for via in request.vias), f"From: {fields['From']}", f"To: {to}"]
        lines += [f"Call-ID: {fields['Call-ID']}", f"CSeq: {fields['CSeq']}"]
        if contact:
            lines.append(f"Contact: <{contact}>")
        message = _whole(lines, body)
        if request.method == "INVITE":
            self._answered[request.call] = fields["CSeq"], message
        self._send(message)

    def forget(self, call: str) -> None:
        """A call is over; what was said in it is not said again."""
        self._answered.pop(call, None)

    def _request(self, method: str, target: str, headers: dict[str, str], body: str, branch: str) -> bytes:
        lines = [
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.place};branch={branch};rport",
            "Max-Forwards: 70",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return _whole(lines, body)

    def _wait(self, branch: str, message: bytes, take: Take, attempt: int) -> None:
        timer = asyncio.get_running_loop().call_later(
            AGAIN_SECONDS * 2 ** (attempt - 1), self._again, branch, message, take, attempt
        )
        self._asked[branch] = (take, timer)

    def _again(self, branch: str, message: bytes, take: Take, attempt: int) -> None:
        if attempt == ATTEMPTS:
            del self._asked[branch]
            return
        self._send(message)
        self._wait(branch, message, take, attempt + 1)

    def _send(self, message: bytes) -> None:
        self._socket.sendto(message, self._switch)

    def _read(self) -> None:
        while True:
            try:
                data, told, _, _ = self._socket.recvmsg(LARGEST, 64)
            except BlockingIOError:
                return
            seconds, nanoseconds = _STAMP.unpack(told[0][2]) if told else (0, round(clock.now() * 1e9))
            self._hear(Heard(data, seconds + nanoseconds / 1e9))

    def _hear(self, heard: Heard) -> None:
        if heard.status:
            asked = self._asked.get(heard.branch)
            if asked is None:
                return
            asked[1].cancel()
            if heard.status >= 200:
                del self._asked[heard.branch]
            asked[0](heard)
            return
        said = self._answered.get(heard.call)
        if said is not None and said[0] == heard.fields["CSeq"]:
            self._send(said[1])
        else:
            self.take(heard)


def _whole(lines: list[str], body: str) -> bytes:
    if body:
        lines.append("Content-Type: application/sdp")
    return ("\r\n".join([*lines, f"Content-Length: {len(body)}"]) + "\r\n\r\n" + body).encode()


def address(value: str) -> str:
    """The address in a header, without its parameters."""
    return value.partition("<")[2].partition(">")[0]


async def sign_on(endpoint: Endpoint, switch: str, user: str, password: str) -> None:
    """Register a phone at this socket. Raises `Unanswered`."""
    heard: asyncio.Future[Heard]
    signed: dict[str, str] = {}
    for number in (1, 2):
        heard = asyncio.get_running_loop().create_future()
        headers = {
            "From": f"<sip:{user}@{switch}>;tag={user}",
            "To": f"<sip:{user}@{switch}>",
            "Call-ID": f"register-{user}-{endpoint.place}",
            "CSeq": f"{number} REGISTER",
            "Contact": f"<sip:{user}@{endpoint.place}>",
            "Expires": str(EXPIRES),
            **signed,
        }
        endpoint.ask("REGISTER", f"sip:{switch}", headers, "", heard.set_result)
        try:
            answer = await asyncio.wait_for(heard, 10)
        except TimeoutError:
            raise Unanswered(f"The switch did not answer the phone of {user}.") from None
        if answer.status == 200:
            return
        signed = {"Authorization": _digest(answer.fields["WWW-Authenticate"], user, password, f"sip:{switch}")}
    raise Unanswered(f"The switch refused the phone of {user}.")


def _digest(challenge: str, user: str, password: str, target: str) -> str:
    said = {
        name.strip(): value.strip('"')
        for name, _, value in (part.partition("=") for part in challenge.removeprefix("Digest ").split(","))
    }
    secret, what = _md5(f"{user}:{said['realm']}:{password}"), _md5(f"REGISTER:{target}")
    answer = _md5(f"{secret}:{said['nonce']}:00000001:bench:auth:{what}")
    values = {"username": user, "realm": said["realm"], "nonce": said["nonce"], "uri": target, "response": answer}
    values |= {"cnonce": "bench"} | ({"opaque": said["opaque"]} if "opaque" in said else {})
    quoted = ", ".join(f'{name}="{value}"' for name, value in values.items())
    return f"Digest {quoted}, algorithm=MD5, qop=auth, nc=00000001"


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
