"""Who of several ready agents is rung, and who of several callers is served first."""

from collections.abc import Iterator

import msgspec
import pytest

from app.db.engine import Sessions, create_engine
from app.floor.configuration.config import QueueRules
from app.routing.engine.requirement import Selection
from tests.customers.factories import make_customer
from tests.fixtures.database import Database
from tests.pbx.conftest import Lasting, Shared
from tests.pbx.desk import BANK, CallCentre
from tests.pbx.site import TONES, Phones

pytestmark = pytest.mark.enable_socket
GOLD, PLAIN = "13800002222", "13800003333"
QUEUES = (
    QueueRules(id="cards", name="Cards", requires=(("cards", 1),), wrap_up_seconds=1, selection=Selection.MOST_SKILLED),
    QueueRules(id="experts", name="Experts", requires=(("cards", 5),), wrap_up_seconds=1),
)
CHOICE = msgspec.structs.replace(
    BANK,
    queues=BANK.queues | {each.id: each for each in QUEUES},
    sources={key: msgspec.structs.replace(rules, numbers={"4005": "experts"}) for key, rules in BANK.sources.items()},
)


async def introduce(database: Database) -> None:
    """A customer of the tier gold."""
    engine = create_engine(database.url)
    async with Sessions(engine).write() as session:
        await make_customer(session, name="Wang Wei", numbers=[GOLD], tier="gold")
    await engine.dispose()


@pytest.fixture(scope="module")
def lines(lasting: Lasting) -> Shared:
    return lasting(config=CHOICE, prepare=introduce)


@pytest.fixture
def bank(lines: Shared) -> Iterator[CallCentre]:
    yield lines.open()
    lines.leave()


async def test_the_more_skilled_of_two_is_rung_though_the_other_waits_longer(bank: CallCentre, phones: Phones) -> None:
    anna, bo, caller = await phones.agent("anna"), await phones.agent("bo"), await phones.caller()
    async with bank.seat("bo"), bank.seat("anna"):
        call = caller.dial("4001")
        await (await anna.rung()).answer()
        await call.until_hears(TONES["anna"], among=(TONES["bo"],))
        assert bo.unrung
        await call.hang_up()
    await bank.until_quiet()


async def test_only_who_has_the_skill_is_rung_and_the_other_one_is_not_while_they_talk(
    bank: CallCentre, phones: Phones
) -> None:
    anna, bo = await phones.agent("anna"), await phones.agent("bo")
    first, second = await phones.caller(PLAIN), await phones.caller()
    async with bank.seat("bo"), bank.seat("anna"):
        one = first.dial("4005")
        came = await anna.rung()
        await came.answer()
        await one.until_hears(TONES["anna"])
        two = await second.dial("4005").until_answered()
        plain = second.dial("4001")
        await (await bo.rung()).answer()
        await plain.until_hears(TONES["bo"])
        assert len(bo.calls) == 1
        await came.hang_up()
        await one.until_ended()
        await (await anna.rung()).answer()
        await two.until_hears(TONES["anna"])
        await two.hang_up()
        await plain.hang_up()
    await bank.until_quiet()


async def test_caller_of_a_better_tier_is_served_before_one_who_came_first(bank: CallCentre, phones: Phones) -> None:
    anna, plain, gold = await phones.agent("anna"), await phones.caller(PLAIN), await phones.caller(GOLD)
    async with bank.seat("anna", ready=False) as seat:
        first = await plain.dial("4001").until_answered()
        second = await gold.dial("4001").until_answered()
        await seat.becomes_ready()
        came = await anna.rung()
        assert came.caller == GOLD
        pop = await seat.frame("contact.offered")
        assert pop["contact"]["customer"]["tier"] == "gold"
        await came.answer()
        await second.until_hears(TONES["anna"])
        await second.hang_up()
        came = await anna.rung()
        assert came.caller == PLAIN
        await came.answer()
        await first.until_hears(TONES["anna"])
        await first.hang_up()
    await bank.until_quiet()
