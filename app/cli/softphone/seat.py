"""A person's seat on the floor: their link, their desk, and the last that happened, whoever draws it."""

from collections import deque
from typing import Any

import httpx
from rich.text import Text

from app.cli.softphone.wishes import Command, why
from app.core.tasks import Supervisor
from app.demo.client.account import Account, Away
from app.demo.client.desk import Desk
from app.demo.client.link import Frame, Link
from app.demo.view.palette import BAD, DIM, GOOD, WARN
from app.demo.view.words import caller_name

NEWS_KEPT = 4
WITHDRAWN = {
    "expired": "You did not answer in time; the caller goes to somebody else.",
    "caller_gone": "The caller gave up.",
    "declined": "Declined; the caller goes to somebody else.",
    "taken": "Somebody else has taken the call.",
    "phone_failed": "Your phone could not be connected; the caller waits on.",
    "phone_not_answered": "Your phone was not answered; the caller waits on.",
    "phone_busy": "Your phone was busy; the caller waits on.",
    "phone_declined": "Your phone declined; the caller waits on.",
    "phone_unregistered": "Your phone is not registered; the caller waits on.",
    "phone_missing": "The switch has no phone at your address; the caller waits on.",
    "connect_failed": "Your phone could not be reached; the caller waits on.",
}


class Seat:
    """Keeps the desk and tells the news. `take_next` reads one frame; `give` sends a command in the background."""

    def __init__(self, account: Account, tasks: Supervisor) -> None:
        self.desk = Desk()
        self.news: deque[Text] = deque(maxlen=NEWS_KEPT)
        self.hints: dict[str, str] = {}
        self.link = Link(account)
        self._account = account
        self._tasks = tasks

    def start(self) -> None:
        """Sit down: the link comes up, and stays up until the tasks are stopped."""
        self._tasks.start("link", self.link.run())
        self._tasks.start("hints", self._learn())

    async def take_next(self) -> Frame:
        """Wait for one frame, bring the desk up to date, and return it."""
        frame = await self.link.frames.get()
        was_up = self.desk.up
        self.desk.take(frame)
        said = _news(frame, was_up)
        if said is not None:
            self.news.append(said)
        return frame

    def give(self, command: Command) -> None:
        """Send a command; a refusal becomes news."""
        self._tasks.start(command.type, self.ask(command))

    async def ask(self, command: Command) -> Frame:
        """Send a command and wait for the answer."""
        answer = await self.link.ask(command.type, **command.data)
        if not answer.get("ok"):
            self.news.append(Text(why(answer), style=BAD))
        return answer

    async def _learn(self) -> None:
        """What may be answered to questions: queues and wrap-up codes."""
        try:
            queues = await self._account.get("/api/v1/queues?limit=100")
            codes = await self._account.get("/api/v1/wrap-up-codes?limit=100")
        except Away:
            return
        self.hints = {
            "code": "codes: " + _ids(codes["items"]),
            "to queue, @agent or number": "queues: " + _ids(queues["items"]),
        }


def _ids(items: list[dict[str, Any]]) -> str:
    return ", ".join(str(item["id"]) for item in items)


def _news(frame: Frame, was_up: bool) -> Text | None:
    """What a frame is worth telling a person."""
    match frame.get("type"):
        case "contact.offered":
            return Text(f"{caller_name(frame['contact'])} is calling.", style=WARN)
        case "offer.withdrawn":
            return Text(WITHDRAWN.get(frame["reason"], f"The offer is gone ({frame['reason']})."), style=DIM)
        case "contact.ended":
            return Text(f"The call with {caller_name(frame['contact'])} is over.", style=DIM)
        case "command.failed":
            return Text(f"The switch did not do it: {frame.get('detail')}", style=BAD)
        case "link.down" if was_up:
            return Text(f"The line went down ({frame['detail']}); nothing is lost.", style=BAD)
        case "link.up":
            return Text("Connected.", style=GOOD)
    return None


def client() -> httpx.AsyncClient:
    """The HTTP client of one person."""
    return httpx.AsyncClient(timeout=15.0)
