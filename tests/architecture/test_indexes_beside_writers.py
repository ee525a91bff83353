"""A migration after 0053 builds no index on a big table while writers wait: an update would stop a bank for as long.

It does so concurrently, in an autocommit block; of a partitioned table, on the parent alone first, where that takes no
time, then on each partition that has none concurrently, each attached under a `lock_timeout`
(`tests/migrations/test_indexes_beside_writers.py` has both as they are written). Or it says in a constant
`BUILT_IN_PLACE` why that is not needed. The block commits what was before it, so all of such a migration must be able
to run again.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.db.base import Base

ROOT = Path(__file__).parents[2]
for models in (ROOT / "app").rglob("models.py"):
    importlib.import_module(".".join(models.relative_to(ROOT).with_suffix("").parts))
LAST_THAT_NEED_NOT = "0053"
SMALL = {
    "agent_skills", "agents", "api_keys", "attribute_definitions", "business_hours", "configuration", "credit_bureaus",
    "cti_sources", "dialled_numbers", "feed_runs", "feed_sources", "floors", "flow_versions", "flows",
    "instance_secrets", "live_agents", "live_contacts", "live_phones", "product_versions", "products", "queue_skills",
    "queues", "retention_policies", "retention_runs", "segment_rounds", "segment_rule_sets", "skills", "teams", "tiers",
    "usage_rules", "usage_sweeps", "users", "webhook_lanes", "webhook_places", "webhook_subscriptions", "wrap_up_codes",
}  # fmt: skip
"""Tables that do not grow with customers or contacts. All others are big, also those that come later."""

BUILDS = re.compile(
    r"\bcreate\s+(?:unique\s+)?index\b(?P<rest>.*?)\bon\s+(?P<only>only\s+)?\"?(?P<table>[\w?]+)"
    r"|\balter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?\"?(?P<altered>[\w?]+)\"?\s.*?\b(?:unique|primary\s+key|exclude)\b(?!\s+using\s+index)",
    re.IGNORECASE | re.DOTALL,
)
BY_METHOD = {
    "create_index": 1, "create_unique_constraint": 1, "create_primary_key": 1, "create_exclude_constraint": 1,
}  # fmt: skip
"""What of Alembic builds an index, and at which place it is told the table."""


def later_migrations() -> list[Path]:
    """The migrations that the rule is for, and what they share with others, by the number in the name."""
    numbered = [(path, re.search(r"_(\d{4})(?:_|$)", path.stem[10:])) for path in (ROOT / "migrations").rglob("*.py")]
    return [path for path, number in numbered if number and number[1] > LAST_THAT_NEED_NOT]


def text_of(node: ast.expr | None) -> str:
    """What a text says, with a ? for what is filled in; all is filled in of what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return text_of(node.left) + text_of(node.right)
    return "?"


def in_place(source: str) -> list[str]:
    """What a migration builds on big tables while writers wait: where, and on which table ("?": it cannot be told)."""
    tree = ast.parse(source)
    nodes: list[Any] = [
        node for part in tree.body if getattr(part, "name", "") != "downgrade" for node in ast.walk(part)
    ]
    if any(says_why(node) for node in nodes):
        return []
    made = {text_of(node.args[0]) for node in nodes if isinstance(node, ast.Call) and method_of(node) == "create_table"}
    beside = {id(node) for block in nodes if is_autocommit(block) for node in ast.walk(block)}
    attached = any("attach partition" in text_of(node).lower() for node in nodes if isinstance(node, ast.expr))
    found = [(node, *built) for node in nodes for built in built_by(node)]
    return [
        f"line {node.lineno}: {table}"
        for node, table, concurrently, only in found
        if table not in SMALL | made and not (concurrently and id(node) in beside) and not (only and attached)
    ]


def built_by(node: Any) -> Iterator[tuple[str, bool, bool]]:
    """(table, whether concurrently, whether on the parent of partitions alone) of each index that this builds."""
    if isinstance(node, ast.Call) and method_of(node) in BY_METHOD:
        place = BY_METHOD[method_of(node)]
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        table = node.args[place] if len(node.args) > place else named.get("table_name")
        asked = named.get("postgresql_concurrently")
        yield text_of(table), isinstance(asked, ast.Constant) and asked.value is True, False
    if isinstance(node, ast.Call) and method_of(node) == "add_column":
        inner = [keyword.arg for each in ast.walk(node) if isinstance(each, ast.Call) for keyword in each.keywords]
        if {"unique", "index", "primary_key"} & {*inner}:
            yield text_of(node.args[0]), False, False
    if isinstance(node, ast.Constant | ast.JoinedStr):
        for found in BUILDS.finditer(text_of(node)):
            concurrently = "concurrently" in (found["rest"] or "").lower()
            yield (found["table"] or found["altered"]).lower(), concurrently, bool(found["only"])


def method_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def is_autocommit(node: ast.AST) -> bool:
    return isinstance(node, ast.With) and any(
        isinstance(each.context_expr, ast.Call) and method_of(each.context_expr) == "autocommit_block"
        for each in node.items
    )


def says_why(node: Any) -> bool:
    named = isinstance(node, ast.Assign) and any(getattr(each, "id", "") == "BUILT_IN_PLACE" for each in node.targets)
    return named and isinstance(node.value, ast.Constant) and len(str(node.value.value).split()) > 3


def test_no_index_on_a_big_table_is_built_while_writers_wait() -> None:
    found = {path.name: in_place(path.read_text()) for path in later_migrations()}
    assert not [(name, places) for name, places in found.items() if places], __doc__


def test_what_is_said_to_be_small_is_there() -> None:
    assert not SMALL - set(Base.metadata.tables)


UPGRADE = "{constant}\ndef upgrade():\n    op.execute('SET LOCAL lock_timeout = 1')\n{steps}\n"
BLOCK = "    with op.get_context().autocommit_block():\n    "
BAD = [
    "    op.create_index('x', 'customers', ['name'])",
    "    op.create_index('x', 'customers', ['name'], postgresql_concurrently=True)",
    "    op.create_index('x', table_name='customers', columns=['name'])",
    f"{BLOCK}    op.create_index('x', 'customers', ['name'])",
    "    op.create_unique_constraint('x', 'customers', ['name'])",
    "    op.add_column('customers', sa.Column('x', sa.Text(), unique=True))",
    "    op.execute('create index x on customers (name)')",
    "    op.execute('''CREATE UNIQUE INDEX IF NOT EXISTS x\n        ON events (at)''')",
    "    op.execute('create index concurrently x on customers (name)')",
    "    op.execute('alter table customers add constraint x unique (name)')",
    "    op.execute('create index x on only events (at)')",
    "    for table in TABLES:\n        op.create_index('x', table, ['at'])",
    "    for table in TABLES:\n        op.execute(f'create index x on {table} (at)')",
]
GOOD = [
    "    op.create_index('x', 'queues', ['name'])",
    "    op.create_table('new', sa.Column('id'))\n    op.create_index('x', 'new', ['id'])",
    f"{BLOCK}    op.create_index('x', 'customers', ['name'], postgresql_concurrently=True)",
    f"{BLOCK}    op.execute('create index concurrently x on customers (name)')",
    f"    op.execute('create index x on only events (at)')\n{BLOCK}"
    "    op.execute(f'create index concurrently y on {p} (at)')\n"
    "        op.execute('alter index x attach partition y')",
    "    op.execute('create table new (id int unique)')",
    "    op.execute('alter table customers add constraint x unique using index y')",
]


@pytest.mark.parametrize("steps", BAD)
def test_an_index_that_keeps_writers_waiting_is_seen(steps: str) -> None:
    assert in_place(UPGRADE.format(constant="", steps=steps))
    helper = UPGRADE.format(constant="", steps="    pass") + "def helper():\n" + steps
    assert in_place(helper), "wherever in the file it stands"
    why = "BUILT_IN_PLACE = 'the table is empty until 0054'"
    assert not in_place(UPGRADE.format(constant=why, steps=steps))
    assert in_place(UPGRADE.format(constant="BUILT_IN_PLACE = ''", steps=steps))


@pytest.mark.parametrize("steps", GOOD)
def test_an_index_that_keeps_nobody_waiting_is_fine(steps: str) -> None:
    assert not in_place(UPGRADE.format(constant="", steps=steps))
