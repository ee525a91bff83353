"""A headless Chromium with one page, spoken to over its own protocol for developers' tools."""

import asyncio
import json
import os
import shutil
import struct
import subprocess
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import websockets

from app.demo.pbx.sound.tones import AMPLITUDE, samples, tone
from app.demo.pbx.sound.ulaw import RATE

SOURCE = Path(__file__).parent / "browser"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    # both ends are on loopback, under their plain addresses
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
START_SECONDS = 30
END_SECONDS = 5


def missing() -> str | None:
    """What is not there that a phone in the browser needs."""
    names = [name for name in ("chromium", "npm") if shutil.which(name) is None]
    return f"{' AND '.join(names).upper()} MISSING, no call in a browser was made" if names else None


def page(folder: Path) -> Path:
    """The phone's page with its library, built once into `folder`. Raises CalledProcessError with what npm said."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "phone.html"):
        shutil.copy(SOURCE / name, folder)
    built = folder / "built-from"
    lock = (SOURCE / "package-lock.json").read_text()
    if not built.exists() or built.read_text() != lock:
        for words in (["npm", "ci", "--no-fund", "--no-audit"], ["npm", "run", "bundle"]):
            subprocess.run(words, cwd=folder, check=True, capture_output=True, timeout=120)
        built.write_text(lock)
    return folder / "phone.html"


def microphone(path: Path, hertz: int) -> Path:
    """A file that the browser hears as its microphone: a tone."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        heard = samples([tone(hertz)]) * 10
        assert max(heard) <= 2 * AMPLITUDE
        file.writeframes(struct.pack(f"<{len(heard)}h", *heard))
    return path


class Tab:
    """One page; `run` evaluates JavaScript in it."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self._numbers = count(1)

    async def open(self, url: str) -> None:
        """Go to an address."""
        await self._ask("Page.navigate", url=url)
        await self.until("document.readyState === 'complete'")

    async def run(self, script: str) -> Any:
        """The value of an expression. Raises AssertionError with what went wrong in the page."""
        told = await self._ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def until(self, script: str, seconds: float = 30) -> None:
        """Wait until an expression holds; fails with what the phone says of itself."""
        for _ in range(int(seconds / 0.05)):
            if await self.run(script):
                return
            await asyncio.sleep(0.05)
        last = await self.run("typeof phone === 'undefined' ? document.title : [phone.state, phone.why, loudest()]")
        raise AssertionError(f"{script} never held: {last}")

    async def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        async with asyncio.timeout(START_SECONDS):
            while True:
                told = json.loads(await self._socket.recv())
                if told.get("id") == number:
                    assert "error" not in told, told
                    result: dict[str, Any] = told["result"]
                    return result


@asynccontextmanager
async def browser(folder: Path, sound: Path) -> AsyncIterator[Tab]:
    """A Chromium whose data are in `folder` and whose microphone is a file; ended at the end."""
    words = ["chromium", *FLAGS, f"--use-file-for-fake-audio-capture={sound}", f"--user-data-dir={folder}"]
    with (folder / "chromium.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "setpriv", "--pdeathsig", "KILL", *words, stdout=log, stderr=log, env=os.environ | {"HOME": str(folder)}
        )
    try:
        async with websockets.connect(await _first_tab(folder), max_size=None) as socket:
            yield Tab(socket)
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _first_tab(folder: Path) -> str:
    """Where the page that it begins with is spoken to."""
    port_file = folder / "DevToolsActivePort"
    async with asyncio.timeout(START_SECONDS):
        while not port_file.exists() or "\n" not in port_file.read_text():  # noqa: ASYNC110 - a file tells no event
            await asyncio.sleep(0.05)
    port = port_file.read_text().split("\n")[0]
    async with httpx.AsyncClient(timeout=30) as http:
        tabs = (await http.get(f"http://127.0.0.1:{port}/json/list")).json()
    return next(str(tab["webSocketDebuggerUrl"]) for tab in tabs if tab["type"] == "page")
