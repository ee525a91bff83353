"""Who is one person, and which contacts are theirs, is found by keys, however many customers and contacts there are."""

from sqlalchemy import text

from app.db.engine import WriteSession
from app.privacy.family import contacts_of, locked_family
from tests.customers.factories import customer_id
from tests.customers.plans import plan_of
from tests.interactions.factories import make_interaction, this_hour

FILL = """
    with made as (insert into customers (name) select 'N' || n from generate_series(1, 3000) n returning id)
    insert into customer_numbers (customer_id, raw, e164)
    select id, '+86138' || lpad(n::text, 8, '0'), '+86138' || lpad(n::text, 8, '0')
    from (select id, row_number() over () as n from made) m"""
CONTACTS = """
    insert into interactions select (m).* from (
        select jsonb_populate_record(i, jsonb_build_object('id', uuidv7(), 'customer_id', c.id)) as m
        from interactions i cross join customers c) x"""


async def test_a_family_and_its_contacts_are_found_by_keys(session: WriteSession) -> None:
    await session.execute(text(FILL))
    await make_interaction(session, this_hour())
    await session.execute(text(CONTACTS))
    await session.execute(text("analyze customers, customer_numbers, interactions"))
    who = await customer_id(session, numbers=["13800000007"])
    members = await plan_of(session, locked_family(session, who, "CN"), place=1)
    assert "Seq Scan on customers" not in members
    assert "Seq Scan on customer_numbers" not in members
    month = f"interactions_{this_hour():%Y_%m}"
    assert f"Seq Scan on {month}" not in await plan_of(session, contacts_of(session, [who]))
