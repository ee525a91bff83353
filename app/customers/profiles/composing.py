"""The statements that read profiles: parts put together into one, so that a screen pop costs one round trip.

By id: $1 the customer. By a number: $1 the number, $5 source and $6 id of the call, $7 since when it may have ended, $8
the caller's extension. $2 and $3 bound the history, $4 is now.

`held` is who has the number (those who were merged speak for their survivor) and whether that says who is calling: not
if the number is known to be shared, nor if it is the switchboard before an extension that was not told. A provisional
customer is nobody whom anybody knows, so one never makes a known one doubtful, and is told as a profile only. What is
told of credit is what a bureau answered last; none is ever waited for.
"""

from collections.abc import Iterable

from app.customers.profiles.parts import Part

_ROW = ", ".join(
    f"c.{name}"
    for name in (
        *("id", "external_id", "name", "latin_name", "tier_id", "language", "preferred_agent", "attributes"),
        *("provisional", "kind", "segments", "computed_segments", "relationship_manager", "version"),
    )
)
"""What parts may read of the customer's row."""

# of a number that more than a thousand have, some will do
_HEAD_OF_NUMBER = """with held as materialized (
    select coalesce(o.merged_into, o.id) as id,
           bool_or(not n.shared and (n.extension is null or $8::text is not null)) as certain
    from (select * from customer_numbers
          where {same} and (extension is null or $8::text is null or extension = $8::text)
            and (valid_until is null or valid_until > $4::timestamptz)
            and (valid_from is null or valid_from <= $4::timestamptz) limit 1000) n
    cross join lateral (select id, merged_into from customers where id = n.customer_id limit 1) o group by 1
), shown as materialized (
    select {row}, h.certain from held h cross join lateral (select * from customers where id = h.id limit 1) c
    where c.active
), matched as materialized (
    select * from shown where not provisional or not exists (select from shown where not provisional)
    order by name, id limit 20
), sole as materialized (
    select * from matched where certain and (select count(*) from matched) = 1
)"""

_HEAD_OF_ID = """with sole as materialized (
    select {row} from (select id, merged_into from customers where id = $1 limit 1) o
    cross join lateral (select * from customers where id = coalesce(o.merged_into, o.id) limit 1) c
)"""

_MEMBERS = """, members as materialized (
    select s.id from sole s union all
    select m.id from sole s cross join lateral (select id from customers where merged_into = s.id offset 0) m
)
select """

_OF_CALL = """
    (select coalesce(json_agg(json_build_object('id', id, 'name', name, 'tier', tier_id, 'language', language)
                              order by name, id) filter (where not provisional), '[]') from matched)::text as matches,
    (select preferred_agent from sole) as preferred_agent, (select id from sole) as customer_id,
    ended.id as ended_id, ended.started_at, ended.ended_at"""

_FROM_CALL = """
from (select 1) one left join lateral (
    select id, started_at, ended_at from interactions
    where source_id = $5 and call_id = $6 and started_at >= $7 and started_at < $3
    order by started_at desc limit 1) ended on true"""

_TYPED = "\nwhere $2::timestamptz is not null and $3::timestamptz is not null and $4::timestamptz is not null"
"""Whichever parts are left out, the statement uses each parameter, and says what it is."""


def of_number(column: str, parts: Iterable[Part]) -> str:
    """The look-up of a caller whose number is in `column` (e164, or raw where it has no such form), with these parts of
    the profile."""
    told = "".join(f",\n    ({part.sql})::text as {part.name}" for part in parts)
    same = "e164 = $1" if column == "e164" else "raw = $1 and e164 is null"
    head = _HEAD_OF_NUMBER.replace("{same}", same).replace("{row}", _ROW)
    return (head + _MEMBERS + _OF_CALL + told + _FROM_CALL + _TYPED).replace("{channel}", "'voice'")


def of_customer(parts: Iterable[Part]) -> str:
    """These parts of the profile of a customer; no row where there is none."""
    told = "".join(f",\n    ({part.sql})::text as {part.name}" for part in parts)
    columns = "s.id as customer_id, s.name" + told + "\nfrom sole s"
    head = _HEAD_OF_ID.replace("{row}", _ROW)
    return (head + _MEMBERS + columns + _TYPED).replace("{channel}", "null")
