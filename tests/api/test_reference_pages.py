"""The pages about the API in a real browser, which is told to load nothing from elsewhere."""

import shutil
from pathlib import Path

import pytest

from app.api.application import Application
from tests.fixtures.serving import serving
from tests.pbx.chromium import browser

FROM_HERE = "performance.getEntriesByType('resource').every(each => each.name.startsWith(location.origin + '/'))"

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="CHROMIUM MISSING, no page was looked at"),
]


async def test_the_api_is_shown_with_what_is_here_alone(built: Application, tmp_path: Path) -> None:
    async with serving(built) as (address, _), browser(tmp_path, tmp_path / "silence") as tab:
        await tab.open(f"http://{address}/docs")
        await tab.until("document.querySelectorAll('.opblock').length > 100")
        assert await tab.run(FROM_HERE)
