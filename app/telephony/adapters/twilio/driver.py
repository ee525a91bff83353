"""The speaking half of the adapter: our orders as requests to Twilio's REST API.

Every order may be sent twice: labels are unique in a conference, so nobody is dialled into it a second time, and what
is wanted of somebody who is gone already is held to be done.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import structlog

from app.core.clock import Clock
from app.telephony.adapters.twilio import dialling, twiml
from app.telephony.adapters.twilio.addresses import Place
from app.telephony.adapters.twilio.after import REACH, TIDY
from app.telephony.adapters.twilio.client import Failure, Participant, TwilioApi
from app.telephony.adapters.twilio.dialling import label_of
from app.telephony.adapters.twilio.legs import Legs
from app.telephony.adapters.twilio.twiml import CUSTOMER
from app.telephony.directory import SourceAccess
from app.telephony.events import OrderType
from app.telephony.instructions import Script
from app.telephony.port import Delivered, Missed, Outcome, Refused, SwitchCommand

log = structlog.get_logger(__name__)

FRESH_SECONDS = 2.0
"""An order younger than this that we have not seen is certainly sent for the first time."""

LONGEST_TWIML = 4000
NOT_IN_PROGRESS = 21220
GONE = frozenset({404, 410})
ORDERS_REMEMBERED = 10_000


class Task:
    """One order on its way: what it says, and the API of its account."""

    def __init__(self, api: TwilioApi, access: SourceAccess, command: SwitchCommand, repeated: bool) -> None:
        data = command.data
        self.api = api
        self.key = command.key
        self.type = command.type
        self.data = data
        self.repeated = repeated
        self.place = Place(access, str(data.get("call_id", "")), str(data.get("contact_id", "")))
        self.agent: dict[str, Any] = data.get("agent") or {}
        to = data.get("to")
        self.to: dict[str, Any] = to if isinstance(to, dict) else {"number": to}

    @property
    def placed_by_us(self) -> bool:
        """Whether we made the call: it has our id, and the customer's leg is found by its label."""
        return self.place.call == self.place.contact


class TwilioDriver:
    """Executes orders; see `app.telephony.port.Driver`. The caller closes `http`."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._legs = Legs()
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def execute(self, access: SourceAccess, command: SwitchCommand) -> Outcome:
        """Carry out one order."""
        missing = [name for name in ("account", "public_url") if not getattr(access, name)]
        if missing or not access.secrets:
            lacks = " and ".join(missing or ["auth token"])
            return Refused(f"Source {access.id} has no {lacks}, so nothing can be ordered from it; set it.")
        run = self._orders().get(command.type)
        if run is None:
            return Refused(f"Source {access.id} cannot do {command.type}.")
        api = TwilioApi(self._http, access, self._clock, command.key)
        try:
            return await run(Task(api, access, command, self._is_repeated(command)))
        except Failure as failure:
            return failure.outcome
        except msgspec.ValidationError as error:
            log.warning("answer not understood", source=access.id, command=command.key, error=str(error))
            return Missed(f"Source {access.id} answered with something that is not understood.")

    def _orders(self) -> dict[str, Callable[[Task], Awaitable[Outcome]]]:
        return {
            OrderType.CONNECT: self._connect,
            OrderType.CANCEL: self._cancel,
            OrderType.DISCONNECT: self._disconnect,
            OrderType.HOLD: self._hold,
            OrderType.RETRIEVE: self._hold,
            OrderType.TRANSFER: self._transfer,
            OrderType.CONFERENCE: self._connect,
            OrderType.CONSULT: self._consult,
            OrderType.COMPLETE_TRANSFER: self._complete,
            OrderType.RECONNECT: self._reconnect,
            OrderType.DIAL: self._connect,
            OrderType.OFFER_CALLBACK: self._redirect,
            OrderType.VOICEMAIL: self._redirect,
            OrderType.SCRIPT: self._redirect,
            OrderType.LISTEN: self._listen,
            OrderType.STOP_LISTENING: self._stop_listening,
            REACH: self._connect,
            TIDY: self._tidy,
        }

    def _is_repeated(self, command: SwitchCommand) -> bool:
        seen = command.key in self._seen
        self._seen[command.key] = None
        if len(self._seen) > ORDERS_REMEMBERED:
            self._seen.popitem(last=False)
        return seen or self._clock() - command.at > FRESH_SECONDS

    async def _connect(self, task: Task) -> Outcome:
        """Dial somebody into the conference of the call."""
        coached = await self._coached(task)
        wanted = dialling.wanted(task.type, task.place, task.agent, task.to, task.data.get("mode"), coached)
        if isinstance(wanted, Refused):
            return wanted
        wanted = dialling.rung(wanted, task.data.get("ring_seconds"))
        if task.repeated and await self._present(task, wanted.label):
            return Delivered()
        try:
            call = await task.api.add_participant(task.place.contact, wanted.fields)
        except Failure as failure:
            if isinstance(failure.outcome, Refused) and await self._present(task, wanted.label):
                return Delivered()  # the label is taken: by the same order, whose answer was lost
            raise
        self._legs.note(task.place, wanted.label, call)
        return Delivered()

    async def _listen(self, task: Task) -> Outcome:
        """A supervisor is dialled in; one who is there already hears and says what the new mode lets them."""
        label = dialling.listener_of(task.agent)
        if not await self._present(task, label):
            return await self._connect(task)
        fields = dialling.rights(task.data.get("mode"), await self._coached(task))
        return fields if isinstance(fields, Refused) else await self._set(task, label, fields)

    async def _stop_listening(self, task: Task) -> Outcome:
        return await self._drop(task, dialling.listener_of(task.agent))

    async def _coached(self, task: Task) -> str | None:
        if task.type != OrderType.LISTEN or task.data.get("mode") != "whisper":
            return None
        agent = dialling.labels_of({"id": task.to.get("agent")})
        return next((each.call_sid for each in await self._all(task) if each.label in agent), None)

    async def _cancel(self, task: Task) -> Outcome:
        """Let a phone stop ringing, or drop an agent; one who is not there any more has been dropped."""
        return await self._drop(task, label_of(str(task.agent["id"])) if task.agent else dialling.party(task.to))

    async def _leave(self, task: Task) -> Outcome:
        """The agent goes who has asked for it, also one who has taken the call over as a supervisor."""
        return await self._drop(task, *dialling.labels_of(task.agent))

    async def _drop(self, task: Task, *labels: str) -> Outcome:
        everybody = await self._all(task)
        for label in labels:
            calls = {each.call_sid for each in everybody if each.label == label}
            remembered = self._legs.forget(task.place, label)
            for call in calls or ({remembered} if remembered else ()):
                await self._end(task, call)
        return Delivered()

    async def _disconnect(self, task: Task) -> Outcome:
        """End the call; an agent who is not the only one on it only leaves. No supervisor keeps it, for where one has
        taken it over, the floor lets the others leave."""
        everybody = await self._all(task)
        own = dialling.labels_of(task.agent)
        if task.agent and any(dialling.stays(each.label, own) for each in everybody):
            return await self._leave(task)
        message = task.data.get("message")
        if message:
            language = task.place.access.languages[0] if task.place.access.languages else "en"
            return await self._give(task, twiml.hang_up(str(message), language))
        return await self._end_all(task, everybody)

    async def _tidy(self, task: Task) -> Outcome:
        """Nobody is to ring, or to stand there alone, for a customer who is gone."""
        for call in {each.call_sid for each in await self._all(task)} | self._legs.forget_all(task.place):
            await self._end(task, call)
        return Delivered()

    async def _end_all(self, task: Task, everybody: list[Participant]) -> Outcome:
        """The customer first, whose end is the end of the conference. Refused where the platform knows no such call:
        no end of it would ever be told."""
        others = {each.call_sid for each in everybody if each.label != CUSTOMER} | self._legs.forget_all(task.place)
        customer = next((each.call_sid for each in everybody if each.label == CUSTOMER), None)
        found = bool(others)
        if customer is not None or not task.placed_by_us:
            found |= await self._end(task, customer or task.place.call)
        for call in others:
            await self._end(task, call)
        return Delivered() if found else Refused(f"Source {task.place.access.id} knows of no such call.")

    async def _hold(self, task: Task) -> Outcome:
        """The customer hears music apart from the others, or comes back."""
        return await self._set(task, CUSTOMER, {"Hold": task.type == OrderType.HOLD})

    async def _set(self, task: Task, label: str, fields: dict[str, Any]) -> Outcome:
        conference = await task.api.live_conference(task.place.contact)
        if conference is None:
            return Refused(f"Source {task.place.access.id} has nobody in this call.")
        await task.api.update_participant(conference.sid, label, fields)
        return Delivered()

    async def _consult(self, task: Task) -> Outcome:
        """The customer hears music while somebody is dialled who then talks to the agent alone."""
        held = await self._set(task, CUSTOMER, {"Hold": True})
        return held if isinstance(held, Refused) else await self._connect(task)

    async def _complete(self, task: Task) -> Outcome:
        """The customer comes back, to the party that was consulted; the agent goes. Nobody stays behind alone when
        somebody outside who has the customer now hangs up."""
        if task.to.get("number"):
            await self._set(task, dialling.party(task.to), {"EndConferenceOnExit": True})
        back = await self._set(task, CUSTOMER, {"Hold": False})
        return back if isinstance(back, Refused) else await self._leave(task)

    async def _reconnect(self, task: Task) -> Outcome:
        """The party that was consulted goes, and the customer comes back."""
        await self._drop(task, dialling.party(task.to))
        return await self._set(task, CUSTOMER, {"Hold": False})

    async def _transfer(self, task: Task) -> Outcome:
        """To a number: the caller leaves for it. To a queue or a colleague: the caller waits and the agent goes;
        others whom the caller hears stay."""
        number = task.to.get("number")
        if number:
            away = dialling.handed_over(str(number), task.place, task.agent.get("id"), task.key)
            return await self._give(task, away)
        own = dialling.labels_of(task.agent)
        if any(dialling.stays(each.label, own, each.heard) for each in await self._all(task)):
            return await self._leave(task)
        return await self._give(task, twiml.waiting(task.place, settle=True))

    async def _redirect(self, task: Task) -> Outcome:
        """Something else is played to the caller from now on."""
        match task.type:
            case OrderType.OFFER_CALLBACK:
                document = twiml.callback_offer(task.place, task.key)
            case OrderType.VOICEMAIL:
                document = twiml.voicemail(task.data.get("message"), task.place)
            case _:
                try:
                    told = msgspec.convert(task.data.get("script"), Script)
                except msgspec.ValidationError as error:
                    return Refused(f"This is no script: {error}")
                document = twiml.script(told, task.place, settle=True)
        return await self._give(task, document)

    async def _give(self, task: Task, document: str) -> Outcome:
        if len(document) > LONGEST_TWIML:
            return Refused(f"What is to be played is too long: {len(document)} of {LONGEST_TWIML} characters of TwiML.")
        call = task.place.call
        if task.placed_by_us:
            customer = next((each.call_sid for each in await self._all(task) if each.label == CUSTOMER), None)
            if customer is None:
                return Refused(f"Source {task.place.access.id} does not have the customer in this call.")
            call = customer
        await task.api.update_call(call, {"Twiml": document})
        return Delivered()

    async def _all(self, task: Task) -> list[Participant]:
        """Who is in the conference; nobody where there is none, or it ends in the same moment."""
        conference = await task.api.live_conference(task.place.contact)
        try:
            return await task.api.participants(conference.sid) if conference is not None else []
        except Failure as failure:
            if failure.status in GONE:
                return []
            raise

    async def _present(self, task: Task, label: str) -> bool:
        return any(each.label == label for each in await self._all(task))

    async def _end(self, task: Task, call: str) -> bool:
        """Whether the platform knew the call; one that is over already has ended as wanted."""
        try:
            await task.api.update_call(call, {"Status": "completed"})
        except Failure as failure:
            if failure.code == NOT_IN_PROGRESS:
                return True
            if failure.status in GONE:
                return False
            raise
        return True
