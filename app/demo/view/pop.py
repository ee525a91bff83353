"""The screen pop: everything an agent should know before they say hello, on one card. Pure."""

from datetime import datetime
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.demo.client.desk import Pop
from app.demo.view import serving
from app.demo.view.palette import BAD, BRIGHT, DIM, GOOD, WARN
from app.demo.view.words import NO_TIER_COLOUR, again, caller_name, queue_name, span, why_sentence

PAST_SHOWN = 5
ALERTS_SHOWN = CASES_SHOWN = 3
VISITS_SHOWN = 1
SEVERITY_COLOURS = {"critical": BAD, "high": BAD, "medium": WARN}
OUTCOME_COLOURS = {"answered": GOOD, "abandoned": WARN, "failed": BAD}


def pop_card(contact: dict[str, Any], pop: Pop, state: Text) -> RenderableType:
    """The card of one contact; `state` says how things stand (ringing, talking, on hold, after-call work)."""
    customer = pop.profile.get("customer")
    if _unavailable(customer):
        customer = None
    tier = (customer or {}).get("tier") or {}
    colour = tier.get("colour") or NO_TIER_COLOUR
    title = Text.assemble((f" {tier.get('name') or 'unknown caller'} ", f"bold reverse {colour}"), "  ", state)
    parts: list[RenderableType] = [_name(contact, customer, colour), *_facts(contact, customer)]
    parts += _looked_up(pop.profile, contact["id"])
    if pop.why:
        parts.append(Text.assemble(("why you  ", DIM), (why_sentence(pop.why) + again(pop.why), BRIGHT)))
    return Panel(Group(*parts), title=title, title_align="left", border_style=colour, box=box.ROUNDED, padding=(1, 2))


def _looked_up(told: dict[str, Any], contact_id: str) -> list[RenderableType]:
    """What else is known, and what could not be looked up."""
    profile = {name: part for name, part in told.items() if not _unavailable(part)}
    parts: list[RenderableType] = [_alert(alert) for alert in (profile.get("alerts") or ())[:ALERTS_SHOWN]]
    parts += [_case(case) for case in (profile.get("cases") or ())[:CASES_SHOWN]]
    if profile.get("entitlement"):
        parts += serving.promised(profile["entitlement"])
    parts += [serving.visit(booked) for booked in (profile.get("visits") or ())[:VISITS_SHOWN]]
    if profile.get("wishes"):
        parts.append(serving.wishes(profile["wishes"]))
    if profile.get("credit"):
        parts.append(_credit(profile["credit"]))
    if profile.get("candidates"):
        parts += [Text(), _candidates(profile["candidates"])]
    if profile.get("interactions"):
        parts += [Text(), _past(profile["interactions"])]
    parts += [Text(), *_open(profile.get("open") or (), contact_id)]
    return [*parts, _missing(told)] if len(profile) < len(told) else parts


def _name(contact: dict[str, Any], customer: dict[str, Any] | None, colour: str) -> Text:
    name = Text(caller_name(contact), style=f"bold {colour}")
    if customer and customer.get("latin_name"):
        name.append(f"   {customer['latin_name']}", style=BRIGHT)
    return name


def _facts(contact: dict[str, Any], customer: dict[str, Any] | None) -> list[Text]:
    """Numbers, language and whatever else the bank knows."""
    if contact.get("direction") == "outbound":
        calls = Text.assemble(("you call ", DIM), (str(contact.get("to")), BRIGHT))
    else:
        calls = Text.assemble(("calls ", DIM), (queue_name(contact.get("queue")), BRIGHT))
        calls.append(f"   from {contact.get('from') or 'a withheld number'}", style=DIM)
    if customer is None:
        return [calls]
    held = customer["numbers"]
    numbers = Text("   ").join(
        Text.assemble((number["raw"], BRIGHT), (f" {number.get('label') or ''}", DIM))
        for number in ([] if _unavailable(held) else held)
    )
    known = Text.assemble(("speaks ", DIM), (customer.get("language") or "–", BRIGHT))
    if customer.get("segments"):
        known.append("   segments ", style=DIM).append(", ".join(customer["segments"]), style=BRIGHT)
    for name, value in (customer.get("attributes") or {}).items():
        said = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        known.append(f"   {name} ", style=DIM).append(said, style=BRIGHT)
    if customer.get("external_id"):
        known.append(f"   {customer['external_id']}", style=DIM)
    return [*serving.warnings(customer.get("warnings")), calls, numbers, known]


def _unavailable(part: Any) -> bool:
    return isinstance(part, dict) and "unavailable" in part


def _missing(profile: dict[str, Any]) -> Text:
    """What could not be looked up in time; the rest is there."""
    names = ", ".join(name for name, part in profile.items() if _unavailable(part))
    return Text(f"not to be had at present: {names}", style=WARN)


def _alert(alert: dict[str, Any]) -> Text:
    """An alert that nobody has finished: how grave, of what, and what to do."""
    told = Text.assemble(("alert ", DIM), (f"{alert['severity']} ", SEVERITY_COLOURS.get(alert["severity"], BRIGHT)))
    told.append(alert["title"], style=BRIGHT)
    return told.append(f"   {alert['advice']}", style=DIM) if alert.get("advice") else told


def _case(case: dict[str, Any]) -> Text:
    """A case that is not solved: how it stands, what it is about, whose it is, until when."""
    told = Text.assemble(("case ", DIM), (f"{case['status'].replace('_', ' ')} ", WARN), (case["subject"], BRIGHT))
    whose = case["owner"] or case["team"]
    told.append(f"   {case['number']}" + (f", {whose}" if whose else ""), style=DIM)
    return told.append(f", due {case['due_at'][:10]}", style=DIM) if case["due_at"] else told


def _credit(credit: dict[str, Any]) -> Text:
    """The standing, how old it is, and who says so."""
    told = Text.assemble(("credit ", DIM), (credit["standing"] or "scored", BRIGHT))
    days = int(credit["age_seconds"] // 86_400)
    age = f"{days} d" if days else span(credit["age_seconds"])
    told.append(f"   {age} old, from {credit['source']}", style=DIM)
    return told.append("   expired", style=WARN) if credit["expired"] else told


def _candidates(candidates: list[dict[str, Any]]) -> Text:
    """Several people share the number: nobody is guessed."""
    names = ", ".join(f"{one['name']} ({one.get('tier') or 'no tier'})" for one in candidates)
    return Text.assemble(("this number belongs to several; ask who it is: ", WARN), (names, BRIGHT))


def _past(interactions: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style=DIM, pad_edge=False, expand=True)
    for title in ("last contacts", "queue", "agent", "outcome", "talk", "code"):
        table.add_column(title, no_wrap=True)
    table.add_column("note", no_wrap=True, overflow="ellipsis", ratio=1)
    for past in interactions[:PAST_SHOWN]:
        outcome = str(past["outcome"])
        table.add_row(
            Text(_day(past["started_at"]), style=BRIGHT),
            Text(queue_name(past.get("queue")), style=DIM),
            Text(past.get("agent") or "–", style=DIM),
            Text(outcome, style=OUTCOME_COLOURS.get(outcome, DIM)),
            Text(span(past.get("talk_seconds") or 0), style=DIM),
            Text(past.get("wrap_up_code") or "–", style=DIM),
            Text(past.get("note") or "", style=DIM),
        )
    return table


def _open(contacts: Any, present: str) -> list[Text]:
    """What else of this customer is open at this moment."""
    others = [one for one in contacts if one.get("id") != present]
    return [Text(f"also open: {one.get('state')} in {queue_name(one.get('queue'))}", style=WARN) for one in others]


def _day(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone().strftime("%d %b %H:%M")
