"""The least number of agents for a target, and what it says beside the number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.routing.staffing.erlang import ServiceLevel, erlang_a, service_level
from app.routing.staffing.staffing import (
    LOAD,
    MOST_AGENTS,
    Demand,
    Expected,
    Staffing,
    Targets,
    beyond,
    plan,
    scheduled,
    staff,
)

HALF_HOUR = Demand(contacts=100, interval_seconds=1800, aht_seconds=180)
EIGHTY_TWENTY = Targets(service_level=0.8, within_seconds=20)


def staffed(demand: Demand, targets: Targets, shrinkage: float = 0.0) -> Staffing:
    found = staff(demand, targets, shrinkage)
    assert found is not None
    return found


def impatient(contacts: float, patience: float = 120, aht: float = 180) -> Demand:
    return Demand(contacts=contacts, interval_seconds=1800, aht_seconds=aht, patience_seconds=patience)


def test_the_textbook_half_hour_needs_fourteen() -> None:
    found = staffed(HALF_HOUR, EIGHTY_TWENTY, shrinkage=0.3)
    assert (found.load, found.agents, found.scheduled, found.limited_by) == (10, 14, 20, ("service_level",))
    assert found.expected is not None
    assert found.one_less is not None
    assert (found.expected.agents, found.one_less.agents) == (14, 13)
    assert (found.expected.sl_offered, found.one_less.sl_offered) == pytest.approx((0.8884, 0.7956), abs=5e-5)
    assert (found.expected.asa_seconds, found.one_less.asa_seconds) == pytest.approx((7.8, 17.1), abs=0.05)


@pytest.mark.parametrize(
    ("targets", "agents", "limited_by"),
    [
        (Targets(service_level=0.79), 13, ("service_level",)),
        (Targets(asa_seconds=17.2), 13, ("asa_seconds",)),
        (Targets(asa_seconds=17.1), 14, ("asa_seconds",)),
        (Targets(occupancy=0.5), 20, ("occupancy",)),
        (Targets(occupancy=1), 11, (LOAD,)),
        (Targets(service_level=0.8, asa_seconds=10, occupancy=0.75), 14, ("service_level", "asa_seconds", "occupancy")),
        (Targets(service_level=0.8, asa_seconds=3), 16, ("asa_seconds",)),
        (Targets(service_level=0.8, asa_seconds=17.2), 14, ("service_level",)),
    ],
)
def test_every_target_is_met_and_what_limits_is_named(targets: Targets, agents: int, limited_by: tuple[str]) -> None:
    found = staffed(HALF_HOUR, targets)
    assert (found.agents, found.limited_by) == (agents, limited_by)


def test_each_variant_asks_for_its_own_number() -> None:
    busy = impatient(contacts=1500)
    needed = {
        variant.name: staffed(busy, Targets(service_level=0.8, variant=variant, short_abandon_seconds=20)).agents
        for variant in ServiceLevel
    }
    assert needed["ANSWERED"] < needed["OFFERED"]
    assert needed["ABANDON_CREDIT"] < needed["OFFERED"]
    assert needed["EXCL_SHORT"] < needed["OFFERED"]
    few_leave = staffed(busy, Targets(abandon_rate=0.01))
    assert few_leave.agents > needed["OFFERED"]
    assert few_leave.limited_by == ("abandon_rate",)


def test_nobody_comes_and_nobody_is_needed() -> None:
    quiet = staffed(Demand(contacts=0, interval_seconds=1800, aht_seconds=180), EIGHTY_TWENTY, 0.3)
    assert (quiet.agents, quiet.scheduled, quiet.limited_by) == (0, 0, ())
    assert (quiet.expected, quiet.one_less) == (None, None)


def test_one_contact_needs_one_agent_and_one_less_is_nobody() -> None:
    lone = staffed(impatient(contacts=0.1), Targets(service_level=0.5))
    assert (lone.agents, lone.limited_by, lone.one_less) == (1, (), None)
    pair = staffed(Demand(contacts=10, interval_seconds=1800, aht_seconds=180), Targets(occupancy=1))
    assert (pair.agents, pair.limited_by, pair.one_less) == (2, (LOAD,), None)


@pytest.mark.parametrize("demand", [HALF_HOUR, impatient(contacts=100)])
def test_what_no_number_reaches_is_told(demand: Demand) -> None:
    assert staff(demand, Targets(occupancy=0.0001)) is None
    assert staff(impatient(contacts=1e6), Targets(service_level=0.999)) is None
    assert staff(impatient(contacts=1e6), Targets(service_level=0.1)) is None
    assert beyond(HALF_HOUR) == "a load of 10 Erlangs needs more than 10,000 agents to reach the targets"


def test_the_largest_centre_is_found() -> None:
    found = staffed(Demand(contacts=9_900, interval_seconds=180, aht_seconds=180), EIGHTY_TWENTY)
    assert 9_900 < found.agents <= MOST_AGENTS


@pytest.mark.parametrize(
    ("agents", "shrinkage", "expected"),
    [(14, 0.3, 20), (7, 0.3, 10), (9, 0.1, 10), (1, 0.01, 2), (0, 0.5, 0), (10, 0.0, 10), (57, 0.43, 100)],
)
def test_who_is_not_at_the_desk_is_scheduled_too(agents: int, shrinkage: float, expected: int) -> None:
    assert scheduled(agents, shrinkage) == expected


loads = st.floats(0.01, 2000)


@given(loads, st.floats(1, 1000), st.floats(0.01, 0.99), st.floats(0, 120), st.sampled_from(ServiceLevel))
def test_it_is_the_least_number(
    load: float, patience: float, share: float, within: float, variant: ServiceLevel
) -> None:
    demand = impatient(load * 10, patience)
    targets = Targets(service_level=share, within_seconds=within, variant=variant)
    agents = staffed(demand, targets).agents

    def reached(n: int) -> float:
        return service_level(erlang_a(n, load / 180, 180, patience), variant, within, 5)

    assert reached(agents) >= share * (1 - 1e-8)
    assert agents == 1 or reached(agents - 1) < share


@given(loads, st.floats(0.5, 0.95), st.floats(0.3, 0.95))
def test_callers_who_never_leave_need_no_fewer(load: float, share: float, occupancy: float) -> None:
    targets = Targets(service_level=share, occupancy=occupancy)
    endless = staffed(Demand(contacts=load * 10, interval_seconds=1800, aht_seconds=180), targets)
    assert staffed(impatient(load * 10), targets).agents <= endless.agents
    assert isinstance(endless.expected, Expected)
    assert endless.expected.occupancy <= occupancy * (1 + 1e-8)


def test_a_plan_adds_up_its_intervals() -> None:
    day = [Demand(contacts=contacts, interval_seconds=1800, aht_seconds=180) for contacts in (0, 100, 40)]
    told = plan(day, [staffed(each, EIGHTY_TWENTY, 0.3) for each in day], EIGHTY_TWENTY, 0.3)
    assert [each.agents for each in told.intervals] == [0, 14, 7]
    assert (told.model, told.total.contacts, told.total.most_agents, told.total.most_scheduled) == (
        "erlang_c",
        140,
        14,
        20,
    )
    assert (told.total.agent_hours, told.total.scheduled_hours) == (10.5, 15)


def test_a_plan_of_one_interval_with_a_patience_is_by_erlang_a() -> None:
    rush = impatient(contacts=100)
    told = plan([rush], [staffed(rush, EIGHTY_TWENTY)], EIGHTY_TWENTY, 0)
    assert (told.model, told.interval_seconds, told.patience_seconds) == ("erlang_a", 1800, 120)


def test_what_is_asked_for_has_names() -> None:
    assert Targets().asked == ()
    assert Targets(service_level=0.8, abandon_rate=0.05).asked == ("service_level", "abandon_rate")
