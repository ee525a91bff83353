"""The SQL of revision 0028 that writes: `entitle` does for one contact what one agreement requires, and the triggers
that call it; `entitlement_now` tells what a customer is entitled to."""

from migrations.judging_0028 import ISO, JUDGING

FAMILY = """
create function customer_family(customer uuid) returns setof uuid language sql stable as $$
    select r.root from (select coalesce(merged_into, id) as root from customers where id = customer) r
    union all
    select m.id from customers o join customers m on m.merged_into = coalesce(o.merged_into, o.id)
    where o.id = customer
$$
"""

# here and below, `offset 0` keeps a look-up by its key: a plan is made once, while tables are empty, and would else
# read the whole of one that has grown
IN_FORCE = """
create function agreements_in_force(customer uuid, at timestamptz) returns setof agreements language sql stable as $$
    select distinct on (a.id) a.* from customers c
    cross join lateral (select coalesce(c.merged_into, c.id) as root) r
    cross join lateral (select r.root as member
                        union all select m.id from customers m where m.merged_into = r.root) f
    cross join lateral (
        select f.member as holder, null as kind
        union all
        select h.holder, t.kind from (
            select t.other_id, t.kind from customer_ties t
            where t.customer_id = f.member and (t.valid_from is null or t.valid_from <= at)
              and (t.valid_until is null or t.valid_until > at) offset 0) t
        join customers o on o.id = t.other_id cross join lateral (values (o.id), (o.merged_into)) h (holder)
    ) w
    cross join lateral (
        select * from agreements b
        where b.customer_id = w.holder and b.status = 'active' and b.starts_at <= at
          and (b.ends_at is null or at < b.ends_at) and (w.kind is null or w.kind = any(b.covers)) offset 0) a
    where c.id = customer
    order by a.id
$$
"""

USES = """
create function agreement_uses(agreement agreements, at timestamptz, asked text) returns jsonb
language sql stable as $$
    select coalesce(jsonb_object_agg(c ->> 'id', jsonb_build_object(
        'used', coalesce(u.number, n.used, 0), 'taken', u.number is not null)), '{}')
    from jsonb_array_elements(agreement.clauses) c
    left join allowance_counts n on n.agreement_id = agreement.id and n.clause_id = c ->> 'id'
        and n.period = agreement_period(c ->> 'per', agreement.time_zone, at)
    left join allowance_uses u on u.agreement_id = agreement.id and u.clause_id = c ->> 'id' and u.reference = asked
    where c ->> 'count' is not null
$$
"""

USE = """
create function use_allowance(agreement uuid, clause text, within date, named text, moment timestamptz)
returns integer language plpgsql as $$
declare
    nth integer;
begin
    insert into allowance_uses (agreement_id, clause_id, reference, at, period)
    values (agreement, clause, named, moment, within) on conflict do nothing;
    if not found then  -- it was counted before
        select number into nth from allowance_uses
        where agreement_id = agreement and clause_id = clause and reference = named;
        return nth;
    end if;
    insert into allowance_counts as c (agreement_id, clause_id, period, used) values (agreement, clause, within, 1)
    on conflict (agreement_id, clause_id, period) do update set used = c.used + 1 returning c.used into nth;
    update allowance_uses set number = nth
    where agreement_id = agreement and clause_id = clause and reference = named;
    return nth;
end
$$
"""

APPLY = """
create function apply_agreement(contact interactions, a agreements) returns void language plpgsql as $$
declare
    answered boolean := contact.outcome = 'answered';
    verdict jsonb;
    fresh boolean;
begin
    if answered then  -- somebody spoke with the customer: what waited for that is done
        update dues set done_at = contact.ended_at, done_by = contact.agent_id, done_in = contact.id
        where agreement_id = a.id and done_at is null and kind = 'response' and started_at <= contact.started_at
          and customer_id = any(array(select customer_family(contact.customer_id)));
    end if;
    if contact.direction <> 'inbound' then
        return;
    end if;
    if answered then
        perform use_allowance(a.id, c ->> 'id', agreement_period(c ->> 'per', a.time_zone, contact.started_at),
                              contact.id::text, contact.started_at)
        from (select c from jsonb_array_elements(a.clauses) c
              where c ->> 'of' = 'contacts' and clause_applies(c, contact.channel, contact.queue_id)
              order by c ->> 'id') counted;
    end if;
    verdict := judge_agreement(a.time_zone, a.clauses, jsonb_build_object(
        'at', contact.started_at, 'ended_at', contact.ended_at, 'channel', contact.channel, 'queue', contact.queue_id,
        'answered', answered, 'asked', contact.queue_id is not null, 'wait_seconds', contact.wait_seconds
    ), agreement_uses(a, contact.started_at, contact.id::text));
    fresh := not exists (select from entitlements e where e.interaction_id = contact.id and e.agreement_id = a.id
                                                     and e.started_at = contact.started_at);
    insert into entitlements (interaction_id, agreement_id, started_at, customer_id, product, covered, promises)
    values (contact.id, a.id, contact.started_at, contact.customer_id, a.product,
            (verdict ->> 'covered')::boolean, verdict -> 'promises')
    on conflict (interaction_id, agreement_id, started_at)
        do update set covered = excluded.covered, promises = excluded.promises, fault = null;
    insert into dues (kind, due_at, customer_id, interaction_id, started_at, agreement_id, clause_id, clause_text,
                      owner)
    select d ->> 'kind', (d ->> 'due_at')::timestamptz, contact.customer_id, contact.id, contact.started_at, a.id,
           d ->> 'clause', d ->> 'text', d ->> 'owner'
    from jsonb_array_elements(verdict -> 'added') d where d ->> 'due_at' is not null
    on conflict (interaction_id, agreement_id, clause_id, kind) do nothing;
    if fresh then
        insert into interaction_entries (started_at, interaction_id, at, kind, data)
        values (contact.started_at, contact.id, contact.ended_at, 'entitlement', jsonb_build_object(
            'agreement', a.id, 'product', a.product, 'covered', verdict -> 'covered', 'added', verdict -> 'added'));
    end if;
end
$$
"""

ENTITLE = """
create function entitle(contact_id uuid, began timestamptz, agreement uuid) returns void language plpgsql as $$
declare
    contact interactions;
    a agreements;
begin
    select * into contact from interactions where id = contact_id and started_at = began;
    select * into a from agreements where id = agreement;
    perform apply_agreement(contact, a);
exception
    when deadlock_detected or serialization_failure or lock_not_available then
        raise;  -- the whole commit is tried again
    when others then  -- an agreement that cannot be read must not keep the contact from being recorded
        begin
            insert into entitlements (interaction_id, agreement_id, started_at, customer_id, product, promises, fault)
            values (contact_id, agreement, began, contact.customer_id, a.product, '[]', sqlerrm)
            on conflict (interaction_id, agreement_id, started_at) do update set covered = null, fault = excluded.fault;
        exception when others then
            raise warning 'contact % was not judged by agreement %: %', contact_id, agreement, sqlerrm;
        end;
end
$$
"""

NOW = f"""
create function entitlement_now(customer uuid, at timestamptz, channel text) returns json
language plpgsql stable as $$
declare
    told json;
    open json;
    whole boolean;
    members uuid[] := array(select customer_family(customer));
begin
    begin
        select bool_or((v ->> 'covered')::boolean), json_agg(json_build_object(
            'id', a.id, 'product', a.product, 'name', a.name, 'ends_at', to_char(a.ends_at at time zone 'UTC', {ISO}),
            'covered', v -> 'covered', 'promises', v -> 'promises') order by a.id)
        into whole, told
        from agreements_in_force(customer, at) a
        cross join lateral (select judge_agreement(
            a.time_zone, a.clauses, jsonb_build_object('at', at, 'channel', channel), agreement_uses(a, at, null)
        ) as v) judged;
    exception when others then  -- the rest of the profile is told
        told := '[]';
    end;
    select json_agg(json_build_object('id', d.id, 'kind', d.kind, 'clause', d.clause_id, 'text', d.clause_text,
                                      'owner', d.owner, 'due_at', to_char(d.due_at at time zone 'UTC', {ISO}))
                    order by d.due_at, d.id) into open
    from (select own.* from unnest(members) m
          cross join lateral (select * from dues x where x.customer_id = m and x.done_at is null offset 0) own
          order by own.due_at, own.id limit 10) d;
    if told is null and open is null then
        return null;
    end if;
    return json_build_object('covered', case when told is null then false else whole end,
                             'agreements', coalesce(told, '[]'), 'due', coalesce(open, '[]'));
end
$$
"""  # noqa: S608 - made of the constant above

RECORDED = """
create function entitle_recorded() returns trigger language plpgsql as $$
begin
    if not exists (select from agreements) then
        return null;
    end if;
    -- in one order whoever writes, so that two who count the same do not wait for each other in a circle
    perform entitle(n.id, n.started_at, n.agreement) from (
        select n.id, n.started_at, a.id as agreement
        from newer n cross join lateral agreements_in_force(n.customer_id, n.started_at) a
        order by a.id, n.started_at, n.id) n;
    return null;
end
$$
"""

CHANGED = """
create function entitle_changed() returns trigger language plpgsql as $$
begin
    perform entitle(new.id, new.started_at, a.id) from agreements_in_force(new.customer_id, new.started_at) a;
    return null;
end
$$
"""

_TOLD = "write_customer_part_versions('agreement', 'id', 'id,customer_id,created_at,updated_at')"
TRIGGERS = (
    "create trigger interactions_entitled after insert on interactions referencing new table as newer "
    "for each statement execute function entitle_recorded()",
    "create trigger interactions_entitled_later after update of customer_id, outcome on interactions for each row "
    "when (new.customer_id is not null and (old.customer_id is null or old.outcome <> new.outcome)) "
    "execute function entitle_changed()",
    *(
        f"create trigger agreements_versions_{event} after {event} on agreements referencing {rows} "
        f"for each statement execute function {_TOLD}"
        for event, rows in (
            ("insert", "new table as newer"),
            ("update", "new table as newer old table as older"),
            ("delete", "old table as older"),
        )
    ),
)

MONTHS = """
do $$
declare
    month record;
begin  -- months that contacts have already
    for month in
        select substr(c.relname, 14) as named, pg_get_expr(c.relpartbound, c.oid) as bounds
        from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'interactions'::regclass
    loop
        execute format('create table %I partition of entitlements %s', 'entitlements_' || month.named, month.bounds);
    end loop;
end
$$
"""

FUNCTIONS = (*JUDGING, FAMILY, IN_FORCE, USES, USE, APPLY, ENTITLE, NOW, RECORDED, CHANGED)

DROP = (
    "drop function entitle_recorded() cascade",
    "drop function entitle_changed() cascade",
    *(
        f"drop function {name}"
        for name in (
            "entitlement_now", "entitle", "apply_agreement", "use_allowance", "agreement_uses", "agreements_in_force",
            "customer_family", "judge_agreement", "clause_promise", "clause_applies", "agreement_period",
            "agreement_due", "agreement_openings",
        )
    ),
)  # fmt: skip
