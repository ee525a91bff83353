"""The SQL of revision 0028 that judges: clauses, a contact and counts in, a verdict out. It reads no table of ours."""

ISO = """'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'"""

OPENINGS = """
create function agreement_openings(hours jsonb, zone text, since date, days integer)
returns table (opens timestamptz, closes timestamptz) language sql stable as $$
    -- a day is cut where its clocks change, which they do at a quarter of an hour: an hour that is leapt over is never
    -- open, one that the clocks show twice is open twice
    with days as (
        select d.day, b.begins, b.ends, case when b.ends - b.begins <> interval '24 hours' then
            (select min(q) from generate_series(b.begins, b.ends, interval '15 minutes') q
             where (q at time zone zone) - (q at time zone 'UTC')
                <> (b.begins at time zone zone) - (b.begins at time zone 'UTC')) end as change
        from generate_series(0, days) n
        cross join lateral (select since + n as day) d
        cross join lateral (select d.day::timestamp at time zone zone as begins,
                                   (d.day + 1)::timestamp at time zone zone as ends) b
    ), stretches as (
        select day, begins, coalesce(change, ends) as ends from days
        union all
        select day, change, ends from days where change is not null
    )
    select w.opens, w.closes from stretches s
    cross join lateral jsonb_array_elements(hours -> 'weekly' -> to_char(s.day, 'fmday')) i
    cross join lateral (select (s.begins at time zone zone) - (s.begins at time zone 'UTC') as shift) o
    cross join lateral (select
        greatest(s.begins, (s.day + (i ->> 'opens')::interval - o.shift) at time zone 'UTC') as opens,
        least(s.ends, (s.day + (i ->> 'closes')::interval - o.shift) at time zone 'UTC') as closes) w
    where w.opens < w.closes and not coalesce(hours -> 'closed_on' ? s.day::text, false)
$$
"""

DUE = """
create function agreement_due(hours jsonb, zone text, since timestamptz, seconds float8)
returns timestamptz language plpgsql stable as $$
declare
    reach integer;
    found timestamptz;
begin
    if hours is null then
        return since + make_interval(secs => seconds);
    end if;
    foreach reach in array array[7, 60, 800] loop
        select o.opens + make_interval(secs => seconds - o.before) into found from (
            select opens, closes, coalesce(sum(extract(epoch from closes - opens)) over (
                       order by opens rows between unbounded preceding and 1 preceding), 0) as before
            from (select greatest(w.opens, since) as opens, w.closes
                  from agreement_openings(hours, zone, (since at time zone zone)::date, reach) w
                  where w.closes > since) cut
        ) o
        where o.before + extract(epoch from o.closes - o.opens) >= seconds order by o.opens limit 1;
        exit when found is not null;
    end loop;
    return found;
end
$$
"""

PERIOD = """
create function agreement_period(per text, zone text, at timestamptz) returns date language sql stable as $$
    select date_trunc(per, at at time zone zone)::date
$$
"""

APPLIES = """
create function clause_applies(clause jsonb, channel text, queue text) returns boolean language sql immutable as $$
    select (coalesce(clause -> 'only_channels', '[]') = '[]' or channel is null or clause -> 'only_channels' ? channel)
       and (coalesce(clause -> 'only_queues', '[]') = '[]' or queue is null or clause -> 'only_queues' ? queue)
$$
"""

PROMISE = f"""
create function clause_promise(clause jsonb, hours jsonb, zone text, contact jsonb, uses jsonb)
returns jsonb language plpgsql stable as $$
declare
    at timestamptz := contact ->> 'at';
    told jsonb := jsonb_build_object('clause', clause -> 'id', 'kind', clause -> 'kind', 'text', clause -> 'text');
    used jsonb := coalesce(uses -> (clause ->> 'id'), '{{"used": 0, "taken"\\: false}}');
    allowed integer := clause ->> 'count';
    due timestamptz;
    kept boolean;
begin
    case clause ->> 'kind'
    when 'service_hours' then
        kept := exists (select from agreement_openings(clause, zone, (at at time zone zone)::date, 0) o
                        where at >= o.opens and at < o.closes);
    when 'channels' then
        kept := contact ->> 'channel' is null or clause -> 'channels' ? (contact ->> 'channel');
        told := told || jsonb_build_object('channels', clause -> 'channels');
    when 'response_time', 'resolution_time' then
        due := agreement_due(case clause ->> 'counted' when 'service_hours' then hours end, zone, at,
                             (clause ->> 'seconds')::float8);
        if clause ->> 'kind' = 'response_time' and (contact ->> 'answered')::boolean then
            kept := at + make_interval(secs => (contact ->> 'wait_seconds')::float8) <= due;
        end if;
        told := told || jsonb_build_object('due_at', to_char(due at time zone 'UTC', {ISO}));
    when 'named_manager' then
        told := told || jsonb_build_object('manager', clause -> 'manager');
    when 'allowance', 'field_visits', 'fee_waiver' then
        if allowed is not null then
            told := told || jsonb_build_object('count', allowed, 'per', clause -> 'per', 'used', used -> 'used',
                                               'left', greatest(0, allowed - (used ->> 'used')::integer));
        end if;
        if clause ->> 'of' = 'contacts' then
            -- the contact that is judged is among those used up, once it has been counted
            kept := (used ->> 'used')::integer <= allowed - case when (used ->> 'taken')::boolean then 0 else 1 end;
        end if;
    else
    end case;
    return told || jsonb_build_object('kept', kept);
end
$$
"""

JUDGE = f"""
create function judge_agreement(zone text, clauses jsonb, contact jsonb, uses jsonb)
returns jsonb language plpgsql stable as $$
declare
    hours jsonb;
    promises jsonb := '[]';
    added jsonb := '[]';
    one record;
    due text;
    ended timestamptz := contact ->> 'ended_at';
    answered boolean := coalesce((contact ->> 'answered')::boolean, false);
    covered boolean;
    in_time boolean;
begin
    select c into hours from jsonb_array_elements(clauses) c where c ->> 'kind' = 'service_hours' limit 1;
    select coalesce(jsonb_agg(clause_promise(c, hours, zone, contact, uses) order by place), '[]') into promises
    from jsonb_array_elements(clauses) with ordinality each(c, place)
    where clause_applies(c, contact ->> 'channel', contact ->> 'queue');
    select coalesce(bool_and((p ->> 'kept')::boolean), true),
           coalesce(bool_and((p ->> 'kept')::boolean) filter (where p ->> 'kind' <> 'service_hours'), true)
    into covered, in_time
    from jsonb_array_elements(promises) p where p ->> 'kind' <> 'response_time';
    if ended is null then
        return jsonb_build_object('covered', covered, 'promises', promises, 'added', added);
    end if;
    for one in
        select c, p from jsonb_array_elements(clauses) c
        join jsonb_array_elements(promises) p on p -> 'clause' = c -> 'id'
        where c ->> 'kind' in ('response_time', 'resolution_time', 'follow_up', 'named_manager')
          -- what is counted in service hours begins with the next opening
          and (covered or (in_time and c ->> 'counted' = 'service_hours'))
          and (c ->> 'kind' <> 'response_time' or not answered and (contact ->> 'asked')::boolean)
          and (c ->> 'kind' <> 'follow_up' or c ->> 'after' = 'every' or not answered)
    loop
        due := coalesce(one.p ->> 'due_at', to_char(
            (ended + make_interval(secs => coalesce((one.c ->> 'seconds')::float8, 0))) at time zone 'UTC', {ISO}));
        added := added || jsonb_build_object(
            'kind', case one.c ->> 'kind' when 'response_time' then 'response' when 'resolution_time' then 'resolution'
                    when 'named_manager' then 'manager_notice' else one.c ->> 'kind' end,
            'clause', one.c -> 'id', 'text', one.c -> 'text', 'due_at', due, 'owner', one.c -> 'manager');
    end loop;
    return jsonb_build_object('covered', covered, 'promises', promises, 'added', added);
end
$$
"""  # noqa: S608 - made of the constant above

JUDGING = (OPENINGS, DUE, PERIOD, APPLIES, PROMISE, JUDGE)
