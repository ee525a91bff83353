"""Supervisors who watch some queues and teams are told of these, and of nothing else."""

from collections.abc import Callable
from contextlib import ExitStack
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest

from app.api.sockets.asked import Only
from app.api.sockets.narrowed import Narrowed, Watch
from app.core.errors import Invalid
from app.floor import commands as c
from app.floor.configuration.config import FloorConfig
from app.floor.frames import floor_frame, is_frame
from app.floor.memory.effects import Happened
from app.floor.memory.views import picture
from app.realtime.hub import Hub
from tests.api.sockets.desk import Client, open_desk, token
from tests.floor.factories import CONFIG, Bench, call_event

BACKLOG = 1000
NOT_HERE = str(UUID(int=0))


def staffed(**teams: str) -> FloorConfig:
    """The small bank by day and by night; `teams` are the agents who are elsewhere."""
    of = {"ann": "day", "bob": "day", "cho": "night", "dee": "night", **teams}
    agents = {key: msgspec.structs.replace(each, team=of[key]) for key, each in CONFIG.agents.items()}
    return msgspec.structs.replace(CONFIG, agents=agents, teams={"day": "Day", "night": "Night", "dawn": "Dawn"})


class Published(Bench):
    """A floor that hands on each of its frames."""

    def __init__(self, hand_on: Callable[[int, bytes], None]) -> None:
        super().__init__(staffed())
        self._hand_on = hand_on

    def try_(self, command: c.Command) -> None:
        super().try_(command)
        for each in self.last.effects:
            if isinstance(each, Happened) and is_frame(each):
                self._hand_on(each.seq, floor_frame(each.seq, each.at, each.type, each.body))


class Wall:
    """A floor whose every frame is published, and what those on its wall see of it."""

    def __init__(self) -> None:
        self.floor = Published(self._publish)
        self.narrowed = Narrowed(Hub())
        self.watches = ExitStack()
        self.told: list[dict[str, Any]] = []

    def _publish(self, seq: int, raw: bytes) -> None:
        self.told.append(msgspec.json.decode(raw))
        self.narrowed.publish(seq, raw)

    def snapshot(self) -> dict[str, Any]:
        return picture(self.floor.state.store, self.floor.state.seq, self.floor.now).shown()

    def watch(self, **only: tuple[str, ...]) -> Watch:
        watch = self.watches.enter_context(self.narrowed.watching(Only(**only), BACKLOG))
        self.narrowed.opened(watch, self.snapshot())
        return watch


async def read(watch: Watch) -> list[dict[str, Any]]:
    """The frames that were told since the last time."""
    told = []
    watch.subscription.put(b"", -1)
    while (frame := await watch.subscription.get())[0] != -1:
        told.append(msgspec.json.decode(frame[1]))
    return told


async def heard(watch: Watch) -> list[tuple[str, str]]:
    """What was told since the last time: type, and the agent or the call."""
    return [
        (body["type"], body["agent"]["id"] if "agent" in body else body.get("contact", {}).get("call_id", ""))
        for body in await read(watch)
    ]


LI = {"id": "li", "team": "day", "state": "ready"}


async def test_of_a_queue_its_contacts_are_told_and_where_one_has_gone() -> None:
    wall = Wall()
    cards, loans = wall.watch(queues=("cards",)), wall.watch(queues=("loans",))
    contact = wall.floor.arrives("100")
    assert await heard(loans) == []
    assert await heard(cards) == [("contact.queued", "c1")]
    wall.floor.on("bob")
    wall.floor.answers("bob", contact)
    assert {about for _, about in await heard(cards)} == {"c1"}
    wall.floor.do(c.Transfer(agent_id="bob", contact_id=contact, to=c.Destination(queue="loans")))
    wall.floor.call("transferred", agent="bob")
    wall.floor.call("connection_cleared", agent="bob")
    gone, come = await heard(cards), await heard(loans)
    assert wall.floor.contact(contact).queue == "loans"
    assert {about for _, about in gone + come} == {"c1"}
    wall.floor.on("dee")
    assert await heard(cards) == []
    assert ("contact.offered", "c1") in await heard(loans)


async def test_of_a_team_its_people_are_told_and_what_they_have_on_offer_and_on_the_line() -> None:
    wall = Wall()
    day, night = wall.watch(teams=("day",)), wall.watch(teams=("night",))
    contact = wall.floor.arrives("100")
    assert await heard(day) == await heard(night) == []
    wall.floor.on("ann")
    told = await heard(day)
    assert {("agent.state", "ann"), ("contact.offered", "c1")} <= set(told)
    wall.floor.answers("ann", contact)
    assert ("contact.updated", "c1") in await heard(day)
    wall.floor.call("cleared")
    assert ("contact.ended", "c1") in await heard(day)
    assert await heard(night) == []


async def test_of_an_offer_that_has_gone_to_another_team_the_first_hears_that_it_has() -> None:
    wall = Wall()
    wall.floor.on("ann")
    day, night = wall.watch(teams=("day",)), wall.watch(teams=("night",))
    contact = wall.floor.arrives("100")
    await heard(day)
    wall.floor.on("dee")
    wall.floor.do(c.DeclineOffer(agent_id="ann", contact_id=contact))
    assert {"c1", "ann"} <= {about for _, about in await heard(day)}
    assert ("contact.offered", "c1") in await heard(night)
    wall.floor.answers("dee", contact)
    assert {about for _, about in await heard(day)} == set()


async def test_the_snapshot_shows_a_part_and_what_happens_after_it_is_not_lost() -> None:
    wall = Wall()
    wall.floor.arrives("100")
    wall.floor.arrives("200", "c2")
    with wall.narrowed.watching(Only(queues=("cards",), teams=("night",)), BACKLOG) as watch:
        early = wall.snapshot()
        wall.floor.call("cleared")
        wall.floor.arrives("200", "c3")
        wall.floor.arrives("100", "c4")
        part = wall.narrowed.opened(watch, early)
        told = await heard(watch)
    assert [each["call_id"] for each in part["contacts"]] == ["c1"]
    assert [each["id"] for each in part["queues"]] == ["cards"]
    assert [each["id"] for each in part["agents"]] == ["cho", "dee"]
    assert part["by_state"]["logged_off"] == 2
    assert ("contact.ended", "c1") in told
    assert {about for _, about in told} == {"c1", "c4"}


async def test_nothing_is_kept_of_whoever_has_left() -> None:
    wall = Wall()
    wall.floor.on("ann")
    watch = wall.watch(queues=("cards",), teams=("day", "night"))
    wall.floor.arrives("100")
    assert watch.in_sight
    assert len(wall.narrowed) == 1
    wall.watches.close()
    assert (len(wall.narrowed), watch.in_sight) == (0, set())
    assert not [name for name, kept in vars(wall.narrowed).items() if name != "_hub" and kept]


async def test_of_whoever_changes_teams_the_one_hears_that_they_go_and_the_other_that_they_come_calls_and_all() -> None:
    wall = Wall()
    wall.floor.on("ann")
    wall.floor.answers("ann", wall.floor.arrives("100"))
    day, night = wall.watch(teams=("day",)), wall.watch(teams=("night",))
    wall.floor.do(c.Configure(config=staffed(ann="night", bob="night")))
    gone, come = [await read(each) for each in (day, night)]
    assert [(frame["agent"]["id"], frame["agent"]["team"]) for frame in gone if "agent" in frame] == [
        ("ann", "night"),
        ("bob", "night"),
    ]
    assert [frame["contact"]["call_id"] for frame in come if "contact" in frame] == ["c1"]
    assert gone == come
    wall.floor.call("cleared")
    assert await heard(day) == []
    assert {("agent.state", "ann"), ("contact.ended", "c1")} == set(await heard(night))
    assert day.in_sight == set()
    assert {thing.id for thing in night.in_sight} == {"ann", "bob", "cho", "dee"}


async def test_of_a_team_that_nobody_is_in_whoever_joins_it_is_told() -> None:
    wall = Wall()
    dawn = wall.watch(teams=("dawn",))
    assert await read(dawn) == []
    eve = msgspec.structs.replace(CONFIG.agents["ann"], id="eve", name="Eve", address="1009", team="dawn")
    config = staffed(ann="dawn")
    wall.floor.do(c.Configure(config=msgspec.structs.replace(config, agents={**config.agents, "eve": eve})))
    told = [frame["agent"] for frame in await read(dawn)]
    assert [(agent["id"], agent["team"], agent["state"]) for agent in told] == [
        ("ann", "dawn", "logged_off"),
        ("eve", "dawn", "logged_off"),
    ]
    wall.floor.on("eve")
    assert [frame["agent"]["state"] for frame in await read(dawn)] == ["not_ready", "ready"]


async def test_who_is_in_another_team_by_a_later_snapshot_than_was_told_is_where_the_last_told_says() -> None:
    wall = Wall()
    night = wall.watch(teams=("night",))
    with wall.narrowed.watching(Only(teams=("day",)), BACKLOG) as day:
        early = wall.snapshot()
        wall.floor.do(c.Configure(config=staffed(ann="night")))
        part = wall.narrowed.opened(day, early)
        assert [agent["id"] for agent in part["agents"]] == ["ann", "bob"]
        assert await heard(day) == await heard(night) == [("agent.state", "ann")]
        wall.floor.on("ann")
        assert await heard(day) == []
        assert {about for _, about in await heard(night)} == {"ann"}


async def test_a_configuration_that_moves_nobody_tells_nothing() -> None:
    wall = Wall()
    wall.floor.on("ann")
    day = wall.watch(teams=("day",))
    wall.floor.do(c.Configure(config=staffed()))
    assert await heard(day) == []


@pytest.mark.parametrize("raw", [b'{"seq":9,"agent":"ann"}', b'{"seq":9,"contact":{}}', b"[]", b"{"])
async def test_a_frame_that_does_not_say_whom_it_concerns_goes_to_all_and_stops_nothing(raw: bytes) -> None:
    wall = Wall()
    cards = wall.watch(queues=("cards",))
    with wall.narrowed.watching(Only(teams=("day",)), BACKLOG) as day:
        early = wall.snapshot()
        wall.narrowed.publish(early["seq"] + 1, raw)
        wall.narrowed.opened(day, early)
        for each in (cards, day):
            assert await each.subscription.get() == (early["seq"] + 1, raw)
    wall.floor.arrives("100")
    assert ("contact.queued", "c1") in await heard(cards)


@pytest.mark.parametrize("seed", range(4))
async def test_whoever_watches_a_part_hears_what_the_whole_says_of_it_in_its_order(seed: int) -> None:
    """By the plain rule: what is in the part, or was by the last frame of it."""
    random, wall = Random(seed), Wall()
    parts = [Only(queues=("cards",)), Only(teams=("night",)), Only(queues=("loans",), teams=("day",))]
    opened: list[tuple[Only, Watch, dict[str, Any], int]] = []
    for turn in range(900):
        played(wall.floor, random)
        if turn % 97 == 50 and len(opened) < len(parts):
            watch = wall.watches.enter_context(wall.narrowed.watching(parts[len(opened)], 10_000))
            snapshot, at = wall.snapshot(), len(wall.told)
            for _ in range(10):
                played(wall.floor, random)
            wall.narrowed.opened(watch, snapshot)
            opened.append((watch.only, watch, snapshot, at))
    assert len(opened) == len(parts)
    for only, watch, snapshot, at in opened:
        expected = by_the_rule(only, snapshot, wall.told[at:])
        assert len(expected) > 20
        assert await read(watch) == expected
    wall.watches.close()


def played(floor: Bench, random: Random) -> None:
    """Anything that may happen, or may be refused."""
    call, agent = f"c{random.randrange(6)}", random.choice(("ann", "bob", "cho", "dee"))
    contact = floor.state.store.calls.get(("pbx", call), NOT_HERE)
    floor.now += random.choice((0, 1, 7))
    event = call_event(
        random.choice(("offered", "established", "connection_cleared", "cleared", "digits")),
        call,
        floor.now,
        agent=random.choice((agent, None)),
        from_="+8613800138000",
        to=random.choice(("100", "200")),
    )
    floor.try_(
        random.choice(
            (
                *(c.TakeEvent(event=event, contact_id=str(UUID(int=random.getrandbits(128)))) for _ in range(6)),
                c.Connect(agent_id=agent),
                c.Ready(agent_id=agent),
                c.AcceptOffer(agent_id=agent, contact_id=contact),
                c.DeclineOffer(agent_id=agent, contact_id=contact),
                c.Transfer(agent_id=agent, contact_id=contact, to=c.Destination(queue="loans")),
                c.Conference(agent_id=agent, contact_id=contact, to=c.Destination(agent="dee")),
                c.HangUp(agent_id=agent, contact_id=contact),
                c.Release(agent_id=agent, by="sue"),
                c.Expire(),
                c.Configure(config=staffed(ann=random.choice(("day", "night")))),
            )
        )
    )


def by_the_rule(only: Only, snapshot: dict[str, Any], frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The frames that concern a part."""
    teams = {agent["id"]: agent["team"] for agent in snapshot["agents"]}

    def holds(contact: dict[str, Any]) -> bool:
        people = {*contact["agents"], *contact["offered_to"], *contact["invited"]}
        people |= {(contact["consult"] or {}).get("agent")}
        return contact["queue"] in only.queues or any(teams.get(each) in only.teams for each in people)

    here = {each["id"] for each in snapshot["contacts"] if each["ended_at"] is None and holds(each)}
    concern = []
    for frame in frames:
        if "agent" in frame:
            agent = frame["agent"]
            if only.teams and {agent["team"], teams[agent["id"]]} & set(only.teams):
                concern.append(frame)
            teams[agent["id"]] = agent["team"]
        elif "contact" in frame:
            contact = frame["contact"]
            if holds(contact) or contact["id"] in here:
                concern.append(frame)
            (here.add if holds(contact) and contact["ended_at"] is None else here.discard)(contact["id"])
        elif frame.get("contact_id") in here:
            concern.append(frame)
    return concern


@pytest.mark.parametrize(("only", "where"), [({"queues": ("card",)}, "only.queues"), ({"teams": ("x",)}, "only.teams")])
def test_what_there_is_not_cannot_be_watched(only: dict[str, tuple[str, ...]], where: str) -> None:
    with pytest.raises(Invalid) as refused:
        Wall().watch(**only)
    (fault,) = refused.value.facts["faults"]
    assert fault["where"] == where
    assert ("cards, loans, wealth" if "queues" in only else "dawn, day, night") in fault["accepted"]
    assert fault["what"].endswith(f": {next(iter(only.values()))[0]}")


@pytest.mark.enable_socket
async def test_a_supervisor_says_with_the_hello_what_to_watch_and_is_shown_it_anew_each_time() -> None:
    async with open_desk() as desk, desk.client("/ws/floor") as client:
        desk.floor.shown = {
            "queues": [{"id": "cards"}, {"id": "loans"}],
            "teams": [{"id": "day"}, {"id": "night"}],
            "agents": [LI, {"id": "wu", "team": "night", "state": "busy"}],
            "by_state": {"ready": 1, "busy": 1},
        }
        welcome = await hello(client, only={"queues": ["cards"], "teams": ["day"]}, resume=0)
        assert (welcome["reset"], welcome["by_state"]) == (True, {"ready": 1, "busy": 0})
        assert [welcome[name] for name in ("queues", "teams", "agents")] == [[{"id": "cards"}], [{"id": "day"}], [LI]]
        for seq, (agent, team) in enumerate((("wu", "night"), ("li", "day")), 1):
            told = {"seq": seq, "type": "agent.state", "agent": {"id": agent, "team": team}}
            desk.narrowed.publish(seq, msgspec.json.encode(told))
        assert (await client.hear())["agent"]["id"] == "li"
        desk.hub.broadcast(b'{"type":"restored"}')
        assert (await client.hear())["type"] == "restored"


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("path", "only", "where"),
    [
        ("/ws/agent", {"queues": ["cards"]}, "only"),
        ("/ws/floor", {}, "only"),
        ("/ws/floor", {"queues": ["nowhere"]}, "only.queues"),
        ("/ws/floor", {"queue": ["cards"]}, "only"),
        ("/ws/floor", {"queues": "cards"}, "only"),
    ],
)
async def test_a_hello_that_asks_for_no_part_is_refused(path: str, only: dict[str, Any], where: str) -> None:
    async with open_desk() as desk, desk.client(path) as client:
        told = await hello(client, only=only)
        assert (told["ok"], told["problem"]["status"]) == (False, 422)
        assert [fault["where"][: len(where)] for fault in told["problem"]["faults"]] == [where]


async def hello(client: Client, **more: Any) -> dict[str, Any]:
    """Say hello in the role that fits the path, and hear what comes of it."""
    floor = "/ws/floor" in str(client.socket.request.path) if client.socket.request else False
    given = token("boss", "supervisor") if floor else token()
    await client.say({"type": "hello", "id": 1, "token": given, **more})
    return await client.hear()
