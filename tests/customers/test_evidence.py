"""What speaks for a match and against it, and how much."""

from datetime import UTC, datetime

import pytest

from app.customers.evidence import Facts, HeldNumber, weigh

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


def test_a_name_that_is_neither_alike_nor_different_leaves_it_open() -> None:
    one, other = Facts(names=("王小明",)), Facts(names=("Mary Jones",))
    assert kinds(one, other) == ["different_name"]
