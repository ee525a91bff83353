"""Products: their models, which an administrator drafts and publishes, and what can be chosen of them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Response

from app.api.http.claiming import LOOKS
from app.api.http.customer_reads import Reading, read_of
from app.api.http.deps import CurrentUser, Read, Using, Write
from app.api.http.gates import ADMINISTRATES, READS, SIGNED_IN
from app.api.http.paging import Paged
from app.api.http.preconditions import Stated, tag
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.configurations import UpgradeOut, UpgradePage
from app.api.schemas.products import (
    AnswerOut,
    AskIn,
    ExplanationOut,
    LookIn,
    LookOut,
    ModelCheckIn,
    ModelCheckOut,
    ModelDraftIn,
    ModelVersionBriefOut,
    ModelVersionOut,
    ModelVersionPage,
    Number,
    ProductChangeIn,
    ProductIn,
    ProductOut,
    ProductPage,
    ProductPatch,
)
from app.core.clock import utc
from app.core.wire import fault
from app.customers.products import catalogue
from app.customers.products.asking import WHERE, look, why_not
from app.customers.products.choices import accepted, fits, read
from app.customers.products.configuring import facts_about
from app.customers.products.errors import ChoicesUnfit
from app.customers.products.facts import fact_faults
from app.customers.products.model import Choices, Chosen, Model, Values, model_of
from app.customers.products.upgrading import upgrades_of
from app.customers.products.work import solved
from app.db.engine import ReadSession

router = ResourceRouter(prefix="/products", tags=["products"], responses=problem_responses(404))

CHANGED = problem_responses(409, 412)


@router.get("", dependencies=[SIGNED_IN])
async def list_products(session: Read, page: Paged) -> ProductPage:
    """All products, without their models."""
    rows = await catalogue.products(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.product.id)
    return ProductPage(items=[ProductOut.of(row) for row in items], next=after)


@router.post("", status_code=201, dependencies=[ADMINISTRATES], responses=problem_responses(409))
async def create_product(given: ProductIn, session: Write, answer: Response) -> ProductOut:
    """A new product. Nobody can have it before a model is published."""
    return _told(await catalogue.create_product(session, given.id, given.name, given.names), answer)


@router.post("/check", dependencies=[ADMINISTRATES])
async def check_product_model(given: ModelCheckIn) -> ModelCheckOut:
    """What is wrong with a model, without saving it: unknown names, contradictions, values that nobody can choose."""
    found, faults = await catalogue.judged(given.model.model())
    return ModelCheckOut.model_validate({"sound": found.sound, "faults": faults, "circles": found.circles})


@router.get("/{product_id}", dependencies=[SIGNED_IN])
async def get_product(product_id: str, session: Read, answer: Response) -> ProductOut:
    """One product."""
    return _told(await catalogue.profile_of(session, product_id), answer)


@router.patch("/{product_id}", dependencies=[ADMINISTRATES], responses=CHANGED)
async def change_product(
    product_id: str, given: ProductPatch, session: Write, stated: Stated, using: Using, answer: Response
) -> ProductOut:
    """Rename a product, withdraw it, or give it again."""
    changes: dict[str, Any] = given.model_dump(exclude_unset=True, exclude={"version", "why"})
    if "withdrawn_because" in changes:
        changes["withdrawn_at"] = None if changes["withdrawn_because"] is None else utc(using.clock())
    async with stated.version(given.version) as version:
        return _told(await catalogue.change_product(session, product_id, version, changes), answer)


@router.put("/{product_id}/draft", dependencies=[ADMINISTRATES], responses=CHANGED)
async def save_product_draft(
    product_id: str,
    given: ModelDraftIn,
    session: Write,
    stated: Stated,
    using: Using,
    user: CurrentUser,
    answer: Response,
) -> ProductOut:
    """Save the draft of the model, even a faulty one; `POST /products/check` tells its faults."""
    now = utc(using.clock())
    async with stated.version(given.version) as version:
        saved = await catalogue.save_draft(session, product_id, version, given.model.model(), given.note, user.id, now)
    return _told(saved, answer)


@router.post("/{product_id}/discard", dependencies=[ADMINISTRATES], responses=CHANGED)
async def discard_product_draft(
    product_id: str, given: ProductChangeIn, session: Write, stated: Stated, answer: Response
) -> ProductOut:
    """Throw the draft away."""
    async with stated.version(given.version) as version:
        return _told(await catalogue.discard_draft(session, product_id, version), answer)


@router.post("/{product_id}/publish", dependencies=[ADMINISTRATES], responses=CHANGED)
async def publish_product(
    product_id: str,
    given: ProductChangeIn,
    session: Write,
    stated: Stated,
    using: Using,
    user: CurrentUser,
    answer: Response,
) -> ProductOut:
    """Let the draft be the model of what is set up from now on. What is set up already keeps its version."""
    async with stated.version(given.version) as version:
        done = await catalogue.publish(session, product_id, version, user.id, utc(using.clock()))
    return _told(done, answer)


@router.get("/{product_id}/versions", dependencies=[SIGNED_IN])
async def list_product_versions(product_id: str, session: Read, page: Paged) -> ModelVersionPage:
    """The versions of the product's model, the newest first."""
    rows = await catalogue.versions_of(session, product_id, page.limit + 1, page.after(int))
    items, after = page.cut(rows, key=lambda row: row.number)
    return ModelVersionPage(items=[ModelVersionBriefOut.model_validate(row) for row in items], next=after)


@router.get("/{product_id}/versions/{number}", dependencies=[SIGNED_IN])
async def get_product_version(product_id: str, number: Number, session: Read) -> ModelVersionOut:
    """One version with its model."""
    return ModelVersionOut.model_validate(await catalogue.version_of(session, product_id, number))


@router.post("/{product_id}/look", dependencies=[SIGNED_IN, LOOKS], responses=problem_responses(409))
async def look_at_product(
    product_id: str, given: LookIn, session: Read, using: Using, reading: Annotated[Reading, read_of("look")]
) -> LookOut:
    """What can still be chosen beside what has been chosen, and what that is completed to. Nothing is kept."""
    version = await catalogue.version_of(session, product_id, given.number)
    reading.of(given.customer_id)
    facts = await _facts(session, given, using)
    model = model_of(version.model)
    unknown = [
        fault(f"body.only.{place}", f"there is no option {name!r}", "options of the product")
        for place, name in enumerate(given.only or ())
        if model.option(name) is None
    ]
    found = await solved(look, model, facts, given.choices, given.only, given.language)
    _ensure(unknown + found.verdict.faults)
    return LookOut.of(product_id, version.number, found)


@router.post("/{product_id}/why", dependencies=[SIGNED_IN, LOOKS], responses=problem_responses(409))
async def ask_why_not(
    product_id: str, given: AskIn, session: Read, using: Using, reading: Annotated[Reading, read_of("look")]
) -> AnswerOut:
    """Why a value cannot be chosen: exactly which rules, facts and earlier choices exclude it, and what would help."""
    version = await catalogue.version_of(session, product_id, given.number)
    reading.of(given.customer_id)
    facts = await _facts(session, given, using)
    choices, asked = _asked(model_of(version.model), given)
    why, sentences = await solved(why_not, model_of(version.model), facts, choices, asked, given.language)
    return AnswerOut(possible=why is None, why=None if why is None else ExplanationOut.of(why, sentences))


@router.get("/{product_id}/upgrades", dependencies=[READS], responses=problem_responses(409))
async def list_product_upgrades(product_id: str, session: Read, page: Paged, using: Using) -> UpgradePage:
    """What would become of all that is set up by older versions of the model, by the published one."""
    today = utc(using.clock()).date()
    rows = await upgrades_of(session, product_id, today, page.limit + 1, page.after(UUID))
    items, after = page.cut(rows, key=lambda row: row.configuration_id)
    return UpgradePage(items=[UpgradeOut.of(row) for row in items], next=after)


async def _facts(session: ReadSession, given: LookIn, using: Using) -> dict[str, Any]:
    if given.customer_id is not None:
        return await facts_about(session, given.customer_id, utc(using.clock()).date())
    _ensure(fact_faults(given.facts, "body.facts"))
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.facts.items()}


def _asked(model: Model, given: AskIn) -> tuple[Values, tuple[str, Chosen | None]]:
    choices, faults = read(model, given.choices, WHERE)
    option = model.option(given.option)
    if option is None:
        _ensure([*faults, fault("body.option", "is no option of the product", "one of its options")])
    assert option is not None, "refused before"
    value = given.value
    one_of_several = isinstance(option, Choices) and isinstance(value, str)
    if value is not None and not fits(option, [value] if one_of_several else value):
        faults.append(fault("body.value", "is no value of the option", accepted(option)))
    _ensure(faults)
    return choices, (given.option, tuple(value) if isinstance(value, list) else value)


def _ensure(faults: list[dict[str, str]]) -> None:
    if faults:
        raise ChoicesUnfit("Choices are no values of their options.", faults=faults)


def _told(found: catalogue.ProductProfile, answer: Response) -> ProductOut:
    answer.headers["ETag"] = tag(found.product.version)
    return ProductOut.of(found)
