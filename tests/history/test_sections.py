"""An export forgets no table: each that names a customer, or something of theirs, is told or left out for a reason."""

import importlib
from pathlib import Path

from sqlalchemy import Table

import app
from app.db.base import Base
from app.history.sections import LEFT_OUT, SECTIONS

THEIRS = ("customer", "contact", "interaction", "alert", "agreement")
NAMES = {f"{thing}_id" for thing in THEIRS} | {"subject", "looked_customer"}


def all_tables() -> dict[str, Table]:
    root = Path(app.__path__[0])
    for file in root.glob("**/models.py"):
        importlib.import_module(".".join(("app", *file.relative_to(root).with_suffix("").parts)))
    return dict(Base.metadata.tables)


def names_a_customer(table: Table) -> bool:
    refers = {key.column.table.name for key in table.foreign_keys}
    return "customers" in refers or not NAMES.isdisjoint(table.columns.keys())


def test_every_table_that_names_a_customer_is_told_or_left_out_for_a_reason() -> None:
    told = {section.table for section in SECTIONS}
    theirs = {name for name, table in all_tables().items() if names_a_customer(table)}
    assert theirs > {"customers", "customer_merges", "recordings", "entitlements", "webhook_events"}
    forgotten = theirs - told - LEFT_OUT.keys()
    assert not forgotten, "add them to app.history.sections: to SECTIONS, or to LEFT_OUT with the reason"


def test_sections_are_of_tables_and_leave_out_columns_that_there_are() -> None:
    tables = all_tables()
    for section in SECTIONS:
        assert set(section.left_out) <= set(tables[section.table].columns.keys()), section.table


def test_nothing_is_told_twice_or_both_told_and_left_out() -> None:
    told = [section.table for section in SECTIONS]
    assert len(set(told)) == len(told)
    assert LEFT_OUT.keys() <= all_tables().keys() - set(told)
