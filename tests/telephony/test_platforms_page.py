"""The page for those who connect a platform: every example is what the program itself would say or understand."""

import ast
import re
from pathlib import Path
from typing import TypeGuard

import msgspec
import pytest

from app.api.schemas.sources import SourceIn
from app.telephony.adapters.generic.channels import OrderData, SwitchOrder
from app.telephony.adapters.generic.parse import parse
from app.telephony.events import OrderType
from app.telephony.instructions import AnyInstruction, Instruction, Script
from app.telephony.platforms import PLATFORMS
from tests.telephony.contract.orders import DATA

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "platforms.md").read_text()
ROWS = re.findall(r"^\| `(\w+)`[^|]*\| `(\{\"do.*\})` \|$", PAGE, re.MULTILINE)
LEFT_OUT = dict(re.findall(r"^\| `(\w+)` \| `(\{.*\})`[^|]*\|$", PAGE.partition("usual value")[2], re.MULTILINE))
SECTION = PAGE.partition("## The orders")[2].partition("\n## ")[0]
ORDERS = dict(re.findall(r"^\| `(call\.\w+)` \| ([^|]*) \|", SECTION, re.MULTILINE))


@pytest.mark.parametrize(("word", "example"), ROWS)
def test_example_is_an_instruction_as_it_goes_over_the_wire_jambonz_83(word: str, example: str) -> None:
    given = msgspec.json.decode(example)
    read = msgspec.convert(given, AnyInstruction)
    assert given["do"] == word
    assert msgspec.convert(msgspec.to_builtins(read), AnyInstruction) == read
    unknown = set(given) - {"do"} - {field.encode_name for field in msgspec.structs.fields(type(read))}
    assert unknown == set()


def test_every_instruction_has_an_example_jambonz_83() -> None:
    tags = {str(kind.__struct_config__.tag) for kind in Instruction.__subclasses__()}
    assert {word for word, _ in ROWS} == tags


EXAMPLES = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


def test_examples_of_answer_and_order_hold_scripts() -> None:
    answer, order = (msgspec.json.decode(each) for each in EXAMPLES[:2])
    script = msgspec.convert({"number": answer["script"], "instructions": answer["instructions"]}, Script)
    assert script.number == 3
    assert msgspec.convert(order["data"]["script"], Script).number == 4


def test_examples_of_recording_are_the_order_and_the_event_that_ends_it() -> None:
    order, ready = EXAMPLES[2:]
    given = msgspec.json.decode(order)
    assert msgspec.to_builtins(msgspec.convert(given, SwitchOrder)) == given, "all of it is described"
    told = parse("pbx", ready.encode()).event
    assert (told.type, told.details["recording"], told.details["seconds"]) == (
        *("call.recording_ready", given["data"]["recording"]),
        301.5,
    )


def defaults(kind: type[Instruction]) -> dict[str, object]:
    """What an instruction has where nothing is said."""
    found = {field.encode_name: field.default for field in msgspec.structs.fields(kind) if not field.required}
    return dict(msgspec.json.decode(msgspec.json.encode(found)))


@pytest.mark.parametrize("kind", Instruction.__subclasses__(), ids=lambda kind: kind.__name__)
def test_what_is_left_out_of_an_instruction_is_told(kind: type[Instruction]) -> None:
    told = LEFT_OUT.get(str(kind.__struct_config__.tag), "{}")
    assert msgspec.json.decode(told) == defaults(kind)


def ordered() -> list[tuple[str, set[str]]]:
    """Each order in the floor's own code: its type, and what it is given."""
    found = []
    for path in sorted((ROOT / "app" / "floor").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("order", "once"):
                kinds = [each.attr for part in node.args for each in ast.walk(part) if _is_type(each)]
                given = {keyword.arg for keyword in node.keywords if keyword.arg}
                found += [(OrderType[kind].value, given) for kind in kinds]
    return found


def _is_type(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "OrderType"


def test_every_order_is_told_with_what_the_floor_gives_it() -> None:
    told = {kind: set(re.findall("`(\\w+)`", what)) for kind, what in ORDERS.items()}
    assert set(told) == set(OrderType)
    given = ordered()
    assert {kind for kind, _ in given} == set(OrderType)
    assert not [(kind, data) for kind, data in given if not data <= told[kind]]
    assert all(DATA[OrderType(kind)].keys() <= told[kind] for kind in told)
    known = {field.encode_name for field in msgspec.structs.fields(OrderData)}
    assert set().union(*told.values()) <= known


def test_places_of_the_page_that_are_linked_are_there() -> None:
    headings = {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in re.findall("^#+ (.*)$", PAGE, re.M)}
    linked = set(re.findall(r"\]\(#([^)]*)\)", PAGE))
    linked |= set(re.findall(r"platforms\.md#([^)]*)\)", (ROOT / "docs" / "architecture.md").read_text()))
    assert linked
    assert linked <= headings


def test_files_that_the_page_sends_to_are_there() -> None:
    named = re.findall(r"`((?:app|tests)/[\w/.]+)`", PAGE)
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]


def test_values_of_a_source_of_twilio_are_fields_of_sources() -> None:
    page = (ROOT / "docs" / "twilio.md").read_text()
    named = re.findall(r"^   \| `(\w+)` \|", page, re.MULTILINE)
    assert set(PLATFORMS["twilio"].needs) <= set(named) <= set(SourceIn.model_fields)
