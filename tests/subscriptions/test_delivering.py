"""Deliveries over real HTTP: signed, tried again, dead, replayed, in order, and each receiver for itself."""

import asyncio
from datetime import datetime

import pytest
from sqlalchemy import text, update
from standardwebhooks import WebhookVerificationError

from app.core.signing import secret_id
from app.db.engine import Sessions
from app.subscriptions import records
from app.subscriptions.announcing import Change, announce
from app.subscriptions.models import WebhookDelivery, WebhookSubscription
from app.subscriptions.tidying import tidy
from tests.customers.factories import customer_id
from tests.desk.cases.factories import make_case
from tests.fixtures.receiver import Got, Receiver, answering, receiving
from tests.fixtures.waiting import eventually
from tests.subscriptions.conftest import delivering, happened, raised, rows, subscribed

pytestmark = pytest.mark.enable_socket


async def settled(sessions: Sessions, status: str, name: str = "crm") -> list[WebhookDelivery]:
    """The deliveries, once all have this status."""
    return await eventually(
        lambda: rows(sessions, name), lambda found: bool(found) and {each.status for each in found} == {status}
    )


async def test_a_webhook_is_signed_as_standard_webhooks_says(sessions: Sessions, receiver: Receiver) -> None:
    secret = await subscribed(sessions, receiver)
    await happened(sessions, "alert:1")
    async with delivering(sessions):
        [got] = await receiver.has(1)
        [row] = await settled(sessions, "delivered")
    told = got.verify(secret)
    assert (told["type"], told["data"], got.id) == ("alert.raised", raised(0), str(row.event_id))
    assert told["timestamp"].endswith("Z")
    assert (row.attempts, row.last_status, row.last_error) == (1, 204, None)
    with pytest.raises(WebhookVerificationError):
        got.verify("whsec_" + "A" * 43 + "=")


async def test_what_is_rolled_back_is_never_told(sessions: Sessions, receiver: Receiver) -> None:
    await subscribed(sessions, receiver)

    async def fails() -> None:
        async with sessions.write() as session:
            await announce(session, "alert.raised", [Change("alert:1", {})])
            raise ValueError("something else went wrong")

    with pytest.raises(ValueError, match="something else"):
        await fails()
    assert await rows(sessions) == []


async def test_a_receiver_that_fails_is_tried_again_with_the_same_id_and_bytes(
    sessions: Sessions, receiver: Receiver
) -> None:
    await subscribed(sessions, receiver)
    await happened(sessions, "alert:1")
    receiver.answer = answering(500, 302, 204)
    async with delivering(sessions):
        [row] = await settled(sessions, "delivered")
    assert len(receiver.got) == 3
    assert len({(got.id, got.body) for got in receiver.got}) == 1
    assert (row.attempts, row.last_error) == (3, None)


async def test_dead_after_the_last_attempt_until_somebody_replays_it(sessions: Sessions, receiver: Receiver) -> None:
    await subscribed(sessions, receiver)
    await happened(sessions, "alert:1", "alert:2")
    receiver.answer = answering(500)
    async with delivering(sessions):
        dead = await settled(sessions, "dead")
        assert [(row.attempts, row.last_status, row.last_error) for row in dead] == [(3, 500, "answered 500")] * 2
        assert len(receiver.got) == 6
        receiver.answer = answering(204)
        async with sessions.write() as session:
            await records.replay(session, "crm", dead[0].id)
        got = await receiver.has(7)
        assert got[6].id == str(dead[0].event_id)
        async with sessions.write() as session:
            assert await records.replay_dead(session, "crm") == 1
        assert [row.attempts for row in await settled(sessions, "delivered")] == [1, 1]


async def test_what_was_delivered_can_be_replayed(sessions: Sessions, receiver: Receiver) -> None:
    await subscribed(sessions, receiver)
    await happened(sessions, "alert:1")
    async with delivering(sessions):
        [row] = await settled(sessions, "delivered")
        async with sessions.write() as session:
            await records.replay(session, "crm", row.id)
        first, second = await receiver.has(2)
    assert (first.id, first.body) == (second.id, second.body)


async def test_both_secrets_sign_while_one_is_rotated(sessions: Sessions, receiver: Receiver) -> None:
    old = await subscribed(sessions, receiver)
    async with sessions.write() as session:
        _, new = await records.rotate(session, "crm")
    await happened(sessions, "alert:1")
    async with delivering(sessions):
        [got] = await receiver.has(1)
        assert got.verify(old) == got.verify(new)
        async with sessions.write() as session:
            await records.remove_secret(session, "crm", secret_id(old))
        await happened(sessions, "alert:1")
        *_, got = await receiver.has(2)
    got.verify(new)
    with pytest.raises(WebhookVerificationError):
        got.verify(old)


async def test_events_of_a_subject_arrive_in_order_though_the_first_one_fails(
    sessions: Sessions, receiver: Receiver
) -> None:
    await subscribed(sessions, receiver)
    await happened(sessions, "alert:1", "alert:1", "alert:2", "alert:1")
    receiver.answer = answering(503, 503, 204)
    async with delivering(sessions):
        await settled(sessions, "delivered")
    of_one = [got.data["rule"] for got in receiver.got if got.data["rule"] != "r2"]
    assert [rule for place, rule in enumerate(of_one) if rule not in of_one[:place]] == ["r0", "r1", "r3"]


async def test_one_slow_receiver_holds_up_nobody_else(sessions: Sessions, receiver: Receiver) -> None:
    async with receiving() as slow:
        free = asyncio.Event()

        async def late(got: Got) -> int:
            await free.wait()
            return 204

        slow.answer = late
        await subscribed(sessions, slow, name="slow")
        await subscribed(sessions, receiver)
        await happened(sessions, *(f"alert:{n}" for n in range(20)))
        async with delivering(sessions):
            await slow.has(1)
            assert len(await settled(sessions, "delivered")) == 20
            assert {row.status for row in await rows(sessions, "slow")} == {"pending"}
            free.set()
            await settled(sessions, "delivered", "slow")


async def test_a_receiver_that_does_not_answer_is_not_waited_for(sessions: Sessions, receiver: Receiver) -> None:
    async def never(got: Got) -> int:
        await asyncio.sleep(1)
        return 204

    receiver.answer = never
    await subscribed(sessions, receiver)
    await happened(sessions, "alert:1")
    async with delivering(sessions, attempt=0.05):
        [row] = await settled(sessions, "dead")
    assert (row.last_status, row.last_error) == (None, "no answer within 0.05 s")


async def test_a_crash_between_delivery_and_record_delivers_again_under_the_same_id(
    sessions: Sessions, receiver: Receiver
) -> None:
    await subscribed(sessions, receiver)
    await happened(sessions, "alert:1")
    stays = asyncio.Event()

    async def never(got: Got) -> int:
        await stays.wait()
        return 204

    receiver.answer = never
    async with delivering(sessions, lease=0.3):  # it ends while the receiver has the webhook
        await receiver.has(1)
    [row] = await rows(sessions)
    assert (row.status, row.attempts) == ("pending", 0)
    receiver.answer = answering(204)
    stays.set()
    async with delivering(sessions):  # the lease of the dead one runs out
        await settled(sessions, "delivered")
    first, second = receiver.got
    assert (first.id, first.body) == (second.id, second.body)


async def test_two_processes_deliver_each_webhook_once(sessions: Sessions, receiver: Receiver) -> None:
    await subscribed(sessions, receiver)
    await happened(sessions, *(f"alert:{n}" for n in range(30)))
    async with delivering(sessions), delivering(sessions):
        await settled(sessions, "delivered")
    assert len(receiver.got) == len({got.id for got in receiver.got}) == 30


async def test_what_happens_while_a_subscription_is_paused_waits(sessions: Sessions, receiver: Receiver) -> None:
    await subscribed(sessions, receiver)
    async with sessions.write() as session:
        await records.change(session, "crm", {"paused": True})
    await happened(sessions, "alert:1")
    async with delivering(sessions), receiving() as other:
        await subscribed(sessions, other, name="other")
        await happened(sessions, "alert:2")
        await other.has(1)
        assert receiver.got == []
        async with sessions.write() as session:
            await records.change(session, "crm", {"paused": False})
        assert len(await receiver.has(2)) == 2


async def test_a_receiver_that_is_gone_pauses_its_subscription(sessions: Sessions, receiver: Receiver) -> None:
    await subscribed(sessions, receiver)
    await happened(sessions, "alert:1", "alert:1")
    receiver.answer = answering(410)

    async def look() -> WebhookSubscription:
        async with sessions.read() as session:
            return await records.subscription(session, "crm")

    async with delivering(sessions):
        found = await eventually(look, lambda row: row.paused)
    assert found.paused_because == "the receiver answered 410"
    assert [row.status for row in await rows(sessions)] == ["pending", "pending"]


async def test_a_receiver_that_asks_for_time_gets_it(sessions: Sessions, receiver: Receiver) -> None:
    await subscribed(sessions, receiver)
    await happened(sessions, "alert:1")
    receiver.answer, receiver.headers = answering(429), {"retry-after": "3600"}
    async with delivering(sessions):
        [row] = await eventually(lambda: rows(sessions), lambda found: found[0].attempts == 1)
    assert (row.next_at - (await _database_now(sessions))).total_seconds() > 3500


async def test_a_private_address_is_refused_with_what_would_be_right(sessions: Sessions, receiver: Receiver) -> None:
    await subscribed(sessions, receiver, url="https://10.255.255.1/hooks")
    await happened(sessions, "alert:1")
    async with delivering(sessions):
        [row] = await settled(sessions, "dead")
    assert "CALLFLOOR_WEBHOOKS_NETWORKS" in (row.last_error or "")


async def test_only_those_who_want_an_event_are_told_once(sessions: Sessions, receiver: Receiver) -> None:
    await subscribed(sessions, receiver, "alert.raised", "alert.*", name="both")
    await subscribed(sessions, receiver, "case.*", name="cases")
    await happened(sessions, "alert:1")
    async with sessions.write() as session:
        await make_case(session, await customer_id(session))
    assert len(await rows(sessions, "both")) == 1
    assert len(await rows(sessions, "cases")) == 1


async def test_settled_deliveries_go_after_a_month(sessions: Sessions, receiver: Receiver) -> None:
    await subscribed(sessions, receiver)
    await happened(sessions, "alert:1", "alert:2", "alert:3")
    old = text("update webhook_events set at = at - interval '31 days'")
    async with sessions.write() as session:
        await session.execute(old)
        first, second, _ = await rows(sessions)
        month_ago = first.next_at.replace(year=first.next_at.year - 1)
        for row, changes in (
            (first, {"status": "delivered", "settled_at": month_ago}),
            (second, {"next_at": month_ago}),
        ):
            await session.execute(update(WebhookDelivery).where(WebhookDelivery.id == row.id).values(**changes))
    assert await tidy(sessions, await _database_now(sessions)) == 3
    left = await rows(sessions)
    assert [(row.status, row.last_error) for row in left] == [("dead", "waited for too long"), ("pending", None)]


async def _database_now(sessions: Sessions) -> datetime:
    async with sessions.read() as session:
        found: datetime = (await session.execute(text("select now()"))).scalar_one()
    return found
