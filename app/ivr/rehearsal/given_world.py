"""What a flow sees of the house in a rehearsal: what is given, and for the rest a house that is open. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.ivr.checks.parts import paths_in, sources
from app.ivr.language.flow import Flow
from app.ivr.language.world import CallerView, ContactView, CustomerView, HoursView, QueueView, World
from app.ivr.rehearsal.script_file import Caller, Customer, Given

WITHOUT_A_CLOCK = "2026-03-02 12:00"
"""When a call is made for which nobody says when: a Monday at noon."""


def world_of(given: Given, flows: list[Flow], *, verified: bool) -> World:
    """The world of a call; the first of the flows has it, and its time zone is that of the clock."""
    return World(
        now=_moment(given.clock or WITHOUT_A_CLOCK, flows[0].timezone),
        caller=_caller(given.caller),
        customer=_customer(given.customer, verified=verified),
        contact=ContactView(id="rehearsal", dialled=given.dialled),
        queues={id_: QueueView() for id_ in _named(flows, "queue", "queues")}
        | {id_: QueueView(**queue.model_dump()) for id_, queue in given.queues.items()},
        hours={id_: HoursView() for id_ in _named(flows, "hours", "hours")}
        | {id_: HoursView(open=hours.open) for id_, hours in given.hours.items()},
    )


def named_by(flows: list[Flow]) -> set[str]:
    """The queues and calendars that flows speak of."""
    fallbacks = {flow.fallback_queue for flow in flows}
    return fallbacks | _named(flows, "queue", "queues") | _named(flows, "hours", "hours")


def _moment(clock: str, timezone: str) -> float:
    at = datetime.fromisoformat(clock)
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(timezone))).timestamp()


def _caller(given: Caller | None) -> CallerView:
    if given is None or not given.number:
        return CallerView()
    return CallerView(number=given.number, number_kind=given.kind, country=given.country)


def _customer(given: Customer | None, *, verified: bool) -> CustomerView:
    if given is None or not (given.recognised or verified):
        return CustomerView()
    return CustomerView(
        known=True,
        id=given.id,
        name=given.name,
        tier=given.tier,
        language=given.language,
        segments=given.segments,
        verified=verified,
        attributes=given.attributes,
    )


def _named(flows: Iterable[Flow], field: str, root: str) -> set[str]:
    """The queues or calendars that flows speak of."""
    found: set[str] = set()
    for flow in flows:
        for node in flow.nodes.values():
            given: Any = getattr(node, field, None)
            found |= {given} if isinstance(given, str) else set()
            paths = (it for source in sources(node) for it in paths_in(source))
            found |= {it[1] for it in paths if it[0] == root and len(it) > 1}
    return found
