"""A day of the demo bank's past, played: who is ready, who calls, and for each pair the floor's own engine.

The past knows a customer's own adviser, but not whom they spoke to last: nobody is waited for by name for that.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple
from uuid import UUID

from app.demo.bank import QUEUES, TIERS, QueuePlan
from app.demo.clients import DemoCustomer, adviser
from app.demo.shifts import Change, Duty
from app.routing.engine.decision import Decision
from app.routing.engine.engine import Engine, Pair, Waiting
from app.routing.engine.requirement import Requirement, Selection, Step
from app.routing.engine.selection import Standing
from app.routing.engine.steps import steps_of
from app.routing.engine.waiting import Place, virtual_arrival
from app.routing.queue_form import steps_of as steps_of_queue

CALLER_GONE = "caller_gone"
_TIERS = {tier.id: tier for tier in TIERS}
_STEPS = {
    (queue.id, language): steps_of_queue(
        {
            "requires": queue.requires,
            "language_level": queue.language_level,
            "default_language": language,
            "steps": queue.rules.get("steps", ()),
        }
    )
    for queue in QUEUES
    for language in ("zh", "en")
}


class Call(NamedTuple):
    """A call as it is going to be. Durations are seconds: for how long the caller waits for an answer, for how long the
    phone of whoever gets it rings, and what follows."""

    contact: UUID
    began: float
    queue: QueuePlan
    customer: DemoCustomer | None
    patience: float
    rings: float
    talk: float
    hold: float
    wrap_up: float


class Offer(NamedTuple):
    """When it was offered to whom, and by which rule."""

    at: float
    agent: str
    rule: str


class Course(NamedTuple):
    """How a call went: for how long it waited, whom it was offered to, and by whom it was answered, if by anybody."""

    call: Call
    wait: float
    offer: Offer | None
    agent: str | None

    @property
    def ended(self) -> float:
        """The moment at which the caller hung up."""
        talked = self.call.talk + self.call.hold if self.agent is not None else 0.0
        return self.call.began + self.wait + talked


class _Waits(NamedTuple):
    """A call that waits, what it requires when, and on which step it is; its bonus and its precedence in the line."""

    call: Call
    steps: tuple[Step, ...]
    step: int
    bonus: float
    precedence: int

    @property
    def wanted(self) -> Requirement:
        return self.steps[self.step].wanted

    @property
    def selection(self) -> Selection:
        return Selection(self.call.queue.rules.get("selection", Selection.LONGEST_IDLE))


class PastFloor:
    """The shifts of one day. Of calls that would not be over before the instant `until` nobody knows anything."""

    def __init__(self, duties: Sequence[Duty], until: float) -> None:
        self._duties = {duty.agent.id: duty for duty in duties}
        self._until = until
        self._engine = Engine()
        self._waiting: dict[str, _Waits] = {}
        self._courses: list[Course] = []
        self._numbers = count()
        self._due: list[tuple[float, int, Callable[[float], None]]] = []

    def play(self, calls: Iterable[Call]) -> list[Course]:
        """How the calls went, in the order in which they came. What the agents did is told by their duties."""
        for duty in self._duties.values():
            self._at(duty.begins, partial(self._comes, duty))
        for call in calls:
            self._at(call.began, partial(self._arrives, call))
        while self._due:
            at, _, happens = heappop(self._due)
            happens(at)
        return sorted(self._courses, key=lambda course: course.call.began)

    def _at(self, at: float, happens: Callable[[float], None]) -> None:
        heappush(self._due, (at, next(self._numbers), happens))

    def _comes(self, duty: Duty, at: float) -> None:
        duty.tell(at, "not_ready", "logged_on")
        self._at(duty.ready_at, partial(self._free, duty))
        for when in (*(pause.at for pause in duty.pauses), duty.ends):
            self._at(when, partial(self._looks_at_the_clock, duty))

    def _looks_at_the_clock(self, duty: Duty, at: float) -> None:
        if duty.agent.id in self._engine.ready:
            self._engine.put_ready(duty.agent.id, None)
            self._free(duty, at)

    def _free(self, duty: Duty, at: float) -> None:
        """They go, have a break, or are ready for the next call."""
        pause = None if at >= duty.ends else duty.due(at)
        if at >= duty.ends or pause is not None:
            self._engine.put_duty(duty.agent.id, None)
        if pause is not None:
            duty.tell(at, "not_ready", pause.reason)
            self._at(at + pause.seconds, partial(self._free, duty))
        elif at >= duty.ends:
            duty.tell(at, "logged_off")
        else:
            duty.tell(at, "ready")
            self._engine.put_duty(duty.agent.id, duty.kind)
            standing = Standing(kind=duty.kind, idle_since=duty.idle_since, served_at=duty.served_at)
            self._engine.put_ready(duty.agent.id, standing)
            self._offer(at, self._engine.contact_for(duty.agent.id))

    def _arrives(self, call: Call, at: float) -> None:
        language = call.customer.language if call.customer else "zh"
        tier = _TIERS[call.customer.tier] if call.customer else None
        waits = _Waits(
            call=call,
            steps=steps_of(self._wishes(call), _STEPS[call.queue.id, language]),
            step=0,
            bonus=call.queue.bonus + (tier.bonus if tier else 0.0),
            precedence=-tier.rank if tier and call.queue.rules.get("strict_tiers") else 0,
        )
        key = str(call.contact)
        self._waiting[key] = waits
        self._at(at + call.patience, partial(self._gives_up, key))
        for place, step in enumerate(waits.steps[1:], 1):
            self._at(at + step.after_seconds, partial(self._waits, key, place))
        self._waits(key, 0, at)

    def _wishes(self, call: Call) -> tuple[tuple[str, float], ...]:
        own = adviser(call.customer) if call.customer else None
        there = own is not None and self._engine.duty.kind(own) is not None
        return ((own, call.queue.rules.get("preferred_seconds", 0.0)),) if own is not None and there else ()

    def _waits(self, key: str, step: int, at: float) -> None:
        """It waits on this step from now on, if it still does."""
        if key not in self._waiting:
            return
        waits = self._waiting[key] = self._waiting[key]._replace(step=step)
        place = Place(waits.precedence, virtual_arrival(waits.call.began, waits.bonus), key)
        self._engine.put_contact(key, Waiting(wanted=waits.wanted, place=place, selection=waits.selection))
        self._offer(at, self._engine.agent_for(key))

    def _gives_up(self, key: str, at: float) -> None:
        waits = self._waiting.pop(key, None)
        if waits is not None:
            self._engine.put_contact(key, None)
            self._over(Course(waits.call, waits.call.patience, None, None))

    def _over(self, course: Course) -> bool:
        """Whether it was over early enough to be known of."""
        known = course.ended + (course.call.wrap_up if course.agent else 0.0) < self._until
        if known:
            self._courses.append(course)
        return known

    def _offer(self, at: float, pair: Pair | None) -> None:
        """Let the agent's phone ring, until they answer or the caller has had enough of it."""
        if pair is None:
            return
        self._engine.put_contact(pair.contact, None)
        waits, duty = self._waiting.pop(pair.contact), self._duties[pair.agent]
        call, offer = waits.call, Offer(at, pair.agent, pair.rule)
        wait = min(at - call.began + call.rings, call.patience)
        course = Course(call, wait, offer, pair.agent if wait < call.patience else None)
        if not self._over(course):
            self._offer(at, self._engine.contact_for(pair.agent))
            return
        self._engine.put_ready(pair.agent, None)
        why = _why(waits, pair, at, duty)
        duty.tell(at, "reserved")
        duty.told.append(Change(at, pair.agent, None, None, call.contact, call.queue.id, why))
        duty.served_at = at
        if course.agent is None:
            self._at(course.ended, partial(self._rescinded, duty, call.contact))
            return
        duty.tell(call.began + wait, "busy")
        duty.tell(course.ended, "working_after_call")
        duty.idle_since = course.ended
        self._at(course.ended + call.wrap_up, partial(self._free, duty))

    def _rescinded(self, duty: Duty, contact: UUID, at: float) -> None:
        duty.tell(at, "ready")
        duty.told.append(Change(at, duty.agent.id, None, CALLER_GONE, contact))
        self._free(duty, at)


def _why(waits: _Waits, pair: Pair, at: float, duty: Duty) -> Decision:
    return Decision(
        rule=pair.rule,
        selection=waits.selection,
        wanted=waits.wanted,
        step=waits.step,
        rank=pair.rank,
        waited_seconds=round(at - waits.call.began, 3),
        bonus_seconds=waits.bonus,
        precedence=waits.precedence,
        idle_seconds=round(at - duty.idle_since, 3),
        considered=pair.considered,
        rivals=pair.rivals,
        passed_over=pair.passed_over,
    )
