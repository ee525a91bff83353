"""People of a SIP load: callers who wait until they are hung up on, agents who ring, talk and hang up."""

import asyncio
import secrets
from collections.abc import Callable, Sequence

from app.bench.sip import Endpoint, Heard, address, sign_on

RING_SECONDS = 0.5
AT_ONCE = 50

Seconds = Callable[[], float]


class Callers:
    """Everybody outside, at one socket that the switch takes for its trunk."""

    def __init__(self, endpoint: Endpoint, switch: str) -> None:
        self.open: set[str] = set()
        self.refused = 0
        self._endpoint = endpoint
        self._switch = switch
        endpoint.take = self._take

    def dial(self, dialled: str, number: str) -> float:
        """Call as `number`; gives when the INVITE went out."""
        place, call = self._endpoint.place, secrets.token_hex(8)
        headers = {
            "From": f"<sip:{number}@{self._endpoint.host}>;tag={call}",
            "To": f"<sip:{dialled}@{self._switch}>",
            "Call-ID": call,
            "CSeq": "1 INVITE",
            "Contact": f"<sip:{number}@{place}>",
        }
        self.open.add(call)

        def take(heard: Heard) -> None:
            self._answered(target, headers, heard)

        target = f"sip:{dialled}@{self._switch}"
        return self._endpoint.ask("INVITE", target, headers, self._endpoint.sdp, take)

    def _answered(self, target: str, headers: dict[str, str], heard: Heard) -> None:
        if heard.status < 200:
            return
        own = {**headers, "To": heard.fields["To"], "CSeq": "1 ACK"}
        if heard.status < 300:
            self._endpoint.acknowledge(address(heard.fields["Contact"]), own)
            return
        self._endpoint.acknowledge(target, own, heard.branch)
        self.refused += 1
        self.open.discard(heard.call)

    def _take(self, request: Heard) -> None:
        if request.method == "ACK":
            return
        self._endpoint.answer(request, "200 OK", request.fields["To"])
        if request.method == "BYE":
            self.open.discard(request.call)


class Phone:
    """A call at an agent's phone."""

    def __init__(self, agent: str, invite: Heard) -> None:
        self.agent = agent
        self.invite = invite
        self.tag = secrets.token_hex(6)
        self.timer: asyncio.TimerHandle | None = None
        self.answered = False

    @property
    def ours(self) -> str:
        """To, as we write it."""
        return f"{self.invite.fields['To']};tag={self.tag}"


class AgentPhones:
    """All agents' phones at one socket: each rings for a while, is answered, and hangs up after `talk()` seconds.

    `rung` is told the agent, the caller's number and the instant of each INVITE, `left` the agent and the instant of
    each BYE of theirs.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        rung: Callable[[str, str, float], None],
        left: Callable[[str, float], None],
    ) -> None:
        self.talk: Seconds = lambda: 1.0
        self.calls: dict[str, Phone] = {}
        self._endpoint = endpoint
        self._rung = rung
        self._left = left
        endpoint.take = self._take

    async def sign_on(self, switch: str, agents: Sequence[tuple[str, str]]) -> None:
        """Register them (name, password) all. Raises `Unanswered`."""
        for start in range(0, len(agents), AT_ONCE):
            some = agents[start : start + AT_ONCE]
            await asyncio.gather(*(sign_on(self._endpoint, switch, *each) for each in some))

    def _take(self, request: Heard) -> None:
        match request.method:
            case "INVITE" if ";tag=" not in request.fields["To"]:
                self._ring(request)
            case "ACK":
                self._acknowledged(request)
            case "CANCEL":
                self._withdrawn(request)
            case method:
                body = self._endpoint.sdp if method == "INVITE" else ""
                self._endpoint.answer(request, "200 OK", request.fields["To"], body=body)
                if method == "BYE":
                    self._forget(request.call)

    def _ring(self, invite: Heard) -> None:
        agent = invite.first.partition("sip:")[2].partition("@")[0]
        self._rung(agent, address(invite.fields["From"]).removeprefix("sip:").partition("@")[0], invite.at)
        phone = self.calls[invite.call] = Phone(agent, invite)
        self._endpoint.answer(invite, "180 Ringing", phone.ours, self._contact(phone))
        phone.timer = asyncio.get_running_loop().call_later(RING_SECONDS, self._pick_up, phone)

    def _pick_up(self, phone: Phone) -> None:
        phone.answered, phone.timer = True, None
        self._endpoint.answer(phone.invite, "200 OK", phone.ours, self._contact(phone), self._endpoint.sdp)

    def _acknowledged(self, ack: Heard) -> None:
        phone = self.calls.get(ack.call)
        if phone is not None and phone.answered and phone.timer is None:
            phone.timer = asyncio.get_running_loop().call_later(self.talk(), self._hang_up, phone)

    def _withdrawn(self, cancel: Heard) -> None:
        self._endpoint.answer(cancel, "200 OK", cancel.fields["To"])
        phone = self.calls.get(cancel.call)
        if phone is not None and not phone.answered:
            self._endpoint.answer(phone.invite, "487 Request Terminated", phone.ours)
            self._forget(cancel.call)

    def _hang_up(self, phone: Phone) -> None:
        fields = phone.invite.fields
        headers = {"From": phone.ours, "To": fields["From"], "Call-ID": fields["Call-ID"], "CSeq": "1 BYE"}
        at = self._endpoint.ask("BYE", address(fields["Contact"]), headers, "", lambda heard: None)
        self._left(phone.agent, at)
        self._forget(phone.invite.call)

    def _forget(self, call: str) -> None:
        phone = self.calls.pop(call, None)
        if phone is not None and phone.timer is not None:
            phone.timer.cancel()
        self._endpoint.forget(call)

    def _contact(self, phone: Phone) -> str:
        return f"sip:{phone.agent}@{self._endpoint.place}"
