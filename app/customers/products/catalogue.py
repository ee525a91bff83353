"""Products as records: drafts of their models, what is wrong with them, publication, withdrawal. The caller's session
commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.wire import fault
from app.customers.errors import VersionConflict
from app.customers.products.errors import (
    ModelNotFound,
    ModelUnsound,
    NoModelDraft,
    ProductNotFound,
    ProductTaken,
    ProductUnpublished,
)
from app.customers.products.examining import Examined, examined
from app.customers.products.model import Model, model_of, record
from app.customers.products.wording import Spoken
from app.customers.products.work import solved
from app.customers.serving_models import Product, ProductVersion
from app.db.engine import WriteSession
from app.db.rows import in_order, insert_new

WHERE = "body.model"


@dataclass(frozen=True, slots=True)
class ProductProfile:
    """A product with its draft and the published version of its model, if it has them."""

    product: Product
    draft: ProductVersion | None
    published: ProductVersion | None


async def product_of(session: AsyncSession, product_id: str, *, lock: bool = False) -> Product:
    """The product, with `lock` kept from other writers until the commit. Raises ProductNotFound."""
    found = await session.get(Product, product_id, with_for_update=lock, populate_existing=lock)
    if found is None:
        raise ProductNotFound(product_id)
    return found


async def profile_of(session: AsyncSession, product_id: str) -> ProductProfile:
    """The product with its draft and its published version. Raises ProductNotFound."""
    return (await _profiles(session, [await product_of(session, product_id)]))[0]


async def products(session: AsyncSession, limit: int, after: str | None) -> list[ProductProfile]:
    """Products in order of their ids, those after `after`."""
    return await _profiles(session, (await session.scalars(in_order(Product, limit, after))).all())


async def version_of(session: AsyncSession, product_id: str, number: int | None) -> ProductVersion:
    """A version of the product's model, None: the published one. Raises ProductNotFound, ModelNotFound,
    ProductUnpublished."""
    if number is None:
        found = (await profile_of(session, product_id)).published
        if found is None:
            raise ProductUnpublished(product_id)
        return found
    known = await session.get(ProductVersion, (product_id, number))
    if known is None:
        await product_of(session, product_id)
        raise ModelNotFound(f"The product {product_id!r} has no version {number} of its model.", id=product_id)
    return known


async def versions_of(
    session: AsyncSession, product_id: str, limit: int, before: int | None
) -> Sequence[ProductVersion]:
    """Versions of the product's model, the newest first, those older than `before`. Raises ProductNotFound."""
    await product_of(session, product_id)
    query = select(ProductVersion).where(ProductVersion.product_id == product_id)
    if before is not None:
        query = query.where(ProductVersion.number < before)
    return (await session.scalars(query.order_by(ProductVersion.number.desc()).limit(limit))).all()


async def judged(model: Model) -> tuple[Examined, list[dict[str, str]]]:
    """What is wrong with the model, and the same as faults. Raises QuestionTooHard."""
    found = await solved(examined, model, WHERE)
    return found, _faults(model, found)


async def create_product(session: WriteSession, product_id: str, name: str, names: Mapping[str, str]) -> ProductProfile:
    """A new product, without a model. Raises ProductTaken."""
    made = await insert_new(session, Product, id=product_id, name=name, names=dict(names))
    if made is None:
        raise ProductTaken(product_id)
    return ProductProfile(made, None, None)


async def change_product(
    session: WriteSession, product_id: str, version: int | None, changes: Mapping[str, Any]
) -> ProductProfile:
    """Rename a product, withdraw it or give it again. Raises ProductNotFound, VersionConflict."""
    product = await _claimed(session, product_id, version)
    if any(getattr(product, name) != value for name, value in changes.items()):
        for name, value in changes.items():
            setattr(product, name, value)
        product.version += 1
    return await _done(session, product)


async def save_draft(
    session: WriteSession, product_id: str, version: int | None, model: Model, note: str | None, by: str, at: datetime
) -> ProductProfile:
    """Make `model` the draft; a faulty one is kept, too. Raises ProductNotFound, VersionConflict."""
    product = await _claimed(session, product_id, version)
    draft = (await profile_of(session, product_id)).draft
    if draft is None:
        query = select(func.max(ProductVersion.number)).where(ProductVersion.product_id == product_id)
        number = (await session.scalar(query) or 0) + 1
        draft = ProductVersion(product_id=product_id, number=number, created_at=at)
        session.add(draft)
    draft.model, draft.note, draft.author, draft.updated_at = record(model), note, by, at
    product.version += 1
    return await _done(session, product)


async def discard_draft(session: WriteSession, product_id: str, version: int | None) -> ProductProfile:
    """Throw the draft away. Raises ProductNotFound, VersionConflict, NoModelDraft."""
    product, draft = await _claimed_draft(session, product_id, version)
    await session.delete(draft)
    product.version += 1
    return await _done(session, product)


async def publish(session: WriteSession, product_id: str, version: int | None, by: str, at: datetime) -> ProductProfile:
    """Let the draft be the model of what is configured from now on; what is configured keeps its version.

    Raises ProductNotFound, VersionConflict, NoModelDraft, ModelUnsound, QuestionTooHard.
    """
    # judged before the product is locked: whoever sets it up would wait
    before = (await profile_of(session, product_id)).draft
    read = None if before is None else before.model
    verdict = None if read is None else await judged(model_of(read))
    product, draft = await _claimed_draft(session, product_id, version)
    found, faults = verdict if verdict is not None and draft.model == read else await judged(model_of(draft.model))
    if not found.sound:
        told = "; ".join(f"{each['where']} {each['what']}" for each in faults[:3])
        raise ModelUnsound(f"The draft cannot be published: {told}", faults=faults)
    present = (await profile_of(session, product_id)).published
    if present is not None:
        present.state, present.retired_at = "retired", at
        await session.flush()
    draft.state, draft.published_at, draft.published_by = "published", at, by
    product.version += 1
    return await _done(session, product)


def _faults(model: Model, found: Examined) -> list[dict[str, str]]:
    """What was found as faults, dead values and contradictions with their sentences."""
    faults = list(found.faults)
    places = {option.id: place for place, option in enumerate(model.options)}
    spoken = Spoken(model, "en")
    if found.contradiction is not None:
        sentences = " ".join(spoken.explanation(found.contradiction))
        faults.append(fault(f"{WHERE}.rules", sentences, "rules that leave something to choose"))
    for dead in found.dead:
        sentences = " ".join(spoken.explanation(dead.why, (dead.option, dead.value)))
        faults.append(fault(f"{WHERE}.options.{places[dead.option]}", sentences, "values that somebody can choose"))
    return faults


async def _profiles(session: AsyncSession, rows: Sequence[Product]) -> list[ProductProfile]:
    query = select(ProductVersion).where(
        ProductVersion.product_id.in_([row.id for row in rows]), ProductVersion.state.in_(("draft", "published"))
    )
    fresh = await session.scalars(query, execution_options={"populate_existing": True})
    found = {(one.product_id, one.state): one for one in fresh}
    return [ProductProfile(row, found.get((row.id, "draft")), found.get((row.id, "published"))) for row in rows]


async def _claimed(session: WriteSession, product_id: str, version: int | None) -> Product:
    product = await product_of(session, product_id, lock=True)
    if version is not None and product.version != version:
        raise VersionConflict(version, product.version, "the product")
    return product


async def _claimed_draft(session: WriteSession, product_id: str, version: int | None) -> tuple[Product, ProductVersion]:
    product = await _claimed(session, product_id, version)
    draft = (await profile_of(session, product_id)).draft
    if draft is None:
        raise NoModelDraft(product_id)
    return product, draft


async def _done(session: WriteSession, product: Product) -> ProductProfile:
    await session.flush()
    await session.refresh(product)
    return await profile_of(session, product.id)
