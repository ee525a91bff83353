"""The credit card of a bank, as a product model."""

from typing import Any

from app.customers.products.model import Model, model_of

CARD: dict[str, Any] = {
    "holding_kinds": ["card"],
    "options": [
        {
            "id": "network",
            "kind": "choice",
            "title": "Network",
            "titles": {"zh": "卡组织"},
            "required": True,
            "values": [
                {"id": "unionpay", "title": "UnionPay", "titles": {"zh": "银联"}},
                {"id": "visa", "title": "Visa", "fee": {"amount": 2.5, "currency": "CNY", "per": "month"}},
            ],
        },
        {"id": "contactless", "kind": "switch", "title": "Contactless", "titles": {"zh": "闪付"}, "default": True},
        {"id": "abroad", "kind": "switch", "title": "Payments abroad", "titles": {"zh": "境外支付"}},
        {
            "id": "daily_limit",
            "kind": "number",
            "title": "Daily limit",
            "titles": {"zh": "日限额"},
            "minimum": 0,
            "maximum": 100_000,
            "step": 500,
            "unit": "CNY",
            "required": True,
            "default": 5_000,
        },
        {
            "id": "monthly_limit",
            "kind": "number",
            "title": "Monthly limit",
            "minimum": 0,
            "maximum": 500_000,
            "step": 500,
            "unit": "CNY",
        },
        {
            "id": "insurance",
            "kind": "choices",
            "title": "Insurance",
            "at_most": 2,
            "values": [
                {"id": "travel", "title": "Travel"},
                {"id": "purchase", "title": "Purchases"},
                {"id": "rental", "title": "Rental cars"},
            ],
        },
        {
            "id": "embossed",
            "kind": "text",
            "title": "Name on the card",
            "max_length": 20,
            "pattern": "[A-Z][A-Z .]*",
            "pattern_says": "capital letters, dots and spaces",
        },
    ],
    "rules": [
        {
            "id": "abroad-needs-visa",
            "kind": "requires",
            "text": "Payments abroad need the Visa network.",
            "texts": {"zh": "境外支付需要 Visa 卡。"},
            "when": {"op": "has", "of": "abroad"},
            "needs": {"op": "is", "of": "network", "value": "visa"},
        },
        {
            "id": "travel-abroad",
            "kind": "requires",
            "text": "Travel insurance is for cards that pay abroad.",
            "when": {"op": "is", "of": "insurance", "value": "travel"},
            "needs": {"op": "has", "of": "abroad"},
        },
        {
            "id": "young-limit",
            "kind": "excludes",
            "text": "Below 18 the daily limit is 2,000 at the most.",
            "when": {"op": "not", "condition": {"op": "at_least", "of": "customer.age", "value": 18}},
            "forbids": [{"op": "at_least", "of": "daily_limit", "value": 2_001}],
        },
        {
            "id": "day-in-month",
            "kind": "requires",
            "text": "The daily limit is not above the monthly one.",
            "when": {"op": "has", "of": "monthly_limit"},
            "needs": {"op": "at_most", "of": "daily_limit", "than": "monthly_limit"},
        },
        {
            "id": "gold-rental",
            "kind": "requires",
            "text": "Insurance of rental cars is for gold customers.",
            "when": {"op": "is", "of": "insurance", "value": "rental"},
            "needs": {"op": "is", "of": "customer.tier", "value": "gold"},
        },
    ],
}


def card(**other: Any) -> Model:
    """The model, with other parts."""
    return model_of({**CARD, **other})
