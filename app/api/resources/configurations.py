"""What customers' holdings are set up as."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from app.api.http.claiming import OF_KEY
from app.api.http.customer_reads import written_down
from app.api.http.deps import Read, Using, Write
from app.api.http.gates import SIGNED_IN
from app.api.http.preconditions import Stated, tag
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.common import PRINTABLE, SLUG
from app.api.schemas.configurations import ConfigurationIn, ConfigurationOut, ConfigurationsOut, UpgradeOut
from app.api.schemas.customers import Why
from app.audit.service import because
from app.core.clock import utc
from app.customers.products import configuring
from app.customers.products.upgrading import upgrade_of

router = ResourceRouter(
    prefix="/customers/{customer_id}", tags=["products"], dependencies=[SIGNED_IN], responses=problem_responses(404)
)

CHANGED = problem_responses(403, 409, 412)
CONFIGURATION = "/holdings/{source}/{external_id}/configuration"
Reason = Annotated[Why | None, Query(description="why; kept with the versions of the customer")]
System = Annotated[str, Path(pattern=SLUG, description="the system that tells of it")]
OfSystem = Annotated[str, Path(min_length=1, max_length=100, pattern=PRINTABLE, description="its id there")]


@router.get("/configurations", dependencies=[written_down("configurations")])
async def list_configurations(customer_id: UUID, session: Read) -> ConfigurationsOut:
    """What all holdings of the customer, and of those merged into them, are set up as."""
    rows = await configuring.configurations_of(session, customer_id)
    return ConfigurationsOut(items=[ConfigurationOut.of(row) for row in rows])


@router.get(CONFIGURATION, dependencies=[written_down("configuration")])
async def get_configuration(
    customer_id: UUID, source: System, external_id: OfSystem, session: Read
) -> ConfigurationOut:
    """What one holding is set up as."""
    return ConfigurationOut.of(await configuring.configuration_of(session, customer_id, source, external_id))


@router.put(CONFIGURATION, dependencies=[OF_KEY], responses=CHANGED)
async def put_configuration(
    customer_id: UUID,
    source: System,
    external_id: OfSystem,
    given: ConfigurationIn,
    session: Write,
    stated: Stated,
    using: Using,
    answer: Response,
) -> ConfigurationOut:
    """Set a holding up, or set it up otherwise. What the rules exclude is refused, with what excludes it."""
    today = utc(using.clock()).date()
    async with stated.version(given.version) as version:
        await because(session, given.why)
        customer, found = await configuring.configure(
            session, customer_id, version, (source, external_id), given.configuration(), today
        )
    answer.headers["ETag"] = tag(customer.version)
    return ConfigurationOut.of(found)


@router.delete(CONFIGURATION, status_code=204, dependencies=[OF_KEY], responses=CHANGED)
async def remove_configuration(
    customer_id: UUID,
    source: System,
    external_id: OfSystem,
    session: Write,
    stated: Stated,
    answer: Response,
    why: Reason = None,
) -> None:
    """Take a configuration away; the holding stays."""
    async with stated.version(None) as version:
        await because(session, why)
        customer = await configuring.unconfigure(session, customer_id, version, source, external_id)
    answer.headers["ETag"] = tag(customer.version)


@router.get(CONFIGURATION + "/upgrade", responses=problem_responses(409), dependencies=[written_down("upgrade")])
async def preview_upgrade(
    customer_id: UUID, source: System, external_id: OfSystem, session: Read, using: Using
) -> UpgradeOut:
    """What would become of it by the published version of the model; a `PUT` with `newest` does it."""
    found = await configuring.configuration_of(session, customer_id, source, external_id)
    return UpgradeOut.of(await upgrade_of(session, found.configuration, utc(using.clock()).date()))
