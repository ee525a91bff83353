"""What the demo bank knows of each customer beside who they are. Pure: the same seed and instant give the same.

Each customer has dice of their own, so nobody's name, number or past calls are others because of what is thrown here.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from app.core import clock
from app.customers.agreements.clauses import FeeWaiver
from app.customers.agreements.service import GivenAgreement
from app.customers.record.holdings import GivenHolding
from app.customers.usage.given import GivenEvent
from app.demo.bank import AGENTS
from app.demo.clients import SEED, DemoCustomer, adviser
from app.demo.ids import uuid7_at
from app.demo.matters import CASES, EVENINGS, SITES, STANDINGS, TITLES, VISITS, WARNINGS
from app.demo.people import DOUBLE_SURNAMES
from app.demo.promises import TIME_ZONE, promised
from app.desk.cases.opening import NewCase
from app.desk.visits.service import Booking
from app.desk.visits.sites import Site
from app.desk.visits.windows import Window

_DAY = timedelta(days=1)
_KINDS = {
    "current account": "account",
    "savings": "account",
    "debit card": "card",
    "credit card": "card",
    "mortgage": "loan",
    "consumer loan": "loan",
    "fund plan": "fund",
}
_VISITORS = tuple(agent.id for agent in AGENTS if max(agent.skills.get("wealth", 0), agent.skills.get("loans", 0)) >= 4)
_SPEAKING = {
    language: [agent.id for agent in AGENTS if agent.skills.get(language, 0) >= 4] for language in ("zh", "en")
}


class Agreed(NamedTuple):
    """An agreement, and the instants at which its waived fees were used."""

    id: UUID
    given: GivenAgreement
    waived_at: tuple[datetime, ...]

    @property
    def waiver(self) -> FeeWaiver:
        """The clause that was used."""
        return next(clause for clause in self.given.clauses if isinstance(clause, FeeWaiver))


class Standing(NamedTuple):
    """What a bureau said when the customer asked for credit, and who asked it."""

    standing: str
    asked_by: str
    at: datetime


class Opened(NamedTuple):
    """A case, by whom and when it was opened."""

    given: NewCase
    who: str
    at: datetime


class Appointment(NamedTuple):
    """A visit, and who comes."""

    booking: Booking
    engineer: str


class Dossier(NamedTuple):
    """One customer's. `holdings` are by their id in the core bank; `wishes` by their name in the catalogue."""

    customer: DemoCustomer
    holdings: dict[str, GivenHolding]
    agreed: Agreed | None
    usage: tuple[GivenEvent, ...]
    case: Opened | None
    visit: Appointment | None
    wishes: dict[str, Any]
    standing: Standing | None
    warning: str | None


class _Luck(NamedTuple):
    """The dice of one customer; who has `everything` is always lucky."""

    dice: Random
    everything: bool

    def has(self, share: float) -> bool:
        """Whether this customer is among the `share` of all."""
        return self.dice.random() < share or self.everything


def dossiers(customers: Iterable[DemoCustomer], now: float, seed: int = SEED) -> Iterator[Dossier]:
    """What there is of each customer at `now` (epoch seconds); of a longer list the first are those of the shorter.

    The first private customer has something of everything, so there is one card on which all can be seen.
    """
    shown, visits = False, count()
    for customer in customers:
        everything = customer.tier == "private" and not shown
        shown = shown or everything
        luck = _Luck(Random(f"{seed} {customer.external_id}"), everything)
        yield Dossier(
            customer,
            _holdings(customer, luck.dice, now),
            _agreed(customer, luck.dice, now),
            tuple(_usage(customer, luck, now)),
            _case(customer, luck.dice, now) if luck.has(0.03) else None,
            _visit(customer, luck.dice, next(visits), now) if luck.has(_visited(customer)) else None,
            _wishes(customer, luck),
            _standing(customer, luck.dice, now) if luck.has(_credited(customer)) else None,
            WARNINGS[customer.language] if luck.has(0.01) else None,
        )


def _holdings(customer: DemoCustomer, dice: Random, now: float) -> dict[str, GivenHolding]:
    joined = (customer.id.int >> 80) / 1000
    found = {}
    for place, product in enumerate(customer.attributes["products"], 1):
        kind = _KINDS[product]
        details: dict[str, Any] = {}
        if kind in ("account", "fund"):
            details["balance"] = {"minor": int(dice.lognormvariate(14.5, 1.2)), "currency": "CNY"}
        found[f"{customer.external_id}-{place}"] = GivenHolding(
            kind=kind,
            name=product.capitalize(),
            status="active",
            number=f"{dice.randrange(10_000):04d}",
            opened_on=_day(joined + dice.random() * (now - joined)),
            details=details,
        )
    return found


def _agreed(customer: DemoCustomer, dice: Random, now: float) -> Agreed | None:
    plan = promised(customer.tier, customer.language, adviser(customer))
    if plan is None:
        return None
    since = now - dice.uniform(60, 900) * 86_400
    given = GivenAgreement(
        product=f"{customer.tier} service",
        name=plan.name,
        time_zone=TIME_ZONE,
        valid_from=_day(since),
        clauses=plan.clauses,
    )
    agreed = Agreed(uuid7_at(since, dice), given, ())
    used = dice.randint(0, agreed.waiver.count or 0)
    return agreed._replace(waived_at=tuple(clock.utc(now - dice.uniform(1, 30) * 86_400) for _ in range(used)))


def _usage(customer: DemoCustomer, luck: _Luck, now: float) -> Iterator[GivenEvent]:
    """What makes rules of `matters.RULES` hold."""

    def used(kind: str, hours: float, place: int = 0, value: float | None = None) -> GivenEvent:
        at = clock.utc(now - hours * 3600)
        name = f"{customer.external_id} {kind} {place}"
        return GivenEvent(id=name, kind=kind, at=at, customer_id=customer.id, value=value)

    if luck.has(0.02):
        for place in range(luck.dice.randint(5, 8)):
            yield used("login.failed", luck.dice.uniform(0.2, 6), place)
    if luck.has(0.01):
        yield used("withdrawal", luck.dice.uniform(1, 60), value=float(luck.dice.randrange(200, 900) * 1000))
    if luck.has(0.03):
        yield used("card.expires", luck.dice.uniform(1, 60))


def _case(customer: DemoCustomer, dice: Random, now: float) -> Opened:
    category, priority, subject = dice.choice(CASES)
    owner = dice.choice(_SPEAKING[customer.language])
    at = clock.utc(now - dice.uniform(1, 6) * 3600)
    given = NewCase(
        customer_id=customer.id,
        subject=subject[customer.language],
        category=category,
        priority=priority,
        owner=owner,
        due_at=msgspec.UNSET if customer.tier in ("gold", "private") else at + 3 * _DAY,
    )
    return Opened(given, owner, at)


def _visited(customer: DemoCustomer) -> float:
    return {"gold": 0.08, "private": 0.2}.get(customer.tier, 0.0)


def _visit(customer: DemoCustomer, dice: Random, place: int, now: float) -> Appointment:
    """The visit number `place` of all: nobody is sent to two customers at once."""
    turn, visitor = divmod(place, len(_VISITORS))
    days, slot = divmod(turn, 4)
    morning = clock.utc(now).astimezone(ZoneInfo(TIME_ZONE)).replace(hour=9, minute=0, second=0, microsecond=0)
    begins = morning + (days + 1) * _DAY + timedelta(hours=2 * slot)
    city, lines = dice.choice(SITES)
    return Appointment(
        Booking(
            purpose=dice.choice(VISITS)[customer.language],
            site=Site(lines=lines.format(dice.randrange(1, 900)), city=city, country="CN"),
            window=Window(begins, begins + timedelta(hours=2), TIME_ZONE),
        ),
        _VISITORS[visitor],
    )


def _wishes(customer: DemoCustomer, luck: _Luck) -> dict[str, Any]:
    wishes: dict[str, Any] = {}
    if luck.has(0.06):
        wishes["salutation"] = _salutation(customer.name, luck.dice)
    if luck.has(0.02):
        wishes["call_hours"] = EVENINGS
    if luck.has(0.01):
        wishes["accessibility"] = [luck.dice.choice(("hard_of_hearing", "speak_slowly", "helper"))]
    return wishes


def _salutation(name: str, dice: Random) -> str:
    if name.isascii():
        return f"{dice.choice(TITLES['en'])} {name.split()[-1]}"
    return (name[:2] if name[:2] in DOUBLE_SURNAMES else name[0]) + dice.choice(TITLES["zh"])


def _credited(customer: DemoCustomer) -> float:
    """Who has borrowed was asked about."""
    borrowed = {"mortgage", "consumer loan", "credit card"} & set(customer.attributes["products"])
    return 0.12 if borrowed else 0.0


def _standing(customer: DemoCustomer, dice: Random, now: float) -> Standing:
    at = clock.utc(now - dice.uniform(1, 120) * 86_400)
    return Standing(dice.choice(STANDINGS), dice.choice(_SPEAKING[customer.language]), at)


def _day(instant: float) -> date:
    return clock.utc(instant).date()
