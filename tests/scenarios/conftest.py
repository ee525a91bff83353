"""Stories tell in full what followed instead; some begin with what an administrator writes."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.fixtures.site import Site
from tests.fixtures.waiting import SECONDS

pytest.register_assert_rewrite("tests.scenarios.story")

ADMINISTRATOR = """INSERT INTO users (id, name, role, password_hash)
    SELECT 'adm', 'Adm', 'administrator', password_hash FROM users WHERE id = 'sue' ON CONFLICT DO NOTHING"""


@pytest.fixture
async def admin(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator at the running server."""
    await site.fetch(ADMINISTRATOR)
    headers = {"Authorization": f"Bearer {await site.token('adm')}"}
    async with httpx.AsyncClient(
        verify=False, base_url=f"http://{site.server.address}/api/v1", headers=headers, timeout=SECONDS
    ) as client:
        yield client
