"""The live view as text: what a person reads must be there, at any usual size."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from app.demo.bank import AGENTS, QUEUES
from app.demo.view.live import Signs, draw
from app.demo.view.model import FloorPicture

NOW = 1_800_000_000.0
SIGNS = Signs("http://127.0.0.1:8080", "callfloor agent --as mei", "secret-word", 4242)


def contact(number: int, queue: str, tier: str | None, state: str = "waiting") -> dict[str, Any]:
    told = {"id": f"c{number}", "queue": queue, "tier": tier, "state": state, "direction": "inbound"}
    customer = {"name": "林梅"} if tier else None
    return told | {"queued_at": f"2026-11-23T10:00:{number:02d}Z", "from": "+8613800138000", "customer": customer}


def busy_floor() -> FloorPicture:
    picture = FloorPicture(NOW - 75, up=True)
    contacts = [contact(n, "cards", "gold" if n % 2 else None) for n in range(20)]
    queues = [
        {"id": q.id, "name": q.name, "waiting": 20, "offered": 1, "active": 3, "longest_wait_seconds": 95.0}
        for q in QUEUES
    ]
    states = ["ready", "reserved", "busy", "working_after_call", "not_ready", "logged_off"]
    agents = [
        {"name": a.name, "state": states[n % 6], "reason": "no_answer", "offer": None} for n, a in enumerate(AGENTS)
    ]
    picture.look({"queues": queues, "agents": agents, "contacts": contacts})
    why = {"rule": "contact_finds_agent", "wanted": {"skills": [["zh", 2]]}, "idle_seconds": 42, "considered": 5}
    offered = {
        "type": "contact.offered",
        "seq": 12345,
        "at": "2026-11-23T10:00:00.123Z",
        "why": why,
    }
    for number in range(30):
        picture.take(offered | {"contact": contact(number, "cards", "gold")}, NOW)
    return picture


def shown(picture: FloorPicture, width: int = 130, height: int = 40) -> str:
    console = Console(width=width, height=height, record=True, file=StringIO())
    console.print(draw(picture, SIGNS, NOW, width, height), height=height)
    return console.export_text()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (130, 40), (200, 60)])
def test_everything_of_importance_is_on_the_screen(width: int, height: int) -> None:
    text = shown(busy_floor(), width, height)
    assert len(text.rstrip("\n").split("\n")) <= height
    assert "◌ 4 wrap-up" in text
    for expected in (
        "● live",
        "General service",
        "Wealth",
        "1:35",
        "林梅",
        "callfloor agent --as mei",
        "/docs",
        "Ctrl-C",
    ):
        assert expected in text


def test_a_screen_pop_says_who_for_whom_and_why() -> None:
    text = shown(busy_floor())
    assert "林梅" in text
    assert "idle longest of 5, 0:42 · zh 2+" in text


def test_a_long_line_of_callers_is_counted_not_drawn_out() -> None:
    assert "+6" in shown(busy_floor())


def test_trouble_is_said_in_words() -> None:
    picture = busy_floor()
    picture.degraded = True
    assert "the database is away" in shown(picture)
    picture.up = False
    assert "the server is away" in shown(picture)


def test_an_empty_floor_can_be_drawn() -> None:
    assert "The first caller is on the way" in shown(FloorPicture(NOW, up=True))
