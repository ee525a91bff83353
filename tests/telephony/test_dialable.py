"""What can be dialled, and what only looks like it."""

import pytest

from app.telephony.dialable import plain


@pytest.mark.parametrize(("written", "number"), [
    ("5550001", "5550001"), ("+49 (30) 22-2", "+4930222"), ("*43#", "*43#"), ("030/12.34", "0301234"),
])  # fmt: skip
def test_a_number_is_dialled_without_what_people_write_between_its_digits(written: str, number: str) -> None:
    assert plain(written) == number


@pytest.mark.parametrize("written", [
    None, "", " ", "+", "4711a", "bo", "bo@1", "49+30", "1" * 33, "PJSIP/1001", "1&Local", "\u0661\u0662", "55,1",
])  # fmt: skip
def test_letters_and_signs_are_no_number(written: str | None) -> None:
    assert plain(written) is None
