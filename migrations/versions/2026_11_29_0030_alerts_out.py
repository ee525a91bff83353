"""Alerts told to other systems, by triggers as customers are: raised, changed in what people do with them, closed. That
what a rule saw has been seen once more is not told.

Revision: 0030
After: 0029
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

LIVE = "('open', 'acknowledged')"

# thin, as what is told of customers: the rule says what of, and no name, number or value goes out
TOLD = """jsonb_build_object('alert_id', n.id, 'customer_id', n.customer_id, 'rule', n.rule_id, 'severity', n.severity,
            'state', n.state, 'owner', n.owner, 'due_at', n.due_at)"""


def _announced(kind: str, source: str) -> str:
    """Of the order of a customer: who is told of an alert is told of its customer before."""
    return f"""
        if change_wanted('{kind}') then
            perform announce_changes('{kind}', array_agg('customer:' || n.customer_id order by n.id),
                                     array_agg({TOLD} order by n.id)) from {source} having count(*) > 0;
        end if;"""


_PAIR = "newer n join older o on o.id = n.id"
_CHANGED = f"""{_PAIR} where n.state in {LIVE}
            and (n.state, n.owner, n.due_at, n.severity) is distinct from (o.state, o.owner, o.due_at, o.severity)"""
_CLOSED = f"{_PAIR} where n.state not in {LIVE} and o.state in {LIVE}"

ALERTS = f"""
create function announce_alerts() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then{_announced("alert.raised", "newer n")}
    else{_announced("alert.changed", _CHANGED)}{_announced("alert.closed", _CLOSED)}
    end if;
    return null;
end
$$
"""

TRIGGERS = (
    "create trigger customer_alerts_announce_insert after insert on customer_alerts referencing new table as newer "
    "for each statement execute function announce_alerts()",
    "create trigger customer_alerts_announce_update after update on customer_alerts "
    "referencing new table as newer old table as older for each statement execute function announce_alerts()",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in (ALERTS, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for trigger in ("customer_alerts_announce_insert", "customer_alerts_announce_update"):
        op.execute(f"drop trigger {trigger} on customer_alerts")
    op.execute("drop function announce_alerts")
