"""What troubles the demo bank's customers, what they want, and the rules by which the bank is warned. Plain data."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from app.customers.agreements.clauses import WEEKDAYS
from app.demo.promises import TIME_ZONE

_DAY = 86_400
_RULE = MappingProxyType({"due_seconds": _DAY, "expire_seconds": 14 * _DAY, "quiet_seconds": 7 * _DAY, "enabled": True})
RULES: tuple[Mapping[str, Any], ...] = (
    {
        **_RULE,
        "id": "failed-log-ins",
        "name": "Log-ins failed 多次登录失败",
        "condition": "count('login.failed', '1d') >= 5",
        "severity": "high",
        "advice": "Ask whether it was them; if not, lock online banking.",
    },
    {
        **_RULE,
        "id": "large-withdrawal",
        "name": "Large withdrawal 大额取款",
        "condition": "sum('withdrawal', '7d') >= 200000.0",
        "severity": "medium",
        "advice": "Offer to talk with an adviser.",
    },
    {
        **_RULE,
        "id": "card-expires",
        "name": "Card about to expire 银行卡即将到期",
        "condition": "count('card.expires', '30d') > 0",
        "severity": "low",
        "advice": "Ask for the address to which the new card goes.",
    },
)
"""Rules of usage, by the columns of their records."""

CASES = (
    ("card.dispute", "high", {"en": "Disputes a card payment made abroad", "zh": "对一笔境外刷卡交易有异议"}),
    ("transfer.missing", "normal", {"en": "A transfer has not arrived", "zh": "转账未到账"}),
    ("statement", "low", {"en": "Wants last year's statements again", "zh": "要求补寄去年的对账单"}),
    ("fee.refund", "normal", {"en": "Wants the annual fee back", "zh": "要求退还年费"}),
)
VISITS = (
    {"en": "Sign the mortgage papers", "zh": "签署房贷文件"},
    {"en": "Review of investments", "zh": "投资组合回顾"},
    {"en": "Bring the new security token", "zh": "送交新的安全令牌"},
)
SITES = (
    ("Shanghai", "Century Avenue 世纪大道 {}"),
    ("Beijing", "Jinrong Street 金融大街 {}"),
    ("Shenzhen", "Fuhua Road 福华路 {}"),
    ("Hangzhou", "Hubin Road 湖滨路 {}"),
)
TITLES = {"zh": ("老师", "总", "博士", "医生"), "en": ("Dr", "Professor", "Captain", "Judge")}
EVENINGS = {
    "time_zone": TIME_ZONE,
    "weekly": {day: [{"opens": "18:00", "closes": "20:30"}] for day in WEEKDAYS[:5]},
}
WARNINGS = {
    "en": "Somebody has posed as this customer: ask every security question.",
    "zh": "曾有人冒充该客户来电，请核实全部安全问题。",
}
STANDINGS = ("good", "good", "good", "fair", "fair", "poor")
