"""A mapping is checked whole before a file is opened, and every fault of it told with its line."""

import json

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from app.customers.feeds.columns.mapping import schema
from app.customers.feeds.columns.mapping_text import MappingFaulty, read_mapping

GOOD = """
feed: holdings
source: core-banking
formats: {date: DD.MM.YYYY, decimal: ",", currency: cny, empty: ['NULL', 0]}
columns:
  Konto: external_id
  Kunde: customer
  Art: {field: kind, values: {1: account, K: card}}
  Saldo: {field: balance, currency: EUR}
  VIP: {field: attribute.vip, type: flag, values: {X: true}, optional: true}
constants: {product: giro}
"""


def faults(text: str) -> list[tuple[str, int, str, str]]:
    with pytest.raises(MappingFaulty) as refused:
        read_mapping(text)
    return [(each["where"], each["line"], each["what"], each["accepted"]) for each in refused.value.facts["faults"]]


def test_a_good_mapping() -> None:
    mapping = read_mapping(GOOD)
    assert mapping.columns["Konto"].field == "external_id"
    assert mapping.columns["Art"].values == {"1": "account", "K": "card"}
    assert mapping.columns["VIP"].values == {"X": "true"}
    assert mapping.formats.empty == ["NULL", "0"]


def test_the_schema_accepts_what_the_model_accepts() -> None:
    published = json.loads(json.dumps(schema()))
    Draft202012Validator.check_schema(published)
    validator = Draft202012Validator(published)
    texts = GOOD.replace("{1: account", "{'1': account").replace("0]", "'0']").replace("X: true", "X: 'true'")
    document = yaml.safe_load(texts)
    assert validator.is_valid(document)
    assert not validator.is_valid(document | {"colums": {}})


def test_every_fault_of_the_form_is_told() -> None:
    told = faults(
        "feed: customer\nsource: Core Banking\ncolums: {}\nformats: {date: yyyy, country: China, decimal: x}\n"
    )
    assert {where for where, *_ in told} == {
        *("feed", "source", "colums", "columns", "formats.date", "formats.country", "formats.decimal")
    }
    assert ("colums", 3, "is an unknown key", "columns?") in told


def test_every_fault_of_the_meaning_is_told() -> None:
    told = faults(
        "feed: customers\nsource: core\ncolumns:\n  a: nmae\n  b: {field: tier, date: YYYYMMDD}\n  c: tier\n"
        "  d: consent.fax\n  e: consent.sms.at\n  f: phone.home\n  g: phone.home\nconstants: {tier: gold, x: y}\n"
    )
    assert [(where, line, what) for where, line, what, _ in told] == [
        ("columns", 3, "has no column for external_id"),
        ("columns", 3, "has no column for name"),
        ("columns", 3, "has consent.sms.at without consent.sms"),
        ("columns.a", 4, "is no field of customers: 'nmae'"),
        ("columns.b.date", 5, "says nothing of tier"),
        ("columns.c", 6, "is a second column for tier"),
        ("columns.d", 7, "is no field of customers: 'consent.fax'"),
        ("constants.tier", 11, "is a column, too"),
        ("constants.x", 11, "is no field of customers: 'x'"),
    ]
    assert next(accepted for where, _, _, accepted in told if where == "columns.a") == "name?"
    assert "voice" in next(accepted for where, _, _, accepted in told if where == "columns.d")


def test_a_feed_of_what_is_known_needs_no_name() -> None:
    text = "feed: customers\nsource: core\nonly_known: true\ncolumns: {id: external_id, t: tier}\n"
    assert read_mapping(text).only_known
    assert "has no column for name" in faults(text.replace("true", "false"))[0]


def test_a_key_that_yaml_takes_for_a_flag() -> None:
    told = faults("feed: customers\nsource: core\ncolumns: {id: external_id, n: {field: name, values: {yes: ja}}}\n")
    assert told == [("columns.n.values", 3, "is true to YAML", "the text in quotation marks")]
    told = faults("feed: customers\nsource: core\nformats: {empty: [NULL]}\ncolumns: {no: external_id, n: name}\n")
    assert [(where, what) for where, _, what, _ in told] == [
        ("formats.empty[0]", "is null to YAML"),
        ("columns", "is false to YAML"),
    ]


@pytest.mark.parametrize(
    ("text", "what"), [("", "is empty"), ("- a", "is a list"), ("a: [", "is no YAML"), ("x" * 1_000_001, "is too long")]
)
def test_what_is_no_mapping_at_all(text: str, what: str) -> None:
    with pytest.raises(MappingFaulty, match=what):
        read_mapping(text)


def test_a_column_that_is_there_twice() -> None:
    text = "feed: customers\nsource: core\ncolumns:\n  id: external_id\n  id: name\n"
    assert ("columns.id", 5, "is there twice, first in line 4", "each key once") in faults(text)
