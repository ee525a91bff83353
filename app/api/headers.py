"""What every answer tells browsers and whatever stands between, unless it says so itself: customers' data and tokens
are kept by nobody, nothing is guessed to be of another kind, and no page of another site shows it in a frame."""

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

PAGES = ("/docs", "/redoc")
"""Those that are made to be looked at; they load what they show."""
ALWAYS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


def telling(scope: Scope, send: Send) -> Send:
    """`send` that adds the headers to an HTTP answer."""
    if scope["type"] != "http":
        return send
    framed = "frame-ancestors 'none'"
    policy = framed if scope["path"].startswith(PAGES) else f"default-src 'none'; {framed}"

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in (ALWAYS | {"content-security-policy": policy}).items():
                headers.setdefault(name, value)
        await send(message)

    return told
