"""Supervisors who watch some queues and teams are told of these, and of nothing else."""

from contextlib import ExitStack
from typing import Any

import msgspec
import pytest

from app.api.sockets.asked import Only
from app.api.sockets.narrowed import Narrowed, Watch
from app.core.errors import Invalid
from app.floor import commands as c
from app.floor.effects import Happened
from app.floor.frames import floor_frame, is_frame
from app.floor.views import picture
from app.realtime.hub import Hub
from tests.api.sockets.desk import Client, open_desk, token
from tests.floor.factories import Bench

TEAMS = {"ann": "day", "bob": "day", "cho": "night", "dee": "night"}
BACKLOG = 1000


class Wall:
    """A floor whose every frame is published, and what those on its wall see of it."""

    def __init__(self) -> None:
        self.floor = Bench()
        self.narrowed = Narrowed(Hub(), TEAMS.get)
        self.watches = ExitStack()
        self._told = self.floor.try_
        self.floor.try_ = self._try  # type: ignore[method-assign]

    def _try(self, command: c.Command) -> None:
        self._told(command)
        for each in self.floor.last.effects:
            if isinstance(each, Happened) and is_frame(each):
                self.narrowed.publish(each.seq, floor_frame(each.seq, each.at, each.type, each.body))

    def snapshot(self) -> dict[str, Any]:
        return picture(self.floor.state.store, self.floor.state.seq, self.floor.now).shown()

    def watch(self, **only: tuple[str, ...]) -> Watch:
        watch = self.watches.enter_context(self.narrowed.watching(Only(**only), BACKLOG))
        self.narrowed.opened(watch, self.snapshot())
        return watch


async def heard(watch: Watch) -> list[tuple[str, str]]:
    """What was told since the last time: type, and the agent or the call."""
    told = []
    watch.subscription.put(b"", -1)
    while (frame := await watch.subscription.get())[0] != -1:
        body = msgspec.json.decode(frame[1])
        about = body["agent"]["id"] if "agent" in body else body.get("contact", {}).get("call_id", "")
        told.append((body["type"], about))
    return told


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
    assert not any((wall.narrowed._queues, wall.narrowed._teams, wall.narrowed._contacts, wall.narrowed._opening))


@pytest.mark.parametrize(("only", "where"), [({"queues": ("card",)}, "only.queues"), ({"teams": ("x",)}, "only.teams")])
def test_what_there_is_not_cannot_be_watched(only: dict[str, tuple[str, ...]], where: str) -> None:
    with pytest.raises(Invalid) as refused:
        Wall().watch(**only)
    (fault,) = refused.value.facts["faults"]
    assert fault["where"] == where
    assert ("cards, loans, wealth" if "queues" in only else "day, night") in fault["accepted"]


@pytest.mark.enable_socket
async def test_a_supervisor_says_with_the_hello_what_to_watch_and_is_shown_it_anew_each_time() -> None:
    async with open_desk() as desk, desk.client("/ws/floor") as client:
        desk.floor.shown = {
            "queues": [{"id": "cards"}, {"id": "loans"}],
            "agents": [{"id": "li", "state": "ready"}, {"id": "wu", "state": "busy"}],
            "by_state": {"ready": 1, "busy": 1},
        }
        welcome = await hello(client, only={"queues": ["cards"], "teams": ["day"]}, resume=0)
        assert (welcome["reset"], welcome["by_state"]) == (True, {"ready": 1, "busy": 0})
        assert [welcome[name] for name in ("queues", "agents")] == [
            [{"id": "cards"}],
            [{"id": "li", "state": "ready"}],
        ]
        for seq, agent in enumerate(("wu", "li"), 1):
            desk.narrowed.publish(seq, b'{"seq":%d,"type":"agent.state","agent":{"id":"%s"}}' % (seq, agent.encode()))
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
