"""The floor as a pure state machine: command in, effects out.

Deterministic: the same commands at the same instants give the same state and the same effects. No clock, no chance,
no I/O, no log. A command that is refused, or that raises, leaves no trace.
"""

from collections.abc import Callable, Collection
from typing import Any

import msgspec

from app.core.errors import CallfloorError
from app.floor import commands as c
from app.floor import recordings
from app.floor.call_control import accepting, consulting, dialling, holding, inviting, phones, transferring, wrap_up
from app.floor.configuration.config import FloorConfig
from app.floor.flow import playing
from app.floor.handlers import (
    deadlines,
    hanging_up,
    house_callbacks,
    on_calls,
    on_configuration,
    on_orders,
    on_presence,
)
from app.floor.memory import views
from app.floor.memory.effects import DropContact, Effect, SaveAgent, SaveContact, SavePhone
from app.floor.memory.store import Store
from app.floor.memory.work import Work
from app.floor.queue import stays
from app.floor.queue.offers import match
from app.floor.supervision import freeing, supervising

Handler = Callable[[Work, Any], dict[str, Any]]


def _look(work: Work, command: c.Look) -> dict[str, Any]:
    if command.what == "agent" and command.agent_id is not None:
        return {"seq": work.seq, **views.agent_snapshot(work.store, command.agent_id)}
    picture = views.picture(work.store, work.seq, work.now)
    return {"picture": picture} if command.what == "picture" else picture.shown()


HANDLERS: dict[type[c.Command], Handler] = {
    c.TakeEvent: on_calls.take_event,
    c.OrderFailed: on_orders.order_failed,
    c.Expire: deadlines.expire,
    c.TakeOver: on_configuration.take_over,
    c.Resumed: on_presence.resumed,
    c.PhoneState: phones.phone_state,
    c.Connect: on_presence.connect,
    c.Disconnect: on_presence.disconnect,
    c.Ready: on_presence.ready,
    c.NotReady: on_presence.not_ready,
    c.LogOff: on_presence.log_off,
    c.AcceptOffer: accepting.accept,
    c.DeclineOffer: accepting.decline,
    c.Hold: holding.hold,
    c.Retrieve: holding.retrieve,
    c.Transfer: transferring.transfer,
    c.Conference: inviting.conference,
    c.ConsultCall: consulting.consult,
    c.CompleteTransfer: consulting.complete,
    c.ReconnectCall: consulting.reconnect,
    c.HangUp: hanging_up.hang_up,
    c.Dial: dialling.dial,
    c.FinishWrapUp: wrap_up.finish,
    c.Release: freeing.release,
    c.EndCall: freeing.end_call,
    c.Listen: supervising.listen,
    c.StopListening: supervising.stop_listening,
    c.TakeCall: supervising.take_call,
    c.Record: recordings.record,
    c.AskCallback: freeing.ask_callback,
    c.OpenCallback: house_callbacks.open_callback,
    c.TellWait: stays.tell_wait,
    c.FlowAnswered: playing.answered,
    c.Configure: on_configuration.configure,
    c.Look: _look,
}


class Outcome(msgspec.Struct, frozen=True):
    """What a command's submitter is told, and what must be written and told to others."""

    answer: c.Answer
    effects: tuple[Effect, ...] = ()


class FloorState:
    """The floor's memory and its one way to change."""

    def __init__(self, config: FloorConfig, seq: int = 0) -> None:
        self.store = Store(config)
        self.seq = seq
        self._settled_seq = self._closed_seq = seq
        self._closed_end = 0

    def apply(self, command: c.Command, now: float) -> Outcome:
        """Apply one command at the instant `now` (epoch seconds).

        A refusal becomes an answer that is not ok. Any other exception is raised again after everything is undone.
        """
        self.store.begin()
        work = Work(self.store, now, self.seq)
        try:
            body = HANDLERS[type(command)](work, command)
            stays.look_at_deserted(work)
            match(work)
            while accepting.accept_for_agents(work):
                match(work)
        except CallfloorError as refusal:
            self.store.rollback()
            return Outcome(c.Answer(False, {"code": refusal.code, "detail": refusal.detail, **refusal.facts}))
        except Exception:
            self.store.rollback()
            raise
        self.seq = work.seq
        return Outcome(c.Answer(True, body), (*work.effects, *self._saved()))

    def begin_batch(self) -> None:
        """Everything up to here is settled; what is applied from here on can be taken back by `undo_batch`."""
        self._settled_seq = self.seq
        self.store.begin_batch()

    def close_batch(self) -> None:
        """What is applied from here on belongs to another batch than what was applied up to here and is not settled."""
        self._closed_seq, self._closed_end = self.seq, self.store.undoable()

    def settle_batch(self) -> None:
        """The batch that was closed is not taken back any more."""
        self._settled_seq = self._closed_seq
        self.store.settle(self._closed_end)

    def undo_batch(self) -> None:
        """Take back everything that is not settled, in whichever batch: none of it has happened."""
        self.seq = self._settled_seq
        self.store.rollback_batch()

    def next_deadline(self, without: Collection[str] = ()) -> float | None:
        """When the next Expire is due, for others than these."""
        return self.store.next_deadline(without)

    def due(self, now: float) -> list[str]:
        """The contacts and agents to whom something happens by itself now, earliest first."""
        return [key for _, _, key in self.store.due(now)]

    def _saved(self) -> list[Effect]:
        store = self.store
        saved: list[Effect] = []
        for key in store.touched_contacts:
            contact = store.contacts.get(key)
            if contact is None:
                saved.append(DropContact(key))
            else:
                saved.append(SaveContact(contact, store.profiles[key] if key in store.new_profiles else None))
        saved += [SaveAgent(store.agents[key]) for key in store.touched_agents if key in store.agents]
        saved += [SavePhone(key, store.phones.get(key)) for key in store.touched_phones]
        return saved
