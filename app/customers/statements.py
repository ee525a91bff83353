"""The SQL of the caller look-up. One statement, so that a screen pop costs one round trip; instants as RFC 3339.

$1 what to match, $2 and $3 the bounds of the history; for a call also $4 source, $5 call id, $6 since when, $7 the
caller's extension. Bounds on `started_at` keep the planner out of the other months.

`held` is who has the number (those who were merged speak for their survivor) and whether that says who is calling: not
if the number is known to be shared, nor if it is the switchboard before an extension that was not told. A provisional
customer is nobody whom anybody knows, so one never makes a known one doubtful, and is told as a profile only. $3 is a
day ahead of the call (queries.AHEAD). What is told of credit is what a bureau answered last; none is ever waited for.

`entitlement_now` is a function of the database (migration 0028): what is promised is judged there when a contact is
recorded, and told here by the same rules. It is asked only of who has an agreement, is tied to somebody who may have
one, or is due something.
"""

_ISO = """'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'"""

_TOLD = """
with held as materialized ({held}), matched as materialized (
    select ranked.* from (
        select c.id, c.external_id, c.name, c.latin_name, c.tier_id, c.language, c.preferred_agent, c.attributes,
               c.provisional, c.segments || c.computed_segments as segments, h.certain,
               rank() over (order by c.provisional) as place
        from held h join customers c on c.id = h.id where {shown}
    ) ranked where ranked.place = 1 order by ranked.name, ranked.id limit 20
), sole as materialized (
    select * from matched where certain and (select count(*) from matched) = 1
), members as materialized (
    select s.id from sole s union all select m.id from customers m join sole s on m.merged_into = s.id
), briefly as (
    select coalesce(json_agg(json_build_object('id', id, 'name', name, 'tier', tier_id, 'language', language)
                             order by name, id) filter (where {listed}), '[]') as matches
    from matched
), identity as (
    select json_build_object(
        'id', s.id, 'external_id', s.external_id, 'name', s.name, 'latin_name', s.latin_name,
        'tier', case when t.id is not null then
            json_build_object('id', t.id, 'name', t.name, 'rank', t.rank, 'colour', t.colour) end,
        'language', s.language,
        'agent', case when a.id is not null then json_build_object('id', a.id, 'name', a.name) end,
        'numbers', (select coalesce(json_agg(json_build_object('raw', n.raw, 'e164', n.e164, 'label', n.label)
                                             order by n.id), '[]')
                    from members m join customer_numbers n on n.customer_id = m.id),
        'attributes', s.attributes, 'provisional', s.provisional,
        'segments', array(select distinct unnest(s.segments) order by 1),
        'warnings', (select coalesce(json_agg(w.text order by w.id), '[]') from members m
                     join customer_notes w on w.customer_id = m.id
                     where w.pinned and (w.until is null or w.until > $3::timestamptz - interval '1 day'))) as customer
    from sole s left join tiers t on t.id = s.tier_id left join agents a on a.id = s.preferred_agent
), history as (
    select coalesce(json_agg(json_build_object(
        'id', i.id, 'started_at', to_char(i.started_at at time zone 'UTC', {iso}),
        'ended_at', to_char(i.ended_at at time zone 'UTC', {iso}),
        'channel', i.channel, 'direction', i.direction, 'queue', i.queue_id, 'agent', i.agent_id,
        'outcome', i.outcome, 'wrap_up_code', i.wrap_up_code, 'note', i.note, 'talk_seconds', i.talk_seconds
        ) order by i.started_at desc, i.id desc), '[]') as interactions,
        (array_agg(i.agent_id order by i.started_at desc, i.id desc) filter (where i.agent_id is not null))[1]
        as last_agent
    from (select newest.* from members m cross join lateral (
              select * from interactions
              where customer_id = m.id and started_at >= $2 and started_at < $3
              order by started_at desc, id desc limit 10) newest
          order by newest.started_at desc, newest.id desc limit 10) i
), present as (
    select coalesce(json_agg(json_build_object(
        'id', l.id, 'source', l.state->'call'->'source', 'call_id', l.state->'call'->'id',
        'channel', coalesce(l.state->>'channel', 'voice'), 'direction', l.state->'call'->'direction',
        'state', coalesce(l.state->>'state', 'arriving'), 'queue', l.state->'queue',
        'arrived_at', to_char(to_timestamp((l.state->>'arrived_at')::float8) at time zone 'UTC', {iso}),
        'agents', coalesce(l.state->'agents', '[]')) order by l.id), '[]') as open
    from live_contacts l
    where l.customer_id in (select id from members) and coalesce(l.state->>'state', 'arriving') <> 'wrap_up'
), warned as (
    select coalesce(json_agg(json_build_object(
        'id', w.id, 'rule', w.rule_id, 'title', w.name, 'advice', w.advice, 'severity', w.severity, 'state', w.state,
        'owner', w.owner, 'opened_at', to_char(w.opened_at at time zone 'UTC', {iso}),
        'due_at', to_char(w.due_at at time zone 'UTC', {iso}), 'count', w.count
        ) order by w.place, w.due_at, w.id), '[]') as alerts
    from (select a.*, r.name, r.advice,
                 array_position(array['critical', 'high', 'medium', 'low'], a.severity) as place
          from members m join customer_alerts a on a.customer_id = m.id join usage_rules r on r.id = a.rule_id
          where a.state in ('open', 'acknowledged') order by place, a.due_at, a.id limit 10) w
), credit as (
    select json_build_object(
        'standing', k.standing, 'source', k.source, 'answered_at', to_char(k.settled_at at time zone 'UTC', {iso}),
        'age_seconds', floor(greatest(0, extract(epoch from $3::timestamptz - interval '1 day' - k.settled_at))),
        'expired', coalesce(k.valid_until <= $3::timestamptz - interval '1 day', false)) as credit
    from members m cross join lateral (
        select * from credit_checks c where c.customer_id = m.id and c.outcome = 'answered'
        order by c.settled_at desc, c.id desc limit 1) k
    order by k.settled_at desc, k.id desc limit 1
), wished as (
    select coalesce(json_agg(w.said order by w.id), '[]') as wishes from (
        select distinct on (p.name) p.id, p.said from members m join customer_preferences p on p.customer_id = m.id
        where p.said is not null order by p.name, p.customer_id <> (select id from sole), p.at desc) w
), set_up as (
    select coalesce(json_agg(s.brief order by s.id), '[]') as products from (
        select g.id, g.brief from members m join product_configurations g on g.customer_id = m.id
        order by g.id limit 10) s
), told as (
    select b.matches, h.last_agent, json_build_object(
        'customer', (select customer from identity), 'alerts', w.alerts,
        'interactions', h.interactions, 'open', p.open, 'credit', (select credit from credit),
        'wishes', y.wishes, 'products', z.products,
        'candidates', case when exists (select from sole) then '[]' else b.matches end,
        'entitlement', (select entitlement_now(s.id, $3::timestamptz - interval '1 day', {channel}) from sole s
                        where exists (select from members m where {any}))
        ) as profile
    from briefly b, history h, present p, warned w, wished y, set_up z
)""".replace("{iso}", _ISO)
_HAS_ANY = " or ".join(
    f"exists (select from {table} x where x.customer_id = m.id limit 1)"
    for table in ("agreements", "customer_ties", "dues")
)
_TOLD = _TOLD.replace("{any}", _HAS_ANY)

_OF_CALL = """
select told.matches::text, told.profile::text, (select preferred_agent from sole) as preferred_agent, told.last_agent,
    exists (select from sole) as certain, ended.id as ended_id, ended.started_at, ended.ended_at
from told left join lateral (
    select id, started_at, ended_at from interactions
    where source_id = $4 and call_id = $5 and started_at >= $6 and started_at < $3
    order by started_at desc limit 1) ended on true"""

# $3 is a day ahead of the call (queries.AHEAD); of a number that more than a thousand have, some will do
_HOLDS = """
    select coalesce(o.merged_into, o.id) as id,
           bool_or(not n.shared and (n.extension is null or $7::text is not null)) as certain
    from (select * from customer_numbers
          where {column} = $1 and (extension is null or $7::text is null or extension = $7::text)
            and (valid_until is null or valid_until > $3::timestamptz - interval '1 day')
            and (valid_from is null or valid_from <= $3::timestamptz - interval '1 day') limit 1000) n
    join customers o on o.id = n.customer_id group by 1"""
_BY_NUMBER = (_TOLD + _OF_CALL).replace("{shown}", "c.active").replace("{listed}", "not provisional")
_BY_NUMBER = _BY_NUMBER.replace("{channel}", "'voice'")
_IS = "select coalesce(o.merged_into, o.id) as id, true as certain from customers o where o.id = $1"

BY_E164 = _BY_NUMBER.replace("{held}", _HOLDS.replace("{column}", "e164"))
BY_RAW = _BY_NUMBER.replace("{held}", _HOLDS.replace("{column}", "raw"))
BY_ID = (
    _TOLD.replace("{held}", _IS).replace("{shown}", "true").replace("{listed}", "true").replace("{channel}", "null")
    + "\nselect told.matches::text, told.profile::text from told"
)
