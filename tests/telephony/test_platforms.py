"""The table of platforms, and whatever must agree with it."""

import re
from typing import get_args

import pytest
from sqlalchemy import text

from app.db.engine import WriteSession
from app.telephony.drivers import ByPlatform
from app.telephony.models import CtiSource
from app.telephony.platforms import PLATFORMS, PlatformId


def test_every_platform_of_the_table_may_be_named_over_the_api() -> None:
    assert list(get_args(PlatformId)) == list(PLATFORMS)


def test_what_a_platform_needs_is_a_field_of_a_source() -> None:
    columns = {column.name for column in CtiSource.__table__.columns}
    assert {name for each in PLATFORMS.values() for name in each.needs} <= columns


def test_a_platform_without_a_driver_stops_the_start_and_is_named() -> None:
    with pytest.raises(ValueError, match=r"platforms\.py is needed: look at asterisk_ari, generic, teleport, twilio"):
        ByPlatform({"teleport": None})  # type: ignore[dict-item]


async def test_the_database_knows_the_same_platforms(session: WriteSession) -> None:
    asked = "select pg_get_constraintdef(oid) from pg_constraint where conname = 'ck_cti_sources_platform_known'"
    rule = await session.scalar(text(asked))
    assert set(re.findall("'([a-z_]+)'", str(rule))) == set(PLATFORMS), "a migration changes platform_known"
