"""(g) Flows: steps of the interpreter alone, and the time from a webhook to the TwiML that answers it.

The platform is Twilio's dialect: signed forms in, TwiML out. Each call rings, hears a menu, keys one digit, waits in a
queue and hangs up; the first two answers count. Yardstick A gets as many requests in the same rhythm.
"""

import asyncio
import html
import itertools
import random
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import urlencode

import msgspec
from twilio.request_validator import RequestValidator

from app.bench.bank import PRODUCTS, caller
from app.bench.figures import Latency, latency
from app.bench.hooks import YARDSTICKS
from app.bench.processes import HOST, Cores, free_port
from app.bench.signed import Signer, whole_call
from app.bench.wire import Connection as Wire
from app.bench.wire import connections
from app.core import clock
from app.db.pool import Connection
from app.ivr.language.reading import read_flow
from app.ivr.language.world import CustomerView, QueueView, World
from app.ivr.playing.interpreter import step
from app.ivr.playing.state import AnyEvent, Keyed, ScriptDone, Started, begun

SOURCE, NUMBER, ACCOUNT, TOKEN = "bench-cloud", "+4930111", "ACbench", "a-token-of-the-bench"
CONNECTIONS = 64
EVENTS = 2
"""Answers with TwiML in each call."""

SETTLE_SECONDS = 2.5
"""Longer than a process takes to see that the configuration has changed."""

FLOW = f"""
flow: bench
languages: [zh, en]
timezone: Asia/Shanghai
fallback_queue: {PRODUCTS[0]}
start: who
variables: {{visits: number}}
nodes:
  who: {{type: branch, cases: [{{when: 'customer.known && caller.country == "DE"', next: {PRODUCTS[1]}}}],
         otherwise: count}}
  count: {{type: set, values: {{visits: 'vars.visits + 1.0'}}, next: menu}}
  menu:
    type: menu
    prompt:
      zh: '您好，{{customer.name}}，卡片请按一，其他请按二。'
      en: 'Hello {{customer.name}}, cards one, else two.'
    choices: {{1: {PRODUCTS[2]}, 2: {PRODUCTS[0]}}}
    otherwise: {PRODUCTS[0]}
  {PRODUCTS[0]}: {{type: queue, queue: {PRODUCTS[0]}}}
  {PRODUCTS[1]}: {{type: queue, queue: {PRODUCTS[1]}, bonus: 60}}
  {PRODUCTS[2]}: {{type: queue, queue: {PRODUCTS[2]}, requires: {{cards: 2}}}}
"""


class Answers(msgspec.Struct, frozen=True):
    """What one rate of calls came to: of the product, and of yardstick A."""

    calls_per_second: float
    ours: Latency
    yardstick: Latency
    shares: dict[str, float]


class Flows(msgspec.Struct, frozen=True):
    """Steps a second of the interpreter alone, and the answers at each rate."""

    steps_per_second: float
    answers: list[Answers]


def steps_per_second(seconds: float) -> float:
    """Whole calls through the flow, one after the other, for so long: ring, a key that means nothing, a key."""
    flow = read_flow(FLOW)
    queues = dict.fromkeys(PRODUCTS, QueueView())
    world = World(now=clock.now(), customer=CustomerView(known=True, name="王伟", tier="gold"), queues=queues)
    made, begun_at = 0, time.perf_counter()
    while time.perf_counter() < begun_at + seconds:
        state = begun(flow)
        for event in _events():
            state = step(flow, state, event, world).state
            made += 1
        assert state.over
    return made / (time.perf_counter() - begun_at)


def _events() -> Iterator[AnyEvent]:
    yield Started()
    yield Keyed(script=1, digits="9")
    yield ScriptDone(1)
    yield Keyed(script=2, digits="1")


async def found_platform(url: str, connection: Connection, port: int) -> None:
    """The flow, the platform's source, and the number that leads from one to the other."""
    await connection.execute("insert into flows (id, name) values ('bench', 'Bench')")
    await connection.execute(
        """insert into flow_versions (flow_id, number, state, text, author, published_at, published_by)
           values ('bench', 1, 'published', $1, 'bench', now(), 'bench')""",
        FLOW,
    )
    await connection.execute(
        """insert into cti_sources (id, name, secrets, platform, account, public_url, command_url, default_flow)
           values ($1, 'Cloud', $2, 'twilio', $3, $4, $5, 'bench')""",
        SOURCE, [TOKEN], ACCOUNT, f"http://{HOST}:{port}", url,
    )  # fmt: skip
    await asyncio.sleep(SETTLE_SECONDS)


class Rest(asyncio.Protocol):
    """The platform's own API, where nobody is in any conference."""

    _BODY = b'{"conferences":[],"participants":[]}'
    _ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(_BODY), _BODY)

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Called by the loop; requests are small and come whole."""
        assert self._transport is not None
        self._transport.write(self._ANSWER)


@asynccontextmanager
async def answered_api() -> AsyncIterator[str]:
    """The address of the platform's API, for as long as the block lasts."""
    port = free_port()
    listening = await asyncio.get_running_loop().create_server(Rest, HOST, port)
    try:
        yield f"http://{HOST}:{port}"
    finally:
        listening.close()


class Cloud:
    """Calls as Twilio tells them: each answer is timed, and its TwiML says where to go next."""

    def __init__(self, port: int) -> None:
        self._base = f"http://{HOST}:{port}"
        self._sign = RequestValidator(TOKEN).compute_signature
        self._numbers = itertools.count()
        self.taken: list[float] = []

    async def call(self, free: "asyncio.Queue[Wire]") -> None:
        """One call, from ringing to its end."""
        place = next(self._numbers)
        facts = {"CallSid": f"CA{place:032x}", "From": caller(place), "To": NUMBER, "Direction": "inbound"}
        hook = f"{self._base}/webhooks/twilio/{SOURCE}"
        menu = await self._timed(free, f"{hook}/voice", {**facts, "CallStatus": "ringing"})
        await self._timed(free, _action(menu), {**facts, "CallStatus": "in-progress", "Digits": "1"})
        await self._post(free, f"{hook}/status", {**facts, "CallStatus": "completed"})

    async def _timed(self, free: "asyncio.Queue[Wire]", address: str, form: dict[str, str]) -> bytes:
        begun_at = time.perf_counter()
        answer = await self._post(free, address, form)
        self.taken.append(time.perf_counter() - begun_at)
        return answer

    async def _post(self, free: "asyncio.Queue[Wire]", address: str, form: dict[str, str]) -> bytes:
        path, body = address.removeprefix(self._base), urlencode(form).encode()
        signature = self._sign(address, form)
        head = (
            f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-length: {len(body)}\r\n"
            f"content-type: application/x-www-form-urlencoded\r\nx-twilio-signature: {signature}\r\n\r\n"
        )
        return await _over(free, head.encode() + body)


class Yardstick:
    """As many requests, to yardstick A."""

    def __init__(self, signer: Signer, agent: str) -> None:
        self._signer = signer
        self._agent = agent
        self._places = itertools.count()
        self.taken: list[float] = []

    async def call(self, free: "asyncio.Queue[Wire]") -> None:
        """The messages of one call."""
        for body in whole_call(next(self._places), self._agent)[:EVENTS]:
            message = self._signer.request(body, YARDSTICKS["A"])
            begun_at = time.perf_counter()
            await _over(free, message)
            self.taken.append(time.perf_counter() - begun_at)


async def measure(
    cloud: Cloud, port: int, yardstick: Yardstick, other: int, cores: Cores, rate: float, seconds: float
) -> Answers:
    """Let `rate` calls a second come for so long, independently of each other; then the same to the yardstick."""
    cores.start()
    begun_at = time.perf_counter()
    await _come(cloud.call, port, rate, seconds)
    shares = cores.shares(time.perf_counter() - begun_at)
    await _come(yardstick.call, other, rate, seconds)
    ours, theirs, cloud.taken, yardstick.taken = cloud.taken, yardstick.taken, [], []
    return Answers(rate, latency(ours), latency(theirs), shares)


async def _come(call: Callable[["asyncio.Queue[Wire]"], Any], port: int, rate: float, seconds: float) -> None:
    dice, loop = random.Random(int(rate)), asyncio.get_running_loop()  # noqa: S311 - no secret
    free: asyncio.Queue[Wire] = asyncio.Queue()
    async with connections(HOST, port, CONNECTIONS) as opened, asyncio.TaskGroup() as calls:
        for connection in opened:
            free.put_nowait(connection)
        until, at = loop.time() + seconds, loop.time()
        while (at := at + dice.expovariate(rate)) < until:
            await asyncio.sleep(max(0.0, at - loop.time()))
            calls.create_task(call(free))


async def _over(free: "asyncio.Queue[Wire]", message: bytes) -> bytes:
    connection = await free.get()
    try:
        return await connection.post(message)
    finally:
        free.put_nowait(connection)


def _action(twiml: bytes) -> str:
    """Where the keys go, without what is behind a hash: that is for Twilio's own retries."""
    found = re.search(r'<Gather[^>]* action="([^"]+)"', twiml.decode())
    assert found is not None, twiml
    return html.unescape(found[1]).partition("#")[0]
