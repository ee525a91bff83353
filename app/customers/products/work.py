"""Where questions to the solver are worked at: threads of their own, so that hard ones keep nobody else waiting."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from app.customers.products.errors import QuestionTooHard
from app.customers.products.solver import TooHard

Answer = TypeVar("Answer")

_THREADS = ThreadPoolExecutor(2, "solver")
"""Threads are only made when they are needed. The solver lets others run while it works."""


async def solved(ask: Callable[..., Answer], *given: Any) -> Answer:
    """The answer to a question that may take a second or several. Raises QuestionTooHard."""
    try:
        return await asyncio.get_running_loop().run_in_executor(_THREADS, ask, *given)
    except TooHard:
        raise QuestionTooHard from None
