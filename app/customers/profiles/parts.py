"""What a profile is composed of. Each part is one SQL expression that makes JSON, so that all of them fit into one
statement, and each can be asked for alone where that statement fails.

A part reads from `sole` (the customer's row) and `members (id)` (the customer and those merged into them); $2 and $3
bound the history, which keeps the planner out of the other months, and $4 is now. Each reads tables by a customer's
key in a lateral sub-select: nothing else may drive the join, whatever the planner believes of the tables' sizes, and
no part tells more rows than its limit.
"""

import msgspec

MOST = 100
"""Rows of a list that are told at most."""

CASES_SHOWN = 5
"""Open cases that are told at most, those due first."""

PART_SECONDS = 0.2

_ISO = """'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'"""


class Part(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One part: `name` is its key in the profile, `within` the part that it is told in. One that `pops` is also looked
    up before a call is offered. `empty` is told where there is nothing. `seconds` is how long it may take when it is
    asked for alone."""

    name: str
    sql: str
    within: str | None = None
    pops: bool = False
    empty: str = "[]"
    seconds: float = PART_SECONDS


def _instant(column: str) -> str:
    return f"to_char({column} at time zone 'UTC', {_ISO})"


def _rows(table: str, order: str, value: str, where: str = "true") -> str:
    """The customer's rows of a table as a list."""
    return f"""(select coalesce(json_agg({value} order by {order}), '[]') from (
        select x.* from members m cross join lateral (
            select * from {table} t where t.customer_id = m.id and {where} limit {MOST}) x limit {MOST}) x)"""  # noqa: S608


def _object(*columns: str, **others: str) -> str:
    pairs = {name: f"x.{name}" for name in columns} | others
    return "json_build_object(" + ", ".join(f"'{name}', {value}" for name, value in pairs.items()) + ")"


_NEWEST = """(select newest.* from members m cross join lateral (
        select * from interactions where customer_id = m.id and started_at >= $2 and started_at < $3
        order by started_at desc, id desc limit 10) newest
    order by newest.started_at desc, newest.id desc limit 10)"""

CUSTOMER = """(select json_build_object(
    'id', s.id, 'external_id', s.external_id, 'name', s.name, 'latin_name', s.latin_name,
    'tier', case when t.id is not null then
        json_build_object('id', t.id, 'name', t.name, 'rank', t.rank, 'colour', t.colour) end,
    'language', s.language,
    'agent', case when a.id is not null then json_build_object('id', a.id, 'name', a.name) end,
    'attributes', s.attributes, 'provisional', s.provisional, 'kind', s.kind,
    'segments', array(select distinct unnest(s.segments || s.computed_segments) order by 1),
    'relationship_manager', s.relationship_manager, 'version', s.version)
    from sole s left join lateral (select * from tiers where id = s.tier_id limit 1) t on true
    left join lateral (select * from agents where id = s.preferred_agent limit 1) a on true)"""

INTERACTIONS = f"""(select coalesce(json_agg(json_build_object(
    'id', i.id, 'started_at', {_instant("i.started_at")}, 'ended_at', {_instant("i.ended_at")},
    'channel', i.channel, 'direction', i.direction, 'queue', i.queue_id, 'agent', i.agent_id,
    'outcome', i.outcome, 'wrap_up_code', i.wrap_up_code, 'note', i.note, 'talk_seconds', i.talk_seconds
    ) order by i.started_at desc, i.id desc), '[]') from {_NEWEST} i)"""  # noqa: S608

OPEN = f"""(select coalesce(json_agg(json_build_object(
    'id', l.id, 'source', l.state->'call'->'source', 'call_id', l.state->'call'->'id',
    'channel', coalesce(l.state->>'channel', 'voice'), 'direction', l.state->'call'->'direction',
    'state', coalesce(l.state->>'state', 'arriving'), 'queue', l.state->'queue',
    'arrived_at', {_instant("to_timestamp((l.state->>'arrived_at')::float8)")},
    'agents', coalesce(l.state->'agents', '[]')) order by l.id), '[]')
    from members m cross join lateral (
        select * from live_contacts where customer_id = m.id limit {MOST}) l
    where coalesce(l.state->>'state', 'arriving') <> 'wrap_up')"""  # noqa: S608

ALERTS = f"""(select coalesce(json_agg(json_build_object(
    'id', w.id, 'rule', w.rule_id, 'title', w.name, 'advice', w.advice, 'severity', w.severity, 'state', w.state,
    'owner', w.owner, 'opened_at', {_instant("w.opened_at")}, 'due_at', {_instant("w.due_at")}, 'count', w.count
    ) order by w.place, w.due_at, w.id), '[]')
    from (select a.*, r.name, r.advice,
                 array_position(array['critical', 'high', 'medium', 'low'], a.severity) as place
          from members m cross join lateral (
              select * from customer_alerts x
              where x.customer_id = m.id and x.state || '' in ('open', 'acknowledged') limit {MOST}) a
          cross join lateral (select * from usage_rules where id = a.rule_id limit 1) r
          order by place, a.due_at, a.id limit 10) w)"""  # noqa: S608
"""The state is compared in a way that no index of live alerts has: one would be read whole where the planner believes
that there are few, and those of one customer are few."""

CASES = f"""(select coalesce(json_agg(json_build_object(
    'id', w.id, 'number', w.number, 'subject', w.subject, 'category', w.category, 'priority', w.priority,
    'status', w.status, 'owner', w.owner, 'team', w.team_id, 'opened_at', {_instant("w.opened_at")},
    'due_at', {_instant("w.due_at")}) order by w.due_at nulls last, w.id), '[]')
    from (select c.* from members m cross join lateral (
              select * from cases x
              where x.customer_id = m.id and x.status in ('new', 'open', 'pending', 'on_hold')
              order by x.customer_id, x.due_at, x.id limit {CASES_SHOWN}) c
          order by c.due_at nulls last, c.id limit {CASES_SHOWN}) w)"""  # noqa: S608

VISITS = f"""(select coalesce(json_agg(json_build_object(
    'id', v.id, 'status', v.status, 'purpose', left(v.purpose, 200), 'site', v.site_lines, 'city', v.site_city,
    'starts_at', {_instant("v.starts_at")}, 'ends_at', {_instant("v.ends_at")}, 'time_zone', v.time_zone,
    'engineer', v.engineer, 'engineer_name', v.name, 'case_id', v.case_id) order by v.listed_at, v.id), '[]')
    from (select x.*, a.name
          from members m cross join lateral (
              select * from field_visits t where t.customer_id = m.id and t.closed_at is null
              order by t.listed_at, t.id limit 5) x
          left join lateral (select name from agents where id = x.engineer limit 1) a on true
          order by x.listed_at, x.id limit 5) v)"""  # noqa: S608

CREDIT = f"""(select json_build_object(
    'standing', k.standing, 'source', k.source, 'answered_at', {_instant("k.settled_at")},
    'age_seconds', floor(greatest(0, extract(epoch from $4::timestamptz - k.settled_at))),
    'expired', coalesce(k.valid_until <= $4::timestamptz, false))
    from members m cross join lateral (
        select * from credit_checks c where c.customer_id = m.id and c.outcome = 'answered'
        order by c.settled_at desc, c.id desc limit 1) k
    order by k.settled_at desc, k.id desc limit 1)"""  # noqa: S608

_HAS_ANY = " or ".join(
    f"exists (select from members m cross join lateral (select from {table} x where x.customer_id = m.id limit 1) x)"  # noqa: S608
    for table in ("agreements", "customer_ties", "dues")
)

ENTITLEMENT = f"""(select entitlement_now(s.id, $4::timestamptz, {{channel}}) from sole s
    where {_HAS_ANY})"""  # noqa: S608
"""Asked only of who has an agreement, is tied to somebody who may have one, or is due something."""


def _ties(near: str, far: str, back: str) -> str:
    return f"""select s.id, s.name, x.kind, {back} as back, x.id as place from members m
        cross join lateral (select * from customer_ties t where t.{near} = m.id limit {MOST}) x
        cross join lateral (select * from customers where id = x.{far} limit 1) o
        cross join lateral (select id, name from customers where id = coalesce(o.merged_into, o.id) limit 1) s
        where not exists (select from members y where y.id = s.id)"""  # noqa: S608


TIES = f"""(select coalesce(json_agg(json_build_object('customer_id', x.id, 'name', x.name, 'kind', x.kind,
    'back', x.back) order by x.back, x.place), '[]')
    from ({_ties("customer_id", "other_id", "false")} union all {_ties("other_id", "customer_id", "true")}) x)"""  # noqa: S608

WISHES = f"""(select coalesce(json_agg(w.said order by w.id), '[]') from (
        select distinct on (p.name) p.id, p.said from members m cross join lateral (
            select * from customer_preferences t where t.customer_id = m.id and t.said is not null limit {MOST}) p
        order by p.name, p.customer_id <> (select id from sole), p.at desc) w)"""  # noqa: S608

SET_UP = f"""(select coalesce(json_agg(s.brief order by s.id), '[]') from (
        select g.id, g.brief from members m cross join lateral (
            select * from product_configurations t where t.customer_id = m.id limit {MOST}) g
        order by g.id limit 10) s)"""  # noqa: S608
"""Put in order only here: by their ids the table would be read from its beginning where it is believed to be small."""

_SAID = _object("channel", "given", "origin", at=_instant("x.at"))

CONSENTS = f"""(select coalesce(json_agg({_SAID} order by x.channel), '[]')
    from (select distinct on (x.channel) x.* from members m cross join lateral (
              select * from customer_consents t where t.customer_id = m.id
              order by t.channel desc, t.at desc limit {MOST}) x
          order by x.channel, x.at desc, x.id desc) x)"""  # noqa: S608

RECORDINGS = f"""(select coalesce(json_agg(json_build_object('id', r.id, 'contact_id', r.contact_id,
    'started_at', {_instant("r.started_at")}, 'seconds', r.seconds, 'href', '/api/v1/recordings/' || r.id || '/audio'
    ) order by r.started_at desc, r.id), '[]')
    from {_NEWEST} i cross join lateral (
        select * from recordings x where x.contact_id = i.id limit {MOST}) r
    where r.deleted_at is null)"""  # noqa: S608

_WARNS = "t.pinned and (t.until is null or t.until > $4::timestamptz)"
_VALID = """(t.valid_until is null or t.valid_until > $4::timestamptz)
            and (t.valid_from is null or t.valid_from <= $4::timestamptz)"""

PARTS: tuple[Part, ...] = (
    Part(name="customer", sql=CUSTOMER, pops=True, empty="null"),
    Part(
        name="numbers",
        sql=_rows("customer_numbers", "x.id", _object("raw", "e164", "label"), _VALID),
        within="customer",
        pops=True,
    ),
    Part(name="warnings", sql=_rows("customer_notes", "x.id", "x.text", _WARNS), within="customer", pops=True),
    Part(name="alerts", sql=ALERTS, pops=True),
    Part(name="cases", sql=CASES, pops=True),
    Part(name="interactions", sql=INTERACTIONS, pops=True),
    Part(name="open", sql=OPEN, pops=True),
    Part(name="visits", sql=VISITS, pops=True),
    Part(name="credit", sql=CREDIT, pops=True, empty="null"),
    Part(name="entitlement", sql=ENTITLEMENT, pops=True, empty="null"),
    Part(name="wishes", sql=WISHES, pops=True),
    Part(name="products", sql=SET_UP, pops=True),
    Part(
        name="holdings",
        sql=_rows(
            "customer_holdings",
            "x.closed_on is not null, x.kind, x.id",
            _object(
                *("customer_id", "kind", "source", "external_id", "name", "status", "last_four"),
                *("opened_on", "closed_on", "details"),
            ),
        ),
    ),
    Part(name="ties", sql=TIES),
    Part(
        name="external_ids",
        sql=_rows("customer_external_ids", "x.system, x.external_id", _object("system", "external_id")),
    ),
    Part(name="emails", sql=_rows("customer_emails", "x.id", _object("address", "kind"), _VALID)),
    Part(
        name="addresses",
        sql=_rows("customer_addresses", "x.id", _object("kind", "lines", "city", "postal_code", "country"), _VALID),
    ),
    Part(name="consents", sql=CONSENTS),
    Part(name="recordings", sql=RECORDINGS),
)
"""All parts, in the order in which they are told. A new part is a line here."""

POPPING = tuple(part for part in PARTS if part.pops)
