"""What every test of bad input ends with: the floor serves the next good call as if nothing had been."""

from collections.abc import AsyncIterator

import pytest

from app.core.ids import new_id
from tests.fixtures.site import Site
from tests.fixtures.switch import Switch


@pytest.fixture
async def switch(site: Site) -> AsyncIterator[Switch]:
    """The platform; after the test, it makes one good call."""
    async with site.switch() as switch:
        yield switch
        call_id = new_id()
        contact = await switch.tells("offered", call_id, from_="+8613800138000", to="100")
        await switch.tells("cleared", call_id)
        kept = await site.fetch("SELECT outcome FROM interactions WHERE id = $1 AND call_id = $2", contact, call_id)
        assert [row["outcome"] for row in kept] == ["abandoned"]
        assert site.server.running
