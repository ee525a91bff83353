"""Names of the demo bank's people."""

from random import Random

from app.demo.ids import uuid7_at
from app.demo.people import any_person, chinese_person, english_person


def test_the_same_dice_give_the_same_people() -> None:
    one, two = Random(7), Random(7)
    assert [any_person(one) for _ in range(50)] == [any_person(two) for _ in range(50)]


def test_a_chinese_name_comes_with_its_latin_form_surname_first() -> None:
    dice = Random(1)
    for _ in range(200):
        person = chinese_person(dice)
        assert 2 <= len(person.name) <= 4
        assert person.latin_name is not None
        assert person.latin_name.isascii()
        assert len(person.latin_name.split()) == 2


def test_an_english_name_needs_no_latin_form() -> None:
    person = english_person(Random(3))
    assert person.latin_name is None
    assert " " in person.name


def test_both_languages_are_spoken() -> None:
    dice = Random(5)
    spoken = [any_person(dice).language for _ in range(500)]
    assert 100 < spoken.count("en") < 250
    assert spoken.count("zh") + spoken.count("en") == 500


def test_an_id_at_an_instant_is_a_uuid7_and_sorts_by_it() -> None:
    dice = Random(2)
    early, late = uuid7_at(1_790_000_000.123, dice), uuid7_at(1_790_000_001.0, dice)
    assert early.version == late.version == 7
    assert early.variant == "specified in RFC 4122"
    assert early < late
    assert early.int >> 80 == 1_790_000_000_123
