"""Callers and the untidy network, thrown with dice."""

from collections import Counter
from random import Random

from app.demo.bank import QUEUES
from app.demo.clients import demo_customers
from app.demo.platform.mischief import Delivery, spoil
from app.demo.platform.plans import ODD_NUMBERS, plan_call


def test_most_callers_are_known_some_are_strange_some_hide() -> None:
    customers, dice = demo_customers(300), Random(1)
    known = {number.dialled for customer in customers for number in customer.numbers}
    callers = [plan_call(dice, customers).caller for _ in range(3000)]
    share = sum(caller in known for caller in callers) / len(callers)
    assert 0.8 < share < 0.88
    assert {None, "anonymous", "", *ODD_NUMBERS} <= set(callers)


def test_all_hotlines_are_called_in_their_shares() -> None:
    customers, dice = demo_customers(20), Random(2)
    dialled = Counter(plan_call(dice, customers).dialled for _ in range(2000))
    assert [number for number, _ in dialled.most_common()] == [queue.number for queue in QUEUES]


def test_callers_are_patient_for_a_while_and_talk_for_a_while() -> None:
    customers, dice = demo_customers(20), Random(3)
    plans = [plan_call(dice, customers) for _ in range(500)]
    assert min(plan.patience for plan in plans) >= 6
    assert min(plan.talk for plan in plans) >= 15
    assert 0 < sum(plan.phone_fails for plan in plans) < 25


def test_a_perfect_network_spoils_nothing() -> None:
    dice = Random(4)
    assert {spoil(dice, 0.0) for _ in range(500)} == {Delivery()}


def test_a_usual_network_is_late_repeats_and_speaks_in_tongues() -> None:
    dice = Random(5)
    fates = [spoil(dice) for _ in range(3000)]
    assert any(fate.out_of_line and fate.delays[0] > 1 for fate in fates)
    assert any(len(fate.delays) == 2 and fate.delays[1] > 0.5 for fate in fates)
    assert any(fate.beside for fate in fates)
    assert sum(fate == Delivery() for fate in fates) > 2400
