"""A file's faults are told with place and line, whatever the model; the rooms that read files test the rest."""

from functools import partial
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.core.faults import Fault, Faulty, fault, line_of, of_model, path, placed, read_yaml


class Dog(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    kind: Literal["dog"]
    age: int = Field(description="a whole number")

    @model_validator(mode="after")
    def _is_young(self) -> "Dog":
        if self.age > 30:
            raise fault("is too old", "30 at most", "age")
        return self


class Cat(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    kind: Literal["cat"]
    lives: list[int] = Field(default_factory=list)


class Zoo(BaseModel):
    animals: dict[str, Annotated[Dog | Cat, Field(discriminator="kind")]]


def faults(text: str) -> list[Fault]:
    document = read_yaml(text, partial(Faulty, "The zoo"))
    try:
        Zoo.model_validate(document.value)
    except ValidationError as error:
        return placed([*document.faults, *of_model(error, Zoo)], document.lines)
    return placed(document.faults, document.lines)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("animals:\n  rex: {kind: dog, age: old}", Fault("animals.rex.age", "is 'old'", "a whole number", 2)),
        ("animals:\n  rex: {kind: dog}", Fault("animals.rex.age", "is missing", "a whole number", 2)),
        ("animals:\n  rex: {kind: dog, age: 31}", Fault("animals.rex.age", "is too old", "30 at most", 2)),
        ("animals:\n  rex: {kind: dog, age: 3, agee: 4}", Fault("animals.rex.agee", "is an unknown key", "age?", 2)),
        ("animals:\n  rex: {kind: dgo}", Fault("animals.rex.kind", "is 'dgo'", "dog?", 2)),
        ("animals:\n  rex: {}", Fault("animals.rex.kind", "is missing", "cat, dog", 2)),
        ("animals: {}\nanimals: {}", Fault("animals", "is there twice, first in line 1", "each key once", 2)),
    ],
)
def test_a_fault_has_its_place_without_the_kinds_between(text: str, told: Fault) -> None:
    assert faults(text) == [told]


def test_places_in_lists_and_lines_of_what_is_not_there() -> None:
    found = faults("animals:\n  tom:\n    kind: cat\n    lives: [1,\n      x]")
    assert [(each.where, each.line) for each in found] == [("animals.tom.lives[1]", 5)]
    assert line_of({"a": 3}, "a.b[0].c") == 3
    assert path(("a", 0, "b")) == "a[0].b"


def test_a_message_lists_them_all_and_no_more_than_can_be_read() -> None:
    many = Faulty("The zoo", [Fault(f"a{number}", "is wrong", "right") for number in range(150)])
    assert many.detail.startswith("The zoo has 150 faults:\n  a0: is wrong; accepted: right\n")
    assert many.detail.endswith("and 50 more")


def test_what_is_no_yaml_is_told() -> None:
    with pytest.raises(Faulty, match=r"the file \(line 1\): is no YAML"):
        faults("a: [")
