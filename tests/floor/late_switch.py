"""A switch of one call that tells the floor late, twice and out of order what has really happened on it."""

import random
from collections.abc import Iterator
from typing import Any

import msgspec

from app.core.ids import new_id
from app.floor import commands as c
from app.floor.memory.effects import EndContact, SwitchOrder
from app.floor.memory.entities import Contact
from tests.floor.factories import Bench, call_event


class Phone(msgspec.Struct):
    """A party: on the call, or ringing for it, as an agent, a supervisor or somebody outside."""

    kind: str
    who: str | None
    leg: str | None
    talks: bool = False
    holds: bool = False
    mode: str = ""
    since: float = 0.0


class Switch:
    """Does what is ordered and what people press, at once; its events are told up to `slowest` seconds later."""

    def __init__(self, seed: int, slowest: float = 4.0) -> None:
        self.chance, self.slowest = random.Random(seed), slowest
        self.floor = Bench()
        self.phones: list[Phone] = []
        self.mail: list[tuple[float, str, dict[str, Any]]] = []
        self.ended: list[Contact] = []
        self.talked: dict[str, float] = {}
        self.log: list[str] = []
        self.over = False
        self.numbers = 0
        self.last: str | None = None
        self.floor.on("ann", "bob", "dee")
        self.contact = self.floor.call("offered", from_="+8613800138000", to="100", leg_id="caller")
        self.obey()

    # what happens

    def says(self, kind: str, phone: Phone | None = None, **more: Any) -> None:
        """Something has happened now; it is told later, maybe twice."""
        if phone is not None and phone.kind == "supervisor" and kind.startswith("supervisor"):
            more |= {"details": {"supervisor": phone.who}, "leg_id": phone.leg}
        elif phone is not None:
            more |= {"agent": phone.who, "leg_id": phone.leg}
        more = {key: value for key, value in more.items() if value is not None}
        self.log.append(f"{self.floor.now - 1.8e9:8.2f} HAPPENS {kind} {more}")
        for _ in range(self.chance.choice([1, 1, 1, 2])):
            at = self.floor.now + self.chance.choice([0.0, 0.0, self.chance.uniform(0, self.slowest)])
            self.mail.append((at, kind, more | {"at": self.floor.now}))

    def find(self, kind: str, who: str | None) -> Phone | None:
        return next((each for each in self.phones if each.kind == kind and each.who == who), None)

    def of(self, who: str) -> Phone | None:
        """Whichever phone of theirs is on the call."""
        return self.find("agent", who) or self.find("supervisor", who)

    def gone(self, phone: Phone, kind: str | None = None, **more: Any) -> None:
        if phone not in self.phones:
            return
        self.phones.remove(phone)
        self.kept(phone)
        if phone.kind == "agent" or phone.mode == "join":
            self.last = kind
        if phone.kind == "supervisor":
            if kind == "transferred":
                self.says("transferred", phone)
            self.says("supervisor_left", phone)
        elif phone.kind == "number":
            self.says("connection_cleared", phone)
        else:
            if kind == "transferred":
                self.says("transferred", phone)
                if self.chance.random() < 0.5:
                    return
            self.says(kind if kind and kind != "transferred" else "connection_cleared", phone, **more)

    def number(self) -> None:
        self.numbers += 1
        phone = Phone("number", None, f"number{self.numbers}", talks=True)
        self.phones.append(phone)
        self.says("established", phone)

    def ring(self, kind: str, who: str, mode: str = "") -> None:
        if self.of(who) is None:
            leg = f"{kind}-{who}-{len(self.log)}" if kind == "supervisor" or self.chance.random() < 0.5 else None
            self.phones.append(Phone(kind, who, leg, mode=mode))

    def answers(self, phone: Phone) -> None:
        phone.talks, phone.since = True, self.floor.now
        self.says("supervisor_joined" if phone.kind == "supervisor" else "established", phone)

    def clear(self) -> None:
        """The caller hangs up."""
        if not self.over:
            self.over = True
            for phone in self.phones:
                self.kept(phone)
            self.phones.clear()
            self.says("cleared")

    def kept(self, phone: Phone) -> None:
        """For how long an agent has had the caller, or was consulted about them."""
        if phone.kind == "agent" and phone.talks and phone.who is not None:
            self.talked[phone.who] = self.talked.get(phone.who, 0.0) + self.floor.now - phone.since

    # what is ordered

    def do(self, command: c.Command) -> None:
        self.log.append(f"{self.floor.now - 1.8e9:8.2f} ASKED {command}")
        self.floor.try_(command)
        if not self.floor.last.answer.ok:
            self.log.append(f"         refused {self.floor.last.answer.body.get('detail')}")
        self.obey()

    def obey(self) -> None:
        for each in self.floor.last.effects:
            if isinstance(each, EndContact):
                self.ended.append(each.contact)
            if isinstance(each, SwitchOrder) and not self.over:
                self.log.append(f"         ORDER {each.type} {each.agent} {bytes(each.body)[:160]!r}")
                self.ordered(each.type, msgspec.json.decode(each.body))

    def ordered(self, kind: str, data: dict[str, Any]) -> None:
        who, to = (data.get("agent") or {}).get("id"), data.get("to") or {}
        does = getattr(self, f"_{kind.removeprefix('call.')}", None)
        if does is not None:
            does(who, self.of(who) if who is not None else None, to if isinstance(to, dict) else {}, data)

    def _connect(self, who: str, _own: Phone | None, _to: dict[str, Any], _data: dict[str, Any]) -> None:
        self.ring("agent", who)

    def _cancel(self, _who: str, own: Phone | None, to: dict[str, Any], _data: dict[str, Any]) -> None:
        if to:
            self.drop(to)
        elif own is not None:
            self.gone(own)

    _stop_listening = _cancel

    def _disconnect(self, who: str | None, own: Phone | None, _to: dict[str, Any], _data: dict[str, Any]) -> None:
        others = [each for each in self.phones if each.talks and each is not own]
        if who is None or (own is not None and not others):
            self.clear()
        elif own is not None:
            self.gone(own)

    def _hold(self, _who: str, own: Phone | None, _to: dict[str, Any], _data: dict[str, Any]) -> None:
        if own is not None and own.talks:
            self.hold(own, True)

    def _retrieve(self, _who: str, own: Phone | None, _to: dict[str, Any], _data: dict[str, Any]) -> None:
        if own is not None and own.talks:
            self.hold(own, False)

    def _transfer(self, _who: str, own: Phone | None, to: dict[str, Any], _data: dict[str, Any]) -> None:
        if own is not None:
            if "number" in to:
                self.number()
            self.gone(own, "transferred")
            if "number" not in to:
                self.last = None  # they wait for whom they were sent to, whoever else is on the call

    def _conference(self, _who: str, _own: Phone | None, to: dict[str, Any], _data: dict[str, Any]) -> None:
        self.bring(to, "")

    def _consult(self, _who: str, own: Phone | None, to: dict[str, Any], _data: dict[str, Any]) -> None:
        if own is not None:
            self.hold(own, True)
        self.bring(to, "consulted")

    def _complete_transfer(self, _who: str, own: Phone | None, _to: dict[str, Any], _data: dict[str, Any]) -> None:
        for each in self.phones:
            each.mode = "" if each.mode == "consulted" else each.mode
        if own is not None:
            self.gone(own, "transferred")

    def _reconnect(self, _who: str, own: Phone | None, to: dict[str, Any], _data: dict[str, Any]) -> None:
        self.drop(to)
        if own is not None:
            self.hold(own, False)

    def _listen(self, who: str, own: Phone | None, _to: dict[str, Any], data: dict[str, Any]) -> None:
        if own is not None and own.kind == "supervisor":
            own.mode = data["mode"]
        else:
            self.ring("supervisor", who, data["mode"])

    def bring(self, to: dict[str, Any], mode: str) -> None:
        if "agent" in to:
            self.ring("agent", to["agent"], mode)
        else:
            self.number()

    def drop(self, to: dict[str, Any]) -> None:
        phone = self.of(to["agent"]) if "agent" in to else next((x for x in self.phones if x.kind == "number"), None)
        if phone is not None:
            self.gone(phone)

    def hold(self, phone: Phone, holds: bool) -> None:
        if phone.holds is not holds:
            phone.holds = holds
            self.says("held" if holds else "retrieved", phone)

    # time

    def wait(self, seconds: float) -> None:
        """Time passes: what is due is told, and happens."""
        until = self.floor.now + seconds
        while True:
            due = self.floor.state.next_deadline()
            told = min(self.mail, key=lambda each: each[0], default=None)
            if told is not None and told[0] <= until and (due is None or told[0] <= due):
                self.mail.remove(told)
                self.floor.now = max(self.floor.now, told[0])
                self.tell(told[1], told[2])
            elif due is not None and due <= until:
                self.floor.now = max(self.floor.now, due)
                self.log.append(f"{self.floor.now - 1.8e9:8.2f} EXPIRE")
                self.floor.do(c.Expire())
                self.obey()
            else:
                break
        self.floor.now = until

    def tell(self, kind: str, more: dict[str, Any]) -> None:
        self.log.append(f"{self.floor.now - 1.8e9:8.2f} TOLD {kind} {more}")
        self.floor.do(c.TakeEvent(event=call_event(kind, **more), contact_id=new_id()))
        self.obey()
        found = self.floor.state.store.contacts.get(self.contact)
        if found is not None:
            self.log.append(
                f"           -> {found.state} agents={found.agents} away={found.sent_away} requeue={found.requeue_at}"
            )

    # people

    def talking(self, *kinds: str) -> Iterator[Phone]:
        return (each for each in self.phones if each.talks and each.kind in kinds)
