"""The bank's main line, played with keys by real callers in two languages."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.demo.pbx.sip.call import Call
from app.floor.configuration.config import QueueRules
from tests.fixtures.database import Database, Server
from tests.fixtures.serving import serving
from tests.pbx.desk import BANK, CallCentre, call_centre
from tests.pbx.flows import everything_kept, publish
from tests.pbx.hearing import Words, hears, until_hears
from tests.pbx.site import TONES, PbxSite, Phones
from tests.scenarios.flow_desk import CARD, PIN, introduce

pytestmark = pytest.mark.enable_socket
FLOWS = Path(__file__).parents[2] / "flows"
NODES = yaml.safe_load((FLOWS / "bank-main.yaml").read_text())["nodes"]
SURVEY = yaml.safe_load((FLOWS / "after-call-survey.yaml").read_text())["nodes"]
LINES = msgspec.structs.replace(
    BANK,
    queues=BANK.queues
    | {
        name: QueueRules(id=name, name=name.title(), wrap_up_seconds=1)
        for name in ("service", "cards", "loans", "wealth")
    },
)


MENU = NODES["main"]["prompt"]["zh"]
FIRST_CHOICE = MENU[: MENU.index("。") + 1]


def shorter(flow: str) -> str:
    """The flow, for a caller who keys nothing and does not want to wait."""
    assert MENU in flow
    flow = flow.replace(MENU, FIRST_CHOICE)
    flow = flow.replace("retries: 1\n    otherwise: chinese", "retries: 0\n    seconds: 1\n    otherwise: chinese")
    return flow.replace("  main:\n    type: menu\n", "  main:\n    type: menu\n    seconds: 1\n    retries: 1\n")


@pytest.fixture
async def bank(
    server: Server, asterisk: PbxSite, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[CallCentre]:
    """The bank with its flows at 95555; its core knows the balance."""

    async def balance(request: Request) -> Response:
        return JSONResponse({"available": 12.5})

    changed: Callable[[str], str] = getattr(request, "param", str)
    core = Starlette(routes=[Route("/v1/customers/{customer}/balance", balance)])
    async with serving(core) as (address, _):

        async def prepare(database: Database) -> None:
            main = (FLOWS / "bank-main.yaml").read_text().replace("https://core.bank.example", f"http://{address}")
            await publish(database, (FLOWS / "after-call-survey.yaml").read_text())
            await publish(database, changed(main), "95555")
            await introduce(database)

        settings = {
            "CALLFLOOR_FLOW_SECRETS": '{"core-banking": "Bearer of-good-news"}',
            "CALLFLOOR_FLOW_NETWORKS": '["127.0.0.0/8"]',
        }
        async with call_centre(server, asterisk, tmp_path, config=LINES, prepare=prepare, settings=settings) as made:
            yield made


class Ears:
    """What the caller of a call is to hear: texts of the main line's nodes."""

    def __init__(self, call: Call, words: Words) -> None:
        self._call = call
        self._words = words

    async def prompt(self, node: str, language: str, part: str = "prompt") -> None:
        """Wait until what a node says has begun."""
        text = NODES[node][part][language]
        await self.text(text, language)

    async def text(self, text: str, language: str) -> None:
        await until_hears(self._call, await self._words.beginning(text, language))

    async def heard(self, text: str, language: str) -> bool:
        """Whether a text has been heard to its end."""
        return hears(self._call, await self._words.end(text, language))


@pytest.fixture
def words(tmp_path: Path) -> Words:
    return Words(tmp_path / "words")


async def test_keys_lead_to_the_balance_and_the_agent_and_what_was_keyed_in_secret_is_nowhere(
    bank: CallCentre, words: Words, phones: Phones
) -> None:
    anna, caller = await phones.agent("anna"), await phones.caller()
    async with bank.seat("anna") as seat:
        call = caller.dial("95555")
        ears = Ears(call, words)
        chinese, english = (each["say"] for each in NODES["choose_language"]["prompt"])
        await ears.text(chinese, "zh")
        await call.press("1")
        await ears.prompt("main", "zh")
        assert not await ears.heard(chinese, "zh")
        assert not await ears.heard(english, "en")
        await call.press("2")
        await ears.prompt("card_number", "zh")
        await call.press(f"{CARD}#")
        await ears.prompt("pin", "zh")
        await call.press(PIN)
        await ears.text("您的可用余额是12.5元。", "zh")
        await ears.prompt("anything_else", "zh")
        await call.press("1")
        await ears.prompt("main", "zh")
        await call.press("0")
        rung = await anna.rung()
        pop = await seat.frame("contact.offered")
        assert pop["contact"]["customer"]["name"] == "Wang Wei"
        await rung.answer()
        await call.until_hears(TONES["anna"])
        await rung.until_hears(TONES["caller"])
        await call.hang_up()
        await rung.until_ended()
        assert (await bank.history("13800001111"))["outcome"] == "answered"
        await bank.until_quiet()
        kept = await everything_kept(bank.database) + repr(seat.tab.frames) + bank.server.log.read_text()
        kept += bank.site.server.log(100_000)
        assert "Wang Wei" in kept
        assert PIN not in kept


async def test_keys_that_come_as_messages_lead_there_in_english(bank: CallCentre, words: Words, phones: Phones) -> None:
    anna, caller = await phones.agent("anna"), await phones.caller()
    async with bank.seat("anna"):
        call = caller.dial("95555")
        ears = Ears(call, words)
        chinese, _ = (each["say"] for each in NODES["choose_language"]["prompt"])
        await ears.text(chinese, "zh")
        await call.press_by_info("2")
        await ears.prompt("main", "en")
        assert not await ears.heard(chinese, "zh")
        await call.press_by_info("1")
        rung = await anna.rung()
        await rung.answer()
        await call.until_hears(TONES["anna"])
        await rung.hang_up()
        await ears.text(SURVEY["rate"]["prompt"]["en"], "en")
        await call.press_by_info("5")
        await ears.text(SURVEY["thanks"]["prompt"]["en"], "en")
        await call.until_ended(30)
    await bank.until_quiet()


async def test_who_knows_the_way_keys_on_without_waiting_for_the_question(
    bank: CallCentre, words: Words, phones: Phones
) -> None:
    anna, caller = await phones.agent("anna"), await phones.caller()
    async with bank.seat("anna") as seat:
        call = caller.dial("95555")
        ears = Ears(call, words)
        await ears.text(NODES["choose_language"]["prompt"][0]["say"], "zh")
        await call.press(f"22{CARD}#{PIN}")
        await ears.text("Your available balance is 12.5 yuan.", "en")
        await ears.prompt("anything_else", "en")
        await call.press("11")
        await (await anna.rung()).answer()
        assert (await seat.frame("contact.offered"))["contact"]["queue"] == "cards"
        await call.until_hears(TONES["anna"])
        await call.hang_up()
    await bank.until_quiet()


@pytest.mark.slow
@pytest.mark.parametrize("bank", [shorter], indirect=True)
async def test_who_keys_nothing_is_asked_again_and_then_reaches_somebody(
    bank: CallCentre, words: Words, phones: Phones
) -> None:
    anna, caller = await phones.agent("anna"), await phones.caller()
    async with bank.seat("anna"):
        call = caller.dial("95555")
        ears = Ears(call, words)
        chinese, _ = (each["say"] for each in NODES["choose_language"]["prompt"])
        await ears.text(chinese, "zh")
        await ears.text(FIRST_CHOICE, "zh")
        await ears.text(NODES["main"]["no_input"]["prompt"]["zh"], "zh")
        rung = await anna.rung(40)
        await rung.answer()
        await call.until_hears(TONES["anna"])
        await call.hang_up()
    await bank.until_quiet()
