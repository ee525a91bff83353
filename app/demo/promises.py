"""What the demo bank promises customers of each tier, clause by clause: plain data."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from app.customers.agreements.clauses import (
    WEEKDAYS,
    Clause,
    FeeWaiver,
    FieldVisits,
    FollowUp,
    NamedManager,
    Open,
    ResolutionTime,
    ResponseTime,
    ServiceHours,
)

TIME_ZONE = "Asia/Shanghai"
_HOUR, _DAY = 3600, 86_400


class _Plan(NamedTuple):
    """An agreement of a tier: its name, and each clause with its words, by language."""

    name: Mapping[str, str]
    clauses: tuple[tuple[Clause, Mapping[str, str]], ...]


def _daily(opens: str, closes: str) -> dict[str, tuple[Open, ...]]:
    return {day: (Open(opens, closes),) for day in WEEKDAYS}


_PLANS: Mapping[str, _Plan] = {
    "silver": _Plan(
        {"en": "Silver service", "zh": "银卡服务"},
        (
            (
                ServiceHours(id="", text="", weekly=_daily("08:00", "20:00")),
                {"en": "Served daily from 8 to 20", "zh": "每天8点至20点服务"},
            ),
            (ResponseTime(id="", text="", seconds=60), {"en": "Answered within a minute", "zh": "一分钟内接听"}),
            (
                FeeWaiver(id="", text="", fee="transfer abroad", count=2, per="year"),
                {"en": "Two transfers abroad a year without a fee", "zh": "每年两笔境外汇款免手续费"},
            ),
        ),
    ),
    "gold": _Plan(
        {"en": "Gold service", "zh": "金卡服务"},
        (
            (
                ServiceHours(id="", text="", weekly=_daily("07:00", "23:00")),
                {"en": "Served daily from 7 to 23", "zh": "每天7点至23点服务"},
            ),
            (ResponseTime(id="", text="", seconds=30), {"en": "Answered within 30 seconds", "zh": "30秒内接听"}),
            (ResolutionTime(id="", text="", seconds=_DAY), {"en": "Settled within a day", "zh": "一天内办结"}),
            (
                FieldVisits(id="", text="", count=1, per="year"),
                {"en": "One visit at home a year", "zh": "每年一次上门服务"},
            ),
            (
                FeeWaiver(id="", text="", fee="transfer abroad", count=6, per="year"),
                {"en": "Six transfers abroad a year without a fee", "zh": "每年六笔境外汇款免手续费"},
            ),
        ),
    ),
    "private": _Plan(
        {"en": "Private banking", "zh": "私人银行服务"},
        (
            (
                ServiceHours(id="", text="", weekly=_daily("00:00", "24:00")),
                {"en": "Served around the clock", "zh": "全天24小时服务"},
            ),
            (ResponseTime(id="", text="", seconds=15), {"en": "Answered within 15 seconds", "zh": "15秒内接听"}),
            (
                ResolutionTime(id="", text="", seconds=8 * _HOUR),
                {"en": "Settled within eight hours", "zh": "八小时内办结"},
            ),
            (
                FollowUp(id="", text="", seconds=_HOUR, after="unanswered"),
                {"en": "Called back within an hour if nobody answered", "zh": "未接听则一小时内回电"},
            ),
            (
                NamedManager(id="", text="", manager="", seconds=_HOUR),
                {"en": "The adviser hears of every call within an hour", "zh": "一小时内告知专属顾问"},
            ),
            (
                FieldVisits(id="", text="", count=4, per="year"),
                {"en": "Four visits at home a year", "zh": "每年四次上门服务"},
            ),
            (
                FeeWaiver(id="", text="", fee="transfer abroad", count=12, per="year"),
                {"en": "Twelve transfers abroad a year without a fee", "zh": "每年十二笔境外汇款免手续费"},
            ),
        ),
    ),
}  # fmt: skip


class Promised(NamedTuple):
    """An agreement as the customer of a tier has it."""

    name: str
    clauses: tuple[Clause, ...]


@lru_cache
def promised(tier: str, language: str, manager: str | None) -> Promised | None:
    """What a tier promises, in the customer's language, with their own `manager`; None: nothing beyond the usual."""
    if tier not in _PLANS:
        return None
    plan = _PLANS[tier]
    clauses = []
    for place, (clause, words) in enumerate(plan.clauses, 1):
        named = {"manager": manager} if isinstance(clause, NamedManager) else {}
        clauses.append(msgspec.structs.replace(clause, id=str(place), text=words[language], **named))
    return Promised(plan.name[language], tuple(clauses))
