"""Every wish that can be recorded, as data, and what is wrong with one. Pure.

Who looks after a customer and which language they speak are fields of the customer; queues and flows read them there.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import langcodes
import msgspec

from app.core.errors import one_of
from app.core.wire import fault
from app.customers.agreements.clauses import Open, ServiceHours, flaws, zone_known
from app.customers.cards import card_numbers_in

LONGEST_TEXT = 100
CHANNELS: dict[str, dict[str, str]] = {
    "voice": {"en": "telephone", "zh": "电话"},
    "sms": {"en": "text message", "zh": "短信"},
    "email": {"en": "e-mail", "zh": "电子邮件"},
    "post": {"en": "post", "zh": "信函"},
    "chat": {"en": "chat", "zh": "在线聊天"},
    "app": {"en": "the bank's app", "zh": "手机银行"},
    "branch": {"en": "a branch", "zh": "网点"},
}


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of wish. `kind` is choice (one of `values`), several, ranked (several, the dearest first), text,
    language (BCP 47), switch or hours ({time_zone, weekly}). `pops`: whoever serves the customer sees it at once."""

    name: str
    kind: Literal["choice", "several", "ranked", "text", "language", "switch", "hours"]
    title: dict[str, str]
    values: dict[str, dict[str, str]] = {}
    pops: bool = True


CATALOGUE: tuple[Wish, ...] = (
    Wish(name="salutation", kind="text", title={"en": "Addressed as", "zh": "称呼"}),
    Wish(
        name="address_form",
        kind="choice",
        title={"en": "Form of address", "zh": "称谓方式"},
        values={
            "formal": {"en": "formal", "zh": "敬称"},
            "first_name": {"en": "by first name", "zh": "直呼其名"},
            "informal": {"en": "informal", "zh": "随意"},
        },
    ),
    Wish(
        name="accessibility",
        kind="several",
        title={"en": "Needs", "zh": "无障碍需求"},
        values={
            "hard_of_hearing": {"en": "hard of hearing", "zh": "听力较弱"},
            "deaf": {"en": "deaf", "zh": "失聪"},
            "speech_impaired": {"en": "speech impaired", "zh": "言语障碍"},
            "speak_slowly": {"en": "speak slowly", "zh": "请放慢语速"},
            "plain_language": {"en": "plain language", "zh": "简明用语"},
            "sign_language": {"en": "sign language", "zh": "手语"},
            "low_vision": {"en": "low vision", "zh": "视力较弱"},
            "blind": {"en": "blind", "zh": "失明"},
            "large_print": {"en": "large print", "zh": "大字版"},
            "braille": {"en": "braille", "zh": "盲文"},
            "wheelchair": {"en": "wheelchair", "zh": "轮椅"},
            "helper": {"en": "speaks through a helper", "zh": "由他人代为沟通"},
        },
    ),
    Wish(name="channels", kind="ranked", title={"en": "Reached by", "zh": "首选联系方式"}, values=CHANNELS),
    Wish(name="call_hours", kind="hours", title={"en": "To be called", "zh": "可致电时间"}),
    Wish(name="not_at_work", kind="switch", title={"en": "Not to be called at work", "zh": "请勿致电工作单位"}),
    Wish(name="written_language", kind="language", title={"en": "Written to in", "zh": "书面语言"}),
    Wish(
        name="statements",
        kind="choice",
        title={"en": "Statements", "zh": "对账单"},
        values={
            "paper": {"en": "on paper", "zh": "纸质"},
            "electronic": {"en": "electronic", "zh": "电子"},
            "both": {"en": "on paper and electronic", "zh": "纸质和电子"},
            "none": {"en": "none", "zh": "不需要"},
        },
    ),
    Wish(
        name="marketing",
        kind="several",
        title={"en": "Offers welcome by", "zh": "接受营销信息"},
        values={name: words for name, words in CHANNELS.items() if name != "branch"},
        pops=False,
    ),
)
BY_NAME: Mapping[str, Wish] = {wish.name: wish for wish in CATALOGUE}
PLACES: Mapping[str, int] = {wish.name: place for place, wish in enumerate(CATALOGUE)}


class CallHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When somebody may be called, by the clocks of `time_zone`; a weekday that is left out: not at all."""

    time_zone: str
    weekly: dict[str, tuple[Open, ...]]


def wish_faults(wish: Wish, value: Any, where: str) -> list[dict[str, str]]:
    """What is wrong with a value of the wish: where, what, what would be right."""
    if wish.kind == "hours":
        return list(_hours_faults(value, where))
    if wish.kind in ("several", "ranked"):
        return list(_several_faults(wish, value, where))
    right = {
        "choice": (isinstance(value, str) and value in wish.values, one_of(wish.values)),
        "switch": (isinstance(value, bool), "true or false"),
        "language": (_is_language(value), "a language as BCP 47 has it, such as zh or en-GB"),
        "text": (_is_text(value), f"1 to {LONGEST_TEXT} printable characters"),
    }
    fits, accepted = right[wish.kind]
    if not fits:
        return [fault(where, f"is no value of {wish.name!r}", accepted)]
    held = list(card_numbers_in(value, where))
    return [fault(where, "holds a whole card number", "a text without one")] if held else []


def hours_of(value: Any) -> CallHours:
    """The hours that were kept."""
    return msgspec.convert(value, CallHours)


def _several_faults(wish: Wish, value: Any, where: str) -> Iterator[dict[str, str]]:
    accepted = "a list of different ones of " + ", ".join(wish.values)
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        yield fault(where, "is no list of such values", accepted)
        return
    for place, each in enumerate(value):
        if each not in wish.values:
            yield fault(f"{where}.{place}", f"{each!r} is no value of {wish.name!r}", accepted)
        elif each in value[:place]:
            yield fault(f"{where}.{place}", f"{each!r} is there twice", accepted)


def _hours_faults(value: Any, where: str) -> Iterator[dict[str, str]]:
    try:
        hours = hours_of(value)
    except msgspec.ValidationError as error:
        yield fault(
            where, f"is not accepted: {error}", '{"time_zone": ..., "weekly": {"monday": [{"opens", "closes"}]}}'
        )
        return
    if not zone_known(hours.time_zone):
        yield fault(f"{where}.time_zone", f"{hours.time_zone!r} is no time zone", "one such as Asia/Shanghai")
    for flaw in flaws((ServiceHours(id="", text="", weekly=hours.weekly),)):
        way: Sequence[str | int] = flaw.where[1:]
        yield fault(".".join([where, *map(str, way)]), flaw.what, flaw.accepted)


def _is_language(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 35 and langcodes.tag_is_valid(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value.strip()) <= LONGEST_TEXT and value.isprintable()
