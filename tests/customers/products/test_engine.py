"""The engine, held against trying everything, and its answers to questions that people ask."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.customers.products.engine import WORK, Puzzle
from app.customers.products.flaws import flaws
from app.customers.products.model import Choice, Choices, Model, Number, Switch, Text
from app.customers.products.solver import Effort
from app.customers.products.solving import Reason
from tests.customers.products.brute import allowed, beside, values_of
from tests.customers.products.made import FACTS, choices_of, models

SMALL = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def puzzle(model: Model, facts: Mapping[str, Any] | None = None) -> Puzzle:
    return Puzzle(model, facts, Effort(WORK))


@SMALL
@given(st.data())
def test_what_can_be_chosen_is_what_trying_everything_finds(data: st.DataObject) -> None:
    model, facts = data.draw(models()), data.draw(FACTS)
    assert list(flaws(model, "")) == []
    choices = data.draw(choices_of(model, values_of))
    wholes = list(beside(allowed(model, facts), choices))
    asked = puzzle(model, facts)
    assert (asked.why_not(choices) is None) == bool(wholes)
    if not wholes:
        return
    for state in asked.explored(choices):
        option = model.option(state.option)
        left = {whole[state.option] for whole in wholes}
        if state.option in choices:
            assert (state.state, state.value) == ("chosen", choices[state.option])
            continue
        assert state.may_be_empty == any(one is None or one is False for one in left)
        if isinstance(option, Switch | Choice):
            assert set(state.possible) == left - {None}
            assert set(state.excluded) == set(values_of(option)) - left - {None}
        elif isinstance(option, Choices):
            assert set(state.possible) == {one for some in left if some for one in some}
        elif isinstance(option, Number):
            numbers = left - {None}
            assert (state.lowest, state.highest) == ((min(numbers), max(numbers)) if numbers else (None, None))
        only = next(iter(left)) if len(left) == 1 else None
        is_only = only is not None and only is not False and not isinstance(option, Text)
        assert (state.state == "forced") == is_only
        if state.state == "forced":
            assert {state.value} == left


@SMALL
@given(st.data())
def test_an_explanation_suffices_and_none_of_it_can_be_left_out(data: st.DataObject) -> None:
    model, facts = data.draw(models()), data.draw(FACTS)
    choices = data.draw(choices_of(model, values_of))
    option = data.draw(st.sampled_from(model.options))
    value = data.draw(st.sampled_from(values_of(option)))
    why = puzzle(model, facts).why_not(choices, (option.id, value))
    others = {name: one for name, one in choices.items() if name != option.id}
    wanted = [whole for whole in beside(allowed(model, facts), others) if whole[option.id] == value]
    assert (why is None) == bool(wanted)
    if why is None:
        return
    assert not _possible(why.reasons, model, facts, others, option.id, value)
    for reason in why.reasons:
        rest = [each for each in why.reasons if each != reason]
        assert _possible(rest, model, facts, others, option.id, value), f"{reason} could be left out"
    if why.changes is None:
        assert not any(whole[option.id] == value for whole in allowed(model, facts))
        return
    changed = {**others, **{change.option: change.after for change in why.changes}, option.id: value}
    assert any(all(whole[name] == one for name, one in _told(changed).items()) for whole in allowed(model, facts))


@SMALL
@given(st.data())
def test_a_configuration_is_completed_to_one_that_is_allowed(data: st.DataObject) -> None:
    model, facts = data.draw(models()), data.draw(FACTS)
    choices = data.draw(choices_of(model, values_of))
    wholes = list(beside(allowed(model, facts), choices))
    if not wholes:
        return
    done = puzzle(model, facts).settled(choices)
    assert {**done.values, **choices} == done.values
    within = list(beside(wholes, done.values))
    assert within
    for name in done.missing:
        assert len({whole[name] for whole in within}) > 1 or isinstance(model.option(name), Text)
    if not done.missing:
        empty = {option.id: False if isinstance(option, Switch) else None for option in model.options}
        assert {**empty, **done.values} in wholes


def _told(changed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in changed.items() if one is not None}


def _possible(
    reasons: Sequence[Reason], model: Model, facts: Mapping[str, Any], others: Mapping[str, Any], name: str, value: Any
) -> bool:
    """Whether the value can be chosen where only these reasons count, by trying everything."""
    kept = {reason.id for reason in reasons if reason.kind == "rule"}
    limits = {reason.id for reason in reasons if reason.kind == "option"}
    loose = [option if option.id in limits else _without_limits(option) for option in model.options]
    smaller = Model(
        holding_kinds=model.holding_kinds,
        options=tuple(loose),
        rules=tuple(rule for rule in model.rules if rule.id in kept),
    )
    known = [reason.id for reason in reasons if reason.kind == "fact"]
    chosen = {reason.id: others[reason.id] for reason in reasons if reason.kind == "choice"}
    return any(
        whole[name] == value for some in _customers(facts, known) for whole in beside(allowed(smaller, some), chosen)
    )


def _without_limits(option: Any) -> Any:
    if isinstance(option, Choices):
        return msgspec.structs.replace(option, at_least=0, at_most=None)
    return option if isinstance(option, Switch) else msgspec.structs.replace(option, required=False)


def _customers(facts: Mapping[str, Any], known: list[str]) -> list[dict[str, Any]]:
    """Customers who are as they are in what is known, and otherwise in any way that a rule could tell apart."""
    ways: dict[str, list[Any]] = {
        "customer.kind": ["person", "company"],
        "customer.tier": [None, "gold", "other"],
        "customer.age": [None, 10, 70],
        "customer.holdings": [("account",), ("loan",)],
    }
    for name in known:
        ways[name] = [facts.get(name)]
    return [dict(zip(ways, one, strict=True)) for one in itertools.product(*ways.values())]
