"""What customers' holdings are set up as. A configuration is a part of the customer's record: a change names the
version that was read, and is checked in the transaction that writes it. The caller's session commits."""

from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import WHO
from app.core.wire import fault
from app.customers.errors import HoldingNotFound
from app.customers.models import Customer
from app.customers.products.asking import WHERE, Verdict, judge
from app.customers.products.catalogue import product_of, version_of
from app.customers.products.choices import accepted
from app.customers.products.errors import (
    ChoicesUnfit,
    ConfigurationImpossible,
    ConfigurationNotFound,
    ProductWithdrawn,
)
from app.customers.products.facts import Held, facts_of
from app.customers.products.model import Model, model_of
from app.customers.products.wording import LANGUAGES, Spoken
from app.customers.products.work import solved
from app.customers.record.changing import claimed, raise_version
from app.customers.record.whole import members_of, survivor_of
from app.customers.record_models import CustomerHolding
from app.customers.serving_models import Product, ProductConfiguration, ProductVersion
from app.db.engine import WriteSession

FRESH = {"populate_existing": True}


class GivenConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """What a holding is to be set up as. It keeps the version of the model that it has, with `newest` it takes the one
    that is published."""

    product: str
    choices: dict[str, Any]
    newest: bool = False


class Configured(NamedTuple):
    """A holding and what it is set up as."""

    holding: CustomerHolding
    configuration: ProductConfiguration


class _Asked(NamedTuple):
    """What is asked to be configured: what a verdict follows from, and what is changed by it."""

    product: Product
    version: ProductVersion
    holding: CustomerHolding
    present: ProductConfiguration | None
    model: Model
    facts: dict[str, Any]

    @property
    def basis(self) -> tuple[Any, ...]:
        """All that the verdict on the same choices rests on."""
        return self.product.id, self.version.number, self.facts


async def configurations_of(session: AsyncSession, customer_id: UUID) -> list[Configured]:
    """What all holdings of a customer, and of those merged into them, are set up as. Raises CustomerNotFound."""
    members = await members_of(session, await survivor_of(session, customer_id))
    query = _configured().where(ProductConfiguration.customer_id.in_(members)).order_by(ProductConfiguration.id)
    return [Configured(holding, found) for holding, found in await session.execute(query)]


async def configuration_of(session: AsyncSession, customer_id: UUID, source: str, external_id: str) -> Configured:
    """What the holding that `source` knows as `external_id` is set up as. Raises CustomerNotFound,
    ConfigurationNotFound."""
    members = await members_of(session, await survivor_of(session, customer_id))
    query = _configured().where(
        ProductConfiguration.customer_id.in_(members),
        CustomerHolding.source == source,
        CustomerHolding.external_id == external_id,
    )
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise ConfigurationNotFound(source, external_id)
    return Configured(found[0], found[1])


async def facts_about(session: AsyncSession, customer_id: UUID, today: date) -> dict[str, Any]:
    """What rules may ask of the customer, or of who survives them. Raises CustomerNotFound."""
    survivor = await survivor_of(session, customer_id)
    customer = await session.get_one(Customer, survivor)
    rows = CustomerHolding
    held = select(rows.kind, rows.closed_on).where(rows.customer_id.in_(await members_of(session, survivor)))
    return facts_of(
        kind=customer.kind,
        tier=customer.tier_id,
        language=customer.language,
        segments=customer.segments,
        holdings=[Held(row.kind, row.closed_on) for row in await session.execute(held)],
        attributes=customer.attributes,
        today=today,
    )


async def configure(
    session: WriteSession,
    customer_id: UUID,
    version: int | None,
    holding_name: tuple[str, str],
    given: GivenConfiguration,
    today: date,
) -> tuple[Customer, Configured]:
    """Set the holding up that is known as `holding_name` (source, id there), anew or otherwise than it is.

    Raises CustomerNotFound, CustomerMerged, VersionConflict, HoldingNotFound, ProductNotFound, ProductWithdrawn,
    ProductUnpublished, ChoicesUnfit, ConfigurationImpossible, QuestionTooHard.
    """
    # a hard question takes seconds, and whoever else writes of the customer would wait: so it is answered before their
    # row is locked, and again only where meanwhile something changed on which the answer rests
    before = await _asked(session, customer_id, holding_name, given, today)
    verdict = await solved(judge, before.model, before.facts, given.choices)
    customer = await claimed(session, customer_id, version)
    asked = await _asked(session, customer_id, holding_name, given, today, lock=True)
    if asked.basis != before.basis:
        verdict = await solved(judge, asked.model, asked.facts, given.choices)
    values = _values(asked, verdict)
    found = asked.present
    if found is None:
        await raise_version(session, customer)
        found = ProductConfiguration(customer_id=customer_id, holding_id=asked.holding.id, **values)
        session.add(found)
    elif any(getattr(found, name) != values[name] for name in ("product_id", "number", "choices", "values")):
        await raise_version(session, customer)
        for name, value in values.items():
            setattr(found, name, value)
        found.updated_at, found.updated_by = func.now(), func.nullif(func.current_setting(WHO, True), "")
    await session.flush()
    await session.refresh(customer)
    await session.refresh(found)
    return customer, Configured(asked.holding, found)


async def unconfigure(
    session: WriteSession, customer_id: UUID, version: int | None, source: str, external_id: str
) -> Customer:
    """Take a configuration away; what it was stays among the versions. Raises CustomerNotFound, CustomerMerged,
    VersionConflict, ConfigurationNotFound."""
    customer = await claimed(session, customer_id, version)
    found = (await configuration_of(session, customer_id, source, external_id)).configuration
    if found.customer_id != customer_id:
        raise ConfigurationNotFound(source, external_id)
    await raise_version(session, customer)
    await session.delete(found)
    await session.flush()
    await session.refresh(customer)
    return customer


async def _asked(
    session: WriteSession,
    customer_id: UUID,
    holding_name: tuple[str, str],
    given: GivenConfiguration,
    today: date,
    *,
    lock: bool = False,
) -> _Asked:
    """What is there now; with `lock` it stays so until the commit."""
    holding = await _holding(session, customer_id, *holding_name)
    own = select(ProductConfiguration).where(ProductConfiguration.holding_id == holding.id)
    present = await session.scalar(own.with_for_update() if lock else own, execution_options=FRESH)
    kept = present is not None and present.product_id == given.product
    read = {"read": True} if lock else None
    product = await session.get(Product, given.product, with_for_update=read, populate_existing=True)
    product = product or await product_of(session, given.product)
    if product.withdrawn_because is not None and not kept:
        raise ProductWithdrawn(product.id, product.withdrawn_because)
    number = present.number if present is not None and kept and not given.newest else None
    version = await version_of(session, product.id, number)
    facts = await facts_about(session, customer_id, today)
    return _Asked(product, version, holding, present, model_of(version.model), facts)


def _values(asked: _Asked, verdict: Verdict) -> dict[str, Any]:
    """The columns of a configuration that stands."""
    holding, model = asked.holding, asked.model
    if holding.kind not in model.holding_kinds:
        kinds = ", ".join(model.holding_kinds)
        told = fault("body.product", f"is not for a holding of the kind {holding.kind!r}", f"one for {kinds}")
        raise ChoicesUnfit("The holding cannot have this product.", faults=[told])
    _ensure_standing(model, asked.version, verdict)
    assert verdict.settled is not None, "it stands"
    values = verdict.settled.values
    brief = {
        language: Spoken(model, language).configuration(_called(asked.product, holding, language), values)
        for language in LANGUAGES
    }
    plain: dict[str, Any] = msgspec.to_builtins({"choices": dict(verdict.choices), "values": values, "brief": brief})
    return {"product_id": asked.product.id, "number": asked.version.number, **plain}


def _called(product: Product, holding: CustomerHolding, language: str) -> str:
    name: str = product.names.get(language, product.name)
    return name if holding.last_four is None else f"{name} {holding.last_four}"


def _ensure_standing(model: Model, version: ProductVersion, verdict: Verdict) -> None:
    if verdict.faults:
        raise ChoicesUnfit("Choices are no values of their options.", faults=verdict.faults)
    if verdict.why is not None:
        faults = [
            fault(f"{WHERE}.{reason.id}", "cannot stand beside the others", "see `explanation`")
            for reason in verdict.why.reasons
            if reason.kind == "choice"
        ]
        reasons = [reason._asdict() for reason in verdict.why.reasons]
        raise ConfigurationImpossible(
            verdict.sentences, faults=faults, reasons=reasons, product=version.product_id, number=version.number
        )
    assert verdict.settled is not None, "neither faulty nor impossible"
    if verdict.settled.missing:
        options = {option.id: option for option in model.options}
        missing = [
            fault(f"{WHERE}.{name}", "must be chosen", accepted(options[name])) for name in verdict.settled.missing
        ]
        raise ChoicesUnfit("Something must still be chosen.", faults=missing)


async def _holding(session: WriteSession, customer_id: UUID, source: str, external_id: str) -> CustomerHolding:
    rows = CustomerHolding
    query = select(rows).where(rows.source == source, rows.external_id == external_id, rows.customer_id == customer_id)
    found = (await session.scalars(query, execution_options=FRESH)).one_or_none()
    if found is None:
        raise HoldingNotFound(f"The customer has no {external_id!r} of {source}.", source=source)
    return found


def _configured() -> Select[CustomerHolding, ProductConfiguration]:
    return select(CustomerHolding, ProductConfiguration).join(
        ProductConfiguration, ProductConfiguration.holding_id == CustomerHolding.id
    )
