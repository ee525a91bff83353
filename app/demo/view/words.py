"""How things are said on the screen: durations, decisions, names, states. Pure."""

from datetime import datetime
from typing import Any

from app.demo.bank import QUEUES, TIERS

TIER_COLOURS = {tier.id: tier.colour for tier in TIERS}
TIER_NAMES = {tier.id: tier.name for tier in TIERS}
TIER_RANKS = {tier.id: tier.rank for tier in TIERS}
QUEUE_NAMES = {queue.id: queue.name for queue in QUEUES}
NO_TIER_COLOUR = "#5f6a7a"
STATE_WORDS = {
    "ready": "ready",
    "reserved": "ringing",
    "busy": "talking",
    "working_after_call": "wrap-up",
    "not_ready": "away",
    "logged_off": "off",
}
STATE_COLOURS = {
    "ready": "#7fbf7f",
    "reserved": "#e0b13c",
    "busy": "#6fa8dc",
    "working_after_call": "#b58cff",
    "not_ready": "#8a94a6",
    "logged_off": "#4a5260",
}
STATE_MARKS = {
    "ready": "●",
    "reserved": "◐",
    "busy": "●",
    "working_after_call": "◌",
    "not_ready": "○",
    "logged_off": "·",
}


def span(seconds: float) -> str:
    """A duration as people read it: 0:07, 12:34, 1:02:03."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def local_time(instant: str) -> str:
    """An RFC 3339 instant as the time on the wall."""
    return datetime.fromisoformat(instant).astimezone().strftime("%H:%M:%S")


def tier_colour(tier: str | None) -> str:
    """The colour of a tier; callers without one are grey."""
    return TIER_COLOURS.get(tier or "", NO_TIER_COLOUR)


def queue_name(queue: str | None) -> str:
    """What a queue is called."""
    return QUEUE_NAMES.get(queue or "", queue or "no queue")


def caller_name(contact: dict[str, Any]) -> str:
    """Who is calling, as far as anybody knows; never a guess."""
    customer = contact.get("customer")
    if customer:
        return str(customer["name"])
    candidates = contact.get("candidates") or ()
    if candidates:
        return " / ".join(str(one["name"]) for one in candidates[:2]) + (" / …" if len(candidates) > 2 else "") + " ?"
    number = contact.get("to") if contact.get("direction") == "outbound" else contact.get("from")
    return str(number) if number and number != "anonymous" else "number withheld"


SELECTIONS = {
    "longest_idle": "idle longest",
    "most_skilled": "most skilled",
    "least_skilled": "least skilled that suffices",
    "least_occupied": "least occupied",
    "round_robin": "next in turn",
}


def why_sentence(why: dict[str, Any]) -> str:
    """The decision record in one sentence: why this agent has this caller."""
    if not why:
        return ""
    skills = " ".join(f"{skill} {level}+" for skill, level in (why.get("wanted") or {}).get("skills") or ())
    needs = f" · {skills}" if skills else ""
    if why.get("rule") == "contact_finds_agent":
        rivals = f" of {why['considered']}" if why.get("considered", 1) > 1 else ""
        chosen = SELECTIONS.get(why.get("selection", "longest_idle"), "chosen")
        return f"{chosen}{rivals}, {span(why.get('idle_seconds', 0))}{needs}"
    if why.get("rule") == "agent_finds_contact":
        ahead = f" +{why['bonus_seconds']:.0f} s ahead" if why.get("bonus_seconds") else ""
        return f"first in line, {span(why.get('waited_seconds', 0))}{ahead}{needs}"
    return "asked for by name" if why.get("rule") == "named" else str(why.get("rule", ""))


def again(why: dict[str, Any]) -> str:
    """How often the caller was offered to others before, in words; empty if never."""
    times = len(why.get("excluded") or ())
    return f" · after {times} other{'s' if times > 1 else ''}" if times else ""
