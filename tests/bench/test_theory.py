"""What the bench says of simulation and theory."""

import pytest

from app.bench import theory
from app.bench.report import theory_alone
from app.bench.theory import MODELS, PILOT, Agreement, all_models
from app.bench.verdicts import theory_verdicts
from app.simulation.estimates import Estimate


def test_every_model_is_run_for_about_as_long_as_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theory, "MODELS", MODELS[5:6])
    said: list[str] = []
    told = all_models(400_000, 0.0, said.append)
    assert [(each.figure, each.contacts) for each in told] == [("P(wait)", PILOT), ("mean wait, s", PILOT)]
    assert len(said) == 1
    assert {each.contacts for each in all_models(12_000, 1000.0, said.append)} == {12_000}
    text = theory_alone(told)
    assert f"| {MODELS[5].name} | {PILOT:,} | P(wait) | 0.7000 | " in text
    assert "(f) theory within" in text


def agreed(value: float) -> Agreement:
    return Agreement("model", 1, f"figure {value}", 1.0, Estimate(value, 0.1))


def test_one_figure_in_twenty_may_lie_outside_but_none_far_off() -> None:
    many, far = theory_verdicts([agreed(1.05)] * 19 + [agreed(1.15)])
    assert (many.measured, many.met, far.met) == ("19 of 20", True, True)
    many, far = theory_verdicts([agreed(1.05)] * 8 + [agreed(1.15), agreed(0.7)])
    assert (many.met, far.met, far.measured) == (False, False, "3.00 half-widths (figure 0.7; model)")
    assert not list(theory_verdicts([]))
