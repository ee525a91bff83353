"""Who has whose profile open in this process, and telling them what has changed of it.

A process writes down whose profiles it shows (`open_profiles`), and the database notifies it of changes of those
customers as they commit. Then the profile is read anew, once for everybody who looks at it, and compared part by part:
what is told is what differs, whatever it was that changed. What no notification tells (a change that was under way
while the profile was opened, a lost connection) is found by looking again: soon after opening, after reconnecting, and
every half minute.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import structlog

from app.core.clock import Clock, utc
from app.customers.errors import CustomerNotFound
from app.customers.profiles.parts import PARTS
from app.customers.profiles.whole import Profile, Profiles
from app.db.errors import translated
from app.db.pool import Connection, Lend

log = structlog.get_logger(__name__)

CHANNEL = "callfloor_profiles"
HEARTBEAT_SECONDS = 5.0

KEPT = timedelta(seconds=90)
"""So long after it was last said a profile counts as open."""

_AGES = re.compile(r'"age_seconds" : [0-9.e+]+')
_WITHIN = {part.name: part.within or part.name for part in PARTS}

_MEMBERS = """
    with survivor as (select coalesce(merged_into, id) as id from customers where id = $1)
    select id from survivor union all
    select m.id from survivor s cross join lateral (select id from customers where merged_into = s.id offset 0) m"""
_REGISTER = """
    insert into open_profiles (customer_id, process, until) select id, $2, $3 from unnest($1::uuid[]) id
    on conflict (customer_id, process) do update set until = excluded.until"""
_STALE = "delete from open_profiles where until < $1"


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds: changes are gathered for `gather`, looked for again `again` after opening and every `sweep`; a lost
    connection is tried again after `retry`."""

    gather: float = 0.15
    again: float = 1.0
    sweep: float = 30.0
    retry: float = 1.0


class Changed(msgspec.Struct, frozen=True):
    """What changed of a profile that is open: whose it is now, all its parts, and the names of those that differ."""

    profile: Profile
    names: frozenset[str]


Tell = Callable[[Changed], None]


Gone = Callable[[], None]


class Look(msgspec.Struct, eq=False):
    """One who looks at the profile that was opened as that of customer `opened`."""

    opened: UUID
    tell: Tell
    gone: Gone


class _Open(msgspec.Struct, eq=False):
    """A profile as it was told last, all whom it is of, and who looks at it."""

    profile: Profile
    members: frozenset[UUID]
    looks: set[Look]


class Watcher:
    """The profiles that are open in this process. `run` must run beside it."""

    def __init__(
        self,
        *,
        connect: Callable[[], Awaitable[Connection]],
        lend: Lend,
        profiles: Profiles,
        clock: Clock,
        pace: Pace | None = None,
    ) -> None:
        self._connect = connect
        self._lend = lend
        self.profiles = profiles
        self._clock = clock
        self._pace = pace or Pace()
        self._process = uuid4()
        self._open: dict[UUID, _Open] = {}
        self._shown_as: dict[UUID, set[UUID]] = {}
        self._poked: set[UUID] = set()
        self._news = asyncio.Event()
        self.listening = False
        """Whether changes are heard at this moment."""

    def __len__(self) -> int:
        return len(self._open)

    async def open(self, customer_id: UUID, tell: Tell, gone: Gone) -> tuple[Look, Profile]:
        """The profile as it is now; from here to `close`, `tell` is called with every change. Once there is no such
        customer any more `gone` is called, and the look is closed. Raises CustomerNotFound, and Unavailable without a
        database."""
        members = await self._register(customer_id)
        profile = await self._read(customer_id)
        look = Look(customer_id, tell, gone)
        held = self._open.setdefault(customer_id, _Open(profile, frozenset(), set()))
        self._is_of(held, customer_id, members)
        self._tell(held, profile)
        held.looks.add(look)
        asyncio.get_running_loop().call_later(self._pace.again, self.poke, customer_id)
        return look, profile

    def close(self, look: Look) -> None:
        """Tell no more."""
        held = self._open.get(look.opened)
        if held is not None:
            held.looks.discard(look)
            if not held.looks:
                self._is_of(held, look.opened, frozenset())
                del self._open[look.opened]

    def poke(self, customer_id: UUID) -> None:
        """Something of this customer may have changed, and is committed."""
        if customer_id in self._shown_as:
            self._poked.add(customer_id)
            self._news.set()

    async def run(self) -> None:
        """Listen and look until cancelled; a lost connection is made anew, and everything looked at again."""
        while True:
            try:
                connection = await self._connect()
                try:
                    connection.add_termination_listener(lambda _: self._news.set())
                    await connection.add_listener(CHANNEL, self._notified)
                    self.listening = True
                    await self._watch(connection)
                finally:
                    self.listening = False
                    connection.terminate()
            except Exception as error:
                log.warning("profiles are not watched for a moment", error=repr(error))
                await asyncio.sleep(self._pace.retry)

    async def _watch(self, connection: Connection) -> None:
        """Until the connection fails. Begins with a look at everything, since what came before was not heard."""
        loop = asyncio.get_running_loop()
        sweep_at = loop.time()
        while True:
            if loop.time() >= sweep_at:
                await connection.execute(_STALE, utc(self._clock()), timeout=HEARTBEAT_SECONDS)
                await self._sweep()
                sweep_at = loop.time() + self._pace.sweep
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, sweep_at - loop.time())):
                    await self._news.wait()
            if connection.is_closed():
                raise ConnectionError("the connection on which changes are heard was closed")
            if self._news.is_set():
                await asyncio.sleep(self._pace.gather)
                await self._look_again()

    async def _sweep(self) -> None:
        for opened in list(self._open):
            with suppress(CustomerNotFound):
                await self._register(opened)
            await self._refresh(opened)

    async def _look_again(self) -> None:
        self._news.clear()
        poked, self._poked = self._poked, set()
        try:
            for opened in set().union(*(self._shown_as.get(each, ()) for each in poked)):
                await self._refresh(opened)
        except Exception:
            self._poked |= poked
            self._news.set()
            raise

    async def _refresh(self, opened: UUID) -> None:
        held = self._open.get(opened)
        if held is None:
            return
        try:
            profile, members = await self._read(opened), await self._members(opened)
            if members != held.members:
                members = await self._register(opened)
        except CustomerNotFound:
            self._drop(held, opened)
            return
        if self._open.get(opened) is held:  # nobody may look at it any more by now
            self._is_of(held, opened, members)
            self._tell(held, profile)

    def _drop(self, held: _Open, opened: UUID) -> None:
        """The customer was erased: whoever still looks is told so, as what they see must not stay."""
        if self._open.get(opened) is held:
            self._is_of(held, opened, frozenset())
            del self._open[opened]
            for look in list(held.looks):
                look.gone()

    def _is_of(self, held: _Open, opened: UUID, members: frozenset[UUID]) -> None:
        for member in held.members - members:
            self._shown_as[member].discard(opened)
            if not self._shown_as[member]:
                del self._shown_as[member]
        for member in members:
            self._shown_as.setdefault(member, set()).add(opened)
        held.members = members

    def _tell(self, held: _Open, profile: Profile) -> None:
        """Everybody who looks at it is told what differs from what they were told before."""
        names = _differing(held.profile.parts, profile)
        known = {name: held.profile.parts[name] for name in profile.unavailable if name in held.profile.parts}
        held.profile = msgspec.structs.replace(profile, parts={**profile.parts, **known})
        if names:
            for look in list(held.looks):
                look.tell(Changed(profile, names))

    async def _read(self, customer_id: UUID) -> Profile:
        profile = await self.profiles.read(customer_id)
        if profile is None:
            raise CustomerNotFound(customer_id)
        return profile

    async def _members(self, customer_id: UUID) -> frozenset[UUID]:
        """Who stands for the customer, and all whom they stand for."""
        with translated():
            async with self._lend() as connection:
                return frozenset(row["id"] for row in await connection.fetch(_MEMBERS, customer_id))

    async def _register(self, customer_id: UUID) -> frozenset[UUID]:
        """Say that this process shows the customer; gives all of whom its profile is."""
        members = await self._members(customer_id)
        if not members:
            raise CustomerNotFound(customer_id)
        with translated():
            async with self._lend() as connection:
                await connection.fetch(_REGISTER, list(members), self._process, utc(self._clock()) + KEPT)
        return members

    def _notified(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self.poke(UUID(str(payload)))


def _differing(before: Mapping[str, str], profile: Profile) -> frozenset[str]:
    """The parts that are told anew; how old something is changes all the time, and is nothing new. What cannot be told
    at present has not changed."""
    return frozenset(
        _WITHIN[name]
        for name, text in profile.parts.items()
        if name not in profile.unavailable and _AGES.sub("", text) != _AGES.sub("", before.get(name, ""))
    )
