"""Writes what the demo bank knows of its customers: by COPY where there are thousands, by the services where each act
leaves traces (alerts, cases, visits). The caller's session commits."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import insert, text, update

from app.credit.models import CreditCheck
from app.customers.agreements.clauses import records
from app.customers.preferences.catalogue import BY_NAME
from app.customers.preferences.telling import said
from app.customers.record.holdings import holding_values
from app.customers.record_models import CustomerConsent, CustomerNote
from app.customers.serving_models import CustomerPreference
from app.customers.usage.arriving import arrive
from app.customers.usage.models import UsageSweep
from app.customers.usage.rules import create_rule
from app.db.engine import WriteSession
from app.demo.bank import SUPERVISOR
from app.demo.copying import copy
from app.demo.dossiers import Dossier, Standing
from app.demo.matters import RULES
from app.desk.cases.opening import open_case
from app.desk.visits.service import By, assign, book

CORE_BANK = "core-bank"
"""The system that tells of holdings and usage."""

_BUREAU = "credit-register"
_FRESH = timedelta(days=90)
_HOLDING_COLUMNS = (
    "customer_id", "source", "external_id", "kind", "name", "status", "last_four", "opened_on", "closed_on", "details",
)  # fmt: skip
_AGREEMENT_COLUMNS = ("id", "customer_id", "product", "name", "time_zone", "valid_from", "clauses")
_USE = text("""
    select use_allowance(agreement, clause, agreement_period(per, zone, at), reference, at)
    from jsonb_to_recordset(cast(:uses as jsonb))
        as u(agreement uuid, clause text, per text, zone text, at timestamptz, reference text)""")


async def file_all(session: WriteSession, dossiers: Sequence[Dossier], now: datetime) -> None:
    """Write all of it, as it stands at `now`."""
    for rule in RULES:
        await create_rule(session, rule, now)
    await copy(session, "customer_holdings", _holdings(dossiers), _HOLDING_COLUMNS)
    await _agree(session, dossiers)
    await _note(session, dossiers, now)
    events = [event for dossier in dossiers for event in dossier.usage]
    await arrive(session, CORE_BANK, list(enumerate(events, 1)), now)
    # the new rules have been held against everybody who has events: once more would count each alert twice
    await session.execute(update(UsageSweep).values(everybody_after=None))
    for dossier in dossiers:
        if dossier.case is not None:
            await open_case(session, dossier.case.given, dossier.case.who, dossier.case.at)
        if dossier.visit is not None:
            by = By(SUPERVISOR, now)
            booked = await book(session, dossier.customer.id, dossier.visit.booking, by)
            await assign(session, booked.visit.id, dossier.visit.engineer, by)


def _holdings(dossiers: Sequence[Dossier]) -> Iterator[tuple[Any, ...]]:
    for dossier in dossiers:
        for external_id, given in dossier.holdings.items():
            values = holding_values(given)
            values |= {"customer_id": dossier.customer.id, "source": CORE_BANK, "external_id": external_id}
            values["details"] = json.dumps(given.details)
            yield tuple(values[column] for column in _HOLDING_COLUMNS)


async def _agree(session: WriteSession, dossiers: Sequence[Dossier]) -> None:
    rows, uses = [], []
    for dossier in dossiers:
        if (agreed := dossier.agreed) is None:
            continue
        given, waiver = agreed.given, agreed.waiver
        clauses = json.dumps(records(given.clauses), ensure_ascii=False)
        rows.append(
            (agreed.id, dossier.customer.id, given.product, given.name, given.time_zone, given.valid_from, clauses)
        )
        uses += [
            {"agreement": agreed.id, "clause": waiver.id, "per": waiver.per, "zone": given.time_zone, "at": at}
            | {"reference": f"transfer {place}"}
            for place, at in enumerate(agreed.waived_at, 1)
        ]
    await copy(session, "agreements", rows, _AGREEMENT_COLUMNS)
    await session.execute(_USE, {"uses": msgspec.json.encode(uses).decode()})


async def _note(session: WriteSession, dossiers: Sequence[Dossier], now: datetime) -> None:
    """Wishes, warnings, and what bureaus have said."""
    wishes = [
        {"customer_id": each.customer.id, "name": name, "value": value, "said": said(BY_NAME[name], value), "at": now}
        for each in dossiers
        for name, value in each.wishes.items()
    ]
    warnings = [
        {"customer_id": each.customer.id, "text": each.warning, "pinned": True, "written_by": SUPERVISOR}
        for each in dossiers
        if each.warning
    ]
    asked = [(each.customer.id, each.standing) for each in dossiers if each.standing is not None]
    consents = [
        {"customer_id": customer, "channel": "credit_check", "given": True, "at": one.at, "origin": "branch"}
        for customer, one in asked
    ]
    checks = [{"customer_id": customer, **_check(one)} for customer, one in asked]
    for table, rows in (
        (CustomerPreference, wishes), (CustomerNote, warnings), (CustomerConsent, consents), (CreditCheck, checks),
    ):  # fmt: skip
        if rows:
            await session.execute(insert(table), rows)


def _check(one: Standing) -> dict[str, Any]:
    return {
        "source": _BUREAU,
        "asked_at": one.at,
        "asked_by": one.asked_by,
        "reason": "loan",
        "consent_at": one.at,
        "consent_origin": "branch",
        "outcome": "answered",
        "settled_at": one.at,
        "standing": one.standing,
        "valid_until": one.at + _FRESH,
    }
