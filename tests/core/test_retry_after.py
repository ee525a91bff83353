"""How long whoever answers asks to be left alone."""

import time

import pytest

from app.core.retry_after import seconds_asked

NOW = 1_000_000_000.0  # 2001-09-09T01:46:40Z
LONGEST = 366 * 86_400.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("\x1c7", 7.0),
        ("-7", None),
        ("1.5", None),
        ("soon", None),
        ("Sun, 09 Sep 2001 01:47:00 GMT", 20.0),
        ("Sun, 09 Sep 2001 01:00:00 GMT", 0.0),
        ("Sun, 09 Sep 99999 01:00:00 GMT", None),
        ("Sun, 09 Sep 2001 01:00:00 +999999", None),
        (f"Sun, 09 Sep {'9' * 20} 01:00:00 GMT", None),
        ("Sunday, 09-Sep-01 01:47:00 GMT", 20.0),
        ("9" * 5000, LONGEST),
        ("Sun, 09 Sep 2900 01:47:00 GMT", LONGEST),
    ],
    ids=lambda value: str(value)[:30],
)
def test_seconds_and_dates_are_read_and_nothing_else(header: str | None, seconds: float | None) -> None:
    assert seconds_asked(header, NOW) == seconds


@pytest.mark.parametrize("header", ["Sun Sep  9 01:47:00 2001", "Sun, 09 Sep 2001 01:47:00 -0000"])
def test_a_date_without_a_zone_is_of_utc_wherever_the_server_stands(
    header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        asked = seconds_asked(header, NOW)
    time.tzset()
    assert asked == 20.0
