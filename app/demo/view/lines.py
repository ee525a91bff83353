"""The same picture for a log file or a pipe: plain lines, and the summary at the end. Pure."""

from typing import NamedTuple

from app.demo.view.model import FloorPicture
from app.demo.view.words import span


class Result(NamedTuple):
    """What a run of the demo came to."""

    seconds: float
    offered: int
    answered: int
    abandoned: int
    popped: int
    written: int
    still_on: int = 0


def status_line(picture: FloorPicture, now: float) -> str:
    """The present moment in one line."""
    states = picture.by_state()
    waiting = sum(queue["waiting"] for queue in picture.queues)
    longest = max((queue["longest_wait_seconds"] for queue in picture.queues), default=0.0)
    line = "" if picture.up else "the server is away; "
    return (
        f"{span(now - picture.started_at)}  {line}waiting {waiting} (longest {span(longest)})  "
        f"talking {states['busy']}  ready {states['ready']}  wrap-up {states['working_after_call']}  "
        f"calls {picture.offered}  answered {picture.answered}  gave up {picture.outcomes['abandoned']}  "
        f"screen pops {picture.popped}"
    )


def summary(result: Result) -> str:
    """The end of the demo in one paragraph."""
    still_on = f" {result.still_on} calls are still on: the next start finds them." if result.still_on else ""
    return (
        f"In {span(result.seconds)}: {result.offered} calls offered, {result.answered} answered, "
        f"{result.abandoned} abandoned, {result.popped} screen pops, {result.written} interactions written.{still_on}"
    )
