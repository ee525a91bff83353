"""Usage events of the bank's systems, and the rules that turn them into alerts."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Depends, Path, Query, Request, Response

from app.api.http.claiming import OF_KEY
from app.api.http.customer_reads import Reading, read_of, written_down
from app.api.http.deps import Read, Using, Write
from app.api.http.gates import ADMINISTRATES, OVERSEES, SIGNED_IN, require
from app.api.http.paging import Paged
from app.api.http.preconditions import Stated, tag
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.common import SLUG
from app.api.schemas.usage import (
    RulePreviewIn,
    RulePreviewOut,
    TakenOut,
    TriedOut,
    UsageEventOut,
    UsageEventPage,
    UsageRuleIn,
    UsageRuleOut,
    UsageRulePage,
    UsageRulePatch,
    WouldAlertOut,
)
from app.core.clock import utc
from app.customers.usage import arriving, previewing, queries, rules
from app.customers.usage.given import GivenEvent
from app.customers.usage.models import UsageRule

router = ResourceRouter(tags=["usage"])

FEEDS = Depends(require("administrator", "integration"))
SINCE = timedelta(days=366)

System = Annotated[str, Path(pattern=SLUG, description="the system that tells of it")]
Kind = Annotated[str | None, Query(pattern=SLUG, description="events of this kind only")]

_EVENT = msgspec.json.schema(GivenEvent)["$defs"]["GivenEvent"]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {"schema": _EVENT},
            "application/json": {"schema": {"type": "array", "items": _EVENT, "maxItems": 10_000}},
        },
    }
}


@router.post(
    "/usage/{source}/events",
    dependencies=[FEEDS, OF_KEY],
    responses=problem_responses(403, 404, 503),
    openapi_extra=_BODY,
)
async def tell_usage(source: System, request: Request, using: Using) -> TakenOut:
    """Events of a system: one JSON object a line (NDJSON), or a JSON array. An id of a system counts once, however
    often it comes. What is faulty is refused by its line and costs no other event. 503 with Retry-After where too many
    batches are at work. A key that is bound to sources tells of those only."""
    body = await request.body()
    async with using.usage.turn():
        taken = await arriving.take_in_parts(using.sessions, source, body, using.clock)
    return TakenOut.model_validate(taken)


@router.get(
    "/customers/{customer_id}/usage",
    dependencies=[SIGNED_IN, written_down("usage")],
    responses=problem_responses(404),
)
async def list_usage(customer_id: UUID, session: Read, using: Using, page: Paged, kind: Kind = None) -> UsageEventPage:
    """What the customer, and whoever was merged into them, used within the last year, the newest first."""
    before = page.after(tuple[datetime, str, str])
    since = utc(using.clock()) - SINCE
    rows = await queries.events_of(session, customer_id, since, page.limit + 1, before, kind)
    items, after = page.cut(rows, key=lambda row: (row.counts_at, row.source, row.event_id))
    return UsageEventPage(items=[UsageEventOut.model_validate(row) for row in items], next=after)


@router.get("/usage-rules", dependencies=[OVERSEES])
async def list_usage_rules(session: Read, page: Paged) -> UsageRulePage:
    """All rules."""
    rows = await rules.rules(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.id)
    return UsageRulePage(items=[UsageRuleOut.model_validate(row) for row in items], next=after)


@router.post("/usage-rules", status_code=201, dependencies=[ADMINISTRATES], responses=problem_responses(409))
async def create_usage_rule(given: UsageRuleIn, session: Write, using: Using, answer: Response) -> UsageRuleOut:
    """A new rule; all faults of its condition are told at once."""
    return _told(await rules.create_rule(session, given.model_dump(), utc(using.clock())), answer)


@router.post("/usage-rules/preview", dependencies=[ADMINISTRATES], responses=problem_responses(404))
async def preview_usage_rule(
    given: RulePreviewIn, session: Read, using: Using, reading: Annotated[Reading, read_of("rules")]
) -> RulePreviewOut:
    """Try a condition, which need not be that of a rule: who would be alerted now? Nobody is."""
    now = utc(using.clock())
    if given.customer_id is not None:
        reading.of(given.customer_id)
        tried = await previewing.try_on(session, given.condition, given.customer_id, now)
        told = TriedOut.model_validate(tried)
        return RulePreviewOut(tried=told, looked_at=1, complete=True, would_alert=int(told.holds), examples=[])
    async with using.surveys.turn():
        found = await previewing.preview(session, given.condition, now)
    examples = [WouldAlertOut.model_validate(match) for match in found.examples]
    return RulePreviewOut(
        tried=None,
        looked_at=found.looked_at,
        complete=found.complete,
        would_alert=found.would_alert,
        examples=examples,
    )


@router.get("/usage-rules/{rule_id}", dependencies=[OVERSEES], responses=problem_responses(404))
async def get_usage_rule(rule_id: str, session: Read, answer: Response) -> UsageRuleOut:
    """One rule; `ETag` tells the version."""
    return _told(await rules.rule(session, rule_id), answer)


@router.patch("/usage-rules/{rule_id}", dependencies=[ADMINISTRATES], responses=problem_responses(404, 409, 412))
async def change_usage_rule(
    rule_id: str, given: UsageRulePatch, session: Write, using: Using, stated: Stated, answer: Response
) -> UsageRuleOut:
    """Change a rule of the version that was read, switch it on or off. Alerts that it gave stay as they are."""
    async with stated.version(given.version) as version:
        found = await rules.change_rule(session, rule_id, version, given.changes(), utc(using.clock()))
        return _told(found, answer)


@router.delete(
    "/usage-rules/{rule_id}", status_code=204, dependencies=[ADMINISTRATES], responses=problem_responses(404, 409)
)
async def delete_usage_rule(rule_id: str, session: Write) -> None:
    """Remove a rule that never gave an alert; one that did is switched off instead."""
    await rules.delete_rule(session, rule_id)


def _told(rule: UsageRule, answer: Response) -> UsageRuleOut:
    answer.headers["ETag"] = tag(rule.version)
    return UsageRuleOut.model_validate(rule)
