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
    animals: dict[Annotated[str, Field(min_length=1)], Annotated[Dog | Cat, Field(discriminator="kind")]]


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
        ("animals:\n  rex: {kind: }", Fault("animals.rex.kind", "is empty", "cat, dog", 2)),
        ("animals:\n  rex: {kind: [dog]}", Fault("animals.rex.kind", "is ['dog']", "dog?", 2)),
        ("animals:\n  rex: {kind: true}", Fault("animals.rex.kind", "is true", "cat, dog", 2)),
        ("animals:\n  rex: {kind: dog, age: }", Fault("animals.rex.age", "is empty", "a whole number", 2)),
        ("animals:\n  rex: {kind: dog, age: true}", Fault("animals.rex.age", "is true", "a whole number", 2)),
        (
            f"animals:\n  rex: {{kind: dog, age: {'x' * 60}}}",
            Fault("animals.rex.age", f"is '{'x' * 36}...", "a whole number", 2),
        ),
        ("animals:\n  rex: {kind: dog, age: 3,\n    7: 4}", Fault("animals.rex.7", "is an unknown key", "a text", 3)),
        (
            "animals:\n  7: {kind: dog, age: 3}",
            Fault(
                "animals.7",
                "is no name: 7",
                "a text, in quotes where YAML reads something else, such as '1' and 'yes'",
                2,
            ),
        ),
        (
            "animals:\n  '': {kind: dog, age: 3}",
            Fault("animals.", "is no name: ''", "a text of 1 to 100 characters", 2),
        ),
    ],
)
def test_a_fault_has_its_place_without_the_kinds_between(text: str, told: Fault) -> None:
    assert faults(text) == [told]


def test_places_in_lists_and_lines_of_what_is_not_there() -> None:
    found = faults("animals:\n  tom:\n    kind: cat\n    lives: [1,\n      x]")
    assert [(each.where, each.line) for each in found] == [("animals.tom.lives[1]", 5)]
    assert line_of({"a": 3}, "a.b[0].c") == 3
    assert path(("a", 0, "b")) == "a[0].b"


def test_faults_are_told_in_the_order_of_the_file() -> None:
    found = faults("animals:\n  zoe: {kind: dog, age: old}\n  abe: {kind: dog, age: older}\nanimals: {}\nanimals: {}")
    assert [(each.where, each.line) for each in found] == [("animals", 4), ("animals", 5)]
    found = faults("animals:\n  zoe: {kind: dog, age: old}\n  abe: {kind: dog, age: older}")
    assert [(each.where, each.line) for each in found] == [("animals.zoe.age", 2), ("animals.abe.age", 3)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("animals: 2026-13-45", "is no YAML that can be read: month must be in 1..12"),
        ("animals: &a [*a]", "is no YAML that can be read: maximum recursion depth"),
        ("animals: {? [1, 2] : x}", "is no YAML that can be read: found unhashable key"),
        ("animals: !!python/object:os.system x", "could not determine a constructor"),
        (
            "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n"
            + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcde", "bcdef", strict=True)),
            "is too long; accepted: fewer than 100000 lines and values",
        ),
    ],
    ids=["no day", "within itself", "key of a list", "object", "unfolds"],
)
def test_what_cannot_be_read_is_told_in_one_fault(text: str, told: str) -> None:
    with pytest.raises(Faulty) as refused:
        faults(text)
    assert told in refused.value.detail
    assert "has 1 fault:" in refused.value.detail


def test_a_message_lists_them_all_and_no_more_than_can_be_read() -> None:
    many = Faulty("The zoo", [Fault(f"a{number}", "is wrong", "right") for number in range(150)])
    assert many.detail.startswith("The zoo has 150 faults:\n  a0: is wrong; accepted: right\n")
    assert many.detail.endswith("and 50 more")
    assert len(many.facts["faults"]) == 150
    most = Faulty("The zoo", [Fault(f"a{number}", "is wrong", "right") for number in range(100)])
    assert "more" not in most.detail


def test_what_is_no_yaml_is_told() -> None:
    with pytest.raises(Faulty, match=r"the file \(line 1\): is no YAML"):
        faults("a: [")
