"""Configurations and explanations in sentences that an agent can read out, in English or Chinese. Pure.

Titles and the words of rules are the model's own, in the language asked for where it has it; a language that is not
known here is told in English.
"""

from collections.abc import Mapping
from typing import Any

from app.customers.products.engine import Change, Explanation
from app.customers.products.model import (
    ATTRIBUTE,
    Choice,
    Choices,
    Chosen,
    Fee,
    Model,
    Number,
    Option,
    Switch,
    Values,
)
from app.customers.products.solving import Reason

LANGUAGES = ("en", "zh")

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "is": ": ",
        "and": ", ",
        "more": "; ",
        "end": ".",
        "on": "on",
        "off": "off",
        "none": "none",
        "any": "any value",
        "not_possible": "{what} is not possible",
        "not_together": "These choices cannot stand together",
        "not_chosen": "This choice cannot stand",
        "not_for_them": "This customer cannot have the product",
        "nothing": "Nothing can be configured by this model",
        "rule": "{text}",
        "required": "{option} needs a value",
        "count": "{option} takes {least} to {most} of its values",
        "fact": "The customer: {fact} is {value}",
        "unknown": "not known",
        "choice": "Chosen before: {what}",
        "change": "It becomes possible if {before} is changed to {after}",
        "take_back": "It becomes possible if {before} is taken back",
        "nobody": "No customer can have it",
        "not_this_one": "Nothing else that this customer chooses would make it possible",
        "fee": "{amount} {currency} {per}",
        "once": "once",
        "month": "a month",
        "year": "a year",
        "costs": "{what} ({fee})",
    },
    "zh": {
        "is": "：",
        "and": "、",
        "more": "；",
        "end": "。",
        "on": "开",
        "off": "关",
        "none": "无",
        "any": "任何值",
        "not_possible": "无法选择“{what}”",
        "not_together": "这些选择不能同时成立",
        "not_chosen": "此选择不能成立",
        "not_for_them": "该客户不能使用此产品",
        "nothing": "此产品模型无法配置任何内容",
        "rule": "{text}",
        "required": "“{option}”必须有值",
        "count": "“{option}”须选 {least} 至 {most} 项",
        "fact": "客户的{fact}：{value}",
        "unknown": "未知",
        "choice": "此前已选“{what}”",
        "change": "如将“{before}”改为“{after}”，即可选择",
        "take_back": "如取消“{before}”，即可选择",
        "nobody": "任何客户都无法选择",
        "not_this_one": "该客户改变其他选择也无法使其可选",
        "fee": "{per} {amount} {currency}",
        "once": "一次性",
        "month": "每月",
        "year": "每年",
        "costs": "{what}（{fee}）",
    },
}
_FACTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "customer.kind": "kind",
        "customer.tier": "tier",
        "customer.language": "language",
        "customer.segments": "segments",
        "customer.holdings": "holdings",
        "customer.age": "age",
    },
    "zh": {
        "customer.kind": "类型",
        "customer.tier": "等级",
        "customer.language": "语言",
        "customer.segments": "客群",
        "customer.holdings": "持有产品",
        "customer.age": "年龄",
    },
}


class Spoken:
    """Says things of one model in one language; `choices` and `facts` are those that reasons speak of."""

    def __init__(
        self, model: Model, language: str, choices: Values | None = None, facts: Mapping[str, Any] | None = None
    ) -> None:
        self._language = language
        self._choices, self._known = choices or {}, facts or {}
        base = language.partition("-")[0]
        self._words = _WORDS.get(base, _WORDS["en"])
        self._facts = _FACTS.get(base, _FACTS["en"])
        self._options = {option.id: option for option in model.options}
        self._rules = {rule.id: rule for rule in model.rules}

    def choice(self, option_id: str, value: Chosen | None) -> str:
        """An option and what it is set to: "Daily limit: 5000 CNY"."""
        option = self._options[option_id]
        return self._title(option) + self._words["is"] + self._value(option, value)

    def configuration(self, name: str, values: Values) -> str:
        """A product and how it is set up, in one sentence, with what each option costs. What is off is left out."""
        told = [
            self._costing(self._options[option_id], value)
            for option_id, value in values.items()
            if option_id in self._options and value is not False
        ]
        what = self._words["more"].join(told) or self._words["none"]
        return name + self._words["is"] + what + self._words["end"]

    def explanation(self, why: Explanation, asked: tuple[str, Chosen | None] | None = None) -> list[str]:
        """Why something cannot be, a sentence each: what, the reasons, and what would help."""
        if asked is not None:
            head = self._words["not_possible"].format(what=self.choice(*asked))
        elif why.changes is not None:
            chosen = [reason for reason in why.reasons if reason.kind == "choice"]
            head = self._words["not_together" if len(chosen) > 1 else "not_chosen"]
        else:
            head = self._words["not_for_them" if _personal(why) else "nothing"]
        end = self._words["end"]
        return [_ended(each, end) for each in (head, *map(self.reason, why.reasons), *self._advice(why, asked))]

    def reason(self, reason: Reason) -> str:
        """One reason: the words of a rule, an option's limits, what is known of the customer, an earlier choice."""
        if reason.kind == "rule":
            rule = self._rules[reason.id]
            return self._words["rule"].format(text=rule.texts.get(self._language, rule.text))
        if reason.kind == "option":
            option = self._options[reason.id]
            if isinstance(option, Choices):
                most = len(option.values) if option.at_most is None else option.at_most
                return self._words["count"].format(option=self._title(option), least=option.at_least, most=most)
            return self._words["required"].format(option=self._title(option))
        if reason.kind == "choice":
            return self._words["choice"].format(what=self.choice(reason.id, self._choices.get(reason.id)))
        fact = self._facts.get(reason.id, reason.id.removeprefix(ATTRIBUTE))
        value = self._known.get(reason.id, self._words["unknown"])
        shown = self._words["and"].join(value) if isinstance(value, tuple) else str(value)
        return self._words["fact"].format(fact=fact, value=shown)

    def _advice(self, why: Explanation, asked: tuple[str, Chosen | None] | None) -> list[str]:
        if why.changes is not None:
            return [self._change(change) for change in why.changes]
        if asked is None:
            return []
        return [self._words["not_this_one" if _personal(why) else "nobody"]]

    def _change(self, change: Change) -> str:
        before = self.choice(change.option, change.before)
        if change.after is None:
            return self._words["take_back"].format(before=before)
        after = self._value(self._options[change.option], change.after)
        return self._words["change"].format(before=before, after=after)

    def _costing(self, option: Option, value: Chosen) -> str:
        told = self.choice(option.id, value)
        wanted = value if isinstance(value, tuple) else (value,)
        fees = [option.fee] if option.fee else []
        if isinstance(option, Choice | Choices):
            fees += [each.fee for each in option.values if each.fee is not None and each.id in wanted]
        if not fees:
            return told
        return self._words["costs"].format(what=told, fee=self._words["and"].join(map(self._fee, fees)))

    def _fee(self, fee: Fee) -> str:
        per = self._words[fee.per]
        return self._words["fee"].format(amount=fee.amount, currency=fee.currency, per=per)

    def _title(self, titled: Any) -> str:
        title: str = titled.titles.get(self._language, titled.title)
        return title

    def _value(self, option: Option, value: Chosen | None) -> str:
        if isinstance(option, Switch):
            return self._words["on" if value else "off"]
        if value is None or value == ():
            return self._words["none"]
        if isinstance(option, Choice | Choices):
            titles = {each.id: self._title(each) for each in option.values}
            wanted = value if isinstance(value, tuple | list) else (value,)
            return self._words["and"].join(titles.get(str(each), str(each)) for each in wanted)
        if value is True:
            return self._words["any"]
        if isinstance(option, Number) and option.unit:
            return f"{value} {option.unit}"
        return str(value)


def _personal(why: Explanation) -> bool:
    return any(reason.kind == "fact" for reason in why.reasons)


def _ended(sentence: str, end: str) -> str:
    return sentence if sentence.endswith((".", "。", "!", "！", "?", "？")) else sentence + end
