"""The demo bank's customers, made from a number: every process that uses the same seed knows the same people.

The simulated platform calls from these numbers without ever reading the bank's database, as the real telephone
network does.
"""

from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from app.demo.bank import AGENTS, CUSTOMERS, TIERS
from app.demo.ids import uuid7_at
from app.demo.people import Person, any_person

SEED = 95501
FAMILY_SHARE = 0.015
_JOINED = 1_420_070_400.0
_YEARS = 11.5 * 365.25 * 86400
_MOBILE = ("135", "136", "137", "138", "139", "150", "151", "158", "159", "186", "187", "188")
_AREAS = ("10", "21", "20", "755", "571", "28")
_BRANCHES = ("Shanghai Lujiazui", "Beijing Finance Street", "Shenzhen Futian", "Guangzhou Tianhe", "Hangzhou Lakeside")
_PRODUCTS = ("current account", "savings", "debit card", "credit card", "mortgage", "consumer loan", "fund plan")
_ADVISERS = [agent.id for agent in AGENTS if agent.skills.get("wealth", 0) >= 4]


class Number(NamedTuple):
    """A number as the customer wrote it (`raw`) and as their telephone sends it (`dialled`)."""

    raw: str
    dialled: str
    label: str


class DemoCustomer(NamedTuple):
    """One customer of the demo bank, ready to be written."""

    id: UUID
    external_id: str
    name: str
    latin_name: str | None
    tier: str
    language: str
    numbers: tuple[Number, ...]
    attributes: dict[str, Any]


def demo_customers(count: int = CUSTOMERS, seed: int = SEED) -> list[DemoCustomer]:
    """The first `count` customers; a longer list begins with the shorter one."""
    dice = Random(seed)
    customers: list[DemoCustomer] = []
    for place in range(count):
        family = customers[-1] if customers and dice.random() < FAMILY_SHARE else None
        customers.append(_customer(place, dice, family))
    return customers


def adviser(customer: DemoCustomer) -> str | None:
    """Private customers have an adviser of their own."""
    return _ADVISERS[customer.id.int % len(_ADVISERS)] if customer.tier == "private" else None


def _customer(place: int, dice: Random, family: DemoCustomer | None) -> DemoCustomer:
    person = any_person(dice)
    numbers = [_own_number(place, person, dice)]
    if family is not None:
        numbers.append(family.numbers[0]._replace(label="home"))
    elif dice.random() < 0.12:
        numbers.append(_landline(place, dice))
    joined = _JOINED + dice.random() * _YEARS
    return DemoCustomer(
        id=uuid7_at(joined, dice),
        external_id=f"C{100_000 + place}",
        name=person.name,
        latin_name=person.latin_name,
        tier=_tier(dice),
        language=person.language,
        numbers=tuple(numbers),
        attributes={
            "branch": dice.choice(_BRANCHES),
            "customer since": str(int(1970 + joined / 31_556_952)),
            "products": sorted(dice.sample(_PRODUCTS, dice.randint(1, 4))),
        },
    )


def _tier(dice: Random) -> str:
    return dice.choices([tier.id for tier in TIERS], [tier.share for tier in TIERS])[0]


def _own_number(place: int, person: Person, dice: Random) -> Number:
    """`place` is worked into the digits, so that no two customers get the same number by accident."""
    if person.latin_name is None and dice.random() < 0.15:
        return Number(f"+44 7400 {place:06d}", f"+447400{place:06d}", "mobile")
    digits = f"{dice.choice(_MOBILE)}{place:05d}{dice.randrange(1000):03d}"
    written = (
        f"+86 {digits[:3]} {digits[3:7]} {digits[7:]}",
        digits,
        f"{digits[:3]}-{digits[3:7]}-{digits[7:]}",
        f"+86{digits}",
    )
    return Number(dice.choice(written), f"+86{digits}", "mobile")


def _landline(place: int, dice: Random) -> Number:
    area = dice.choice(_AREAS)
    subscriber = f"{dice.choice(('62', '65', '66', '82', '85'))}{place:05d}{dice.randrange(10)}"
    return Number(f"(0{area}) {subscriber[:4]}-{subscriber[4:]}", f"+86{area}{subscriber}", "office")
