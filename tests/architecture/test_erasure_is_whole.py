"""Every table has its place in what an erasure does, so that what is added later is not forgotten."""

import importlib
import re
from pathlib import Path

from sqlalchemy import Table

from app.db.base import Base
from app.privacy.registry import FATES, Fate

ROOT = Path(__file__).parents[2]
for models in (ROOT / "app").rglob("models.py"):
    importlib.import_module(".".join(models.relative_to(ROOT).with_suffix("").parts))
TABLES: dict[str, Table] = dict(Base.metadata.tables)
BY_TABLE = {fate.table: fate for fate in FATES}
PERSONAL = re.compile(r"customer|caller|phone|number|email|address|profile|from_raw|to_raw|call_id")
EXCUSED = {
    "live_contacts": {"customer_id", "profile"},
    "agents": {"address"},
    "dialled_numbers": {"number"},
    "cti_sources": {"caller_id", "emergency_number"},
    "flow_versions": {"number", "from_number"},
    "live_phones": {"address"},
    "product_versions": {"number"},
    "segment_rule_sets": {"number"},
    "usage_sweeps": {"looked_customer"},
    "erasure_rests": {"customer_id"},
}
"""Columns of tables that are kept, whose names look as if they were of customers; the registry says why they stay."""


def of_customers(table: Table) -> set[str]:
    """The columns that name a customer."""
    keys = {key.parent.name for key in table.foreign_keys if key.column.table.name == "customers"}
    return keys | {column.name for column in table.columns if PERSONAL.search(column.name)}


def wrong(tables: dict[str, Table], fates: dict[str, Fate]) -> list[str]:
    """What the registry does not tell, or tells wrongly."""
    found = [f"{name} has no fate" for name in tables.keys() - fates.keys()]
    found += [f"{name} is no table" for name in fates.keys() - tables.keys()]
    for name in tables.keys() & fates.keys():
        fate, columns = fates[name], {column.name for column in tables[name].columns}
        if fate.does == "deleted" and f"delete from {name} " not in (fate.sql or ""):
            found.append(f"{name} is not deleted")
        if fate.does == "blanked":
            told = {*fate.blanks, *fate.keeps}
            found += [f"{name}.{column}: blanked or kept?" for column in columns ^ told]
        if fate.does == "kept":
            found += [f"{name}.{column} is kept" for column in of_customers(tables[name]) - EXCUSED.get(name, set())]
    return sorted(found)


def test_every_table_and_every_column_that_stays_is_decided_about() -> None:
    assert not wrong(TABLES, BY_TABLE), "say in app/privacy/registry.py what an erasure does to it"
    assert len(BY_TABLE) == len(FATES)


def test_a_new_table_or_column_is_seen() -> None:
    without = {name: fate for name, fate in BY_TABLE.items() if name != "customer_notes"}
    assert wrong(TABLES, without) == ["customer_notes has no fate"]
    blanked = BY_TABLE["interactions"]._replace(
        blanks=("customer_id", "from_raw", "to_raw", "call_id", "cause", "legs")
    )
    assert wrong(TABLES, BY_TABLE | {"interactions": blanked}) == ["interactions.note: blanked or kept?"]
    kept = Fate("customer_notes", "kept", "by mistake")
    assert wrong(TABLES, BY_TABLE | {"customer_notes": kept}) == ["customer_notes.customer_id is kept"]


def test_who_is_referred_to_is_deleted_last() -> None:
    """A row that refers to another one goes before it, unless it goes with it."""
    order = {fate.table: place for place, fate in enumerate(FATES) if fate.does == "deleted"}
    for name, place in order.items():
        for key in TABLES[name].foreign_keys:
            other = key.column.table.name
            assert other not in order or other == name or place < order[other], f"{name} after {other}"
