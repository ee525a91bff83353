"""What holdings are set up as, as it is sent and told."""

from typing import Any
from uuid import UUID

from app.api.schemas.common import Instant, Output, Slug
from app.api.schemas.customers import Change
from app.api.schemas.products import Choices, ExplanationOut, ModelFaultOut
from app.api.schemas.seen import SeenHolding
from app.customers.products.configuring import Configured, GivenConfiguration
from app.customers.products.upgrading import Upgrade


class ConfigurationIn(Change):
    """What a holding is to be set up as. It keeps the version of the model that it has, with `newest` it takes the
    published one."""

    product: Slug
    choices: Choices
    newest: bool = False

    def configuration(self) -> GivenConfiguration:
        """As the service takes it."""
        return GivenConfiguration(product=self.product, choices=self.choices, newest=self.newest)


class ConfigurationOut(Output):
    """What a holding is set up as: `choices` somebody made, `values` is every option that is on or has a value, `brief`
    the same in one sentence by language. It is on the row of the customer `customer_id`: the one that was asked for, or
    somebody merged into them."""

    id: UUID
    customer_id: UUID
    source: str
    external_id: SeenHolding
    product: str
    number: int
    choices: dict[str, Any]
    values: dict[str, Any]
    brief: dict[str, str]
    updated_at: Instant
    updated_by: str | None

    @classmethod
    def of(cls, found: Configured) -> "ConfigurationOut":
        """From the rows."""
        row = found.configuration
        return cls(
            **{name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)},
            source=found.holding.source,
            external_id=found.holding.external_id,
            product=row.product_id,
        )


class ConfigurationsOut(Output):
    """What all holdings of a customer are set up as."""

    items: list[ConfigurationOut]


class UpgradeOut(Output):
    """What would become of a configuration by the published version: `smooth` if it would stand as it is. `dropped` are
    choices that are no values any more, `why` what excludes the others, `missing` what must be chosen anew, `changed`
    every option whose value would be another: [before, after]."""

    customer_id: UUID
    configuration_id: UUID
    before: int
    after: int
    smooth: bool
    dropped: list[ModelFaultOut]
    why: ExplanationOut | None
    missing: list[str]
    changed: dict[str, list[Any]]

    @classmethod
    def of(cls, found: Upgrade) -> "UpgradeOut":
        """From what was found."""
        verdict = found.verdict
        return cls(
            customer_id=found.customer_id,
            configuration_id=found.configuration_id,
            before=found.before,
            after=found.after,
            smooth=found.smooth,
            dropped=[ModelFaultOut.model_validate(each) for each in found.dropped],
            why=None if verdict.why is None else ExplanationOut.of(verdict.why, list(verdict.sentences)),
            missing=[] if verdict.settled is None else list(verdict.settled.missing),
            changed={name: list(pair) for name, pair in found.changed.items()},
        )


class UpgradePage(Output):
    """A page of configurations that have an older version of the model than the published one."""

    items: list[UpgradeOut]
    next: str | None
