"""What speaks for two records being one customer, and how much: reasons with weights, never a verdict. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from math import prod
from uuid import UUID

import msgspec

from app.customers.names.likeness import compare

CROWD = 3
"""A number or address that more customers have than this is shared, whether somebody has said so or not."""

WEIGHTS = {
    "same_external_id": 0.95,
    "same_number": 0.7,
    "same_email": 0.7,
    "same_name": 0.45,
    "same_reading": 0.35,
    "similar_name": 0.25,
    "same_switchboard": 0.15,
    "shared_number": 0.1,
    "shared_email": 0.1,
    "different_name": -0.5,
    "different_kind": -0.8,
}
"""How much each alone makes it likely (0 to 1). Below 0: by how much of it the likelihood sinks."""


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of somebody who may be a customer, as it was given; e-mail addresses in lower case."""

    names: tuple[str, ...] = ()
    kind: str | None = None
    external_id: str | None = None
    numbers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    external_ids: tuple[tuple[str, str], ...] = ()


class HeldNumber(msgspec.Struct, frozen=True):
    """A number by what tells it from others (E.164, or as it is), its extension, whether it is known as shared, and
    from when to when it is somebody's (None: no bound is known)."""

    key: str
    extension: str | None = None
    shared: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What one record says; of a customer with everything of those merged into them. The id in the leading system
    stands among `external_ids` under an empty name."""

    id: UUID | None = None
    names: tuple[str, ...] = ()
    kind: str | None = None
    numbers: tuple[HeldNumber, ...] = ()
    emails: tuple[str, ...] = ()
    external_ids: tuple[tuple[str, str], ...] = ()


class Reason(msgspec.Struct, frozen=True):
    """One thing that speaks for it, or with a weight below 0 against it."""

    kind: str
    detail: str
    weight: float


def weigh(one: Facts, other: Facts, holders: Mapping[str, int]) -> tuple[float, list[Reason]]:
    """How likely it is that both are one customer (0 to 1), and all reasons, the weightiest first.

    `holders` is how many customers have a number or an e-mail address. Reasons are taken as independent: two that
    are even chances alone make three in four together.
    """
    reasons = [*_ids(one, other), *_numbers(one, other, holders), *_emails(one, other, holders), *_names(one, other)]
    if one.kind is not None and other.kind is not None and one.kind != other.kind:
        reasons.append(_reason("different_kind", f"{one.kind}, {other.kind}"))
    against = prod(1 + reason.weight for reason in reasons if reason.weight < 0)
    likely = 1 - prod(1 - reason.weight for reason in reasons if reason.weight > 0)
    return round(likely * against, 3), sorted(
        reasons, key=lambda reason: (-abs(reason.weight), reason.kind, reason.detail)
    )


def _reason(kind: str, detail: str, ratio: float = 1.0) -> Reason:
    return Reason(kind, detail, round(WEIGHTS[kind] * ratio, 3))


def _ids(one: Facts, other: Facts) -> Iterator[Reason]:
    for system, external_id in sorted(set(one.external_ids) & set(other.external_ids)):
        yield _reason("same_external_id", f"{system} {external_id}".strip())


def _numbers(one: Facts, other: Facts, holders: Mapping[str, int]) -> Iterator[Reason]:
    """Each number once, by the best of what is said of it."""
    for key in sorted({number.key for number in one.numbers} & {number.key for number in other.numbers}):
        pairs = [(a, b) for a in one.numbers if a.key == key for b in other.numbers if b.key == key]
        kinds = [kind for a, b in pairs if (kind := _number(a, b, holders.get(key, 0))) is not None]
        if kinds:
            yield _reason(max(kinds, key=WEIGHTS.__getitem__), key)


def _number(one: HeldNumber, other: HeldNumber, holders: int) -> str | None:
    if one.extension is not None and other.extension is not None and one.extension != other.extension:
        return None
    if _over(one, other) or _over(other, one):
        return None  # numbers are given to somebody else when they are free again
    if one.extension != other.extension:
        return "same_switchboard"
    crowd = one.extension is None and holders > CROWD
    return "shared_number" if crowd or one.shared or other.shared else "same_number"


def _over(one: HeldNumber, other: HeldNumber) -> bool:
    """Whether one's time with the number had ended when the other's began."""
    return one.valid_until is not None and other.valid_from is not None and one.valid_until <= other.valid_from


def _emails(one: Facts, other: Facts, holders: Mapping[str, int]) -> Iterator[Reason]:
    for address in sorted(set(one.emails) & set(other.emails)):
        yield _reason("shared_email" if holders.get(address, 0) > CROWD else "same_email", address)


def _names(one: Facts, other: Facts) -> Iterator[Reason]:
    """The best of all pairs of their names: in characters, in Latin letters."""
    pairs = [(compare(a, b), a, b) for a in one.names for b in other.names]
    told = [(WEIGHTS[found.kind] * found.ratio, found, a, b) for found, a, b in pairs if found.kind is not None]
    if not told:
        return
    _, found, a, b = max(told, key=lambda each: each[0])
    if found.kind == "different_name" and len(told) < len(pairs):
        return  # another pair is neither alike nor different
    assert found.kind is not None
    yield _reason(found.kind, f"{a}, {b}", 1.0 if found.kind == "different_name" else found.ratio)
