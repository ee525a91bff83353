"""Asking a bureau over real HTTP: slow, broken, huge and hostile ones."""

import gzip
from collections.abc import AsyncIterator

import msgspec
import pytest

from app.core.guarding import open_guarded_client
from app.credit.adapters.http import HttpBureaus
from app.credit.port import Bureau, Question, Rating, Unanswered
from tests.fixtures.bureau import (
    GOOD,
    LOOPBACK,
    Behaviour,
    LittleBureau,
    dripping,
    hanging_up,
    huge,
    little_bureau,
    saying,
    silent,
    writing,
)

pytestmark = pytest.mark.enable_socket

QUESTION = Question(id="q1", facts={"reference": "C 1&x=2", "why": "贷款"})
SECRET = "Bearer hush"


@pytest.fixture
async def bureau() -> AsyncIterator[LittleBureau]:
    """A bureau that answers well."""
    async with little_bureau() as listening:
        yield listening


def how(bureau: LittleBureau, **other: object) -> Bureau:
    plan = Bureau(
        id="b",
        url=bureau.url,
        sends={},
        secret_name="key",
        score_at="/rating/score",
        standing_at="/rating/class",
        timeout_seconds=5,
    )
    return msgspec.structs.replace(plan, **other)


async def ask(plan: Bureau) -> Rating | Unanswered:
    async with open_guarded_client(LOOPBACK) as client:
        return await HttpBureaus(client, {"key": SECRET}).ask(plan, QUESTION)


async def test_an_address_inside_is_not_asked_unless_the_operator_opens_it(bureau: LittleBureau) -> None:
    async with open_guarded_client() as client:
        told = await HttpBureaus(client, {"key": SECRET}).ask(how(bureau), QUESTION)
    assert isinstance(told, Unanswered)
    assert "CALLFLOOR_CREDIT_NETWORKS" in told.detail
    assert bureau.heard == []


async def test_a_secret_that_belongs_to_another_host_is_not_sent(bureau: LittleBureau) -> None:
    async with open_guarded_client(LOOPBACK) as client:
        told = await HttpBureaus(client, {"key": SECRET}, {"key": "bureau.example"}).ask(how(bureau), QUESTION)
        known = await HttpBureaus(client, {"key": SECRET}, {"key": "127.0.0.1"}).ask(how(bureau), QUESTION)
    assert told == Unanswered("the secret key is sent to bureau.example only (CALLFLOOR_CREDIT_HOSTS)")
    assert isinstance(known, Rating)


async def test_a_secret_is_sent_to_its_host_in_any_spelling(bureau: LittleBureau) -> None:
    async with open_guarded_client() as client:
        asks = HttpBureaus(client, {"key": SECRET}, {"key": "xn--fa-hia.invalid"})
        for host in ("faß.invalid", "xn--fa-hia.invalid"):
            told = await asks.ask(how(bureau, url=f"https://{host}/"), QUESTION)
            assert told == Unanswered("no connection: ConnectError")


async def test_the_question_carries_facts_secret_and_a_key_against_repetition(bureau: LittleBureau) -> None:
    assert await ask(how(bureau)) == Rating(score=712.0, standing="B")
    [heard] = bureau.heard
    assert (heard.line, heard.body) == ("POST /check HTTP/1.1", QUESTION.facts)
    assert heard.headers["authorization"] == SECRET.lower()
    assert heard.headers["idempotency-key"] == "q1"


async def test_a_question_in_the_address_cannot_be_broken_out_of(bureau: LittleBureau) -> None:
    await ask(how(bureau, method="GET", url=f"{bureau.url}?v=1"))
    assert bureau.heard[0].line.startswith("GET /check?v=1&reference=C+1%26x%3D2&why=%E8%B4%B7")


BAD: list[tuple[str, Behaviour, str]] = [
    ("bureau down in the middle", hanging_up, "no connection: RemoteProtocolError"),
    ("500", saying(GOOD, 500), "it answered 500"),
    ("404", saying(GOOD, 404), "it answered 404"),
    ("redirect", writing(b"", 302, "location: http://127.0.0.1:1/"), "it answered 302, and redirects are not followed"),
    ("HTML", writing(b"<html><h1>Maintenance</h1></html>"), "its answer is not JSON"),
    ("empty", writing(b""), "its answer is not JSON"),
    ("not UTF-8", writing(b'{"rating": {"score": 1, "class": "\xff"}}'), "its answer is not JSON"),
    ("deeply nested", writing(b"[" * 60_000), "its answer is not JSON"),
    ("NaN", writing(b'{"rating": {"score": NaN, "class": "B"}}'), "its answer is not JSON"),
    ("wrong types", saying({"rating": {"score": "712", "class": "B"}}), "the score is no number but '712'"),
    ("out of range", saying({"rating": {"score": 1001, "class": "B"}}), "the score 1001 is not from 0 to 1000"),
    ("nothing there", saying({"score": 712}), "the answer has nothing at /rating/score"),
    ("10 MB", huge(10), "packed or longer than 65536 bytes"),
    (
        "a bomb",
        writing(gzip.compress(b" " * 10_000_000), 200, "content-encoding: gzip"),
        "packed or longer than 65536 bytes",
    ),
]


@pytest.mark.parametrize(("behaviour", "detail"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
async def test_bureau_answers_nonsense(bureau: LittleBureau, behaviour: Behaviour, detail: str) -> None:
    bureau.answer = behaviour
    found = await ask(how(bureau))
    assert isinstance(found, Unanswered)
    assert detail in found.detail
    assert "hush" not in found.detail
    assert len(bureau.heard) == 1


@pytest.mark.parametrize("behaviour", [silent, dripping])
async def test_bureau_slow(bureau: LittleBureau, behaviour: Behaviour) -> None:
    """Also one that always sends a little, so that no single read takes long."""
    bureau.answer = behaviour
    assert await ask(how(bureau, timeout_seconds=0.1)) == Unanswered("no answer within 0.1 s")


async def test_bureau_down() -> None:
    async with little_bureau() as gone:
        pass
    assert await ask(how(gone)) == Unanswered("no connection: ConnectError")


@pytest.mark.parametrize("url", ["http://", "gopher://bureau", "http://[::1", "not an address"])
async def test_an_address_that_is_none(bureau: LittleBureau, url: str) -> None:
    found = await ask(how(bureau, url=url))
    assert isinstance(found, Unanswered)
    assert found.detail.startswith("no connection: ")


async def test_a_secret_that_the_operator_has_not_set_is_named_and_nothing_is_sent(bureau: LittleBureau) -> None:
    found = await ask(how(bureau, secret_name="other"))
    assert isinstance(found, Unanswered)
    assert "no secret named other" in found.detail
    assert bureau.heard == []
