"""Tiers and segments by rules: drafts, previews, what is active; moves and overrides of customers."""

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.api.http.customer_reads import written_down
from app.api.http.deps import SURVEYS, Read, Using, Write
from app.api.http.gates import ADMINISTRATES, OVERSEES, READS, SIGNED_IN
from app.api.http.paging import Paged
from app.api.http.preconditions import Stated, tag
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.customers import Moment
from app.api.schemas.segments import (
    ActivationIn,
    ExampleOut,
    MemberOut,
    MemberPage,
    MoveOut,
    MovePage,
    Part,
    RoundOut,
    RoundPage,
    RuledOut,
    RuleOut,
    RuleSetIn,
    RuleSetOut,
    RuleSetPage,
    RuleSetPreviewIn,
    RuleSetPreviewOut,
    RuleSetPut,
    VocabularyOut,
    WordOut,
    WouldMoveOut,
    untold_out,
)
from app.core.clock import utc
from app.customers.record.declared_attributes import definitions
from app.customers.segment_models import SegmentRuleSet
from app.customers.segments import moves, previewing, rounds, rule_sets, words
from app.customers.segments.rules import TOLD_BY_FEEDS, rules_of

router = ResourceRouter(tags=["segmentation"])

Where = Annotated[str | None, Query(max_length=64, description="into or out of this tier or segment only")]


@router.get("/segmentation/vocabulary", dependencies=[OVERSEES])
async def get_vocabulary(session: Read) -> VocabularyOut:
    """What rules of tiers and segments may use."""
    variables = _words("customer.", words.CUSTOMER)
    attributes = dict.fromkeys(TOLD_BY_FEEDS, ("text", "as feeds tell it"))
    attributes |= {each.name: (each.type, each.title) for each in await definitions(session)}
    variables += [
        WordOut(name=f"attributes.{name}", type=told[0], meaning=told[1]) for name, told in attributes.items()
    ]
    variables.append(WordOut(name="score.ID", type="whole number", meaning="1 to 5, by the set's own scores"))
    return VocabularyOut(variables=variables, functions=_words("", words.FUNCTIONS))


@router.get("/segmentation/rule-sets", dependencies=[OVERSEES])
async def list_rule_sets(session: Read, page: Paged) -> RuleSetPage:
    """All sets of rules."""
    rows = await rule_sets.rule_sets(session, page.limit + 1, page.after(int))
    items, after = page.cut(rows, key=lambda row: row.number)
    return RuleSetPage(items=[RuleSetOut.of(row) for row in items], next=after)


@router.post("/segmentation/rule-sets", status_code=201, dependencies=[ADMINISTRATES], responses=problem_responses(404))
async def create_rule_set(given: RuleSetIn, session: Write, answer: Response) -> RuleSetOut:
    """A new draft; all faults of its rules are told at once."""
    rules = given.rules()
    if given.copy_of is not None:
        rules = rules_of((await rule_sets.rule_set(session, given.copy_of)).rules)
    values = given.model_dump(include={"note", "daily_at", "time_zone"})
    return _told(await rule_sets.create_draft(session, rules, **values), answer)


@router.get("/segmentation/rule-sets/{number}", dependencies=[OVERSEES], responses=problem_responses(404))
async def get_rule_set(number: int, session: Read, answer: Response) -> RuleSetOut:
    """One set of rules, whatever its state; `ETag` tells the version."""
    return _told(await rule_sets.rule_set(session, number), answer)


@router.put(
    "/segmentation/rule-sets/{number}", dependencies=[ADMINISTRATES], responses=problem_responses(404, 409, 412)
)
async def replace_rule_set(
    number: int, given: RuleSetPut, session: Write, stated: Stated, answer: Response
) -> RuleSetOut:
    """Let a draft of the version that was read have these rules."""
    async with stated.version(given.version) as version:
        changes = given.model_dump(include={"note", "daily_at", "time_zone"})
        return _told(await rule_sets.change_draft(session, number, version, given.rules(), changes), answer)


@router.delete(
    "/segmentation/rule-sets/{number}",
    status_code=204,
    dependencies=[ADMINISTRATES],
    responses=problem_responses(404, 409),
)
async def delete_rule_set(number: int, session: Write) -> None:
    """Remove a draft."""
    await rule_sets.delete_draft(session, number)


@router.post(
    "/segmentation/rule-sets/{number}/preview",
    dependencies=[ADMINISTRATES, SURVEYS],
    responses=problem_responses(404, 409),
)
async def preview_rule_set(number: int, given: RuleSetPreviewIn, session: Write, using: Using) -> RuleSetPreviewOut:
    """Who would move if these rules were active? Nobody does. A draft can be activated as it was previewed."""
    found = await previewing.preview(session, number, given.version, given.customers, utc(using.clock()))
    return _previewed(found)


@router.get(
    "/segmentation/rule-sets/{number}/customers/{customer_id}",
    dependencies=[OVERSEES, written_down("rules")],
    responses=problem_responses(404, 409),
)
async def try_rule_set(number: int, customer_id: UUID, session: Read, using: Using) -> RuledOut:
    """What a set of rules says of one customer now, and why: of each rule whether it holds, and by what values."""
    judged_by = await previewing.has_judged(session, number)  # else scores are drawn from all customers
    async with nullcontext() if judged_by else using.surveys.turn():
        found = await previewing.try_on(session, number, customer_id, utc(using.clock()))
    why = dict(found.untold)
    rules = [RuleOut(rule=name, holds=held, why=why.get(name), evidence=dict(it)) for name, held, it in found.rules]
    known = {name: getattr(found, name) for name in ("customer_id", "tier", "kept")}
    return RuledOut(**known, segments=list(found.segments), rules=rules)


@router.post(
    "/segmentation/rule-sets/{number}/activate",
    dependencies=[ADMINISTRATES],
    responses=problem_responses(404, 409, 412),
)
async def activate_rule_set(
    number: int, given: ActivationIn, session: Write, using: Using, stated: Stated, answer: Response
) -> RuleSetOut:
    """Let a draft count as it was previewed; all customers are judged by it in the background."""
    async with stated.version(given.version) as version:
        return _told(await rule_sets.activate(session, number, version, utc(using.clock())), answer)


@router.get("/segmentation/rounds", dependencies=[OVERSEES])
async def list_rounds(session: Read, page: Paged) -> RoundPage:
    """Judgings of all customers, and how far they have come."""
    rows = await rounds.rounds(session, page.limit + 1, page.after(int))
    items, after = page.cut(rows, key=lambda row: row.id)
    return RoundPage(items=[RoundOut.of(row) for row in items], next=after)


@router.post("/segmentation/rounds", status_code=202, dependencies=[ADMINISTRATES], responses=problem_responses(409))
async def begin_round(session: Write, using: Using) -> RoundOut:
    """Judge all customers anew, in the background."""
    return RoundOut.of(await rounds.begin(session, utc(using.clock())))


@router.get("/segmentation/moves", dependencies=[READS])
async def list_moves(
    session: Read,
    page: Paged,
    part: Part | None = None,
    where: Where = None,
    rule_set: int | None = None,
    since: Moment | None = None,
) -> MovePage:
    """Who came into which tier or segment, or out of it, when, and why."""
    wanted = moves.Wanted(part, where, rule_set, since)
    rows = await moves.moves(session, wanted, page.limit + 1, page.after(tuple[datetime, int]))
    items, after = page.cut(rows, key=lambda row: (row.at, row.id))
    return MovePage(items=[MoveOut.model_validate(row) for row in items], next=after)


@router.get("/segmentation/segments/{segment}/members", dependencies=[READS], responses=problem_responses(404))
async def list_members(segment: str, session: Read, page: Paged) -> MemberPage:
    """Who belongs to a segment of the rules that are active."""
    rows = await moves.members(session, segment, page.limit + 1, page.after(UUID))
    items, after = page.cut(rows, key=lambda row: row[0])
    return MemberPage(items=[MemberOut(customer_id=row[0], name=row[1]) for row in items], next=after)


@router.get(
    "/customers/{customer_id}/moves",
    dependencies=[SIGNED_IN, written_down("moves")],
    responses=problem_responses(404),
)
async def list_moves_of(customer_id: UUID, session: Read, page: Paged) -> MovePage:
    """The customer's moves, and those of whoever was merged into them, the newest first."""
    rows = await moves.moves_of(session, customer_id, page.limit + 1, page.after(tuple[datetime, int]))
    items, after = page.cut(rows, key=lambda row: (row.at, row.id))
    return MovePage(items=[MoveOut.model_validate(row) for row in items], next=after)


def _told(row: SegmentRuleSet, answer: Response) -> RuleSetOut:
    answer.headers["ETag"] = tag(row.version)
    return RuleSetOut.of(row)


def _words(prefix: str, of: Mapping[str, words.Word]) -> list[WordOut]:
    return [WordOut(name=prefix + name, type=word.type, meaning=word.meaning) for name, word in of.items()]


def _previewed(found: previewing.Preview) -> RuleSetPreviewOut:
    moved = [
        WouldMoveOut(
            part="tier" if each.part == "tier" else "segment",
            before=each.before,
            after=each.after,
            customers=each.customers,
            examples=[ExampleOut(customer_id=who, name=name, evidence=dict(it)) for who, name, it in each.examples],
        )
        for each in found.moves
    ]
    return RuleSetPreviewOut(
        **{name: getattr(found, name) for name in ("customers", "looked_at", "complete")},
        **{name: getattr(found.judged, name) for name in ("moved", "kept", "untold")},
        tiers=dict(found.tiers),
        segments=dict(found.segments),
        moves=moved,
        untold_by=untold_out(found.judged.untold_by),
        boundaries={name: list(each) for name, each in found.boundaries.items()},
    )
