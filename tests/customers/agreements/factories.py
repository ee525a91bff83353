"""Agreements for tests, through the real service."""

from datetime import date
from typing import Any
from uuid import UUID

from app.customers.agreement_models import Agreement
from app.customers.agreements.clauses import WEEKDAYS as DAYS
from app.customers.agreements.clauses import (
    Allowance,
    Clause,
    FieldVisits,
    FollowUp,
    NamedManager,
    Open,
    ResponseTime,
    ServiceHours,
)
from app.customers.agreements.service import GivenAgreement, make_agreement
from app.db.engine import WriteSession

ALWAYS = ServiceHours(id="1", text="served day and night", weekly=dict.fromkeys(DAYS, (Open("00:00", "24:00"),)))
SOON = ResponseTime(id="2", text="an answer within the hour", seconds=3600)
LI = NamedManager(id="3", text="Ms Li is told", manager="Li Na")
BACK = FollowUp(id="4", text="we come back within a day", seconds=86_400)
THREE = Allowance(id="5", text="three calls a year", of="contacts", count=3, per="year")
VISITS = FieldVisits(id="6", text="three visits a year", count=3, per="year")


def agreement(*clauses: Clause, **given: Any) -> GivenAgreement:
    """An agreement that holds since 2020."""
    values: dict[str, Any] = {"product": "care", "time_zone": "Asia/Shanghai", "valid_from": date(2020, 1, 1)}
    return GivenAgreement(clauses=clauses, **(values | given))


async def promise(session: WriteSession, customer: UUID, *clauses: Clause, **given: Any) -> Agreement:
    """The customer has this agreement."""
    return (await make_agreement(session, customer, None, agreement(*(clauses or (ALWAYS,)), **given)))[1]
