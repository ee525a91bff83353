"""The page for those who connect a platform: every example is what the program itself would say or understand."""

import re
from pathlib import Path

import msgspec
import pytest

from app.telephony.adapters.generic.channels import SwitchOrder
from app.telephony.adapters.generic.parse import parse
from app.telephony.instructions import AnyInstruction, Instruction, Script

PAGE = (Path(__file__).parents[2] / "docs" / "platforms.md").read_text()
ROWS = re.findall(r"^\| `(\w+)`[^|]*\| `(\{.*\})` \|$", PAGE, re.MULTILINE)


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
