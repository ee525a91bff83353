"""The table "Bad input", rows of the webhook: the right status, faults that say what, where and what is accepted, and
nothing half-written. Over real HTTP against a running server."""

import base64
import hmac
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import msgspec
import pytest

from app.core.clock import now
from app.core.ids import new_id
from tests.fixtures.site import Site
from tests.fixtures.switch import SECRET, Switch, event
from tests.fixtures.waiting import SECONDS

pytestmark = pytest.mark.enable_socket

OTHER = "whsec_YW5vdGhlci1zZWNyZXQtZm9yLXRoZS10ZXN0cy4="
GOOD = event("offered", "never", from_="+8613800138000", to="100")
Headers = dict[str, str]


def signed(body: bytes, secret: str = SECRET, age: float = 0.0) -> Headers:
    """The headers of a delivery signed `age` seconds ago."""
    key, at = f"evt_{new_id()}", str(int(now() - age))
    digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), f"{key}.{at}.".encode() + body, "sha256")
    return {
        "webhook-id": key,
        "webhook-timestamp": at,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


async def post(site: Site, body: Any, headers: Headers, source: str = "pbx") -> httpx.Response:
    """One delivery as it is given."""
    async with httpx.AsyncClient(timeout=SECONDS, verify=False) as http:
        url = f"http://{site.server.address}/webhooks/cti/{source}"
        return await http.post(url, content=body, headers={"content-type": "application/json", **headers})


def without(name: str) -> Callable[[], Headers]:
    return lambda: {key: value for key, value in signed(GOOD).items() if key != name}


def changed(**headers: str) -> Callable[[], Headers]:
    return lambda: signed(GOOD) | {key.replace("_", "-"): value for key, value in headers.items()}


UNSIGNED: dict[str, Callable[[], Headers]] = {
    "nothing": dict,
    "no id": without("webhook-id"),
    "no time": without("webhook-timestamp"),
    "no signature": without("webhook-signature"),
    "wrong secret": lambda: signed(GOOD, OTHER),
    "another body": lambda: signed(GOOD + b" "),
    "another id": changed(webhook_id="evt_other"),
    "too old": lambda: signed(GOOD, age=301),
    "from the future": lambda: signed(GOOD, age=-302),
    "no number as time": changed(webhook_timestamp="yesterday"),
    "time without end": changed(webhook_timestamp="9" * 400),
    "empty signature": changed(webhook_signature=""),
    "no base64": changed(webhook_signature="v1,****"),
    "another version": changed(webhook_signature="v2,AAAA"),
    "long id": changed(webhook_id="x" * 300),
    "a key instead": changed(webhook_signature=SECRET),
}


@pytest.mark.parametrize("headers", UNSIGNED.values(), ids=UNSIGNED.keys())
async def test_a_bad_signature_is_401_and_only_counted(
    site: Site, switch: Switch, headers: Callable[[], Headers]
) -> None:
    before, counted = await site.stored(), await site.counted("unsigned")
    answer = await post(site, GOOD, headers())
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["type"]) == (
        401,
        401,
        "urn:callfloor:problem:unauthenticated",
    )
    assert answer.headers["content-type"] == "application/problem+json"
    assert "webhook-" in problem["detail"]
    assert await site.stored() == before
    assert await site.counted("unsigned") == counted + 1


async def test_an_unknown_source_learns_no_more_than_an_unsigned_one(site: Site, switch: Switch) -> None:
    stranger = await post(site, GOOD, signed(GOOD), source="nobody")
    unsigned = await post(site, GOOD, signed(GOOD, OTHER))
    assert (stranger.status_code, stranger.json()) == (401, unsigned.json())


def message(**changes: Any) -> bytes:
    """A good message with some of its members changed; those that are None are left out."""
    told = {"type": "call.offered", "timestamp": "2026-11-23T10:00:00.123Z", "data": {"call_id": "never"}} | changes
    return msgspec.json.encode({key: value for key, value in told.items() if value is not None})


def about(**facts: Any) -> bytes:
    """A good message whose data are changed."""
    return message(data={"call_id": "never", **facts})


MALFORMED: dict[str, tuple[bytes, list[str]]] = {
    "empty": (b"", ["body"]),
    "not JSON": (b"call.offered", ["body"]),
    "half": (GOOD[:-9], ["body"]),
    "not UTF-8": (GOOD.replace(b"never", b"nev\xff\xfe"), ["body"]),
    "NaN": (b'{"type": NaN}', ["body"]),
    "a list": (b"[]", ["body"]),
    "a string": (b'"call.offered"', ["body"]),
    "null": (b"null", ["body"]),
    "an abyss": (b"[" * 50_000, ["body"]),
    "a deep one": (about(x=msgspec.Raw(b"[" * 100 + b"]" * 100)), ["body"]),
    "empty object": (b"{}", ["type", "timestamp", "data"]),
    "no call id": (message(data={}), ["data.call_id"]),
    "null call id": (message(data={"call_id": None}), ["data.call_id"]),
    "empty call id": (about(call_id=""), ["data.call_id"]),
    "number as call id": (about(call_id=7), ["data.call_id"]),
    "long call id": (about(call_id="x" * 201), ["data.call_id"]),
    "type of no kind": (message(type=5), ["type"]),
    "empty type": (message(type=""), ["type"]),
    "data of no kind": (message(data=[1]), ["data"]),
    "no such day": (message(timestamp="2026-02-30T10:00:00Z"), ["timestamp"]),
    "no zone": (message(timestamp="2026-11-23T10:00:00"), ["timestamp"]),
    "long ago": (message(timestamp="1970-01-01T00:00:00Z"), ["timestamp"]),
    "epoch": (message(timestamp=1795452809), ["timestamp"]),
    "number of a number": (about(**{"from": 8613800138000}), ["data.from"]),
    "negative sequence": (about(sequence=-1), ["data.sequence"]),
    "half a sequence": (about(sequence=1.5), ["data.sequence"]),
    "object as agent": (about(agent={"id": "ann"}), ["data.agent"]),
    "many at once": (about(sequence="1", agent=5, cause=[]), ["data.agent", "data.sequence", "data.cause"]),
}


@pytest.mark.parametrize(("body", "where"), MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_body_is_422_with_all_its_faults(
    site: Site, switch: Switch, body: bytes, where: list[str]
) -> None:
    before = await site.stored()
    answer = await post(site, body, signed(body))
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [fault["where"] for fault in problem["faults"]] == where
    assert all(fault["what"] and fault["accepted"] for fault in problem["faults"])
    assert await site.stored() == before


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """A body whose length is not told before."""
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


@pytest.mark.parametrize("told", [True, False], ids=["length told", "in pieces"])
async def test_a_body_of_5_mb_is_413(site: Site, switch: Switch, told: bool) -> None:
    before = await site.stored()
    body = about(note="x" * 5_000_000)
    answer = await post(site, body if told else in_pieces(body), signed(body))
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert "262144" in answer.json()["detail"]
    assert await site.stored() == before


async def test_a_large_body_within_the_limit_is_kept_whole(site: Site, switch: Switch) -> None:
    call_id = new_id()
    contact = await switch.tells("offered", call_id, to="100", note="好" * 50_000)
    kept = await site.fetchval("SELECT data->'data'->>'note' FROM events WHERE contact_id = $1", contact)
    await switch.tells("cleared", call_id)
    assert kept == "好" * 50_000
