"""Flows and their versions; dialled numbers and sources may lead to a flow.

Revision: 0015
After: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KEEP_VERSION = """
create function keep_flow_version() returns trigger language plpgsql as $$
begin
    if old.state = 'draft' then
        return case tg_op when 'DELETE' then old else new end;
    end if;
    if tg_op = 'UPDATE' and old.state = 'published' and new.state = 'retired'
        and to_jsonb(new) - '{state,retired_at}'::text[] = to_jsonb(old) - '{state,retired_at}'::text[] then
        return new;
    end if;
    raise integrity_constraint_violation using
        message = format('version %s of the flow %s has been published and stays as it is', old.number, old.flow_id),
        constraint = 'flow_versions_immutable';
end
$$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _flows()
    _flow_versions()
    _triggers()
    _ways_in()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint("ck_cti_sources_one_default", "cti_sources")
    op.drop_column("cti_sources", "default_flow")
    op.drop_constraint("ck_dialled_numbers_one_way", "dialled_numbers")
    op.execute("delete from dialled_numbers where queue_id is null")
    op.drop_column("dialled_numbers", "flow_id")
    op.alter_column("dialled_numbers", "queue_id", nullable=False)
    op.drop_table("flow_versions")
    op.drop_table("flows")
    op.execute("drop function keep_flow_version()")


def _flows() -> None:
    op.create_table(
        "flows",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_flows"),
    )


def _flow_versions() -> None:
    op.create_table(
        "flow_versions",
        sa.Column("flow_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("uses", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("from_number", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scheduled_by", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('draft', 'published', 'retired')", name="ck_flow_versions_state_known"),
        sa.CheckConstraint("number > 0", name="ck_flow_versions_number_positive"),
        sa.CheckConstraint(
            "(state = 'draft') = (published_at is null) and (state = 'retired') = (retired_at is not null)",
            name="ck_flow_versions_times_fit",
        ),
        sa.CheckConstraint("(publish_at is null) = (scheduled_by is null)", name="ck_flow_versions_schedule_whole"),
        sa.ForeignKeyConstraint(["flow_id"], ["flows.id"], name="fk_flow_versions_flow_id_flows"),
        sa.PrimaryKeyConstraint("flow_id", "number", name="pk_flow_versions"),
    )
    for state in ("draft", "published"):
        only = sa.text(f"state = '{state}'")
        op.create_index(f"uq_flow_versions_{state}", "flow_versions", ["flow_id"], unique=True, postgresql_where=only)
    waiting = sa.text("state = 'draft' and publish_at is not null")
    op.create_index("ix_flow_versions_publish_at", "flow_versions", ["publish_at"], postgresql_where=waiting)


def _triggers() -> None:
    op.execute(KEEP_VERSION)
    op.execute(
        "create trigger flow_versions_immutable before update or delete on flow_versions "
        "for each row execute function keep_flow_version()"
    )
    # what is written into drafts is nothing to the floors, so these look at each row
    op.execute(
        "create trigger flow_versions_published after insert on flow_versions "
        "for each row when (new.state = 'published') execute function raise_configuration_version()"
    )
    op.execute(
        "create trigger flow_versions_configuration after update on flow_versions "
        "for each row when (old.state is distinct from new.state) execute function raise_configuration_version()"
    )


def _ways_in() -> None:
    op.add_column("dialled_numbers", sa.Column("flow_id", sa.Text(), nullable=True))
    op.create_foreign_key("fk_dialled_numbers_flow_id_flows", "dialled_numbers", "flows", ["flow_id"], ["id"])
    op.alter_column("dialled_numbers", "queue_id", nullable=True)
    op.create_check_constraint(
        op.f("ck_dialled_numbers_one_way"), "dialled_numbers", "num_nonnulls(queue_id, flow_id) = 1"
    )
    op.add_column("cti_sources", sa.Column("default_flow", sa.Text(), nullable=True))
    op.create_foreign_key("fk_cti_sources_default_flow_flows", "cti_sources", "flows", ["default_flow"], ["id"])
    op.create_check_constraint(
        op.f("ck_cti_sources_one_default"), "cti_sources", "num_nonnulls(default_queue, default_flow) <= 1"
    )
