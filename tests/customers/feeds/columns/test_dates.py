"""Days and instants in the formats of the world, and no guess at what else could be meant."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.customers.feeds.columns.dates import FormatFaulty, compiled, day_reader, instant_reader, typed_day
from app.customers.feeds.formats.cells import Unfit

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (None, "2026-03-02"),
        ("DD.MM.YYYY", "02.03.2026"),
        ("D/M/YYYY", "2/3/2026"),
        ("YYYYMMDD", "20260302"),
        ("DD-MON-YYYY", "02-Mar-2026"),
        ("YYYY年M月D日", "2026年3月2日"),
    ],
)
def test_a_day(written: str | None, text: str) -> None:
    assert day_reader(compiled(written) if written else None)(text) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        *[(None, text) for text in ("20260302", "2026-3-2", "02.03.2026", "2026-02-30", "2026-W10-1", "45292", "0")],
        *[("DD.MM.YYYY", text) for text in ("2026-03-02", "31.02.2026", "2.3.2026", "02.03.26", "０２.03.2026")],
        ("DD-MON-YYYY", "02-Mär-2026"),
    ],
)
def test_what_is_no_day_says_how_one_looks(written: str | None, text: str) -> None:
    with pytest.raises(Unfit, match="is no day") as unfit:
        day_reader(compiled(written) if written else None)(text)
    assert unfit.value.accepted == f"a day as {written or 'YYYY-MM-DD'}"


@pytest.mark.parametrize("text", ["0026-03-02", "2602-03-02", "1026-03-02"])
def test_a_year_that_nobody_means(text: str) -> None:
    with pytest.raises(Unfit, match="is in the year"):
        day_reader(None)(text)


@pytest.mark.parametrize(
    "written", ["", "YY-MM-DD", "YYYY-MM", "MM/DD", "YYYY-MM-DD DD", "yyyy-mm-dd", "YYYY-MM-DD ss"]
)
def test_a_format_that_cannot_be_read(written: str) -> None:
    with pytest.raises(FormatFaulty):
        compiled(written)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (None, "2026-03-02T22:15:00+08:00"),
        (None, "2026-03-02T14:15:00Z"),
        (None, "2026-03-02 22:15:00"),
        ("DD.MM.YYYY HH:mm", "02.03.2026 22:15"),
        ("YYYYMMDDHHmmss", "20260302221500"),
        ("epoch", "1772460900"),
        ("epoch_ms", "1772460900000"),
    ],
)
def test_an_instant(written: str | None, text: str) -> None:
    format_ = written if written is None or written.startswith("epoch") else compiled(written)
    assert instant_reader(format_, SHANGHAI)(text) == datetime(2026, 3, 2, 14, 15, tzinfo=UTC)


def test_an_instant_without_offset_needs_a_time_zone() -> None:
    with pytest.raises(Unfit, match="does not say its offset") as unfit:
        instant_reader(None, None)("2026-03-02T22:15:00")
    assert "a timezone in the mapping" in unfit.value.accepted


@pytest.mark.parametrize(
    ("written", "text"), [(None, "gestern"), ("epoch", "1.5"), ("epoch", "9" * 20), ("epoch_ms", "")]
)
def test_what_is_no_instant(written: str | None, text: str) -> None:
    with pytest.raises(Unfit):
        instant_reader(written, UTC)(text)


def test_a_day_of_a_spreadsheet() -> None:
    assert typed_day(datetime(2026, 3, 2)) == typed_day(date(2026, 3, 2)) == date(2026, 3, 2)  # noqa: DTZ001
    for wrong in (datetime(2026, 3, 2, 12), 45292, True):  # noqa: DTZ001
        with pytest.raises(Unfit):
            typed_day(wrong)
