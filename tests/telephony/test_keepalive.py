"""The transport of orders against servers that answer byte by byte what the test says."""

import asyncio
import gc
import gzip
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import httpx
import pytest

from app.telephony.adapters.generic.keepalive import LARGEST_ANSWER, MOST_HEARD, Connection, KeepAlive
from tests.fixtures.listening import listening

pytestmark = pytest.mark.enable_socket

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
LAST = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


class Scripted:
    """Answers each request with the next of `answers`; None closes the connection instead. Counts connections."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.heard: list[bytes] = []
        self.greeting = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(self.greeting)
        while self.answers:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heard.append(head + await reader.readexactly(2))
            answer = self.answers.pop(0)
            if answer is None:
                break
            writer.write(answer)
            if b"close" in answer or b"\r\n\r\n" not in answer:
                break


class Moody(Scripted):
    """Answers as it should, and closes connections when it likes: before an answer, within one, after one, or later,
    and at times all that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.writers: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        await self._converse(reader, writer, Random(self.connections))
        self.writers.discard(writer)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dice: Random) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n{}")
            mood = dice.randrange(24)
            if mood == 0:
                return
            writer.write((TAKEN[:9], LAST)[mood - 1] if mood < 3 else TAKEN)
            if mood == 2:
                for each in self.writers:
                    each.close()
            if mood < 4:
                return
            if mood == 4:
                await asyncio.sleep(dice.uniform(0, 0.01))
                return
            if mood == 5:
                writer.transport.abort()


@asynccontextmanager
async def talking(script: Scripted, seconds: float = 0.3) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    async with (
        listening(script.serve) as port,
        httpx.AsyncClient(transport=KeepAlive(), timeout=seconds, trust_env=False) as client,
    ):
        yield client, f"http://127.0.0.1:{port}/orders?key=1"


async def asked(*answers: bytes | None, seconds: float = 0.3) -> httpx.Response:
    async with talking(Scripted(*answers), seconds) as (client, url):
        return await client.post(url, content=b"{}")


async def test_one_connection_serves_one_request_after_the_other() -> None:
    script = Scripted(TAKEN, TAKEN, TAKEN)
    async with talking(script) as (client, url):
        answers = [await client.post(url, content=b"{}", headers={"webhook-id": "1"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [204, 204, 204]
    assert script.connections == 1
    assert script.heard[0].startswith(b"POST /orders?key=1 HTTP/1.1\r\n")
    assert b"webhook-id: 1\r\n" in script.heard[0].lower()


async def test_at_once_each_request_has_a_connection_of_its_own() -> None:
    script = Scripted(*[TAKEN] * 5)
    async with talking(script) as (client, url):
        await asyncio.gather(*(client.post(url, content=b"{}") for _ in range(5)))
    assert script.connections == 5


async def test_a_connection_that_was_closed_meanwhile_is_replaced() -> None:
    script = Scripted(TAKEN, None, TAKEN)
    async with talking(script) as (client, url):
        answers = [await client.post(url, content=b"{}") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert script.connections == 2


async def test_a_connection_that_is_being_closed_is_given_up_at_once() -> None:
    script = Scripted(TAKEN, TAKEN)
    async with talking(script) as (client, url):
        first = await client.post(url, content=b"{}")
        for connection in [each for each in gc.get_objects() if type(each) is Connection and each.reusable]:
            connection.close()  # and its loss is told in the next round of the loop
        second = await client.post(url, content=b"{}")
    assert [first.status_code, second.status_code] == [204, 204]
    assert script.connections == 2


@pytest.mark.timeout(20)
async def test_thousands_of_requests_end_at_a_server_that_closes_when_it_likes() -> None:
    script, came = Moody(), Counter[str]()

    async def ask_again_and_again() -> None:
        for _ in range(100):
            try:
                came[str((await client.post(url, content=b"{}")).status_code)] += 1
            except httpx.HTTPError as error:
                came[type(error).__name__] += 1

    async with talking(script, 5) as (client, url):
        await asyncio.gather(*(ask_again_and_again() for _ in range(20)))
    assert came.total() == 2000
    assert came.keys() <= {"204", "ReadError", "RemoteProtocolError"}
    assert came["204"] > 500


async def test_who_answers_twice_is_not_taken_at_its_word_the_next_time() -> None:
    script = Scripted(TAKEN + b"HTTP/1.1 500 Sorry\r\nContent-Length: 9\r\n\r\n", TAKEN)
    async with talking(script) as (client, url):
        answers = [await client.post(url, content=b"{}") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert script.connections == 2


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * LARGEST_ANSWER,
        b"HTTP/1.1 200 OK\r\n" + b"X-More: of this\r\n" * (MOST_HEARD // 16) + b"\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * (MOST_HEARD // 28 + 1),
    ],
    ids=["a body in pieces of a byte", "headers without an end", "news before the answer without an end"],
)
async def test_an_answer_without_an_end_is_broken_off_and_holds_up_nobody(answer: bytes) -> None:
    with pytest.raises(httpx.ReadError):
        await asked(answer, seconds=5)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
async def test_answers_of_every_kind_are_read_to_their_end(answer: bytes) -> None:
    response = await asked(answer)
    assert (response.status_code, response.text) == (200, "ok")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (None, httpx.RemoteProtocolError),
        (b"sorry, no HTTP here", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\nok", httpx.ReadError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", httpx.ReadTimeout),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * (LARGEST_ANSWER + 1), httpx.ReadError),
    ],
)
async def test_what_is_no_answer_is_told_as_what_it_is(answer: bytes | None, error: type[Exception]) -> None:
    with pytest.raises(error):
        await asked(answer, None)


@pytest.mark.parametrize("packed", [gzip.compress(bytes(1 << 24)), b"said to be packed, and is not"])
async def test_an_answer_that_is_packed_is_taken_as_it_came(packed: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    response = await asked(head + packed)
    assert (response.status_code, response.content) == (200, packed)


async def test_tls_is_spoken_where_the_address_says_so() -> None:
    script = Scripted()
    script.greeting = TAKEN
    async with talking(script) as (client, url):
        with pytest.raises(httpx.ConnectError):
            await client.post(url.replace("http:", "https:"), content=b"{}")
    assert script.connections == 1
