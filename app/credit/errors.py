"""Why a bureau is not asked, or not set up."""

from uuid import UUID

from app.core.errors import Conflict, Invalid, NotFound
from app.core.wire import fault


class BureauUnknown(NotFound):
    """No bureau has this id."""

    code = "bureau-unknown"


class BureauUnfit(Invalid):
    """A set-up of a bureau that cannot work."""

    code = "bureau-unfit"


class NoBureau(Conflict):
    """There is no bureau to ask, or more than one and none was named."""

    code = "no-bureau"


class ConsentMissing(Conflict):
    """The customer has not consented to being asked about, or no longer does."""

    code = "consent-missing"

    def __init__(self, customer_id: UUID, channel: str, withdrawn: bool) -> None:
        said = "has withdrawn their consent" if withdrawn else "has given no consent"
        detail = (
            f"The customer {said} to credit checks, so nobody is asked. Record their consent first "
            f"(POST /api/v1/customers/{customer_id}/consents, channel {channel!r})."
        )
        super().__init__(detail, customer_id=str(customer_id), channel=channel, withdrawn=withdrawn)


class FactMissing(Conflict):
    """The bureau is to be told what we do not know of the customer."""

    code = "fact-missing"

    def __init__(self, bureau: str, missing: list[str]) -> None:
        detail = f"The bureau {bureau!r} must be told {', '.join(missing)}, which is not known of this customer."
        super().__init__(detail, missing=missing)


class AskedAlready(Conflict):
    """The bureau is being asked about this customer at this moment."""

    code = "asked-already"

    def __init__(self, customer_id: UUID) -> None:
        super().__init__(f"A bureau is being asked about {customer_id} at this moment; read its answer in seconds.")


def unfit(where: str, what: str, accepted: str) -> BureauUnfit:
    """One thing that is wrong with a set-up."""
    return BureauUnfit(f"{where} {what}; accepted: {accepted}.", faults=[fault(where, what, accepted)])
