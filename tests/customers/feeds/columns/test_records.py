"""A row of each kind becomes its record, with all that can be mapped."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from app.customers.feeds.columns.mapping_text import MappingFaulty, read_mapping
from app.customers.feeds.columns.parsing import Known
from app.customers.feeds.columns.plan import plan
from app.customers.feeds.columns.records import (
    Address,
    AgreementRow,
    Consent,
    CustomerRow,
    Email,
    HoldingRow,
    Money,
    Phone,
    UsageRow,
)
from tests.customers.feeds.reads import read_file, read_text

CUSTOMER = """
feed: customers
source: core
formats: {country: DE, date: DD.MM.YYYY, timezone: UTC, separator: "/", empty: ["-"]}
columns:
  id: external_id
  name: name
  sex: {field: attribute.sex, values: {M: male}}
  score: {field: attribute.score, type: number, decimal: ","}
  vip: {field: attribute.vip, type: flag}
  since: {field: attribute.since, type: date}
  crm: id.crm
  mobile: phone.mobile
  office: {field: phone.office, country: CN}
  mail: email.work
  street: address.home.street
  city: address.home.city
  land: address.office.country
  calls: consent.voice
  when: consent.voice.at
  segments: segments
  lang: {field: language, values: {Deutsch: de}}
  born: birth_date
constants: {kind: person, tier: gold}
"""
HEADER = "id;name;sex;score;vip;since;crm;mobile;office;mail;street;city;land;calls;when;segments;lang;born\n"


def test_a_customer_with_all_they_have(tmp_path: Path) -> None:
    row = (
        "1;Jürgen;M;1,5;yes;01.02.2020;X1;0171 1234567;13800138000;j@x.de;Weg 1;Köln;at;1;2026-03-02T10:00;a/b;Deutsch;"
        "03.04.1980"
    )
    read = read_text(tmp_path, HEADER + row, CUSTOMER)
    assert read.said() == ""
    assert read.records[2] == CustomerRow(
        external_id="1",
        name="Jürgen",
        kind="person",
        language="de",
        tier="gold",
        birth_date=date(1980, 4, 3),
        segments=("a", "b"),
        phones=(Phone("0171 1234567", "+491711234567", "mobile"), Phone("13800138000", "+8613800138000", "office")),
        emails=(Email("j@x.de", "work"),),
        addresses=(Address("home", street="Weg 1", city="Köln"), Address("office", country="AT")),
        consents=(Consent("voice", True, datetime(2026, 3, 2, 10, tzinfo=UTC)),),
        other_ids={"crm": "X1"},
        attributes={"sex": "male", "score": Decimal("1.5"), "vip": True, "since": date(2020, 2, 1)},
    )


def test_empty_cells_say_that_there_is_nothing(tmp_path: Path) -> None:
    read = read_text(tmp_path, HEADER + "1;N" + ";-" * 16, CUSTOMER)
    assert read.records[2] == CustomerRow("1", "N", kind="person", tier="gold")


def test_a_holding(tmp_path: Path) -> None:
    mapping = """
feed: holdings
source: core
formats: {decimal: ",", currency: EUR}
columns:
  {nr: external_id, cust: customer, type: kind, cur: currency, bal: balance, max: limit, from: opened, to: closed}
"""
    head = "nr;cust;type;cur;bal;max;from;to\n"
    rows = (
        "A;1;Card;CNY;1.234,50;-7;2020-01-01;\nB;1;loan;;5;;;\nC;1;loan;JPY;1,5;;2020-01-02;2020-01-01\nD;;gold;;;;;\n"
    )
    read = read_text(tmp_path, head + rows, mapping)
    assert read.records == {
        2: HoldingRow(
            "A", "1", "card", opened=date(2020, 1, 1), balance=Money(123450, "CNY"), limit=Money(-700, "CNY")
        ),
        3: HoldingRow("B", "1", "loan", balance=Money(500, "EUR")),
    }
    assert read.faults == [(4, "bal", "money"), (5, "cust", "missing"), (5, "type", "choice")]


def test_what_ends_does_not_end_before_it_begins(tmp_path: Path) -> None:
    mapping = """
feed: agreements
source: core
columns: {id: external_id, c: customer, p: plan, from: valid_from, to: valid_until}
"""
    read = read_text(tmp_path, "id,c,p,from,to\nA,1,gold,2026-02-01,2026-01-31\n", mapping)
    assert read.faults == [(2, "to", "order")]
    assert read.said() == "to: '2026-01-31' is before valid_from; accepted: 2026-02-01 or later"


def test_an_agreement(tmp_path: Path) -> None:
    mapping = """
feed: agreements
source: core
columns:
  {id: external_id, c: customer, p: plan, from: valid_from, ch: channels, r: response, s: resolution, v: visits,
   a: allowance.transfers, w: waivers}
"""
    read = read_text(
        tmp_path, 'id,c,p,from,ch,r,s,v,a,w\nA,1,gold,2026-02-01,"voice,chat",30m,2d,4,10,card fee\n', mapping
    )
    assert read.records[2] == AgreementRow(
        "A",
        "1",
        "gold",
        valid_from=date(2026, 2, 1),
        channels=("voice", "chat"),
        response=1800,
        resolution=172800,
        visits=4,
        waivers=("card fee",),
        allowances={"transfers": 10},
    )


def test_a_use(tmp_path: Path) -> None:
    mapping = """
feed: usage
source: cards
formats: {timezone: Asia/Shanghai, currency: CNY}
columns: {id: external_id, c: customer, k: kind, at: at, q: quantity, a: amount}
"""
    read = read_text(tmp_path, "id,c,k,at,q,a\n1,2,login-failed,2026-03-02 22:15:00,3,12.30\n", mapping)
    assert read.records[2] == UsageRow(
        "1",
        "2",
        "login-failed",
        datetime(2026, 3, 2, 14, 15, tzinfo=UTC),
        quantity=Decimal(3),
        amount=Money(1230, "CNY"),
    )


def test_tiers_and_agents_must_be_there_where_it_is_known_which_are(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("id,name,t,m\n1,A,glod,mei\n2,B,gold,\n")
    mapping = "feed: customers\nsource: core\ncolumns: {id: external_id, name: name, t: tier, m: manager}\n"
    assert read_file(path, mapping).ids == ["1", "2"]
    read = read_file(path, mapping, Known(tiers=["gold"], agents=["bob"]))
    assert read.faults == [(2, "t", "unknown"), (2, "m", "unknown")]
    assert "t: 'glod' is no tier; accepted: gold?" in read.said()


def test_a_constant_that_its_field_cannot_hold() -> None:
    text = (
        "feed: customers\nsource: a\ncolumns: {id: external_id, name: name}\nconstants: {kind: robot, language: xx}\n"
    )
    with pytest.raises(MappingFaulty) as refused:
        plan(read_mapping(text), ["id", "name"])
    assert [each["where"] for each in refused.value.facts["faults"]] == ["constants.kind", "constants.language"]


def test_a_file_may_lack_an_optional_column() -> None:
    text = "feed: customers\nsource: core\ncolumns: {id: external_id, name: name, t: {field: tier, optional: true}}\n"
    mapping = read_mapping(text)
    assert plan(mapping, ["id", "name"]).told == {"external_id", "name"}
    made = plan(mapping, ["name", "x", " t ", "id"])
    assert made.told == {"external_id", "name", "tier"}
    assert made.unused == ("x",)


def test_the_column_of_faults_that_we_have_added_is_not_told_as_one_of_theirs() -> None:
    mapping = read_mapping("feed: customers\nsource: core\ncolumns: {id: external_id, name: name}\n")
    assert plan(mapping, ["callfloor: faults", "id", "name", "x"]).unused == ("x",)


def test_one_column_is_enough_where_the_rest_is_constant(tmp_path: Path) -> None:
    mapping = "feed: customers\nsource: core\nonly_known: true\ncolumns: {id: external_id}\nconstants: {tier: gold}\n"
    assert read_text(tmp_path, "id\n1\n\n2\n", mapping).records == {
        2: CustomerRow("1", tier="gold"),
        4: CustomerRow("2", tier="gold"),
    }
