"""A wrong type is found before anybody calls, at the operation that is wrong, in plain words."""

import re

import pytest
from hypothesis import given, settings

from app.core.expressions.kinds import faults_of
from app.ivr.checks.samples import samples
from app.ivr.language.flow import VariableType
from app.ivr.language.world import Known, QueueView, World
from tests.core.test_expressions import failure, terms

KNOWN = samples({"n": "number", "t": "text", "f": "flag"})


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("customer.tier == 'gold' && vars.n > 3", "flag"),
        ("queues.cards.open && queues[vars.t].waiting > 3 && hours['a-b'].open", "flag"),
        ("customer.attributes.club == 3 || has(customer.attributes.club)", "flag"),
        ("'dormant' in customer.segments && size(customer.segments) > 1", "flag"),
        ("size(vars.t) > 3 && vars.t.contains('a') && vars.t.matches('^[0-9]+$')", "flag"),
        ("int(vars.t) > 3 || 1 / 0 > 2", "flag"),
        ("['a', 'b'].exists(x, x == vars.t) && vars.t in ['a']", "flag"),
        ("now.hour >= 9 && now.weekday < 6 && now.date < '2030-01-01'", "flag"),
        ("vars.f ? vars.n : 1", "number"),
        ("(vars.f ? vars.n : 1) > 3 && -(vars.f ? 1 : vars.n) < 0", "flag"),
        ("double(vars.f ? vars.n : 1) + 1.0", "number"),
        ("double(now.hour) / 2.0", "number"),
        ("caller.country + ':' + string(vars.n)", "text"),
        ("{'a': 1}[vars.t] == 1", "flag"),
        ("queues.exists(q, queues[q].open)", "flag"),
        ("queues.cards.estimated_wait", None),
    ],
)
def test_what_fits_has_no_fault(source: str, wanted: VariableType | None) -> None:
    assert faults_of(source, KNOWN, wanted) == []


@pytest.mark.parametrize(
    ("source", "wanted", "told"),
    [
        ("customer.tier > 3", "flag", "a text is compared with a number: customer.tier > 3"),
        ("vars.n == 'a'", "flag", "a number is compared with a text"),
        ("true || vars.t", "flag", "a text stands where true or false is needed: vars.t"),
        ("false && vars.n + 1.0", "flag", "a number stands where true or false is needed: vars.n + 1.0"),
        ("true ? 1 : vars.t + 1", "number", "cannot be: a text + a whole number: vars.t + 1"),
        ("vars.f ? 1 : 'a'", "number", "gives a whole number or a text"),
        ("vars.t ? 1 : 2", "number", "true or false is needed: vars.t"),
        ("vars.n + 1", "number", "write 1.0 for 1"),
        ("(vars.f ? vars.n : 1) + 1.0", "number", "write 1.0 for 1"),
        ("(vars.f ? vars.n : 1) + (vars.f ? (vars.f ? 1 : vars.n) : 2.0)", "number", "write 1.0 for 1"),
        ("!(vars.f ? 1 : 2.5)", "flag", "a number stands where true or false is needed"),
        ("(vars.f ? 1 : 2.5).exists(x, true)", "flag", "a number as if it were a list"),
        ("customer.teir == 'a'", "flag", "did you mean tier?"),
        ("vars.m == 1", "flag", "'m', which there is not"),
        ("secret.pin == '1'", "flag", "refers to 'secret'"),
        ("queues['a-b'].opn", "flag", "did you mean open?"),
        ("queues[vars.n].open", "flag", "a number where a text is needed"),
        ("size(vars.n) > 1", "flag", "size cannot be used with a number"),
        ("vars.t.upper() == 'A'", "flag", "upper is no function"),
        ("['a'].exists(x, x == vars.n)", "flag", "a text is compared with a number: x == vars.n"),
        ("vars.n in ['a']", "flag", "a number is compared with a text"),
        ("vars.t.exists(x, true)", "flag", "as if it were a list"),
        ("!vars.t", "flag", "true or false is needed"),
        ("-vars.t", "number", "into its negative"),
        ("vars.t.x", "text", "asks for 'x' of a text"),
        ("vars.n", "flag", "gives a number, and true or false is needed"),
        ("customer", None, "gives a mapping, and a text is needed"),
        ("vars.n >", "flag", "ends too early"),
    ],
)
def test_what_does_not_fit_is_told(source: str, wanted: VariableType | None, told: str) -> None:
    found = faults_of(source, KNOWN, wanted)
    assert len(found) == 1
    assert told in found[0]


@settings(max_examples=300, deadline=None)
@given(terms)
def test_what_has_no_fault_does_not_fail_for_its_types(source: str) -> None:
    known = KNOWN | {"vars": {"x": 1.5, "t": "cards"}}
    world = Known(World(now=0.0, queues={"cards": QueueView()}), "UTC", {"x": 1.5, "t": "cards"})
    if not faults_of(source, known):
        assert not re.search("overload|Unsupported", failure(source, world))
