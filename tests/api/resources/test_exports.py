"""All that is kept of a customer, over HTTP: for administrators, for a reason, and never unseen."""

from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader

from app.api.http.services import Services
from app.core.ids import new_id
from app.customers.duplicates.merging import Side, merge
from tests.api.conftest import ClientAs, faults
from tests.api.http.test_customer_reads import told_of
from tests.customers.factories import customer_id
from tests.history.factories import make_life

WISH = {"format": "json", "reason": "they asked for it 本人要求"}


@pytest.fixture
async def who(services: Services) -> UUID:
    """A customer with a life."""
    async with services.sessions.write() as session:
        return await make_life(session)


def path_of(who: object) -> str:
    return f"/api/v1/customers/{who}/export"


async def test_an_administrator_takes_it_in_both_forms(client_as: ClientAs, who: UUID) -> None:
    admin = client_as("administrator")
    answer = await admin.post(path_of(who), json=WISH)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["content-disposition"] == f'attachment; filename="customer-{who}.json"'
    assert answer.headers["cache-control"] == "private, no-store"
    told = answer.json()
    assert (told["customer_id"], told["exported_by"], told["reason"]) == (str(who), "administrator", WISH["reason"])
    answer = await admin.post(path_of(who), json=WISH | {"format": "pdf"})
    assert answer.headers["content-type"] == "application/pdf"
    assert "本人要求" in PdfReader(BytesIO(answer.content)).pages[0].extract_text()


async def test_every_export_is_in_the_audit_log_and_a_read(client_as: ClientAs, services: Services, who: UUID) -> None:
    admin = client_as("administrator")
    await admin.post(path_of(who), json=WISH)
    [entry] = (await admin.get("/api/v1/audit", params={"action": "customer.exported"})).json()["items"]
    assert (entry["who"], entry["kind"], entry["thing"]) == ("administrator", "customer", str(who))
    assert entry["after"] == WISH | {"asked_for": str(who)}
    assert await told_of(services, admin, who) == [("export", WISH["reason"])]


@pytest.mark.parametrize("role", ["agent", "supervisor", "integration"])
async def test_others_may_not(client_as: ClientAs, who: UUID, role: Any) -> None:
    assert (await client_as(role).post(path_of(who), json=WISH)).status_code == 403


BAD: list[tuple[dict[str, Any], str]] = [
    ({"format": "xml"}, "body.format"),
    ({"format": None}, "body.format"),
    ({"reason": ""}, "body.reason"),
    ({"reason": "  "}, "body.reason"),
    ({"reason": "x" * 501}, "body.reason"),
    ({"reason": "a\x00"}, "body.reason"),
    ({"to": "somebody@example.com"}, "body.to"),
]


@pytest.mark.parametrize(("given", "where"), BAD)
async def test_what_cannot_be_asked_is_refused(client_as: ClientAs, given: dict[str, Any], where: str) -> None:
    assert faults(await client_as("administrator").post(path_of(new_id()), json=WISH | given)) == [where]


async def test_merged_and_unknown_customers(client_as: ClientAs, services: Services, who: UUID) -> None:
    async with services.sessions.write() as session:
        other = await customer_id(session, "王晓明")
        await merge(session, Side(other), Side(who))
    admin = client_as("administrator")
    told = (await admin.post(path_of(other), json=WISH)).json()
    assert (told["customer_id"], told["members"]) == (str(who), [str(who), str(other)])
    assert (await admin.post(path_of(new_id()), json=WISH)).status_code == 404
    gone = await admin.get("/api/v1/audit", params={"action": "customer.exported", "thing": new_id()})
    assert gone.json()["items"] == []
