"""The definitions of the queue metrics. Counts are stored, everything else is computed from them on reading. Pure.

T is the queue's target in seconds, s its threshold of a short abandon; both ends are inclusive.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import msgspec


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted for one queue and one interval. Counts of several intervals or queues add up.

    A stay in a queue is counted where it began. `called_back` and `callbacks_failed` are stays of callbacks, whose
    customers waited at home: their own stays flowed out before, so these are not offered again. `predicted`
    are the answered whose wait was predicted when they entered; the two sums after it are predicted minus waited, with
    its sign and without. `handled` and the three sums after it belong to contacts that were answered and whose record
    names the queue; they are counted where the contact arrived.
    """

    answered: int = 0
    abandoned: int = 0
    flowed_out: int = 0
    called_back: int = 0
    callbacks_failed: int = 0
    answered_in_target: int = 0
    abandoned_in_target: int = 0
    abandoned_short: int = 0
    wait_answered_seconds: float = 0.0
    longest_wait_seconds: float = 0.0
    predicted: int = 0
    prediction_error_seconds: float = 0.0
    prediction_miss_seconds: float = 0.0
    handled: int = 0
    talk_seconds: float = 0.0
    hold_seconds: float = 0.0
    wrap_up_seconds: float = 0.0

    @property
    def offered(self) -> int:
        """All stays of callers on the line: answered, abandoned or flowed out."""
        return self.answered + self.abandoned + self.flowed_out


_figures = attrgetter(*Counts.__struct_fields__)


def added(parts: Sequence[Counts]) -> Counts:
    """All of them together; the longest wait is the longest of all."""
    if not parts:
        return Counts()
    sums: dict[str, Any] = {
        name: sum(figures)
        for name, figures in zip(Counts.__struct_fields__, zip(*map(_figures, parts), strict=True), strict=True)
    }
    return Counts(**{**sums, "longest_wait_seconds": max(part.longest_wait_seconds for part in parts)})


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """What is read off the counts; ratios from 0 to 1, None where nothing was there to measure.

    Six ways to say "service level" are in use, so each bears its name: A_T / denominator, where `answered` divides by
    the answered, `offered` by answered and abandoned, `excl_short` leaves short abandons out, `no_abandons` all of
    them, and `abandon_credit` counts an abandon within the target as served. `..._with_flow_outs` adds the stays that
    ended in another queue, a callback or a time-out to the denominator.
    """

    sl_answered: float | None
    sl_offered: float | None
    sl_excl_short: float | None
    sl_no_abandons: float | None
    sl_abandon_credit: float | None
    sl_offered_with_flow_outs: float | None
    sl_excl_short_with_flow_outs: float | None
    sl_no_abandons_with_flow_outs: float | None
    sl_abandon_credit_with_flow_outs: float | None
    abandon_rate: float | None
    abandon_rate_excl_short: float | None
    asa_seconds: float | None
    aht_seconds: float | None
    prediction_bias_seconds: float | None
    prediction_mae_seconds: float | None


def measure(counts: Counts) -> Metrics:
    """All metrics of the counts.

    Abandon rate is abandoned / offered; without short abandons they leave both sides. ASA is the mean wait of the
    answered from queue entry to connection, ringing included. AHT is talk, hold and wrap-up of a handled contact. The
    prediction's bias is how much too long it was on average, its MAE how far off without regard to the direction.
    """
    met, short = counts.answered_in_target, counts.abandoned_short
    credit = met + counts.abandoned_in_target
    both = counts.answered + counts.abandoned
    handling = counts.talk_seconds + counts.hold_seconds + counts.wrap_up_seconds
    return Metrics(
        sl_answered=ratio(met, counts.answered),
        sl_offered=ratio(met, both),
        sl_excl_short=ratio(met, both - short),
        sl_no_abandons=ratio(met, both - counts.abandoned),
        sl_abandon_credit=ratio(credit, both),
        sl_offered_with_flow_outs=ratio(met, counts.offered),
        sl_excl_short_with_flow_outs=ratio(met, counts.offered - short),
        sl_no_abandons_with_flow_outs=ratio(met, counts.offered - counts.abandoned),
        sl_abandon_credit_with_flow_outs=ratio(credit, counts.offered),
        abandon_rate=ratio(counts.abandoned, counts.offered),
        abandon_rate_excl_short=ratio(counts.abandoned - short, counts.offered - short),
        asa_seconds=ratio(counts.wait_answered_seconds, counts.answered),
        aht_seconds=ratio(handling, counts.handled),
        prediction_bias_seconds=ratio(counts.prediction_error_seconds, counts.predicted),
        prediction_mae_seconds=ratio(counts.prediction_miss_seconds, counts.predicted),
    )


def ratio(part: float, whole: float) -> float | None:
    """`part / whole`, or None where there is no whole."""
    return part / whole if whole else None
