"""Events arrive: once each, late, repeated, out of a wrong clock, of nobody; and rules are held against them."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select, text

from app.core.errors import Invalid
from app.customers.duplicates.merging import Side, merge
from app.customers.usage.arriving import take
from app.customers.usage.models import CustomerAlert, CustomerAlertEntry, UsageEvent
from app.db.engine import WriteSession
from tests.customers.factories import customer_id, make_agent
from tests.customers.usage.telling import NOW, SOURCE, ago, alerts, event, lines, make_rule, tell

THREE = "count('login.failed', '1h') >= 3"


async def kept(session: WriteSession) -> list[UsageEvent]:
    return list(await session.scalars(select(UsageEvent).order_by(UsageEvent.counts_at, UsageEvent.event_id)))


async def test_events_are_kept_as_they_were_told(session: WriteSession) -> None:
    who = await customer_id(session, external_id="C1")
    given = event(None, "card.used", ago(hours=2), external_id="C1", value=12.5, details={"merchant": "茶馆"})
    taken = await tell(session, given)
    assert (taken.taken, taken.repeated, taken.refused, taken.ahead) == (1, 0, [], [])
    [row] = await kept(session)
    assert (row.customer_id, row.kind, row.value, row.details) == (who, "card.used", 12.5, {"merchant": "茶馆"})
    assert (row.at, row.counts_at, row.received_at, row.ahead) == (ago(hours=2), ago(hours=2), NOW, False)


async def test_repeated_usage_events_count_once(session: WriteSession) -> None:
    """Within a batch, in another one, and with another time: an id is an event."""
    who = await customer_id(session)
    one = event(who)
    assert (await tell(session, one, one)).repeated == 1
    again = await tell(session, one | {"at": "2026-12-30T10:00:00Z"}, event(who))
    assert (again.taken, again.repeated) == (1, 1)
    assert len(await kept(session)) == 2


async def test_another_system_may_use_the_same_ids(session: WriteSession) -> None:
    who = await customer_id(session)
    one = event(who)
    await tell(session, one)
    assert (await tell(session, one, source="cards")).taken == 1


async def test_customers_are_known_by_each_systems_own_ids(session: WriteSession) -> None:
    who = await customer_id(session)
    await session.execute(
        text("insert into customer_external_ids values ('core', 'X9', :id), ('cards', 'K1', :id)"), {"id": who}
    )
    told = await tell(
        session, event(external_id="X9"), event(external_id="K1", system="cards"), event(external_id="K1")
    )
    assert told.taken == 2
    assert [(each.line, each.faults[0]["what"]) for each in told.refused] == [(3, "K1 is nobody's")]


async def test_clock_skew_in_usage_events_is_kept_marked_and_told(session: WriteSession) -> None:
    """What a wrong clock puts into the future counts when it came, and does so now."""
    who = await customer_id(session)
    await make_rule(session, THREE)
    future = [event(who, at=NOW + timedelta(days=300)), event(who, at=NOW + timedelta(minutes=6))]
    taken = await tell(session, *future, event(who, at=NOW + timedelta(minutes=4)))
    assert (taken.taken, taken.ahead_events, taken.clock_ahead_seconds) == (3, 2, 300 * 86_400.0)
    assert [(each.line, each.counts_at) for each in taken.ahead] == [(1, NOW), (2, NOW)]
    rows = await kept(session)
    assert {row.counts_at for row in rows} == {NOW}
    assert sorted((row.at - NOW, row.ahead) for row in rows) == [
        (timedelta(minutes=4), False),
        (timedelta(minutes=6), True),
        (timedelta(days=300), True),
    ]
    assert taken.alerts_opened == 1
    assert (await tell(session, *future, now=NOW + timedelta(days=1))).repeated == 2


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-12:00", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
async def test_an_absurd_time_is_refused_with_what_would_be_right(session: WriteSession, at: str) -> None:
    who = await customer_id(session)
    told = await tell(session, event(who) | {"at": at}, event(who))
    assert (told.taken, told.refused[0].faults[0]["where"]) == (1, "at")


async def test_late_events_of_months_that_were_never_made_are_taken(session: WriteSession) -> None:
    who = await customer_id(session)
    assert (await tell(session, event(who, at=ago(days=500)), event(who, at=ago(days=1)))).taken == 2
    assert len(await kept(session)) == 2


async def test_a_late_event_makes_its_own_months_partition_and_no_other(session: WriteSession) -> None:
    who = await customer_id(session)
    partitions = text("select relname from pg_class where relispartition and relkind = 'r' order by 1")
    before = set(await session.scalars(partitions))
    await session.execute(text("set local lock_timeout = '42s'"))
    await tell(session, event(who, at=ago(days=700)), event(who, at=ago(days=500)), event(who))
    assert sorted(set(await session.scalars(partitions)) - before) == ["usage_events_2025_02", "usage_events_2025_09"]
    assert await session.scalar(text("show lock_timeout")) == "42s"


async def test_a_faulty_event_costs_only_itself(session: WriteSession) -> None:
    who = await customer_id(session)
    body = b"\xef\xbb\xbf" + lines([event(who)]) + b"\r\n\xd6\xd0\xce\xc4\r\n\n" + lines(
        [event(who, kind="Login Failed"), event(who, amount=3), {"id": 5}, event(), event(who, value=1e300)]
    )  # fmt: skip
    told = await take(session, SOURCE, body, NOW)
    assert told.taken == 1
    assert [(each.line, [fault["where"] for fault in each.faults]) for each in told.refused] == [
        (2, ["body"]),
        (4, ["kind"]),
        (5, ["body"]),
        (6, ["id", "kind", "at"]),
        (7, ["customer_id"]),
        (8, ["value"]),
    ]


async def test_a_faulty_event_is_told_by_its_line_in_the_file_also_behind_empty_ones(session: WriteSession) -> None:
    who = await customer_id(session)
    body = b"\n \n" + lines([event(who), event(who, kind="Login Failed")])
    told = await take(session, SOURCE, body, NOW)
    assert (told.taken, [each.line for each in told.refused]) == (1, [4])
    array = b"\n " + msgspec.json.encode([event(who), event(who, kind="Login Failed")])
    told = await take(session, SOURCE, array, NOW)
    assert (told.taken, [each.line for each in told.refused]) == (1, [2])


@pytest.mark.parametrize("body", [b"", b"  \n", b"[]", b"{", b"[1", b'{"id": 1}', lines([event()] * 10_001)])
async def test_a_batch_of_which_nothing_can_be_taken_is_refused(session: WriteSession, body: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        await take(session, SOURCE, body, NOW)
    assert refused.value.facts["faults"]


@pytest.mark.parametrize("kind", ["card.used", "login.card", "milestone.salary"])
async def test_whole_card_numbers_are_not_kept_whatever_the_kind(session: WriteSession, kind: str) -> None:
    who = await customer_id(session)
    told = await tell(session, event(who, kind, details={"card": "6222 0212 3456 7894"}), event(who))
    assert [fault["where"] for fault in told.refused[0].faults] == ["details.card"]
    assert [row.details for row in await kept(session)] == [None]


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"id": "pay 4111 1111 1111 1111"}, "id"),
        ({"id": "tx-4111111111111111"}, "id"),
        ({"kind": "4111111111111111"}, "kind"),
    ],
)
async def test_an_event_whose_id_or_kind_holds_a_whole_card_number_is_refused_and_not_told_whole(
    session: WriteSession, given: dict[str, Any], where: str
) -> None:
    who = await customer_id(session)
    told = await tell(session, event(who, **given), event(who, **given, value="x"), event(who))
    assert [[fault["where"] for fault in each.faults] for each in told.refused] == [[where], ["value"]]
    assert "4111" not in "".join(each.id or "" for each in told.refused)
    assert len(await kept(session)) == 1


async def test_of_an_id_that_is_too_long_no_more_is_told_than_an_id_may_be(session: WriteSession) -> None:
    who = await customer_id(session)
    told = await tell(session, event(who, id="4111 1111 1111 1111 " * 50_000), event(who))
    assert [[fault["where"] for fault in each.faults] for each in told.refused] == [["id"]]
    assert told.refused[0].id == ("…1111 " * 40)[:200]


async def test_details_that_are_too_large_are_not_searched_for_card_numbers(session: WriteSession) -> None:
    who = await customer_id(session)
    told = await tell(session, event(who, details={"card": "4111 1111 1111 1111 " * 500}), event(who))
    assert [[fault["what"] for fault in each.faults] for each in told.refused] == [["are too large"]]


@pytest.mark.parametrize("ident", ["411111111111111a", "1764381600123456789", "41111111-1111-1111-a111-111111111111"])
async def test_an_id_that_is_no_card_number_is_taken(session: WriteSession, ident: str) -> None:
    who = await customer_id(session)
    assert (await tell(session, event(who, id=ident))).taken == 1


@pytest.mark.parametrize(
    "hostile",
    ["'); drop table usage_events; --", '=HYPERLINK("http://x")', "@SUM(A1)", "${jndi:ldap://x}", "a\\u0000b"],
)
async def test_injection_in_text_fields_stays_text(session: WriteSession, hostile: str) -> None:
    who = await customer_id(session)
    await make_rule(session, "count('k', '1h') >= 1", name=hostile, advice=hostile)
    given = event(who, "k", id=hostile, details={hostile: hostile})
    assert (await tell(session, given)).taken == 1
    [row] = await kept(session)
    assert (row.event_id, row.details) == (hostile, {hostile: hostile})
    assert (await tell(session, event(who, kind=hostile), event(who))).taken == 1
    assert (await tell(session, event(who, external_id=hostile) | {"customer_id": None}, event(who))).taken == 1


async def test_nul_characters_are_replaced_in_details_and_refused_in_ids(session: WriteSession) -> None:
    who = await customer_id(session)
    told = await tell(session, event(who, details={"a": "x\x00y"}))
    assert told.taken == 1
    assert [row.details for row in await kept(session)] == [{"a": "x�y"}]


async def test_a_rule_that_holds_opens_one_alert_and_counts_there(session: WriteSession) -> None:
    agent = await make_agent(session)
    who = await customer_id(session, preferred_agent=agent)
    await make_rule(session, THREE)
    assert (await tell(session, event(who), event(who, at=ago(minutes=59)))).alerts_opened == 0
    taken = await tell(session, event(who))
    assert (taken.alerts_opened, taken.alerts_grown) == (1, 0)
    later = NOW + timedelta(minutes=30)
    assert (await tell(session, event(who, at=later), now=later)).alerts_grown == 1
    [row] = await alerts(session)
    assert (row.customer_id, row.state, row.severity, row.owner, row.count) == (who, "open", "high", agent, 2)
    assert (row.opened_at, row.matched_at, row.due_at) == (NOW, later, NOW + timedelta(hours=1))
    assert row.evidence == {"count('login.failed', '1h')": 3}
    entries = await session.scalars(select(CustomerAlertEntry))
    assert [(each.act, each.who, each.owner) for each in entries] == [("opened", None, agent)]


async def test_repetitions_make_no_rule_hold(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, THREE)
    one = event(who)
    for _ in range(3):
        assert (await tell(session, one)).alerts_opened == 0


async def test_late_events_make_a_rule_hold_at_their_own_time(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, THREE)
    await tell(session, event(who, at=ago(hours=30)), event(who, at=ago(hours=29.2)))
    assert (await tell(session, event(who, at=ago(hours=29.6)))).alerts_opened == 1
    [row] = await alerts(session)
    assert row.matched_at == ago(hours=29.2)


async def test_what_held_long_ago_alerts_nobody(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, THREE)
    old = [event(who, at=ago(days=10, minutes=n)) for n in range(5)]
    assert (await tell(session, *old)).alerts_opened == 0


async def test_the_window_of_a_count_is_exact(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, THREE)
    edge = [event(who, at=ago(hours=1)), event(who, at=ago(minutes=30)), event(who, at=NOW)]
    assert (await tell(session, *edge)).alerts_opened == 0
    assert (await tell(session, event(who, at=ago(minutes=59, seconds=59)))).alerts_opened == 1


async def test_values_are_summed_averaged_and_followed(session: WriteSession) -> None:
    who = await customer_id(session)
    asked = [f"{name}('balance', '10d')" for name in ("sum", "average", "least", "most", "last", "trend")]
    await make_rule(session, " || ".join(f"{each} < 1e9" for each in asked))
    values = {9: 100.0, 7: 60.0, 3: 40.0, 0: 20.0}
    await tell(session, *(event(who, "balance", ago(days=days), value=value) for days, value in values.items()))
    [row] = await alerts(session)
    assert [row.evidence[each] for each in asked] == [220.0, 55.0, 20.0, 100.0, 20.0, -0.625]


async def test_events_without_a_value_count_and_are_not_averaged(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, "count('k', '1d') == 2 && average('k', '1d') == 4.0")
    assert (await tell(session, event(who, "k"), event(who, "k", value=4))).alerts_opened == 1


async def test_rules_ask_of_the_customer_too(session: WriteSession) -> None:
    gold, other = await customer_id(session, tier="gold"), await customer_id(session)
    await make_rule(session, "count('k', '1h') >= 1 && customer.tier == 'gold'")
    await tell(session, event(gold, "k"), event(other, "k"))
    assert [row.customer_id for row in await alerts(session)] == [gold]


async def test_inactive_customers_and_rules_that_are_off_give_no_alert(session: WriteSession) -> None:
    who, closed = await customer_id(session), await customer_id(session, active=False)
    await make_rule(session, "count('k', '1h') >= 1")
    await make_rule(session, "count('j', '1h') >= 1", "off", enabled=False)
    taken = await tell(session, event(who, "j"), event(closed, "k"))
    assert (taken.taken, taken.alerts_opened) == (2, 0)


async def test_who_was_merged_counts_for_who_survives(session: WriteSession) -> None:
    one, other = await customer_id(session), await customer_id(session)
    await make_rule(session, THREE)
    await tell(session, event(one), event(one), event(other))
    await merge(session, Side(one), Side(other))
    assert (await tell(session, event(one))).alerts_opened == 1
    [row] = await alerts(session)
    assert (row.customer_id, row.evidence) == (other, {"count('login.failed', '1h')": 4})


async def test_an_alert_of_who_was_merged_goes_on_counting(session: WriteSession) -> None:
    one, other = await customer_id(session), await customer_id(session)
    await make_rule(session, THREE)
    await tell(session, *(event(one) for _ in range(3)))
    await merge(session, Side(one), Side(other))
    taken = await tell(session, event(other))
    assert (taken.alerts_opened, taken.alerts_grown) == (0, 1)


async def test_after_an_alert_is_over_it_is_quiet_for_a_while(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, "count('k', '1h') >= 1", quiet_seconds=3_600.0)
    await tell(session, event(who, "k"))
    over = {"state": "done", "closed_at": NOW}
    await session.execute(CustomerAlert.__table__.update().values(over))  # type: ignore[attr-defined]
    soon, later = NOW + timedelta(minutes=59), NOW + timedelta(minutes=61)
    assert (await tell(session, event(who, "k", soon), now=soon)).alerts_opened == 0
    assert (await tell(session, event(who, "k", later), now=later)).alerts_opened == 1


async def test_many_customers_are_looked_at_at_once(session: WriteSession) -> None:
    people = [await customer_id(session, f"N{n}") for n in range(30)]
    await make_rule(session, "count('k', '1h') >= 2")
    await make_rule(session, "sum('k', '1h') >= 100.0", "rich")
    found = [event(who, "k", value=60 if place % 3 == 0 else 1) for place, who in enumerate(people) for _ in (1, 2)]
    taken = await tell(session, *found)
    assert taken.alerts_opened == 30 + 10
    per_rule: Any = select(CustomerAlert.rule_id, func.count()).group_by(CustomerAlert.rule_id)
    assert dict((await session.execute(per_rule)).all()) == {"r": 30, "rich": 10}


async def test_a_burst_of_one_customer_is_looked_at_in_bounds(session: WriteSession) -> None:
    who = await customer_id(session)
    await make_rule(session, THREE)
    burst = [event(who, at=ago(seconds=n)) for n in range(3_000)]
    assert (await tell(session, *burst)).alerts_opened == 1
