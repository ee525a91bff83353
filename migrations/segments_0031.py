"""Functions and triggers of migration 0031: who is to be judged again, moves that no rule made, rules that stay."""

from importlib import import_module

SOURCE = "coalesce(nullif(current_setting('callfloor.source', true), ''), 'hand')"
JUDGED_BY = ("kind", "tier_id", "language", "segments", "attributes", "active", "provisional", "merged_into")

# what rules themselves have moved is not judged again: a rule may ask for the tier that it gives
CUSTOMERS = f"""
create function note_changed_customers() returns trigger language plpgsql as $$
begin
    if {SOURCE} = 'rules' or not exists (select from segment_rule_sets where state = 'active') then
        return null;
    end if;
    if tg_op = 'INSERT' then
        insert into segment_changes (customer_id) select id from newer where not provisional;
    else
        insert into segment_changes (customer_id)
        select each.id from newer n join older o on o.id = n.id
        cross join lateral (select n.id union select n.merged_into union select o.merged_into) each
        where ({", ".join(f"n.{name}" for name in JUDGED_BY)})
              is distinct from ({", ".join(f"o.{name}" for name in JUDGED_BY)}) and each.id is not null;
    end if;
    return null;
end
$$
"""  # noqa: S608 - made of constants

HOLDINGS = """
create function note_changed_holdings() returns trigger language plpgsql as $$
begin
    if exists (select from segment_rule_sets where state = 'active' and 'holdings' = any(asks)) then
        if tg_op = 'DELETE' then
            insert into segment_changes (customer_id) select distinct customer_id from older;
        else
            insert into segment_changes (customer_id) select distinct customer_id from newer;
        end if;
    end if;
    return null;
end
$$
"""

USAGE = """
create function note_changed_usage() returns trigger language plpgsql as $$
begin
    insert into segment_changes (customer_id)
    select distinct n.customer_id from segment_rule_sets s join newer n on 'usage:' || n.kind = any(s.asks)
    where s.state = 'active';
    return null;
end
$$
"""

CONTACTS = """
create function note_changed_contacts() returns trigger language plpgsql as $$
begin
    insert into segment_changes (customer_id)
    select distinct n.customer_id from segment_rule_sets s join newer n on n.customer_id is not null
    where s.state = 'active' and 'contacts' = any(s.asks);
    return null;
end
$$
"""

# what rules do they write themselves, with what decided
MOVES = f"""
create function note_moves() returns trigger language plpgsql as $$
begin
    if {SOURCE} <> 'rules' then
        insert into customer_moves (customer_id, part, before, after, source)
        select n.id, 'tier', o.tier_id, n.tier_id, {SOURCE}
        from newer n join older o on o.id = n.id where n.tier_id is distinct from o.tier_id;
    end if;
    return null;
end
$$
"""  # noqa: S608 - made of constants

KEEP = """
create function keep_segment_rules() returns trigger language plpgsql as $$
begin
    if old.state <> 'draft' and (tg_op = 'DELETE' or new.state = 'draft'
            or (new.rules, new.asks, new.daily_at, new.time_zone) is distinct from
               (old.rules, old.asks, old.daily_at, old.time_zone)) then
        raise integrity_constraint_violation using
            message = 'rules that were active stay as they were', constraint = 'segment_rules_stay';
    end if;
    return coalesce(new, old);
end
$$
"""

FUNCTIONS = (CUSTOMERS, HOLDINGS, USAGE, CONTACTS, MOVES, KEEP)
_BOTH = "referencing new table as newer old table as older"
_NEW = "referencing new table as newer"
_OLD = "referencing old table as older"


def _trigger(name: str, event: str, table: str, rows: str, function: str) -> str:
    return f"create trigger {name} after {event} on {table} {rows} for each statement execute function {function}()"


_MADE = (
    ("customers_judged_insert", "insert", "customers", _NEW, "note_changed_customers"),
    ("customers_judged_update", "update", "customers", _BOTH, "note_changed_customers"),
    ("customer_holdings_judged_insert", "insert", "customer_holdings", _NEW, "note_changed_holdings"),
    ("customer_holdings_judged_update", "update", "customer_holdings", _NEW, "note_changed_holdings"),
    ("customer_holdings_judged_delete", "delete", "customer_holdings", _OLD, "note_changed_holdings"),
    ("usage_events_judged", "insert", "usage_events", _NEW, "note_changed_usage"),
    ("interactions_judged", "insert", "interactions", _NEW, "note_changed_contacts"),
    ("customers_moves", "update", "customers", _BOTH, "note_moves"),
)
TRIGGERS = (
    *(_trigger(*each) for each in _MADE),
    "create trigger segment_rule_sets_keep before update or delete on segment_rule_sets "
    "for each row execute function keep_segment_rules()",
    "create trigger segment_rule_sets_audit after insert or update or delete on segment_rule_sets "
    "for each row execute function write_audit_entry('segment_rule_set', 'number', '')",
)
DROP = (
    *(f"drop trigger {name} on {table}" for name, _, table, _, _ in _MADE),
    "drop trigger segment_rule_sets_keep on segment_rule_sets",
    "drop trigger segment_rule_sets_audit on segment_rule_sets",
    *(
        f"drop function {name}()"
        for name in (
            "note_changed_customers",
            "note_changed_holdings",
            "note_changed_usage",
            "note_changed_contacts",
            "note_moves",
            "keep_segment_rules",
        )
    ),
)


def versions_of(*, computed: bool) -> str:
    """The function that tells versions of customers, with or without the segments that rules have given."""
    told = import_module("migrations.versions.2026_11_27_0023_customer_versions")
    written = str(told.WRITE).replace("create function", "create or replace function", 1)
    if not computed:
        return written
    name = "computed_segments"
    pair = f"'{name}', case when o.{name} is distinct from n.{name} then jsonb_build_array(o.{name}, n.{name}) end"
    return written.replace(told.PAIRS, f"{told.PAIRS},\n            {pair}", 1)
