"""Telephone PINs: who is identified, what guessing comes to, and that no number and no PIN is kept."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import structlog
from argon2 import PasswordHasher
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.auth.passwords import Passwords
from app.core.clock import FrozenClock
from app.customers import pins
from app.customers.errors import CustomerNotFound, IdentifierTaken, WeakPin
from app.customers.identifiers import GivenIdentifier, normal, replace_identifiers
from app.customers.models import Customer
from app.customers.pins import LOCKS, Limits, PinCheck, pin_check
from app.db.engine import Sessions
from tests.fixtures.database import Database

CARD, ID_NUMBER, PIN = "6222 0212 3456 7890", "11010519491231002X", "408162"
LIMITS = Limits(attempts=3, lock_seconds=60, longest_seconds=100)


class Bank:
    """Customers with cards, and the check of their PINs."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions, self.clock = sessions, FrozenClock()
        self.passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.check: PinCheck

    async def open(self) -> UUID:
        """A customer with a card, an id number and a PIN."""
        self.check = await pin_check(self.sessions, self.passwords, self.clock, LIMITS)
        async with self.sessions.write() as session:
            customer = Customer(name="Wang Fang", language="zh")
            session.add(customer)
            await session.flush()
            given = [GivenIdentifier("card_number", CARD), GivenIdentifier("id_number", ID_NUMBER)]
            await replace_identifiers(session, customer.id, given)
            await pins.set_pin(session, self.passwords, customer.id, PIN, self.clock)
            return customer.id

    async def tries(self, pin: str, number: str = CARD) -> tuple[str, int]:
        verdict = await self.check.verify("card_number", number, pin)
        return verdict.outcome, verdict.attempts_left


@pytest.fixture
def bank(sessions: Sessions) -> Bank:
    return Bank(sessions)


async def test_who_gives_a_number_and_the_pin_is_identified(bank: Bank) -> None:
    customer = await bank.open()
    for by, number in (
        ("card_number", "6222021234567890"),
        ("id_number", "11010519491231002*"),
        ("id_number", ID_NUMBER),
    ):
        found = await bank.check.verify(by, number, PIN)  # type: ignore[arg-type]
        assert (found.outcome, found.customer and found.customer.id) == ("found", str(customer))
    assert (await bank.check.verify("id_number", CARD, PIN)).outcome == "not_found"


async def test_guessing_is_counted_locked_and_alerted(bank: Bank) -> None:
    customer = await bank.open()
    locks = LOCKS._value.get()
    with structlog.testing.capture_logs() as logs:
        assert [await bank.tries("0000") for _ in range(4)] == [
            ("not_found", 2),
            ("not_found", 1),
            ("locked", 0),
            ("locked", 0),
        ]
    assert await bank.tries(PIN) == ("locked", 0)
    assert [(each["log_level"], each["customer"]) for each in logs] == [("warning", str(customer))]
    assert LOCKS._value.get() == locks + 1
    async with bank.sessions.read() as session:
        told = await session.scalar(select(AuditEntry).where(AuditEntry.action == "customer.pin_locked"))
    assert told is not None
    assert told.thing == str(customer)


async def test_the_way_round_by_another_number_of_the_same_customer_is_closed(bank: Bank) -> None:
    await bank.open()
    for _ in range(3):
        await bank.tries("0000")
    assert (await bank.check.verify("id_number", ID_NUMBER, PIN)).outcome == "locked"


async def test_a_lock_ends_and_the_next_one_is_longer_up_to_a_limit(bank: Bank) -> None:
    await bank.open()
    for seconds in (60, 100, 100):
        outcomes = [await bank.tries("0000") for _ in range(3)]
        assert outcomes[-1][0] == "locked"
        bank.clock.advance(seconds - 1)
        assert (await bank.tries(PIN))[0] == "locked"
        bank.clock.advance(1)
    assert await bank.tries(PIN) == ("found", 0)
    assert await bank.tries("0000") == ("not_found", 2)


async def test_a_right_pin_forgets_the_wrong_ones_before_it(bank: Bank) -> None:
    await bank.open()
    for pin in ("0000", "0000", PIN, "0000", "0000", PIN):
        outcome, _ = await bank.tries(pin)
        assert outcome == ("found" if pin == PIN else "not_found")


async def test_the_last_attempt_may_still_be_the_right_one(bank: Bank) -> None:
    await bank.open()
    assert [(await bank.tries(pin))[0] for pin in ("0000", "0000", PIN)] == ["not_found", "not_found", "found"]


async def test_a_number_that_nobody_has_is_answered_like_one_that_somebody_has(bank: Bank) -> None:
    await bank.open()
    known = [await bank.tries("0000") for _ in range(4)]
    assert [await bank.tries("0000", "6222000000000000") for _ in range(4)] == known


async def test_many_guesses_at_once_are_no_way_round_the_limit(bank: Bank) -> None:
    await bank.open()
    outcomes = await asyncio.gather(*(bank.tries(f"{guess:04}") for guess in range(20)))
    assert sum(outcome == "not_found" for outcome, _ in outcomes) == LIMITS.attempts - 1
    assert await bank.tries(PIN) == ("locked", 0)


async def test_a_customer_who_is_not_active_or_has_no_pin_is_not_identified(bank: Bank) -> None:
    customer = await bank.open()
    async with bank.sessions.write() as session:
        await pins.remove_pin(session, customer)
    assert (await bank.tries(PIN))[0] == "not_found"
    async with bank.sessions.write() as session:
        await pins.set_pin(session, bank.passwords, customer, PIN, bank.clock)
        found = await session.get(Customer, customer)
        assert found is not None
        found.active = False
    assert (await bank.tries(PIN))[0] == "not_found"


async def test_a_new_pin_and_an_unlock_end_a_lock(bank: Bank) -> None:
    customer = await bank.open()
    for pin in ("918273", PIN):
        for _ in range(3):
            await bank.tries("0000")
        async with bank.sessions.write() as session:
            status = await pins.pin_status(session, customer, bank.clock())
            assert (status.failures, status.locked_until is not None) == (3, True)
            if pin == PIN:
                await pins.unlock_pin(session, customer)
                pin = "918273"
            else:
                await pins.set_pin(session, bank.passwords, customer, pin, bank.clock)
        assert (await bank.tries(pin))[0] == "found"


@pytest.mark.parametrize("pin", ["", "123", "1234", "987654", "0000000", "8901", "12a4", "１３５７", "1" * 13, "13 57"])
async def test_a_pin_that_is_none_or_that_anybody_would_guess_is_refused(bank: Bank, pin: str) -> None:
    customer = await bank.open()
    with pytest.raises(WeakPin) as refused:
        async with bank.sessions.write() as session:
            await pins.set_pin(session, bank.passwords, customer, pin, bank.clock)
    assert not pin or pin not in str(refused.value.facts)


async def test_a_number_belongs_to_one_customer(bank: Bank) -> None:
    customer = await bank.open()
    async with bank.sessions.write() as session:
        other = Customer(name="Li Lei")
        session.add(other)
        await session.flush()
        with pytest.raises(IdentifierTaken) as refused:
            await replace_identifiers(session, other.id, [GivenIdentifier("card_number", "6222-0212-3456-7890")])
        assert [each["where"] for each in refused.value.facts["faults"]] == ["body.identifiers.0.value"]
        twice = [GivenIdentifier("card_number", CARD), GivenIdentifier("card_number", CARD.replace(" ", ""))]
        assert [row.ending for row in await replace_identifiers(session, customer, twice)] == ["7890"]
        with pytest.raises(CustomerNotFound):
            await replace_identifiers(session, UUID(int=1), [])


def test_numbers_are_compared_however_they_are_grouped() -> None:
    assert normal("card_number", " 6222-0212.3456/7890 ") == "6222021234567890"
    assert normal("id_number", "11010519491231002*") == normal("id_number", "11010519491231002x")


async def test_neither_numbers_nor_pins_are_found_in_the_database(bank: Bank, database: Database) -> None:
    await bank.open()
    await bank.tries("739155")
    await bank.tries("739155", "6222999988887777")
    found = await everything(database)
    for secret in ("6222021234567890", CARD, ID_NUMBER, PIN, "739155", "6222999988887777"):
        assert secret not in found


async def everything(database: Database) -> str:
    """All rows of all tables, as text."""
    connection = await asyncpg.connect(database.dsn)
    tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
    rows: list[Any] = []
    for table in tables:
        rows += [row[0] for row in await connection.fetch(f'select t::text from "{table[0]}" t')]
    await connection.close()
    return "\n".join(rows)
