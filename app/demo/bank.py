"""The demo bank as it is configured: tiers, skills, queues, dialled numbers, wrap-up codes, staff. Plain data."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

SOURCE = "demo"
FLOOR = "main"
"""The floor that a server serves unless it is told otherwise."""
CUSTOMERS = 4000
DAYS = 110
CALLS_PER_MINUTE = 20.0
"""How many customers the bank has, of how many days it remembers the calls, how many people call (in the mean)."""
PASSWORD = "callfloor-demo"  # noqa: S105 - the demo prints it; a real installation makes its own accounts
SUPERVISOR = "sofia"
ADMINISTRATOR = "admin"
RESERVED = ("mei", "tom")
"""Agents that no simulation plays: they are free for the person at the terminal."""


class TierPlan(NamedTuple):
    """A class of customers and its share of them; `bonus` is seconds of waiting it is given ahead."""

    id: str
    name: str
    rank: int
    bonus: float
    colour: str
    share: float


class QueuePlan(NamedTuple):
    """A queue: the number that callers dial, the skills it requires, how it offers, its share of the calls, and `rules`
    beyond that as the records name them."""

    id: str
    name: str
    number: str
    requires: dict[str, int]
    language_level: int
    bonus: float
    offer_seconds: float
    wrap_up_seconds: float
    target_seconds: float
    share: float
    codes: tuple[str, ...]
    rules: Mapping[str, Any] = MappingProxyType({})


class StaffPlan(NamedTuple):
    """An agent: login, name as shown, extension, skill levels."""

    id: str
    name: str
    address: str
    skills: dict[str, int]


TIERS = (
    TierPlan("standard", "Standard", 1, 0, "#8a94a6", 0.70),
    TierPlan("silver", "Silver", 2, 20, "#c0c9d6", 0.18),
    TierPlan("gold", "Gold", 3, 45, "#e0b13c", 0.09),
    TierPlan("private", "Private", 4, 90, "#b58cff", 0.03),
)
SKILLS = {
    "zh": "Chinese 中文",
    "en": "English",
    "general": "General service",
    "cards": "Cards",
    "loans": "Loans",
    "wealth": "Wealth",
}
QUEUES = (
    QueuePlan(
        "service", "General service", "+8695501", {"general": 1}, 2, 0, 20, 20, 20, 0.46,
        ("balance", "transfer", "address", "complaint"),
        {"last_agent_seconds": 5, "selection": "least_skilled",
         "steps": [{"after_seconds": 30, "requires": {"general": 1}, "language_level": 1}]},
    ),
    QueuePlan(
        "cards", "Cards", "+8695502", {"cards": 2}, 2, 0, 20, 25, 20, 0.28,
        ("card-lost", "card-limit", "dispute", "fees"),
        {"steps": [{"after_seconds": 20, "requires": {"cards": 1}, "language_level": 2},
                   {"after_seconds": 45, "requires": {"general": 3}, "language_level": 1}]},
    ),
    QueuePlan(
        "loans", "Loans", "+8695503", {"loans": 2}, 2, 0, 20, 30, 30, 0.17,
        ("loan-offer", "repayment", "fees"),
    ),
    QueuePlan(
        "wealth", "Wealth", "+8695504", {"wealth": 3}, 3, 30, 15, 30, 15, 0.09,
        ("portfolio", "appointment", "transfer"),
        {"preferred_seconds": 12, "strict_tiers": True, "selection": "most_skilled",
         "steps": [{"after_seconds": 30, "requires": {"wealth": 2}, "language_level": 2}]},
    ),
)  # fmt: skip
WRAP_UP_CODES = {
    "balance": "Balance or statement",
    "transfer": "Transfer or payment",
    "address": "Personal data changed",
    "complaint": "Complaint taken",
    "card-lost": "Card blocked and replaced",
    "card-limit": "Card limit",
    "dispute": "Disputed card payment",
    "fees": "Fees explained",
    "loan-offer": "Loan offer requested",
    "repayment": "Repayment plan",
    "portfolio": "Portfolio question",
    "appointment": "Appointment with adviser",
    "other": "Other",
}
NOTES = {
    "zh": (
        "已核实身份，问题解决。",
        "客户满意，无需跟进。",
        "已发送确认短信。",
        "客户要求周五回电。",
        "已解释收费标准。",
    ),
    "en": (
        "Identity checked, solved on the call.",
        "Customer happy, nothing open.",
        "Confirmation sent by text message.",
        "Asked for a call back on Friday.",
        "Explained the charges on the statement.",
    ),
}
SUPERVISORS = {SUPERVISOR: "Sofia Rossi", "guang": "Gu Guang 顾光"}


def _staff(extension: int, login: str, name: str, skills: str) -> StaffPlan:
    levels = (pair.split(":") for pair in skills.split())
    return StaffPlan(login, name, str(extension), {skill: int(level) for skill, level in levels})


_ROSTER = (
    ("mei", "Lin Mei 林梅", "zh:5 en:4 general:4 cards:4 loans:3 wealth:4"),
    ("tom", "Tom Harris", "en:5 zh:3 general:5 cards:4 loans:4 wealth:3"),
    ("wei", "Zhang Wei 张伟", "zh:5 en:2 general:5 cards:3"),
    ("jun", "Chen Jun 陈军", "zh:5 general:4 loans:4"),
    ("lan", "Huang Lan 黄兰", "zh:5 en:3 general:4 cards:5"),
    ("hao", "Liu Hao 刘浩", "zh:5 general:3 cards:3"),
    ("yan", "Yang Yan 杨艳", "zh:5 en:2 loans:5 general:2"),
    ("ting", "Xie Ting 谢婷", "zh:5 en:4 wealth:5 general:3"),
    ("bo", "Feng Bo 冯博", "zh:5 general:5"),
    ("xin", "Deng Xin 邓新", "zh:5 en:3 general:4 cards:2 loans:2"),
    ("ling", "Tang Ling 唐玲", "zh:5 cards:5 loans:3"),
    ("fang", "Cao Fang 曹芳", "zh:5 general:4"),
    ("peng", "Peng Peng 彭鹏", "zh:5 en:2 wealth:4 loans:4"),
    ("yun", "Su Yun 苏云", "zh:4 en:4 general:5 cards:4"),
    ("kai", "Jiang Kai 蒋凯", "zh:5 general:3 loans:3"),
    ("rui", "Pan Rui 潘瑞", "zh:5 general:5 cards:2"),
    ("qing", "Yu Qing 余青", "zh:5 en:2 general:4 cards:3 wealth:3"),
    ("emma", "Emma Wright", "en:5 zh:2 general:4 cards:4"),
    ("liam", "Liam Walker", "en:5 general:5 loans:3"),
    ("grace", "Grace Bennett", "en:5 zh:3 wealth:5 loans:3 general:2"),
    ("ryan", "Ryan Cooper", "en:5 general:4 cards:3"),
    ("nora", "Nora Evans", "en:5 zh:4 general:4 cards:3 loans:4"),
    ("max", "Max Schneider", "en:4 cards:5 general:3"),
    ("dao", "Dai Xiaodong 戴晓东", "zh:5 en:4 general:3 loans:5 wealth:3"),
)
AGENTS = tuple(_staff(2001 + place, *row) for place, row in enumerate(_ROSTER))
SIMULATED = tuple(agent.id for agent in AGENTS if agent.id not in RESERVED)
