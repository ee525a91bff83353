"""The stand-in held against the official library: it does what documents say, and refuses what Twilio would."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Dial, VoiceResponse

from tests.fixtures.serving import serving
from tests.fixtures.twilio_cloud.cloud import TOKEN, Cloud, Number
from tests.fixtures.twilio_cloud.document import TwimlError, read
from tests.fixtures.twilio_cloud.line import Line

pytestmark = pytest.mark.enable_socket

Write = Callable[[VoiceResponse], object]


class Site:
    """A customer's server that answers with documents by path, and remembers what it was asked, signed or not."""

    def __init__(self) -> None:
        self.documents: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.statuses: list[int] = []
        self.url = ""

    async def answer(self, request: Request) -> Response:
        """The webhook."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        path = request.url.path
        signed = RequestValidator(TOKEN).validate(
            f"{self.url}{path}", form, request.headers.get("x-twilio-signature", "")
        )
        self.asked.append((path, form))
        status = self.statuses.pop(0) if self.statuses else 200
        return Response(self.documents.get(path, ""), status if signed else 403, media_type="text/xml")

    def write(self, path: str, write: Write) -> None:
        """A document of the official library's."""
        response = VoiceResponse()
        write(response)
        self.documents[path] = str(response)

    def forms(self, path: str) -> list[dict[str, str]]:
        """What one path was asked with."""
        return [form for asked, form in self.asked if asked == path]


@asynccontextmanager
async def place() -> AsyncIterator[tuple[Site, Cloud]]:
    """A site and the cloud that calls it."""
    site = Site()
    async with (
        Cloud(0.01) as cloud,
        serving(Starlette(routes=[Route("/{p}", site.answer, methods=["POST"])])) as (at, _),
    ):
        site.url = f"http://{at}"
        cloud.numbers["+1"] = Number(f"{site.url}/voice", f"{site.url}/status")
        yield site, cloud
        await cloud.tasks.stop()


async def ended(line: Line) -> None:
    """Wait for the end of a call."""
    async with asyncio.timeout(30):
        await line.ended.wait()


@pytest.mark.parametrize(
    ("write", "heard"),
    [
        (lambda r: (r.say("Hi", language="en-GB"), r.play("https://x/a.mp3"), r.pause(length=2), r.hangup()),
         ["say en-GB: Hi", "play https://x/a.mp3"]),
        (lambda r: (r.say("Hi"), r.redirect("/next")), ["say en-US: Hi", "say en-US: Next"]),
        (lambda r: (r.hangup(), r.say("never")), []),
        (lambda r: r.reject(), []),
    ],
)  # fmt: skip
async def test_verbs_are_followed_to_the_end(write: Write, heard: list[str]) -> None:
    async with place() as (site, cloud):
        site.write("/voice", write)
        site.write("/next", lambda response: response.say("Next"))
        line = cloud.call("+2", "+1")
        await ended(line)
        assert line.heard == heard
        await cloud.until(lambda: site.forms("/status"))
        told = site.forms("/status")[0]
        assert (told["CallSid"], told["CallStatus"]) == (line.sid, line.status)
        assert told["From"] == "+2"


async def test_gather_ends_with_its_key_and_goes_on_without_any() -> None:
    async with place() as (site, cloud):
        site.write("/voice", lambda r: (r.gather(num_digits=4, action="/keyed", timeout=1).say("Key"), r.say("None")))
        site.write("/keyed", lambda r: r.say("Thanks"))
        line = cloud.call("+2", "+1")
        line.press("12#")
        await ended(line)
        assert line.heard[-1] == "say en-US: Thanks"
        assert site.forms("/keyed")[0]["Digits"] == "12"
        assert site.forms("/keyed")[0]["FinishedOnKey"] == "#"
        silent = cloud.call("+3", "+1")
        await ended(silent)
        assert silent.heard == ["say en-US: Key", "say en-US: None"]


async def test_gather_hears_speech() -> None:
    async with place() as (site, cloud):
        site.write("/voice", lambda r: r.gather(input="dtmf speech", action="/said", hints="yes, no"))
        line = cloud.call("+2", "+1")
        line.speak("yes")
        await ended(line)
        assert site.forms("/said")[0]["SpeechResult"] == "yes"


async def test_dial_bridges_and_tells_its_action() -> None:
    async with place() as (site, cloud):

        def write(response: VoiceResponse) -> None:
            dial = Dial(action="/dialled", timeout=5)
            dial.number(
                "+9", status_callback=f"{site.url}/leg", status_callback_event="initiated ringing answered completed"
            )
            response.append(dial)

        site.write("/voice", write)
        line = cloud.call("+2", "+1")
        other = await cloud.rung("+9")
        other.answer()
        await cloud.until(lambda: other.status == "in-progress")
        other.hang_up()
        await ended(line)
        assert site.forms("/dialled")[0]["DialCallStatus"] == "completed"
        await cloud.until(lambda: len(site.forms("/leg")) == 4)
        legs = [(form["CallStatus"], form["SequenceNumber"]) for form in site.forms("/leg")]
        assert legs == [("queued", "0"), ("ringing", "1"), ("in-progress", "2"), ("completed", "3")]


async def test_a_conference_begins_with_one_who_begins_it_and_ends_with_one_who_ends_it() -> None:
    async with place() as (site, cloud):
        for path, starts in (("/voice", False), ("/other", True)):

            def write(response: VoiceResponse, starts: bool = starts) -> None:
                dial = Dial()
                dial.conference(
                    "r", start_conference_on_enter=starts, end_conference_on_exit=starts, participant_label=str(starts)
                )
                response.append(dial)

            site.write(path, write)
        cloud.numbers["+8"] = Number(f"{site.url}/other")
        waits = cloud.call("+2", "+1")
        await cloud.until(lambda: waits.room is not None)
        room = cloud.live_room("r")
        assert room is not None
        assert (room.status, waits.heard) == ("init", ["music"])
        starter = cloud.call("+3", "+8")
        await cloud.until(lambda: room.hears("False", "True"))
        again = cloud.call("+4", "+8")
        await ended(again)
        assert cloud.faults == ["16025 True"]
        starter.hang_up()
        await ended(waits)
        assert (room.status, cloud.live_room("r")) == ("completed", None)


async def test_a_site_that_fails_is_asked_again_and_then_its_fallback() -> None:
    async with place() as (site, cloud):
        cloud.numbers["+1"] = Number(f"{site.url}/voice#rc=2&rp=5xx", None, f"{site.url}/back")
        site.statuses = [500, 500, 500]
        site.write("/back", lambda r: r.say("Back"))
        line = cloud.call("+2", "+1")
        await ended(line)
        assert [path for path, _ in site.asked] == ["/voice", "/voice", "/voice", "/back"]
        assert site.forms("/back")[0]["ErrorUrl"] == f"{site.url}/voice"
        assert line.heard == ["say en-US: Back"]


async def test_a_fault_in_a_document_ends_the_call() -> None:
    async with place() as (site, cloud):
        site.documents["/voice"] = "<Response><Sing/></Response>"
        line = cloud.call("+2", "+1")
        await ended(line)
        assert line.heard == ["application error"]
        assert "may not be in" in cloud.faults[0]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("", "not XML"),
        ("<Answer/>", "no <Response>"),
        ("<Response><Say voic='x'>Hi</Say></Response>", "<Say> has no voic"),
        ("<Response><Gather><Dial/></Gather></Response>", "may not be in <Gather>"),
    ],
)
def test_only_what_the_library_could_write_is_read(document: str, said: str) -> None:
    with pytest.raises(TwimlError, match=said):
        read(document)
