"""What speaks for a match and against it, and how much."""

from datetime import UTC, datetime

import pytest

from app.customers.duplicates.scoring import Facts, HeldNumber, weigh

HEAD = "+861066668888"


def kinds(one: Facts, other: Facts, holders: dict[str, int] | None = None) -> list[str]:
    return [reason.kind for reason in weigh(one, other, holders or {})[1]]


def held(key: str = HEAD, extension: str | None = None, shared: bool = False) -> Facts:
    return Facts(numbers=(HeldNumber(key, extension, shared),))


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (held(), held(), ["same_number"]),
        (held(extension="12"), held(extension="12"), ["same_number"]),
        (held(extension="12"), held(extension="13"), []),
        (held(extension="12"), held(), ["same_switchboard"]),
        (held(), held(shared=True), ["shared_number"]),
        (held(shared=True), held(), ["shared_number"]),
        (held(), held("+8613800138000"), []),
    ],
)
def test_numbers_with_extensions_and_shared_ones(one: Facts, other: Facts, kind: list[str]) -> None:
    assert kinds(one, other) == kind


def test_a_number_that_was_given_to_somebody_else_later_is_no_reason() -> None:
    def within(begins: int | None, ends: int | None) -> Facts:
        bounds = [None if year is None else datetime(year, 1, 1, tzinfo=UTC) for year in (begins, ends)]
        return Facts(numbers=(HeldNumber(HEAD, None, False, *bounds),))

    for former, later in ((within(None, 2020), within(2021, None)), (within(2001, 2020), within(2020, 2022))):
        assert kinds(former, later) == kinds(later, former) == []
    for one, other in (
        (within(None, 2020), within(2019, None)),
        (within(None, 2020), within(None, None)),
        (within(None, None), within(2019, None)),
        (within(2001, 2020), within(2005, 2006)),
    ):
        assert kinds(one, other) == kinds(other, one) == ["same_number"]


def test_a_number_that_many_have_is_shared_though_nobody_said_so() -> None:
    assert kinds(held(), held(), {HEAD: 4}) == ["shared_number"]
    assert kinds(held(extension="1"), held(extension="1"), {HEAD: 4}) == ["same_number"]


def test_reasons_add_up_and_what_speaks_against_lowers_them() -> None:
    number, name = (HeldNumber(HEAD),), ("王小明",)
    alone, _ = weigh(Facts(numbers=number), Facts(numbers=number), {})
    both, _ = weigh(Facts(numbers=number, names=name), Facts(numbers=number, names=name), {})
    against, reasons = weigh(Facts(numbers=number, names=name), Facts(numbers=number, names=("Mary Jones",)), {})
    assert against < alone < both < 1
    assert [(reason.kind, reason.weight) for reason in reasons] == [("same_number", 0.7), ("different_name", -0.5)]


def test_ids_addresses_and_kinds() -> None:
    one = Facts(emails=("a@b",), external_ids=(("", "C1"), ("crm", "7")), kind="person")
    assert kinds(one, one) == ["same_external_id", "same_external_id", "same_email"]
    company = Facts(emails=("a@b",), external_ids=(("crm", "C1"),), kind="company")
    assert kinds(one, company) == ["different_kind", "same_email"]


def test_nothing_in_common_is_no_match() -> None:
    assert weigh(Facts(), Facts(names=("王小明",)), {}) == (0, [])


def test_one_name_of_several_that_fits_is_enough() -> None:
    one = Facts(names=("王小明", "Tony Wang"))
    assert kinds(one, Facts(names=("Tony Wang",))) == ["same_name"]


def named(*names: str) -> Facts:
    return Facts(names=names)


def mailed(*emails: str, kind: str | None = None) -> Facts:
    return Facts(emails=emails, kind=kind)


@pytest.mark.parametrize(
    ("one", "other", "reason", "likely"),
    [
        (Facts(external_ids=(("crm", "7"),)), Facts(external_ids=(("crm", "7"), ("", "7"))), "same_external_id", 0.95),
        (held(), held(), "same_number", 0.7),
        (held(), held(extension="1"), "same_switchboard", 0.15),
        (held(shared=True), held(), "shared_number", 0.1),
        (mailed("a@b", "c@d"), mailed("c@d", "e@f"), "same_email", 0.7),
        (mailed("crowd@b"), mailed("crowd@b"), "shared_email", 0.1),
        (named("王小明"), named("王小明"), "same_name", 0.45),
        (named("王小明"), named("Xiaoming Wang"), "same_reading", 0.35),
        (named("Jonathan Smith"), named("Johnathan Smith"), "similar_name", 0.241),
        (mailed("a@b", kind="person"), mailed("a@b"), "same_email", 0.7),
        (mailed("a@b"), mailed("a@b", kind="person"), "same_email", 0.7),
    ],
)
def test_each_reason_alone_makes_it_so_likely(one: Facts, other: Facts, reason: str, likely: float) -> None:
    told, reasons = weigh(one, other, {"crowd@b": 4, "a@b": 3, HEAD: 3})
    assert [(each.kind, each.weight) for each in reasons] == [(reason, likely)]
    assert told == likely


def test_what_speaks_against_it_lowers_what_speaks_for_it_and_is_nothing_alone() -> None:
    one, other = mailed("a@b", kind="person"), mailed("a@b", kind="company")
    assert weigh(one, other, {})[0] == 0.14
    likely, [reason] = weigh(Facts(kind="person"), Facts(kind="company"), {})
    assert (likely, reason.kind, reason.detail, reason.weight) == (0, "different_kind", "person, company", -0.8)
    likely, [reason] = weigh(named("王小明"), named("Mary Jones"), {})
    assert (likely, reason.kind, reason.weight) == (0, "different_name", -0.5)


def test_two_reasons_leave_what_neither_explains() -> None:
    one = Facts(names=("王小明",), emails=("a@b",))
    assert weigh(one, one, {})[0] == 0.835


def test_a_number_that_each_has_twice_is_told_once_by_the_best() -> None:
    one = Facts(numbers=(HeldNumber(HEAD), HeldNumber(HEAD, "12")))
    assert kinds(one, held(extension="12")) == ["same_number"]


def test_extensions_are_compared_of_the_same_number_only() -> None:
    one = Facts(numbers=(HeldNumber(HEAD, "12"), HeldNumber("+861088881234")))
    other = Facts(numbers=(HeldNumber(HEAD, "13"), HeldNumber("+861099991234")))
    assert kinds(one, other) == kinds(other, one) == []


def test_of_several_names_the_most_alike_are_told() -> None:
    one, other = named("Jonathan Smith"), named("Jonathan Smyth", "Johnathan Smith", "Johnathon Smith")
    for facts in ((one, other), (other, one)):
        [reason] = weigh(*facts, {})[1]
        assert set(reason.detail.split(", ")) == {"Jonathan Smith", "Johnathan Smith"}


def test_a_name_that_is_neither_alike_nor_different_leaves_it_open() -> None:
    assert kinds(named("Mary Jones"), named("Mary Janson")) == []
    assert kinds(named("Mary Jones"), named("王小明", "Mary Janson")) == []
    assert kinds(named("Mary Jones"), named("王小明", "Bob")) == ["different_name"]
