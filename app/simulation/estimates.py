"""Estimates from batch means, with confidence intervals. Pure.

Contacts of one run depend on each other, so their own variance says nothing about the error of a mean. Consecutive
contacts are put into 20 to 30 batches, which are long enough to be nearly independent (Schmeiser, Batch size effects in
the analysis of simulation output, Operations Research 30 (1982) 556-568; Law, Simulation Modeling and Analysis, 5th
ed., section 9.5.3). Figures are ratios of sums over batches, such as seconds waited over contacts, with the variance
of a ratio estimator (Cochran, Sampling Techniques, 3rd ed., section 6.4) and Student's t with one degree of freedom
less than there are batches.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import fmean, stdev

import msgspec

CONFIDENCE = 0.95

RULE_OF_THREE = 3.0
"""Where none of n independent trials was a hit, the share is below 3/n with 95 % confidence (Hanley & Lippman-Hand, If
nothing goes wrong, is everything all right?, JAMA 249 (1983) 1743-1745)."""

FEWEST = 10
"""A batch must have so many values for its percentile to say anything, and so many that one lies above it."""


class Estimate(msgspec.Struct, frozen=True):
    """A value, and how far to either side of it the 95 % confidence interval reaches.

    `value` is None where there was nothing to measure, `half_width` where that was too little to tell how sure it is.
    """

    value: float | None
    half_width: float | None

    def holds(self, other: float) -> bool:
        """Whether a value lies within the interval."""
        if self.value is None or self.half_width is None:
            return False
        return abs(other - self.value) <= self.half_width


class Ratio(msgspec.Struct, frozen=True):
    """Sums of `parts` over sums of `wholes`, batch by batch. A `share` is that of contacts among contacts."""

    parts: tuple[float, ...]
    wholes: tuple[float, ...]
    share: bool = False

    @property
    def value(self) -> float | None:
        """The ratio over all batches, or None where there is no whole."""
        whole = math.fsum(self.wholes)
        return math.fsum(self.parts) / whole if whole else None

    @property
    def steady(self) -> bool:
        """Whether all batches agree, so that their spread tells nothing: nobody waited, every call was answered."""
        return max(map(abs, self.errors())) <= 1e-12 * (1 + abs(self.value or 0.0))

    def errors(self) -> list[float]:
        """How far each batch pulls the ratio; their variance over the batches is that of the ratio."""
        value, mean = self.value, fmean(self.wholes)
        assert value is not None
        return [(part - value * whole) / mean for part, whole in zip(self.parts, self.wholes, strict=True)]


def ratio(it: Ratio, steady: float | None = None) -> Estimate:
    """The estimate of a ratio. Of a share that is 0 or 1 in every batch the rule of three tells how far it may be from
    that; of a mean that never varies nothing does, and its half-width is `steady`."""
    value = it.value
    if value is None:
        return Estimate(None, None)
    if not it.steady:
        return Estimate(value, _half_width(it.errors()))
    if it.share and value in (0.0, 1.0):
        return Estimate(value, min(1.0, RULE_OF_THREE / math.fsum(it.wholes)))
    return Estimate(value, steady if len(it.wholes) > 1 else None)


def ratio_difference(one: Ratio, other: Ratio) -> Estimate:
    """`other` less `one`; batch by batch the two saw the same contacts, so what they have in common cancels out."""
    if one.value is None or other.value is None:
        return Estimate(None, None)
    if one.steady and other.steady:
        return Estimate(other.value - one.value, None)
    pulls = [b - a for a, b in zip(one.errors(), other.errors(), strict=True)]
    return Estimate(other.value - one.value, _half_width(pulls))


class Percentile(msgspec.Struct, frozen=True):
    """A percentile over all batches, and in each batch that has any values (NaN in others).

    `told`: whether each of these has enough values, for of few a high percentile is but the largest.
    """

    value: float | None
    batches: tuple[float, ...]
    told: bool


def percentile_of(batches: Sequence[Sequence[float]], share: float) -> Percentile:
    """The least value that at least that share of the values do not exceed (nearest rank). Batches must be sorted."""
    whole = sorted(value for batch in batches for value in batch)
    return Percentile(
        _nearest_rank(whole, share) if whole else None,
        tuple(_nearest_rank(batch, share) if batch else math.nan for batch in batches),
        all(len(batch) >= max(FEWEST, 1 / (1 - share) - 1e-9) for batch in batches if batch),
    )


def percentile(it: Percentile) -> Estimate:
    """The estimate of a percentile; its spread is that of the batches' percentiles."""
    return Estimate(it.value, _half_width(_known(it.batches)) if it.value is not None and it.told else None)


def percentile_difference(one: Percentile, other: Percentile) -> Estimate:
    """`other` less `one`, in pairs of batches."""
    if one.value is None or other.value is None:
        return Estimate(None, None)
    gaps = [b - a for a, b in zip(one.batches, other.batches, strict=True)]
    return Estimate(other.value - one.value, _half_width(_known(gaps)) if one.told and other.told else None)


def _known(values: Sequence[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]


def _nearest_rank(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]


def _half_width(values: Sequence[float]) -> float | None:
    count = len(values)
    if count < 2:
        return None
    return student_quantile(count - 1) * stdev(values) / math.sqrt(count)


@lru_cache(maxsize=64)
def student_quantile(freedom: int, confidence: float = CONFIDENCE) -> float:
    """What Student's t with that many degrees of freedom exceeds in neither direction, with that probability."""
    low, high = 0.0, 1.0
    while _within(high, freedom) < confidence:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < confidence else (low, middle)
    return (low + high) / 2


def _within(t: float, freedom: int) -> float:
    """P(-t < T < t), in closed form (Abramowitz & Stegun 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(freedom))
    odd, cosine, total = freedom % 2, math.cos(angle) ** 2, 0.0
    term = math.cos(angle) if odd else 1.0
    for step in range(1 + odd, freedom, 2):
        total += term
        term *= cosine * step / (step + 1)
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total
