"""What people see masked, how a whole value is revealed, and that the masked form is what every answer carries."""

from contextvars import Context
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import text

from app.api.application import Application
from app.api.http.services import Services
from app.api.schemas.agreements import AgreementOut, DueOut, EntitlementOut
from app.api.schemas.alerts import AlertEntryOut
from app.api.schemas.credit import CreditCheckOut
from app.api.schemas.customer_merging import ReasonOut
from app.api.schemas.customer_record import VersionOut
from app.api.schemas.history import TimelineEntryOut
from app.api.schemas.seen import SIGHT, SeenEmail
from app.api.schemas.segments import MoveOut, OverrideOut, SegmentOverrideOut
from app.api.schemas.usage import UsageEventOut
from app.auth.access_tokens import Role
from app.core.clock import now, utc
from app.core.instants import iso
from app.customers.masking import EVERYBODY, KINDS, MASK, USUAL, Kind, Policy, Sight
from app.customers.recognising import recognise
from app.customers.record.holdings import GivenHolding, put_holding
from app.customers.record.parts import GivenEmail, replace_emails
from app.customers.record_models import CustomerNote
from app.db.pool import connection_of
from app.history.timeline import Entry
from tests.api.conftest import ClientAs, faults
from tests.api.http.test_customer_reads import told_of
from tests.customers.agreements.factories import promise
from tests.customers.factories import make_customer

PATH = "/api/v1/customers"
CARD, ACCOUNT, MAIL, MOBILE = "4111 1111 1111 1111", "6217000010001234567", "wang@bank.example", "+8613800138000"
SECRETS = ("4111", "621700001000123", "wang@", "38001380", "C-778899")
STRICT = Policy(whole={kind: frozenset() for kind in USUAL.whole}, reveal=USUAL.reveal)
ROLES: tuple[Role, ...] = ("agent", "supervisor", "administrator")
INJECTION = "x'); delete from audit_entries; --"


@pytest.fixture
async def wang(services: Services, client_as: ClientAs) -> UUID:
    """A customer of whom there is something of each kind, changed so that versions tell of it, too."""
    async with services.sessions.write() as session:
        made = await make_customer(session, "王小明", [MOBILE], external_id="C-778899")
        ident = made.customer.id
        # as what was written before whole card numbers were refused is still kept
        made.customer.attributes = {"pan": CARD, "number": 4111111111111111}
        session.add(CustomerNote(customer_id=ident, text=f"paid with {CARD}", pinned=True, written_by="li"))
        await session.flush()
        await put_holding(session, ident, "core", ACCOUNT, GivenHolding(kind="account", details={"iban": ACCOUNT}))
        await put_holding(session, ident, "core", ACCOUNT, GivenHolding(kind="account", name="Savings"))
        await replace_emails(session, ident, 1, [GivenEmail(address=MAIL)])
        await replace_emails(session, ident, 2, [GivenEmail(address=MAIL, kind="work")])
    used: dict[str, Any] = {"id": "e1", "kind": "card.used", "at": iso(services.clock()), "customer_id": str(ident)}
    used["details"] = {"holding": ACCOUNT, "memo": f"from {ACCOUNT}", "amount": {"minor": 250_000_000}}
    answer = await client_as("integration").post("/api/v1/usage/core/events", json=[used])
    assert answer.json()["taken"] == 1, answer.text
    return ident


@pytest.fixture
def strict(app: Application, services: Services) -> Services:
    """A house in which nobody sees anything whole."""
    app.state.services = replace(services, masking=STRICT)
    made: Services = app.state.services
    return made


async def everything(client: httpx.AsyncClient, customer: UUID) -> str:
    """All that any endpoint tells of the customer."""
    told = []
    for path in ("", "/profile", "/record", "/versions", "/timeline", "/usage", "/interactions", "/duplicates"):
        answer = await client.get(f"{PATH}/{customer}{path}")
        assert answer.status_code == 200, answer.text
        told.append(answer.text)
    searches = ({"number": MOBILE}, {"q": "小明"}, {"external_id": "C-778899"})
    told += [(await client.get(PATH, params=search)).text for search in searches]
    matches = await client.post(f"{PATH}/matches", json={"numbers": [MOBILE], "emails": [MAIL]})
    return "\n".join([*told, matches.text])


@pytest.mark.parametrize("role", ROLES)
async def test_cards_and_accounts_are_never_whole_for_people(client_as: ClientAs, wang: UUID, role: Role) -> None:
    told = await everything(client_as(role), wang)
    assert "4111" not in told
    assert "621700001000123" not in told
    assert f"{MASK}1111" in told
    assert f"{MASK}4567" in told
    assert MAIL in told
    assert "38001380" in told


async def test_of_what_was_used_the_account_is_masked_and_the_amount_is_told(client_as: ClientAs, wang: UUID) -> None:
    [used] = (await client_as("agent").get(f"{PATH}/{wang}/usage")).json()["items"]
    assert used["details"] == {
        "holding": f"{MASK}4567",
        "memo": f"from {MASK}4567",
        "amount": {"minor": 250_000_000},
    }
    [fed] = (await client_as("integration").get(f"{PATH}/{wang}/usage")).json()["items"]
    assert fed["details"]["holding"] == ACCOUNT


async def test_a_house_decides_who_sees_what(client_as: ClientAs, strict: Services, wang: UUID) -> None:
    for role in (*ROLES, "integration"):
        told = await everything(client_as(role), wang)
        assert [secret for secret in SECRETS if secret in told] == []
        assert f"w{MASK}@bank.example" in told


async def test_the_pop_is_masked_before_it_leaves(services: Services, wang: UUID) -> None:
    async with services.sessions.read() as session:
        given: dict[str, Any] = {
            "source": "pbx",
            "call_id": "c1",
            "raw_number": MOBILE,
            "default_region": "CN",
            "now": now(),
        }
        usual = await recognise(await connection_of(session), **given)
        blind = await recognise(await connection_of(session), **given, sight=STRICT.sight("agent"))
    assert usual.customer is not None
    told = msgspec.json.decode(usual.profile)["customer"]
    assert told["warnings"] == [f"paid with {MASK}1111"]
    assert told["attributes"] == {"pan": f"{MASK}1111", "number": f"{MASK}1111"}
    assert told["numbers"][0]["raw"] == MOBILE
    assert not any(secret.encode() in blind.profile for secret in SECRETS)


async def test_other_systems_see_the_ids_of_what_they_feed(client_as: ClientAs, wang: UUID) -> None:
    [held] = (await client_as("integration").get(f"{PATH}/{wang}/record")).json()["holdings"]
    assert held["external_id"] in (ACCOUNT, f"{MASK}4567")  # one that could be a card's is masked for everybody
    usual = USUAL.sight("integration")
    assert usual.show("holding", "DE-ACC-0001") == "DE-ACC-0001"


def reveal(**given: Any) -> dict[str, Any]:
    return {"field": "holding", "reason": "reads it out to the branch"} | given


async def test_a_value_is_revealed_for_a_reason_and_written_down_without_it(
    client_as: ClientAs, services: Services, admin: httpx.AsyncClient, wang: UUID
) -> None:
    answer = await client_as("agent").post(f"{PATH}/{wang}/reveal", json=reveal(shown=f"{MASK}4567"))
    assert await told_of(services, admin, wang) == [("revealed", "reads it out to the branch")]
    assert answer.json() == {"field": "holding", "values": [ACCOUNT]}
    kept = await admin.get("/api/v1/audit", params={"action": "customer.revealed"})
    [entry] = kept.json()["items"]
    assert (entry["who"], entry["thing"]) == ("agent", str(wang))
    assert entry["after"] == {
        "field": "holding", "shown": f"{MASK}4567", "values": 1, "why": "reads it out to the branch"
    }  # fmt: skip
    assert ACCOUNT not in kept.text


@pytest.mark.parametrize(
    ("kind", "shown", "values"),
    [
        ("note", f"paid with {MASK}1111", [f"paid with {CARD}"]),
        ("attribute", f"{MASK}1111", [CARD, "4111111111111111"]),
        ("email", None, [MAIL]),
        ("number", None, [MOBILE]),
        ("external_id", None, ["C-778899"]),
    ],
)
async def test_each_kind_can_be_revealed(
    client_as: ClientAs, wang: UUID, kind: str, shown: str | None, values: list[str]
) -> None:
    answer = await client_as("supervisor").post(f"{PATH}/{wang}/reveal", json=reveal(field=kind, shown=shown))
    assert answer.json()["values"] == values


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"reason": ""}, "body.reason"),
        ({"reason": "a\x00"}, "body.reason"),
        ({"reason": None}, "body.reason"),
        ({"field": "password"}, "body.field"),
        ({"field": None}, "body.field"),
        ({"shown": ""}, "body.shown"),
    ],
)
async def test_a_reveal_that_says_too_little_is_refused(
    client_as: ClientAs, wang: UUID, given: dict[str, Any], where: str
) -> None:
    assert faults(await client_as("agent").post(f"{PATH}/{wang}/reveal", json=reveal(**given))) == [where]


async def test_a_reveal_without_a_reason_is_refused(client_as: ClientAs, wang: UUID) -> None:
    answer = await client_as("agent").post(f"{PATH}/{wang}/reveal", json={"field": "holding"})
    assert faults(answer) == ["body.reason"]


async def test_a_role_that_may_not_reveal_does_not(client_as: ClientAs, wang: UUID) -> None:
    answer = await client_as("integration").post(f"{PATH}/{wang}/reveal", json=reveal())
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:callfloor:problem:role-missing")


async def test_what_is_not_there_is_not_revealed(client_as: ClientAs, wang: UUID) -> None:
    agent = client_as("agent")
    assert (await agent.post(f"{PATH}/{uuid4()}/reveal", json=reveal())).status_code == 404
    answer = await agent.post(f"{PATH}/{wang}/reveal", json=reveal(shown=f"{MASK}0000"))
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:callfloor:problem:value-not-found")


async def test_so_many_an_hour_and_no_more(
    app: Application, client_as: ClientAs, services: Services, wang: UUID, clock: Any
) -> None:
    clock.instant = now()  # the audit log goes by the database's clock
    app.state.services = replace(services, reveals_an_hour=2)
    agent = client_as("agent")
    path, asked = f"{PATH}/{wang}/reveal", reveal()
    assert [(await agent.post(path, json=asked)).status_code for _ in range(3)] == [200, 200, 429]
    assert (await client_as("supervisor").post(path, json=asked)).status_code == 200
    assert int((await agent.post(path, json=asked)).headers["Retry-After"]) > 3000


async def test_sql_injection_in_a_reason_of_a_reveal_is_a_reason(
    client_as: ClientAs, services: Services, wang: UUID
) -> None:
    answer = await client_as("agent").post(f"{PATH}/{wang}/reveal", json=reveal(reason=INJECTION, shown=INJECTION))
    assert answer.status_code == 404
    assert (await client_as("agent").post(f"{PATH}/{wang}/reveal", json=reveal(reason=INJECTION))).status_code == 200
    async with services.sessions.read() as session:
        query = "select after ->> 'why' from audit_entries where action = 'customer.revealed'"
        kept = await session.scalar(text(query))
    assert kept == INJECTION


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("emails", {"emails": [{"address": f"w{MASK}@bank.example"}]}),
        ("numbers", {"numbers": [{"raw": f"{MASK}8000"}]}),
        ("external-ids", {"external_ids": [{"system": "crm", "external_id": f"{MASK}8899"}]}),
    ],
)
async def test_a_masked_value_does_not_replace_the_real_one(
    client_as: ClientAs, wang: UUID, path: str, body: dict[str, Any]
) -> None:
    answer = await client_as("agent").put(f"{PATH}/{wang}/{path}", json={"version": 3, **body})
    assert answer.status_code == 422
    assert "masked" in answer.json()["faults"][0]["what"]
    attributes = {"version": 3, "attributes": {"pan": f"{MASK}1111"}}
    assert faults(await client_as("agent").patch(f"{PATH}/{wang}", json=attributes)) == ["body.attributes"]


def test_where_nobody_is_known_to_ask_everything_is_masked() -> None:
    told = Context().run(TypeAdapter(SeenEmail).dump_python, MAIL, mode="json")
    assert told == f"w{MASK}@bank.example"
    assert set(ROLES) | {"integration"} == EVERYBODY


def seen(told: Any, *hidden: Kind) -> Any:
    """What a role sees from which these kinds are hidden."""
    inside = Context()
    inside.run(SIGHT.set, Sight(frozenset(hidden)))
    return inside.run(told.model_dump, mode="json")


def entry(kind: str, what: str, **details: Any) -> TimelineEntryOut:
    """An entry of the timeline, on which somebody wrote."""
    given = {"source": "x", "id": "1", "kind": kind, "what": what, "thing": "1", "details": details}
    blank = {"customer_id": None, "agent": "li", "channel": None, "text": "angry"}
    return TimelineEntryOut(**TimelineEntryOut.fields_of(Entry(at=utc(now()), **given, **blank)))  # type: ignore[arg-type]


def test_of_an_entry_only_what_somebody_wrote_is_a_note() -> None:
    contact = {"queue": "cards", "ended_at": "2026-11-29T05:37:08.123Z", "wait_seconds": 3}
    told = seen(entry("contact", "answered", **contact), "note")
    assert (told["text"], told["details"]) == (MASK, contact)
    promise = seen(entry("promise", "follow_up", done_by="li", note="said so"), "note")
    assert promise["details"] == {"done_by": "li", "note": MASK}


@pytest.mark.parametrize(
    ("part", "field", "kind", "value", "shown"),
    [
        ("holding", "external_id", "holding", ACCOUNT, f"{MASK}4567"),
        ("number", "raw", "number", MOBILE, f"{MASK}8000"),
        ("email", "address", "email", MAIL, f"w{MASK}@bank.example"),
        ("external_id", "external_id", "external_id", "C-778899", f"{MASK}8899"),
    ],
)
def test_a_change_on_the_timeline_hides_what_its_version_hides(
    part: str, field: str, kind: Kind, value: str, shown: str
) -> None:
    changed = entry("change", part, version=2, item=value, changes={field: [None, value]})
    assert seen(changed)["details"] == {"version": 2, "item": value, "changes": {field: [None, value]}}
    assert seen(changed, kind)["details"] == {"version": 2, "item": shown, "changes": {field: [None, shown]}}


@pytest.mark.parametrize(
    ("reason", "kind", "detail", "shown"),
    [
        ("same_number", "number", MOBILE, f"{MASK}8000"),
        ("shared_email", "email", MAIL, f"w{MASK}@bank.example"),
        ("same_external_id", "external_id", "crm C-778899", f"{MASK}8899"),
    ],
)
def test_a_reason_for_a_match_hides_what_it_is_about(reason: str, kind: Kind, detail: str, shown: str) -> None:
    told = ReasonOut(kind=reason, detail=detail, weight=0.7)
    assert seen(told, kind)["detail"] == shown
    assert seen(told, "note")["detail"] == detail


@pytest.mark.parametrize(
    ("told", "field"),
    [
        (AgreementOut, "clauses"),
        (AgreementOut, "details"),
        (EntitlementOut, "promises"),
        (DueOut, "text"),
        (DueOut, "note"),
        (AlertEntryOut, "note"),
        (CreditCheckOut, "reason"),
        (MoveOut, "why"),
        (OverrideOut, "reason"),
        (SegmentOverrideOut, "reason"),
        (VersionOut, "why"),
        (UsageEventOut, "event_id"),
    ],
)
def test_no_text_tells_a_whole_card_number(told: type[BaseModel], field: str) -> None:
    values: dict[str, Any] = {"clauses": [{"text": CARD}], "details": {"memo": CARD}, "promises": [{"text": CARD}]}
    made = told.model_construct(**{field: values.get(field, CARD)}, act="finish")
    told_so = str(seen(made)[field])
    assert f"{MASK}1111" in told_so
    assert "4111" not in told_so


def test_the_evidence_of_a_move_hides_what_its_neighbours_hide() -> None:
    by_rules = {"attributes.employer": "Bank of Hunan", "balance('CNY')": 600_000.0, "customer.tier": "gold"}
    told = seen(MoveOut.model_construct(evidence=by_rules), "attribute")["evidence"]
    assert told == by_rules | {"attributes.employer": f"{MASK}unan"}
    assert seen(MoveOut.model_construct(evidence=by_rules), "note")["evidence"] == by_rules
    whole = {"attributes": {"employer": "Bank of Hunan", "pan": CARD}}
    assert seen(MoveOut.model_construct(evidence=whole), "attribute")["evidence"] == {
        "attributes": {"employer": f"{MASK}unan", "pan": f"{MASK}1111"}
    }
    assert CARD not in str(seen(MoveOut.model_construct(evidence=whole)))
    by_override = {"override": str(uuid4()), "by": "li", "reason": "asked twice", "until": "2027-01-01T00:00:00Z"}
    assert seen(MoveOut.model_construct(evidence=by_override), "note")["evidence"] == by_override | {"reason": MASK}
    assert seen(MoveOut.model_construct(evidence=None), *KINDS)["evidence"] is None


async def test_the_id_of_an_agreement_is_masked_and_revealed_as_that_of_a_holding(
    client_as: ClientAs, services: Services, wang: UUID
) -> None:
    async with services.sessions.write() as session:
        made = await promise(session, wang)
        made.source, made.external_id = "core", "CONTRACT-000099"
    agent, path = client_as("agent"), f"{PATH}/{wang}/agreements"
    [told] = (await agent.get(path)).json()["items"]
    assert told["external_id"] == f"{MASK}0099"
    versions = await agent.get(f"{PATH}/{wang}/versions")
    assert f"{MASK}0099" in versions.text
    assert "CONTRACT" not in versions.text
    answer = await agent.post(f"{PATH}/{wang}/reveal", json=reveal(shown=f"{MASK}0099"))
    assert answer.json()["values"] == ["CONTRACT-000099"]
    [fed] = (await client_as("integration").get(path)).json()["items"]
    assert fed["external_id"] == "CONTRACT-000099"


def test_by_which_contact_somebody_is_called_back_is_no_note() -> None:
    contact = str(uuid4())
    called = AlertEntryOut(at=utc(now()), who="li", act="call_back", state="done", owner="li", note=contact)
    assert seen(called, "note")["note"] == contact
