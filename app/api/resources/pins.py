"""How customers prove on the telephone who they are: id and card numbers, and a PIN. None of them can be read."""

from uuid import UUID

from app.api.http.customer_reads import written_down
from app.api.http.deps import Read, Using, Write
from app.api.http.gates import READS
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.pins import IdentifiersIn, IdentifiersOut, PinIn, PinStatusOut
from app.customers import identifiers, pins

router = ResourceRouter(
    prefix="/customers/{customer_id}", tags=["customers"], dependencies=[READS], responses=problem_responses(404)
)


@router.get("/identifiers", dependencies=[written_down("identifiers")])
async def get_identifiers(customer_id: UUID, session: Read) -> IdentifiersOut:
    """The id and card numbers of a customer, by their last digits."""
    found = await identifiers.identifiers_of(session, customer_id)
    return IdentifiersOut.model_validate({"identifiers": found})


@router.put("/identifiers", responses=problem_responses(409))
async def replace_identifiers(customer_id: UUID, given: IdentifiersIn, session: Write) -> IdentifiersOut:
    """Replace all id and card numbers."""
    numbers = [each.given() for each in given.identifiers]
    found = await identifiers.replace_identifiers(session, customer_id, numbers)
    return IdentifiersOut.model_validate({"identifiers": found})


@router.get("/telephone-pin", dependencies=[written_down("telephone_pin")])
async def get_pin_status(customer_id: UUID, session: Read, using: Using) -> PinStatusOut:
    """Whether the customer has a telephone PIN, and whether it is locked."""
    return PinStatusOut.model_validate(await pins.pin_status(session, customer_id, using.clock()))


@router.put("/telephone-pin", status_code=204)
async def set_pin(customer_id: UUID, given: PinIn, session: Write, using: Using) -> None:
    """Give the customer a telephone PIN; a lock of the old one ends."""
    await pins.set_pin(session, using.passwords, customer_id, given.pin.get_secret_value(), using.clock)


@router.delete("/telephone-pin", status_code=204)
async def remove_pin(customer_id: UUID, session: Write) -> None:
    """Take the telephone PIN from the customer."""
    await pins.remove_pin(session, customer_id)


@router.post("/telephone-pin/unlock", status_code=204)
async def unlock_pin(customer_id: UUID, session: Write) -> None:
    """End a lock after too many wrong PINs."""
    await pins.unlock_pin(session, customer_id)
