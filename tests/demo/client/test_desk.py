"""What an agent's screen knows after which frames."""

from typing import Any

from app.demo.client.desk import Desk


def agent(state: str, **more: Any) -> dict[str, Any]:
    return {"id": "mei", "name": "Mei", "state": state, "offer": None, "contacts": [], "wrap_up": None} | more


def state(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "agent.state", "agent": agent(kind, **more)}


def contact(kind: str, contact_id: str = "c1") -> dict[str, Any]:
    return {"id": contact_id, "state": kind, "held": False}


OFFERED = {
    "type": "contact.offered",
    "contact": contact("offered"),
    "profile": {"customer": {"name": "林梅"}},
    "why": {"rule": "contact_finds_agent"},
    "expires_at": "2026-11-23T10:00:20Z",
}


def desk_after(*frames: dict[str, Any]) -> Desk:
    desk = Desk()
    for frame in frames:
        desk.take(frame)
    return desk


def test_an_offer_pops_the_profile_before_it_is_accepted() -> None:
    desk = desk_after(state("reserved", offer="c1"), OFFERED)
    assert (desk.offer, desk.present) == ("c1", contact("offered"))
    assert desk.pops["c1"].profile["customer"]["name"] == "林梅"


def test_the_profile_stays_through_talk_and_wrap_up_and_goes_after() -> None:
    desk = desk_after(state("reserved", offer="c1"), OFFERED, state("busy", contacts=["c1"]))
    desk.take({"type": "contact.updated", "contact": contact("active")})
    assert (desk.call, desk.present) == ("c1", contact("active"))
    desk.take(state("working_after_call", wrap_up="c1"))
    desk.take({"type": "contact.ended", "contact": contact("wrap_up"), "outcome": "answered"})
    assert desk.wrap_up == "c1"
    assert desk.pops["c1"].profile
    desk.take(state("ready"))
    assert (desk.contacts, desk.pops, desk.present) == ({}, {}, None)


def test_a_withdrawn_offer_leaves_the_desk_with_the_state_that_follows() -> None:
    desk = desk_after(state("reserved", offer="c1"), OFFERED, state("not_ready", reason="no_answer"))
    desk.take({"type": "offer.withdrawn", "contact_id": "c1", "reason": "expired"})
    assert (desk.offer, desk.contacts) == (None, {})


def test_a_welcome_replaces_everything_and_keeps_a_known_profile() -> None:
    desk = desk_after(state("reserved", offer="c1"), OFFERED)
    desk.take({"type": "link.down", "detail": "restart"})
    assert not desk.up
    desk.take({"type": "welcome", "agent": agent("busy", contacts=["c1"]), "contacts": [contact("active")]})
    desk.take({"type": "link.up"})
    assert (desk.up, desk.call) == (True, "c1")
    assert desk.pops["c1"].profile["customer"]["name"] == "林梅"


def test_somebody_elses_contact_and_unknown_frames_change_nothing() -> None:
    desk = desk_after(state("ready"), {"type": "contact.updated", "contact": contact("active", "c9")}, {"type": "new"})
    assert desk.contacts == {}


def test_trouble_of_the_server_is_shown_until_it_is_over() -> None:
    desk = desk_after({"type": "degraded", "since": "now"})
    assert desk.degraded
    desk.take({"type": "restored"})
    assert not desk.degraded
