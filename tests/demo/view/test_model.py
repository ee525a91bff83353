"""The live view's model."""

from typing import Any

from app.demo.view.model import FloorPicture

NOW = 1_800_000_000.0
CONTACT = {"id": "c1", "queue": "cards", "state": "offered", "queued_at": "2026-11-23T10:00:00Z", "customer": None}
OPENED = {"type": "contact.opened", "contact": CONTACT | {"direction": "inbound"}}


def picture(*frames: dict[str, Any]) -> FloorPicture:
    made = FloorPicture(NOW)
    for frame in frames:
        made.take(frame, NOW)
    return made


def test_a_screen_pop_is_shown_with_the_agent_it_went_to() -> None:
    reserved = {"type": "agent.state", "seq": 4, "agent": {"id": "wei", "name": "Zhang Wei", "offer": "c1"}}
    offered = {"type": "contact.offered", "seq": 5, "at": "t", "contact": CONTACT, "why": {"b": 2}}
    made = picture(reserved, offered)
    assert (made.pops[0].agent, made.pops[0].why) == ("Zhang Wei", {"b": 2})
    assert (made.popped, made.seq) == (1, 5)


def test_calls_are_counted_by_arrival_and_by_outcome() -> None:
    dialled = {"type": "contact.opened", "contact": CONTACT | {"direction": "outbound"}}
    made = picture(
        OPENED, OPENED, dialled, {"type": "contact.ended", "contact": OPENED["contact"], "outcome": "abandoned"}
    )
    assert (made.offered, made.answered, made.outcomes["abandoned"]) == (2, 0, 1)
    assert made.calls_a_minute(NOW + 30) == 2
    assert made.calls_a_minute(NOW + 90) == 0


def test_an_answered_call_counts_once_however_often_it_is_told() -> None:
    talking = {"type": "contact.updated", "contact": CONTACT | {"state": "active", "direction": "inbound"}}
    ended = {"type": "contact.ended", "contact": CONTACT | {"direction": "inbound"}, "outcome": "answered"}
    assert picture(talking, talking, ended).answered == 1
    assert picture(ended).answered == 1


def test_arrivals_make_bars_oldest_first() -> None:
    made = picture()
    for at in (0.0, 1.0, 7.0):
        made.take(OPENED, NOW + at)
    assert made.bars(NOW + 8)[-2:] == [2, 1]
    assert sum(made.bars(NOW + 1000)) == 0


def test_the_waiting_of_a_queue_stand_in_the_order_of_their_arrival() -> None:
    made = picture()
    later = CONTACT | {"id": "c2", "state": "waiting", "queued_at": "2026-11-23T10:00:05Z"}
    talking = CONTACT | {"id": "c3", "state": "active"}
    made.look({"queues": [], "agents": [{"state": "ready", "name": "x"}], "contacts": [later, talking, CONTACT]})
    assert [contact["id"] for contact in made.waiting("cards")] == ["c1", "c2"]
    assert made.waiting("loans") == []
    assert made.by_state() == {"ready": 1}


def test_the_line_going_and_coming_back_is_noticed() -> None:
    made = picture({"type": "link.up"}, {"type": "link.down"})
    assert (made.up, made.times_up) == (False, 1)
    made.take({"type": "link.up"}, NOW)
    assert (made.up, made.times_up) == (True, 2)
    made.take({"type": "degraded"}, NOW)
    assert made.degraded


def test_a_call_is_on_until_nothing_but_its_after_call_work_is_left() -> None:
    floor: dict[str, Any] = {"queues": [], "agents": []}
    made = picture()
    made.look(floor | {"contacts": [CONTACT]})
    assert made.calls_are_on()
    made.look(floor | {"contacts": [CONTACT | {"state": "wrap_up"}]})
    assert not made.calls_are_on()
