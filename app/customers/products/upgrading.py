"""What would become of configurations by the newest version of their product's model. Nothing is changed by asking."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.products.asking import Verdict, judge
from app.customers.products.catalogue import version_of
from app.customers.products.choices import read
from app.customers.products.configuring import facts_about
from app.customers.products.model import Model, model_of
from app.customers.products.work import solved
from app.customers.serving_models import ProductConfiguration, ProductVersion


class Upgrade(msgspec.Struct, frozen=True, kw_only=True):
    """One configuration held against another version of its model.

    `dropped` are choices that are no values of it any more; the others are judged without them: `verdict`. `changed`
    says of each option whose value would be another: [before, after].
    """

    configuration_id: UUID
    customer_id: UUID
    before: int
    after: int
    dropped: list[dict[str, str]]
    verdict: Verdict
    changed: dict[str, tuple[Any, Any]]

    @property
    def smooth(self) -> bool:
        """Whether it would stand as it is: nothing that was chosen is lost, and nothing must be chosen anew."""
        return not self.dropped and self.verdict.stands


async def upgrade_of(session: AsyncSession, configuration: ProductConfiguration, today: date) -> Upgrade:
    """What would become of one configuration. Raises ProductUnpublished, QuestionTooHard."""
    return await _held_against(session, configuration, await version_of(session, configuration.product_id, None), today)


async def upgrades_of(
    session: AsyncSession, product_id: str, today: date, limit: int, after: UUID | None
) -> Sequence[Upgrade]:
    """Those configurations of the product, after `after`, that have an older version than the published one.

    Raises ProductNotFound, ProductUnpublished, QuestionTooHard.
    """
    newest = await version_of(session, product_id, None)
    rows = ProductConfiguration
    query = select(rows).where(rows.product_id == product_id, rows.number < newest.number).order_by(rows.id)
    if after is not None:
        query = query.where(rows.id > after)
    found = (await session.scalars(query.limit(limit))).all()
    return [await _held_against(session, one, newest, today) for one in found]


async def _held_against(
    session: AsyncSession, configuration: ProductConfiguration, newest: ProductVersion, today: date
) -> Upgrade:
    facts = await facts_about(session, configuration.customer_id, today)
    model = model_of(newest.model)
    dropped, verdict = await solved(_judged, model, facts, configuration.choices)
    after = {} if verdict.settled is None else msgspec.to_builtins(verdict.settled.values)
    before = configuration.values
    names = [*before, *(name for name in after if name not in before)]
    return Upgrade(
        configuration_id=configuration.id,
        customer_id=configuration.customer_id,
        before=configuration.number,
        after=newest.number,
        dropped=dropped,
        verdict=verdict,
        changed={}
        if verdict.settled is None
        else {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)},
    )


def _judged(model: Model, facts: Mapping[str, Any], choices: Mapping[str, Any]) -> tuple[list[dict[str, str]], Verdict]:
    fitting, dropped = read(model, choices, "choices")
    return dropped, judge(model, facts, fitting)
