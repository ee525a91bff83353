"""A channel that is being ended is not asked to end once more: Asterisk might crash over it."""

import asyncio

import pytest

from app.telephony.adapters.asterisk_ari.ari import hang_ups, requests
from app.telephony.adapters.asterisk_ari.ari.connection import AriConnection
from tests.telephony.asterisk_ari.ari.test_answers import connection_to
from tests.telephony.asterisk_ari.stand_in import StandIn

pytestmark = pytest.mark.enable_socket


async def hang_up(connection: AriConnection, channel: str) -> int:
    return (await connection.send(requests.hang_up(channel))).status


async def test_a_hang_up_that_is_under_way_or_done_is_not_asked_for_again() -> None:
    asterisk = StandIn()
    async with connection_to(asterisk) as (connection, _):
        assert await asyncio.gather(*(hang_up(connection, "17.1") for _ in range(3))) == [204, 204, 204]
        assert await hang_up(connection, "17.1") == 204
        assert await hang_up(connection, "17.2") == 204
        assert [each["uri"] for each in asterisk.said("DELETE", "channels/")] == ["channels/17.1", "channels/17.2"]
        connection.give_up("it is enough")


async def test_a_hang_up_that_was_refused_is_asked_for_again_as_the_channel_may_not_have_been_there_yet() -> None:
    asterisk = StandIn()
    asterisk.answers = lambda asked: 404 if len(asterisk.said("DELETE", "channels/")) == 1 else 204
    async with connection_to(asterisk) as (connection, _):
        assert [await hang_up(connection, "17.1") for _ in range(3)] == [404, 204, 204]
        assert len(asterisk.said("DELETE", "channels/")) == 2
        connection.give_up("it is enough")


async def test_over_another_connection_it_is_asked_for_again() -> None:
    asterisk = StandIn()
    for _ in range(2):
        async with connection_to(asterisk) as (connection, _):
            assert await hang_up(connection, "17.1") == 204
            connection.give_up("it is enough")
    assert len(asterisk.said("DELETE", "channels/")) == 2


async def test_nothing_else_is_left_out() -> None:
    asterisk = StandIn()
    async with connection_to(asterisk) as (connection, _):
        for request in (requests.no_music("17.1"), requests.no_ringback("17.1"), requests.no_bridge("17.1.talk")):
            assert [(await connection.send(request)).status for _ in range(2)] == [204, 204]
        assert len(asterisk.said("DELETE", "")) == 6
        connection.give_up("it is enough")


async def test_only_the_last_ones_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hang_ups, "REMEMBERED", 2)
    asterisk = StandIn()
    async with connection_to(asterisk) as (connection, _):
        for channel in ("17.1", "17.2", "17.3", "17.3", "17.1"):
            await hang_up(connection, channel)
        assert [each["uri"][-1] for each in asterisk.said("DELETE", "channels/")] == ["1", "2", "3", "1"]
        connection.give_up("it is enough")
