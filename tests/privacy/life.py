"""A customer's whole life, with a text of its own in every field that takes one."""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import msgspec

from app.api.http.services import Services
from app.core.instants import iso
from tests.api.conftest import ClientAs

NUMBER = "+8613812345678"
CUSTOMERS = "/api/v1/customers"
CASES = "/api/v1/cases"
ANY = {"if-match": "*"}


class Life:
    """Makes the customer over the public API. `markers` are the texts that were given."""

    def __init__(self, client_as: ClientAs, services: Services) -> None:
        self.services = services
        self.admin, self.agent = client_as("administrator"), client_as("agent")
        self.bank = client_as("integration")
        self.markers: list[str] = ["13812345678"]
        self._names: Iterator[int] = count(10)
        self.path = ""
        self.ids: list[str] = []
        self.audio = ""

    @property
    def id(self) -> UUID:
        """The customer's id."""
        return UUID(self.path.rpartition("/")[2])

    def mark(self, before: str = "") -> str:
        """A text that is nowhere else."""
        self.markers.append(f"zqmark{next(self._names)}x")
        return before + self.markers[-1]

    async def ask(self, method: str, path: str, body: Any = None, client: httpx.AsyncClient | None = None) -> Any:
        """Ask as an administrator; what is refused fails the test."""
        answer = await (client or self.admin).request(method, path, json=body, headers=ANY)
        assert answer.status_code < 300, (path, answer.text)
        return answer.json() if answer.content else None

    async def is_lived(self) -> None:
        """Everything but calls."""
        await self._set_up()
        await self._begin()
        await self._is_fed()
        await self._is_watched()
        await self._is_worked_for()
        await self._is_visited()

    async def _set_up(self) -> None:
        """What is there before any customer."""
        await self.ask("POST", "/api/v1/webhook-subscriptions", {
            "id": "crm", "name": "CRM", "url": "https://8.8.8.8/hooks",
            "events": ["customer.*", "contact.*", "alert.*", "case.*", "visit.*"],
        })  # fmt: skip
        rule = {"name": "Guessing", "condition": "count('login.failed', '1h') >= 1", "severity": "high"}
        await self.ask("POST", "/api/v1/usage-rules", {"id": "guessing", "enabled": True, **rule})
        await self.ask("PUT", "/api/v1/credit-bureaus/a", {
            "name": "A", "url": "https://bureau.example", "sends": {"reference": "external_id"}, "score_at": "/score",
            "lowest": 300, "highest": 850, "bands": {"poor": 300},
        })  # fmt: skip

    async def _begin(self) -> str:
        """The record, with everything that people write in it; the path of the customer."""
        mark = self.mark
        made = await self.ask("POST", CUSTOMERS, {
            "name": mark("王小明 "), "latin_name": mark("Wang "), "external_id": mark("C-"), "language": "zh",
            "relationship_manager": mark("Chen "), "segments": [mark("s-")], "attributes": {mark("a"): mark()},
            "numbers": [{"raw": NUMBER, "label": mark("m-")}], "why": mark("new "),
        })  # fmt: skip
        self.path = f"{CUSTOMERS}/{made['id']}"
        self.ids.append(made["external_id"])
        await self._parts(self.path)
        await self.ask("PATCH", self.path, {"name": mark("王明 "), "attributes": {mark("b"): mark()}, "why": mark()})
        other = await self.ask("POST", CUSTOMERS, {"name": mark("孩子 "), "numbers": [{"raw": "+8613900000077"}]})
        ties = [{"other_id": other["id"], "kind": mark("parent-"), "source": mark("src-")}]
        await self.ask("PUT", f"{self.path}/ties", {"ties": ties})
        await self.ask("PUT", f"{self.path}/ties", {"ties": []})
        await self.ask("PUT", f"{self.path}/ties", {"ties": ties})
        back = [{"other_id": str(self.id), "kind": mark("child-")}]
        await self.ask("PUT", f"{CUSTOMERS}/{other['id']}/ties", {"ties": back})
        self.markers.remove(next(m for m in self.markers if other["name"].endswith(m)))
        return self.path

    async def _parts(self, path: str) -> None:
        mark = self.mark
        await self.ask("PUT", f"{path}/emails", {"emails": [{"address": mark() + "@example.com", "kind": mark("k")}]})
        address = {"lines": mark("长安街 "), "city": mark("city "), "postal_code": mark("p"), "kind": mark("k")}
        await self.ask("PUT", f"{path}/addresses", {"addresses": [address]})
        ids = [{"system": "crm", "external_id": mark("crm-")}]
        await self.ask("PUT", f"{path}/external-ids", {"external_ids": ids})
        consent = {
            "channel": "credit_check",
            "given": True,
            "origin": mark("form "),
            "at": iso(self.services.clock() - 9),
        }
        await self.ask("POST", f"{path}/consents", consent)
        note = await self.ask("POST", f"{path}/notes", {"text": mark("warned: "), "pinned": True})
        await self.ask("PUT", f"{path}/notes/{note['id']}", {"text": mark("better: "), "pinned": True})
        await self.ask("PUT", f"{path}/preferences/salutation", {"value": mark("Frau "), "why": mark("said so ")})
        over = {"tier": None, "reason": mark("a promise "), "until": iso(self.services.clock() + 86_400)}
        await self.ask("PUT", f"{path}/tier-override", over)
        await self.ask("GET", f"{path}/profile?reason={mark('looked ')}")
        await self.services.reads.flush()
        held = {"kind": "account", "name": mark("Giro "), "status": mark("st-"), "details": {mark("d"): mark()}}
        where = f"{path}/holdings/{mark('core-')}/{mark('H-')}"
        await self.ask("PUT", where, held)
        await self.ask("PUT", where, {**held, "name": mark("Giro plus ")})
        await self.ask("PUT", f"{path}/telephone-pin", {"pin": "739184"})
        await self.ask(
            "PUT", f"{path}/identifiers", {"identifiers": [{"kind": "id_number", "value": "11010119900307888"}]}
        )

    async def _is_fed(self) -> None:
        """Another system tells of the same customer, and of somebody who is merged into them."""
        mark = self.mark
        line: dict[str, Any] = {"external_id": mark("F-"), "name": mark("Fed "), "phone": {"home": "+861012345677"},
                "email": {"work": mark() + "@example.com"}, "id": {"cards": mark("K-")}}  # fmt: skip
        answer = await self.admin.post(
            "/api/v1/feeds/customers", params={"source": "core"}, content=msgspec.json.encode(line) + b"\n",
            headers={"content-type": "application/x-ndjson"},
        )  # fmt: skip
        self.ids.append(line["id"]["cards"])
        assert answer.json()["counts"]["made"] == 1, answer.text
        found = await self.ask("GET", f"{CUSTOMERS}?external_id={line['external_id']}")
        fed = f"{CUSTOMERS}/{found['items'][0]['id']}"
        await self.ask("POST", f"{fed}/merge", {"into": str(self.id), "why": mark("same ")})

    async def _is_watched(self) -> None:
        """Usage, an alert that somebody closes, a question to a bureau, and an agreement."""
        mark, now = self.mark, iso(self.services.clock() - 60)
        event = {"id": mark("e-"), "kind": "login.failed", "at": now, "customer_id": str(self.id), "value": 7.5,
                 "details": {mark("w"): mark()}}  # fmt: skip
        taken = await self.ask("POST", "/api/v1/usage/core/events", [event], self.bank)
        assert taken["alerts_opened"] == 1
        alert = (await self.ask("GET", "/api/v1/alerts"))["items"][0]
        await self.ask("POST", f"/api/v1/alerts/{alert['id']}/finish", {"note": mark("spoke: ")})
        await self.ask("POST", f"{self.path}/credit", {"reason": mark("loan ")}, self.agent)
        clause = {"id": mark("c-"), "kind": "follow_up", "text": mark("call back "), "seconds": 60, "after": "every"}
        await self.ask("POST", f"{self.path}/agreements", {
            "product": mark("p-"), "name": mark("Gold "), "time_zone": "Asia/Shanghai", "valid_from": "2020-01-01",
            "clauses": [clause], "why": mark(),
        })  # fmt: skip

    async def _is_worked_for(self) -> None:
        """A case, with everything that people write in it, until it is closed; and one that follows it."""
        mark = self.mark
        given = {"customer_id": str(self.id), "category": mark("cat-")}
        made = await self.ask("POST", CASES, {**given, "subject": mark("lost "), "description": mark("on the bus ")})
        path = f"{CASES}/{made['id']}"
        await self.ask("PATCH", path, {"subject": mark("stolen "), "description": mark(), "note": mark("police ")})
        await self.ask("POST", f"{path}/notes", {"text": mark("he says ")})
        for act, body in (
            ("solve", {"resolution": mark("new card ")}),
            ("reopen", {"note": mark("never came ")}),
            ("solve", {"resolution": mark("brought ")}),
            ("close", {"note": mark("signed ")}),
        ):
            await self.ask("POST", f"{path}/{act}", body)
        after = await self.ask("POST", CASES, {**given, "subject": mark("again "), "follows_id": made["id"]})
        await self.ask("POST", f"{CASES}/{after['id']}/solve", {"resolution": mark("all well ")})

    async def _is_visited(self) -> None:
        """Somebody was to come, and is not needed any more."""
        mark, begins = self.mark, self.services.clock() + 86_400
        visit = await self.ask("POST", "/api/v1/visits", {
            "customer_id": str(self.id), "purpose": mark("更换终端 "),
            "site": {"lines": mark("南京路 "), "city": mark("city "), "postal_code": mark("p"), "kind": mark("k")},
            "window": {"starts_at": iso(begins), "ends_at": iso(begins + 60), "time_zone": "Asia/Shanghai"},
        })  # fmt: skip
        path = f"/api/v1/visits/{visit['id']}"
        await self.ask("POST", f"{path}/notes", {"note": mark("gate code ")})
        await self.ask("POST", f"{path}/cancel", {"reason": mark("not needed ")})

    async def is_recorded(self, contact: str) -> None:
        """Notes on an ended contact, its audio, and what was due after it."""
        mark = self.mark
        await self.ask("POST", f"/api/v1/interactions/{contact}/entries", {"text": mark("he said ")}, self.agent)
        about = (await self.ask("GET", f"{CASES}?status=solved"))["items"][0]
        await self.ask("POST", f"{CASES}/{about['id']}/contacts", {"contact_id": contact})
        due = (await self.ask("GET", "/api/v1/dues"))["items"][0]
        await self.ask("POST", f"/api/v1/dues/{due['id']}/done", {"note": mark("done: ")})
        await self.services.archive.keep(
            recording_id=f"{contact}.1", contact_id=contact, source="pbx", audio=self._sound(), media_type="audio/wav",
            started_at=self.services.clock(), seconds=2.0,
        )  # fmt: skip

    async def _sound(self) -> AsyncIterator[bytes]:
        self.audio = self.mark()
        yield self.audio.encode()
