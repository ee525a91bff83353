"""The floor as the rest of the program knows it: submit a command, get its durable answer."""

import asyncio
from collections import deque
from typing import Any

import asyncpg
import msgspec
import structlog

from app.calls.leg import Party
from app.core.clock import Clock, iso
from app.core.errors import Unavailable
from app.floor import frames
from app.floor.call_control.known_calls import known_call
from app.floor.commands import Answer, Command, Configure, Look, Resumed
from app.floor.configuration.config import FloorConfig
from app.floor.errands import NoErrands
from app.floor.journal.inbox import Key
from app.floor.journal.writer import TRANSIENT, Fenced, Journal
from app.floor.loop.tenure import Tenure
from app.floor.memory.entities import ContactState
from app.floor.memory.views import Picture
from app.floor.metrics import OWNED
from app.floor.ports import Item, Orders, Publisher, Runs, Status
from app.telephony.port import KnownCall, KnownRecording

log = structlog.get_logger(__name__)

REPLAY_LIMIT = 1000
OVERLOAD = 20_000
"""So many waiting commands are several seconds of work; more are turned away instead of piling up."""

NOT_OWNED = 4013
"""The close code of a socket whose process does not own the floor: try another."""


class Floor:
    """One floor in this process: standing by, or owning it.

    `dsn` is a libpq address; `batch` the most commands of one commit; `takeover_seconds` how often a standby asks for
    the lock. Run `run()` as a task; `stop()` lets it commit what waits and give the floor up.
    """

    def __init__(
        self,
        *,
        dsn: str,
        floor: str,
        pool: "asyncpg.Pool[Any]",
        clock: Clock,
        publisher: Publisher,
        orders: Orders,
        errands: Runs | None = None,
        region: str = "CN",
        batch: int = 500,
        takeover_seconds: float = 1.0,
    ) -> None:
        self.id = floor
        self.status: Status = "standby"
        self.clock = clock
        self.publisher = publisher
        self.orders = orders
        self.errands: Runs = errands or NoErrands()
        self.region = region
        self.batch = batch
        self.waiting: deque[Item] = deque()
        self._dsn = dsn
        self._pool = pool
        self._takeover_seconds = takeover_seconds
        self._by_key: dict[Key, Item] = {}
        self._waker: asyncio.Future[None] | None = None
        self._tenure: Tenure | None = None
        self._newest: FloorConfig | None = None
        self._stopping = False

    async def submit(self, command: Command, scope: str | None = None, id: str | None = None) -> Answer:  # noqa: A002
        """Apply a command; answered after the durable commit.

        With (scope, id) the same pair gets the same answer again, also after a restart. A refusal is an answer that is
        not ok. Raises Unavailable while the journal cannot commit or another process owns the floor: the command may
        then be sent again under the same id without being done twice.
        """
        if isinstance(command, Look) and command.what == "floor":
            return await self._shown()
        if self.status != "owner":
            raise self._unavailable()
        if len(self.waiting) >= OVERLOAD:
            raise Unavailable("More is asked of the floor than it can do; nothing was taken, try again.")
        key = (scope, id) if scope is not None and id is not None else None
        item = self._by_key.get(key) if key is not None else None
        if item is None:
            item = Item(command, key)
            if key is not None:
                self._by_key[key] = item
            self.put(item)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        item.futures.append(future)
        return await future

    async def _shown(self) -> Answer:
        """A large floor takes long to show, so that is done beside the loop."""
        held = await self.submit(Look(what="picture"))
        picture: Picture = held.body["picture"]
        return Answer(True, await asyncio.to_thread(picture.shown))

    def live_call(self, source: str, call_id: str, number: str | None = None) -> bool:
        """Whether memory knows this call and its caller, so that its next event needs no look-up first.

        `number` is the caller's number if the event brings one: where the call came without, it is news. Raises
        Unavailable as `submit` would: nobody waits for a look-up only to be sent away after it.
        """
        if self.status != "owner" or self._tenure is None:
            raise self._unavailable()
        store = self._tenure.state.store
        contact = store.contacts.get(store.calls.get((source, call_id), ""))
        if contact is None or contact.ended_at is not None:
            return False
        return number is None or contact.call.from_ is not None

    def agent_at(self, address: str) -> str | None:
        """The agent whose phone is at this address. Raises Unavailable as `submit` would."""
        if self.status != "owner" or self._tenure is None:
            raise self._unavailable()
        return self._tenure.state.store.by_address.get(address)

    def addresses(self) -> frozenset[str]:
        """Where the phones of agents are who need one; the same object until that changes. Raises Unavailable as
        `submit` would."""
        if self.status != "owner" or self._tenure is None:
            raise self._unavailable()
        return self._tenure.state.store.rung_at

    def calls_of(self, source: str) -> list[KnownCall]:
        """The calls of a source that live for all that memory knows, and who is on them; what was not told of yet is
        left out. Raises Unavailable as `submit` would."""
        if self.status != "owner" or self._tenure is None:
            raise self._unavailable()
        contacts = (each for each in self._tenure.state.store.contacts.values() if each.call.source == source)
        alive = (each for each in contacts if each.ended_at is None and not each.call.over and each.call.legs)
        return [known_call(contact) for contact in alive]

    def recordings_of(self, source: str) -> list[KnownRecording]:
        """The recordings that a source was told to make and that are neither ready nor have failed, also of calls that
        have ended. One whose order is still on its way is left out. Raises Unavailable as `submit` would."""
        if self.status != "owner" or self._tenure is None:
            raise self._unavailable()
        return [
            KnownRecording(contact.call.id, each.id, tuple((pause.begins, pause.ends) for pause in each.pauses))
            for contact in self._tenure.state.store.contacts.values()
            if contact.call.source == source
            for each in contact.recordings
            if each.outcome is None and not self.orders.waits(each.order)
        ]

    def has_rung(self, source: str, call_id: str) -> bool:
        """Whether an agent's phone was rung for this call, or the customer's; in doubt it was."""
        if self._tenure is None:
            return True
        store = self._tenure.state.store
        contact = store.contacts.get(store.calls.get((source, call_id), ""))
        if contact is None or contact.call.direction == "outbound":
            return True
        agents = any(leg.party is not Party.CUSTOMER for leg in contact.call.legs)
        return agents or contact.state is ContactState.CONNECTING or bool(contact.served_by or contact.missed_by)

    def asks_secret(self, source: str, call_id: str, script: object) -> bool:
        """Whether what is keyed on this call, in answer to this script, may be a secret: then nobody may keep it.

        In doubt it is one: where no script is named, or none that there was, although one asked for a secret, and after
        the end of the call.
        """
        if self._tenure is None:
            return True
        store = self._tenure.state.store
        contact = store.contacts.get(store.calls.get((source, call_id), ""))
        if contact is None or contact.ended_at is not None:
            return True
        return contact.flow is not None and contact.flow.may_be_secret(script)

    def configure(self, config: FloorConfig) -> None:
        """Decide by this configuration from now on."""
        before, self._newest = self._newest, config
        if self.status != "standby":
            self.put(Item(Configure(config=config, before=before), None))

    async def replay(self, after: int, upto: int, agent_id: str | None) -> list[tuple[int, bytes]]:
        """(seq, frame) with after < seq <= upto: an agent's, or with None the floor's. At most REPLAY_LIMIT + 1."""
        async with self._pool.acquire() as connection:
            return await frames.replay(connection, self.id, after, upto, agent_id, REPLAY_LIMIT + 1)

    async def run(self) -> None:
        """Own the floor whenever it is free, until `stop()`."""
        while not self._stopping:
            journal = Journal(self._dsn, self.id)
            try:
                if await journal.own(self._takeover_seconds, lambda: not self._stopping):
                    await self._serve(journal)
            except Fenced:
                log.warning("another process has become the owner", floor=self.id)
            except TRANSIENT as error:
                log.warning("the floor could not be taken over", floor=self.id, error=repr(error))
                await asyncio.sleep(self._takeover_seconds)
            finally:
                await self._give_up(journal)

    async def stop(self) -> None:
        """Take nothing more; `run()` ends when everything taken is committed and told."""
        self._stopping = True
        self.wake()

    def put(self, item: Item) -> None:
        """Queue a command."""
        self.waiting.append(item)
        self.wake()

    def wake(self) -> None:
        """Let the loop look at once."""
        if self._waker is not None and not self._waker.done():
            self._waker.set_result(None)

    def settled(self, items: list[Item]) -> None:
        """These items have their answers; their keys are the inbox's business now."""
        for item in items:
            if item.key is not None:
                self._by_key.pop(item.key, None)

    async def rest(self, seconds: float) -> None:
        """Wait for a command, at most so long; then let everything that is ready submit, too."""
        if not self.waiting and not self._stopping:
            loop = asyncio.get_running_loop()
            self._waker = loop.create_future()
            handle = loop.call_later(max(0.0, seconds), self.wake)
            try:
                await self._waker
            finally:
                handle.cancel()
                self._waker = None
        await asyncio.sleep(0)

    def degrade(self, items: list[Item]) -> None:
        """The journal does not commit: whoever waits is told to come back. What was applied stays to be committed."""
        if self.status == "owner":
            log.error("the journal cannot commit", floor=self.id)
            self.status = "degraded"
            since = iso(self.clock())
            self.publisher.broadcast(msgspec.json.encode({"type": "degraded", "since": since}))
        given_back = [item for item in self.waiting if item.futures]
        ours = [item for item in self.waiting if not item.futures]
        for item in (*items, *given_back):
            item.fail(self._unavailable())
        self.settled(given_back)
        self.waiting.clear()
        self.waiting.extend(ours)

    def restore(self) -> None:
        """The journal commits again."""
        if self.status == "degraded":
            log.warning("the journal commits again", floor=self.id)
            self.status = "owner"
            self.publisher.broadcast(b'{"type":"restored"}')
            self.waiting.appendleft(Item(Resumed(), None))

    async def _serve(self, journal: Journal) -> None:
        tenure = await Tenure.begin(self, journal)
        self._tenure = tenure
        self.status = "owner"
        if self._newest is not None and self._newest.version > tenure.state.store.config.version:
            self.put(Item(Configure(config=self._newest), None))
        OWNED.set(1)
        log.info("owning the floor", floor=self.id, epoch=journal.epoch, seq=journal.seq)
        while not (self._stopping and not self.waiting):
            await tenure.turn()
        await tenure.settle()

    async def _give_up(self, journal: Journal) -> None:
        self.status = "standby"
        OWNED.set(0)
        if self._tenure is not None:
            await self._tenure.leave()
            for item in self._tenure.in_hand:
                item.fail(self._unavailable())
            self._tenure = None
        for item in self.waiting:
            item.fail(self._unavailable())
        self.waiting.clear()
        self._by_key.clear()
        self.publisher.dismiss(NOT_OWNED, "another process owns the floor")
        await self.orders.stop()
        await self.errands.stop()
        await journal.close()

    def _unavailable(self) -> Unavailable:
        if self.status == "standby":
            return Unavailable("This process does not own the floor; another one does, or will in a moment.")
        return Unavailable("The journal cannot commit right now; nothing is lost, try again.", retry_after=2)
