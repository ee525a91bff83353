"""What parts customers into fifths: boundaries, found on a sample of all customers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.segments.measuring import known_of
from app.customers.segments.rules import Rules
from app.customers.segments.turns import in_turns
from app.customers.segments.verdicts import boundaries_of, number_of
from app.customers.segments.words import asks_of, read

SAMPLE = 20_000
"""Of so many customers a boundary is that of all to within 1 in 100 of them; up to so many it is exact."""

PAGE = 500

# as good as random, and the same customers each time, so that two previews differ by the rules alone
_SAMPLE = text("""
    select array_agg(id) from (
        select id from customers where active and merged_into is null and not provisional
        order by hashtextextended(id::text, 0) limit :size) drawn""")


async def sample(session: AsyncSession, size: int) -> list[UUID]:
    """Up to `size` customers, drawn from all who can be judged."""
    return list(await session.scalar(_SAMPLE, {"size": size}) or ())


async def boundaries(session: AsyncSession, rules: Rules, now: datetime) -> dict[str, list[float]]:
    """Of each score what parts all customers into fifths."""
    if not rules.scores:
        return {}
    expressions = {score.id: read(score.of) for score in rules.scores}
    asks = asks_of(list(expressions.values()))
    drawn = await sample(session, SAMPLE)
    numbers: dict[str, list[float]] = {name: [] for name in expressions}
    for start in range(0, len(drawn), PAGE):
        known = await known_of(session, drawn[start : start + PAGE], asks, (), now)
        async for each in in_turns(known.values()):
            for name, expression in expressions.items():
                number = number_of(expression, each.facts)
                if number is not None:
                    numbers[name].append(number)
    return {name: boundaries_of(given) for name, given in numbers.items()}
