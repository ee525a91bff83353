"""The Asterisk of the tests and the phones at it."""

from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from app.demo.pbx.install import Installation
from app.demo.pbx.loopback import CARRIER_HOST, PHONES_HOST, free_port, loopback_plan
from app.demo.pbx.server import AsteriskServer
from app.demo.pbx.sip.call import Refused
from app.demo.pbx.sip.phone import SipPhone
from app.demo.pbx.sip.wire import NoAnswer
from app.demo.pbx.sound.tones import tone
from app.telephony.adapters.asterisk_ari.ari.connection import Access
from app.telephony.asterisk_config.files import configuration
from app.telephony.asterisk_config.plan import AgentPhone, AsteriskPlan, Fallback

AGENTS = tuple(AgentPhone(name, f"password of {name}") for name in ("anna", "bo", "carl", "dora"))
BROWSER = AgentPhone("web", "password of web", webrtc=True)
TONES = {"caller": 700, "anna": 1000, "bo": 1300, "carl": 1600, "dora": 1900}
"""What everybody sounds like."""
DIRECT = """
; of the tests alone: 7 and an endpoint's name rings it without Callfloor
[callfloor-phone](+)
exten => _7.,1,Dial(PJSIP/${EXTEN:1},30)
 same => n,Hangup(${HANGUPCAUSE})
"""
READER = "reader"
"""A user of ARI who may only read, and their password."""
READS = f"""
[{READER}]
type = user
read_only = yes
password = {READER}
"""
MUSIC = 440
"""The music of the class `tone`: one note."""
PROMPT = "all-circuits-busy-now"
ANSWER_SECONDS = 30.0


class PbxSite(NamedTuple):
    """A running Asterisk and the plan it runs by."""

    server: AsteriskServer
    plan: AsteriskPlan
    outside_port: int
    """Where the carrier takes calls to the outside."""

    @property
    def sip(self) -> tuple[str, int]:
        """Where phones speak to it."""
        return self.plan.sip.host, self.plan.sip.port

    @property
    def ari(self) -> str:
        """Where ARI is."""
        return f"http://{self.plan.http}/ari"

    @property
    def access(self) -> Access:
        """What a source of this Asterisk says."""
        return Access(f"ws://{self.plan.http}/ari", self.plan.ari_user, self.plan.ari_password, self.plan.app)

    def client(self) -> httpx.AsyncClient:
        """ARI over HTTP, as the application of the plan."""
        return httpx.AsyncClient(
            base_url=self.ari, auth=(self.plan.ari_user, self.plan.ari_password), timeout=ANSWER_SECONDS
        )


@contextmanager
def started(
    installation: Installation, folder: Path, more: Mapping[str, str] | None = None, **planned: Any
) -> Iterator[PbxSite]:
    """An Asterisk for a while; `more` is added to the end of files, `planned` is what its plan says else."""
    outside = free_port(CARRIER_HOST)
    plan = loopback_plan(installation, folder, (*AGENTS, BROWSER), outside, Fallback(PROMPT))._replace(**planned)
    files = configuration(plan)
    for name, text in {"extensions.conf": DIRECT, "ari.conf": READS, **music(folder / "music"), **(more or {})}.items():
        files[name] += text
    with AsteriskServer(installation, folder, files) as server:
        yield PbxSite(server, plan, outside)


def music(folder: Path) -> dict[str, str]:
    """Music whose note is known, in a folder, and what Asterisk is to be told of it."""
    folder.mkdir(exist_ok=True)
    (folder / "note.ulaw").write_bytes(tone(MUSIC) * 10)
    return {"musiconhold.conf": f"\n[tone]\nmode = files\ndirectory = {folder}\n"}


class Phones:
    """Phones of one test."""

    def __init__(self, site: PbxSite, stack: AsyncExitStack) -> None:
        self._site = site
        self._stack = stack

    async def agent(self, name: str) -> SipPhone:
        """The phone of an agent, signed on."""
        (password,) = (it.password for it in AGENTS if it.endpoint == name)
        phone = await self.switched_on(name, password, PHONES_HOST)
        await phone.register()
        self._stack.push_async_callback(_sign_off, phone)
        return phone

    async def caller(self, number: str = "13800001111") -> SipPhone:
        """The phone of somebody outside who calls over the trunk."""
        return await self.switched_on(number, None, CARRIER_HOST)

    async def outside(self) -> SipPhone:
        """Whoever is called over the trunk."""
        return await self.switched_on("outside", None, CARRIER_HOST, self._site.outside_port)

    async def switched_on(self, user: str, password: str | None, host: str, port: int = 0) -> SipPhone:
        """Any phone."""
        hertz = TONES.get(user, TONES["caller"])
        phone = SipPhone(self._site.sip, user, password, host=host, hertz=hertz, port=port)
        await self._stack.enter_async_context(phone)
        self._stack.push_async_callback(_put_down, phone)
        return phone


async def _sign_off(phone: SipPhone) -> None:
    """Whatever became of its network in a test."""
    phone.deaf = False
    await phone.register(0)


async def _put_down(phone: SipPhone) -> None:
    """Leave no call behind for whoever comes next."""
    phone.deaf = False
    for call in list(phone.calls.values()):
        with suppress(Refused, NoAnswer, TimeoutError):
            await call.hang_up()
