"""What became of a contact that its queue did not take, in a sentence. Pure."""

from collections.abc import Mapping

from app.routing.engine.decision import Decision
from app.routing.overflow.rules import Do, When
from app.routing.wording import count, span


def overflow_sentence(why: Decision, queue: str, queues: Mapping[str, str]) -> str:
    """Why the queue (by its name) did not take the contact, or not for longer, and what was done instead."""
    return f"{_cause(why, queue)}, so {_done(why, queues)}."


def _cause(why: Decision, queue: str) -> str:
    match why.because:
        case When.CLOSED:
            return f"{queue} was closed"
        case When.NO_AGENT:
            return f"Nobody who could take a contact of {queue} was logged on"
        case When.LENGTH:
            return (
                f"{count(int(why.measured), 'contact')} waited in {queue} already, where {int(why.limit)} is the limit"
            )
        case When.WAIT:
            return f"It had waited {span(why.measured)} in {queue}, where {span(why.limit)} is the limit"
        case When.ESTIMATED_WAIT:
            return f"The wait in {queue} was estimated at {span(why.measured)}, where {span(why.limit)} is the limit"
        case _:
            return f'The rule "{why.because}" of {queue} applied'


def _done(why: Decision, queues: Mapping[str, str]) -> str:
    done, _, target = why.to.partition(":")
    match done:
        case Do.QUEUE:
            return f"it was sent on to {queues.get(target, target)}"
        case Do.CALLBACK:
            return "the caller was asked whether they would rather be called back"
        case Do.VOICEMAIL:
            return "the caller was asked to leave a message"
        case Do.MESSAGE:
            return "the caller was told so and the call was ended"
        case _:
            return f"this was done: {why.to}"
