"""The part of the bench about feeds, small: everything is measured and told; how fast it was is not looked at."""

from pathlib import Path

from app.bench.feeds import BULK, FRESH, HOLDINGS, NAMED, USAGE, measure
from app.bench.feeds_limits import ONE, TWO, UNCHECKED
from app.bench.report import feeds_alone
from tests.fixtures.database import Server


async def test_every_import_is_measured_beside_copy_and_told(server: Server, tmp_path: Path) -> None:
    said: list[str] = []
    told = await measure(server.embedded.url, server.embedded.pid or 0, tmp_path, 50, 70, said.append)
    assert [each.rows for each in told.loads] == [50, 50, 10, 70, 70, 50, 50]
    assert told.at(NAMED).seconds >= told.at(BULK).seconds
    assert set(told.same) == set(told.bare) == {FRESH, HOLDINGS, USAGE}
    assert [each.what for each in told.limits] == [ONE, TWO, UNCHECKED]
    text = feeds_alone(told)
    assert "COPY, two connections at once" in text
    assert "new customers, --bulk" in text
    assert "(j) new customers: " in text
    assert said[0] == "feeds: new customers"
