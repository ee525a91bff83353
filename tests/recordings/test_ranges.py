"""Which part of the audio a request asks for."""

import pytest

from app.recordings.ranges import Bytes, Unsatisfiable, asked


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-", Bytes(0, 99)),
        ("bytes=10-19", Bytes(10, 19)),
        ("bytes=90-1000", Bytes(90, 99)),
        ("bytes=-30", Bytes(70, 99)),
        ("bytes=-1000", Bytes(0, 99)),
        ("bytes=5-5", Bytes(5, 5)),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("seconds=1-2", None),
        ("bytes=٣-٤", None),
    ],
)
def test_part_of_a_hundred_bytes(header: str | None, expected: Bytes | None) -> None:
    assert asked(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=200-300", "bytes=-0"])
def test_what_is_not_there(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        asked(header, 100)
