"""Where the numbers lead that callers have dialled."""

from app.calls.call import Call
from app.floor.configuration.config import SourceRules
from app.floor.memory.work import Work
from app.telephony.dialable import plain


def chosen(work: Work, call: Call) -> tuple[str | None, str | None]:
    """The flow and the queue to which the dialled number leads; the queue is also for where the flow is missing."""
    rules = work.store.config.sources.get(call.source)
    if rules is None:
        return None, None
    number = _as_set_up(rules, call.to or "")
    if number in rules.numbers and number not in rules.flows:
        return None, rules.numbers[number]
    return rules.flows.get(number, rules.default_flow), rules.numbers.get(number, rules.default_queue)


def _as_set_up(rules: SourceRules, number: str) -> str:
    """The dialled number as the set-up writes it: people write spaces and dashes into one, or platforms do."""
    bare = plain(number) or number
    written = (number, bare, rules.written.get(bare, bare))
    return next((each for each in written if each in rules.numbers or each in rules.flows), number)
