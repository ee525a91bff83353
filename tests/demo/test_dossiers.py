"""What the demo bank knows of its customers beside who they are."""

from collections import Counter

import pytest

from app.core import clock
from app.customers.agreements.service import agreement_faults
from app.customers.preferences.catalogue import BY_NAME, wish_faults
from app.customers.record.holdings import holding_faults
from app.customers.usage.conditions import condition_faults
from app.customers.usage.given import event_faults
from app.demo.clients import demo_customers
from app.demo.dossiers import Dossier, dossiers
from app.demo.matters import RULES
from app.desk.visits.windows import ensure_fit

NOW = 1_795_000_000.0
CUSTOMERS = demo_customers(2000)


@pytest.fixture(scope="module")
def known() -> list[Dossier]:
    return list(dossiers(CUSTOMERS, NOW))


def test_the_same_seed_gives_the_same_and_a_longer_list_begins_with_the_shorter(known: list[Dossier]) -> None:
    assert list(dossiers(CUSTOMERS[:300], NOW)) == known[:300]
    assert list(dossiers(CUSTOMERS[:300], NOW, seed=1)) != known[:300]


def test_holdings_are_those_products_that_the_customer_has(known: list[Dossier]) -> None:
    for dossier in known:
        names = [given.name for given in dossier.holdings.values()]
        assert [name.lower() for name in names if name] == dossier.customer.attributes["products"]
        for external_id, given in dossier.holdings.items():
            assert holding_faults(external_id, given) == []
            assert given.opened_on is not None
            assert given.opened_on.year >= int(dossier.customer.attributes["customer since"])
    kinds = Counter(given.kind for dossier in known for given in dossier.holdings.values())
    assert set(kinds) == {"account", "card", "loan", "fund"}


def test_higher_tiers_are_promised_more_and_the_standard_one_nothing(known: list[Dossier]) -> None:
    clauses: dict[str, set[int]] = {}
    for dossier in known:
        given = dossier.agreed.given if dossier.agreed else None
        clauses.setdefault(dossier.customer.tier, set()).add(len(given.clauses) if given else 0)
        assert given is None or agreement_faults(given) == []
    assert clauses == {"standard": {0}, "silver": {3}, "gold": {5}, "private": {7}}


def test_a_fee_is_waived_as_often_as_promised_at_the_most(known: list[Dossier]) -> None:
    agreed = [dossier.agreed for dossier in known if dossier.agreed]
    assert all(len(one.waived_at) <= (one.waiver.count or 0) for one in agreed)
    assert {one.waiver.count == len(one.waived_at) for one in agreed} == {True, False}


def test_a_few_of_everything_and_never_of_everybody(known: list[Dossier]) -> None:
    for name in ("usage", "case", "visit", "wishes", "standing", "warning"):
        having = sum(bool(getattr(dossier, name)) for dossier in known)
        assert 0.005 < having / len(known) < 0.15, name
    assert sum(all(dossier) for dossier in known) == 1


def test_what_is_known_is_what_the_rooms_accept(known: list[Dossier]) -> None:
    now = clock.utc(NOW)
    for dossier in known:
        assert all(wish_faults(BY_NAME[name], value, "value") == [] for name, value in dossier.wishes.items())
        assert all(list(event_faults(event, now)) == [] for event in dossier.usage)
        if dossier.visit and dossier.visit.booking.window:
            ensure_fit(dossier.visit.booking.window, now)
    assert [condition_faults(rule["condition"]) for rule in RULES] == [[]] * len(RULES)


def test_cases_are_in_the_language_of_the_customer(known: list[Dossier]) -> None:
    cases = [(dossier.customer.language, dossier.case.given.subject) for dossier in known if dossier.case]
    assert {(language, subject.isascii()) for language, subject in cases} == {("en", True), ("zh", False)}


def test_nobody_is_sent_to_two_customers_at_once(known: list[Dossier]) -> None:
    visits = [dossier.visit for dossier in known if dossier.visit]
    assert len({(visit.engineer, visit.booking.window) for visit in visits}) == len(visits) > 10
