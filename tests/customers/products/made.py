"""Small models of any shape, for hypothesis, and a model that a bank could have."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from app.customers.products.model import (
    AtLeast,
    AtMost,
    Choice,
    Choices,
    Condition,
    Counts,
    Every,
    Excludes,
    Has,
    Is,
    Model,
    Not,
    Number,
    OneOf,
    Option,
    Requires,
    Rule,
    Some,
    Switch,
    Text,
    Value,
)

FACTS = st.fixed_dictionaries(
    {},
    optional={
        "customer.tier": st.sampled_from(["gold", "silver"]),
        "customer.age": st.sampled_from([10, 17, 18, 70]),
        "customer.holdings": st.sampled_from([("account",), ("account", "loan"), ("card",)]),
    },
).map(lambda known: {"customer.kind": "person", **known})


def _values(names: str) -> tuple[Value, ...]:
    return tuple(Value(id=name, title=name.upper()) for name in names)


OPTIONS: tuple[st.SearchStrategy[Option], ...] = (
    st.builds(Switch, id=st.just("s"), title=st.just("S"), default=st.sampled_from([None, True, False])),
    st.builds(Switch, id=st.just("t"), title=st.just("T")),
    st.builds(
        Choice,
        id=st.just("c"),
        title=st.just("C"),
        values=st.just(_values("xyz")),
        required=st.booleans(),
        default=st.sampled_from([None, "y"]),
    ),
    st.builds(
        Choices,
        id=st.just("m"),
        title=st.just("M"),
        values=st.just(_values("ab")),
        at_least=st.sampled_from([0, 1]),
        at_most=st.sampled_from([None, 1]),
    ),
    st.builds(
        Number,
        id=st.just("n"),
        title=st.just("N"),
        minimum=st.just(1),
        maximum=st.just(2),
        step=st.just(0.5),
        required=st.booleans(),
        default=st.sampled_from([None, 1.5]),
    ),
    st.builds(Number, id=st.just("k"), title=st.just("K"), minimum=st.just(0), maximum=st.just(2)),
    st.builds(Text, id=st.just("w"), title=st.just("W"), required=st.booleans()),
)
_LEAVES: dict[str, list[st.SearchStrategy[Condition]]] = {
    "s": [st.just(Has(of="s")), st.just(Is(of="s", value=False))],
    "t": [st.just(Has(of="t"))],
    "c": [st.just(Has(of="c")), st.just(Is(of="c", value="x")), st.just(OneOf(of="c", values=("y", "z")))],
    "m": [st.just(Is(of="m", value="a")), st.just(OneOf(of="m", values=("a", "b")))],
    "n": [st.just(AtLeast(of="n", value=1.2)), st.just(AtMost(of="n", value=1)), st.just(Is(of="n", value=2))],
    "k": [st.just(AtLeast(of="k", value=1)), st.just(Is(of="k", value=0)), st.just(AtMost(of="k", value=-1))],
    "w": [st.just(Has(of="w"))],
    "nk": [st.just(AtLeast(of="n", than="k")), st.just(AtMost(of="n", than="k"))],
    "": [
        st.just(OneOf(of="customer.tier", values=("gold", "black"))),
        st.just(Has(of="customer.tier")),
        st.just(AtLeast(of="customer.age", value=18)),
        st.just(Is(of="customer.holdings", value="loan")),
        st.just(Is(of="customer.kind", value="company")),
    ],
}


def _conditions(names: str) -> st.SearchStrategy[Condition]:
    leaves = st.one_of(*(leaf for needed, some in _LEAVES.items() if set(needed) <= set(names) for leaf in some))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Not, condition=inner),
            st.builds(Every, conditions=st.tuples(inner, inner)),
            st.builds(Some, conditions=st.tuples(inner, inner)),
        ),
        max_leaves=3,
    )


@st.composite
def models(draw: st.DrawFn) -> Model:
    """A model of two to four options and up to five rules."""
    chosen = draw(st.lists(st.sampled_from(range(len(OPTIONS))), min_size=2, max_size=4, unique=True))
    options = tuple(draw(OPTIONS[place]) for place in chosen)
    condition = _conditions("".join(option.id for option in options))
    some = st.lists(condition, min_size=1, max_size=2).map(tuple)
    kinds: st.SearchStrategy[Rule] = st.one_of(
        st.builds(Requires, id=st.just(""), text=st.just("r"), when=st.none() | condition, needs=condition),
        st.builds(Excludes, id=st.just(""), text=st.just("e"), when=st.none() | condition, forbids=some),
        st.builds(
            Counts,
            id=st.just(""),
            text=st.just("c"),
            conditions=st.lists(condition, min_size=2, max_size=3).map(tuple),
            at_least=st.sampled_from([0, 1]),
            at_most=st.sampled_from([1, 2]),
        ),
    )
    rules = tuple(
        msgspec.structs.replace(rule, id=f"r{place}") for place, rule in enumerate(draw(st.lists(kinds, max_size=5)))
    )
    return Model(holding_kinds=("card",), options=options, rules=rules)


def choices_of(model: Model, values: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Choices for some of the options; `values` tells what an option can be."""
    each = {option.id: st.sampled_from([one for one in values(option) if one is not None]) for option in model.options}
    return st.fixed_dictionaries({}, optional=each).map(
        lambda given: {option.id: given[option.id] for option in model.options if option.id in given}
    )
