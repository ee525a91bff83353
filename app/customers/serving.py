"""What an agent should know before they serve a customer, in sentences to read: who and which language, wishes, and how
their products are set up."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.models import Customer
from app.customers.preferences.catalogue import BY_NAME
from app.customers.preferences.service import Told, preferences_of
from app.customers.preferences.telling import said
from app.customers.products.configuring import configurations_of
from app.customers.record.whole import survivor_of

Language = Literal["en", "zh"]
_WORDS = {
    "en": {"speaks": "Speaks: {}", "agent": "Looked after by: {}", "manager": "Relationship manager: {}", "end": "."},
    "zh": {"speaks": "使用语言：{}", "agent": "专属坐席：{}", "manager": "客户经理：{}", "end": "。"},
}


@dataclass(frozen=True, slots=True)
class Summary:
    """Sentences in one language: how the customer wants to be served, how each of their products is set up."""

    language: Language
    serving: list[str]
    products: list[str]

    @property
    def text(self) -> str:
        """All of it, to be read out."""
        return (" " if self.language == "en" else "").join([*self.serving, *self.products])


async def summary_of(session: AsyncSession, customer_id: UUID, language: Language) -> Summary:
    """The summary of the customer, or of who survives them. Raises CustomerNotFound."""
    survivor = await survivor_of(session, customer_id)
    customer = await session.get_one(Customer, survivor)
    # agents are of another room, beside this one
    agent = await session.scalar(text("select name from agents where id = :id"), {"id": customer.preferred_agent})
    words = _WORDS[language]
    known = (("speaks", customer.language), ("agent", agent), ("manager", customer.relationship_manager))
    serving = [words[name].format(value) + words["end"] for name, value in known if value is not None]
    wishes = [_sentence(told, language) for told in await preferences_of(session, survivor)]
    products = [found.configuration.brief[language] for found in await configurations_of(session, survivor)]
    return Summary(language, serving + [each + words["end"] for each in wishes if each is not None], products)


def _sentence(told: Told, language: Language) -> str | None:
    """A wish; channels for which a consent is missing are left out."""
    wish, value = BY_NAME.get(told.row.name), told.row.value
    if wish is None:
        return None
    if told.overruled:
        value = [each for each in value if each not in told.overruled]
    sentences = None if value == [] else said(wish, value)
    return None if sentences is None else sentences[language]
