"""A round: the commands that are committed together, what comes of them, and who must be told once that is durable."""

from app.floor import frames
from app.floor.commands import Answer
from app.floor.journal.batch import Batch
from app.floor.journal.inbox import encode
from app.floor.memory.effects import Happened
from app.floor.ports import Item, Publisher
from app.floor.state import FloorState, Outcome


class Round:
    """Gathers until it is closed, then is committed and told."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.batch = Batch()
        self._answers: list[tuple[Item, Answer]] = []
        self._profiles: dict[int, bytes] = {}

    def take(self, item: Item, outcome: Outcome, state: FloorState, now: float) -> None:
        """A command was applied. Memory goes on before it is told, so the profiles of its screen pops are kept."""
        self.batch.add(outcome.effects)
        for effect in outcome.effects:
            if isinstance(effect, Happened) and frames.has_profile(effect.type) and effect.contact is not None:
                profile = state.store.profiles.get(effect.contact)
                if profile is not None:
                    self._profiles[effect.seq] = profile
        if item.key is not None:
            self.batch.remember(*item.key, now, encode(outcome.answer))
        self._answers.append((item, outcome.answer))

    def repeat(self, item: Item, answer: Answer) -> None:
        """A command that was answered before gets that answer, in its turn."""
        self._answers.append((item, answer))

    def tell(self, publisher: Publisher) -> None:
        """What happened, to those it concerns; then to each its answer."""
        supervised = publisher.listened(frames.FLOOR_TOPIC)
        for event in self.batch.events:
            told = event.seq, event.at, event.type, event.body
            if event.agent is not None:
                data = frames.frame(*told, self._profiles.get(event.seq))
                publisher.publish(frames.AGENT_TOPIC + event.agent, event.seq, data)
            if supervised and frames.is_frame(event):
                publisher.publish(frames.FLOOR_TOPIC, event.seq, frames.floor_frame(*told))

    def answer(self) -> None:
        """Give everybody who waits their answer."""
        for item, answer in self._answers:
            item.answer(answer)
