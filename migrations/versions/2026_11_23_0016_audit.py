"""The audit log, partitioned by month, and triggers that write it.

Revision: 0016
After: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# table: (what it is called, the columns that name a row, the columns whose values are never told)
AUDITED = {
    "agents": ("agent", "id", ""),
    "api_keys": ("api_key", "id", "hash"),
    "business_hours": ("hours", "id", ""),
    "cti_sources": ("source", "id", "secrets"),
    "dialled_numbers": ("dialled_number", "source_id,number", ""),
    "queues": ("queue", "id", ""),
    "skills": ("skill", "id", ""),
    "teams": ("team", "id", ""),
    "tiers": ("tier", "id", ""),
    "users": ("user", "id", "password_hash"),
    "wrap_up_codes": ("wrap_up_code", "id", ""),
}

WRITE_ENTRY = """
create function write_audit_entry() returns trigger language plpgsql as $$
declare
    older jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
    newer jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
    differs text[];
    told text;
    field text;
begin
    select string_agg(coalesce(newer, older) ->> name, '/' order by place) into told
        from unnest(string_to_array(tg_argv[1], ',')) with ordinality as names (name, place);
    select array_agg(name) into differs
        from jsonb_object_keys(coalesce(newer, older)) as names (name)
        where older -> name is distinct from newer -> name;
    if differs is null then
        return null;
    end if;
    foreach field in array string_to_array(tg_argv[2], ',') loop
        older := case when older ? field then older || jsonb_build_object(field, 'hidden') else older end;
        newer := case when newer ? field then newer || jsonb_build_object(field, 'hidden') else newer end;
    end loop;
    insert into audit_entries (who, action, kind, thing, before, after) values (
        nullif(current_setting('callfloor.who', true), ''),
        tg_argv[0] || case tg_op when 'INSERT' then '.created' when 'UPDATE' then '.changed' else '.deleted' end,
        tg_argv[0],
        told,
        (select jsonb_object_agg(key, value) from jsonb_each(older) where key = any (differs)),
        (select jsonb_object_agg(key, value) from jsonb_each(newer) where key = any (differs))
    );
    return null;
end
$$
"""

# whole months are dropped when they need not be kept any longer; single rows are neither changed nor removed
KEEP_ENTRY = """
create function keep_audit_entry() returns trigger language plpgsql as $$
begin
    raise integrity_constraint_violation using
        message = 'an entry of the audit log is neither changed nor removed', constraint = 'audit_entries_stay';
end
$$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("who", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("id", "at", name="pk_audit_entries"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_audit_entries_at_id", "audit_entries", ["at", "id"])
    op.create_index("ix_audit_entries_kind_thing_at", "audit_entries", ["kind", "thing", "at"])
    op.create_index("ix_audit_entries_who_at", "audit_entries", ["who", "at"])
    op.execute(KEEP_ENTRY)
    op.execute(
        "create trigger audit_entries_stay before update or delete on audit_entries "
        "for each row execute function keep_audit_entry()"
    )
    op.execute(WRITE_ENTRY)
    for table, (kind, key, hidden) in AUDITED.items():
        op.execute(
            f"create trigger {table}_audit after insert or update or delete on {table} "
            f"for each row execute function write_audit_entry('{kind}', '{key}', '{hidden}')"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in AUDITED:
        op.execute(f"drop trigger {table}_audit on {table}")
    op.execute("drop function write_audit_entry()")
    op.drop_table("audit_entries")
    op.execute("drop function keep_audit_entry()")
