"""What every answer tells browsers and whatever stands between, unless it says so itself: customers' data and tokens
are kept by nobody, nothing is guessed to be of another kind, and no page of another site shows it in a frame."""

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

FRAMED = "frame-ancestors 'none'"
OWN = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    f"connect-src 'self'; base-uri 'none'; form-action 'none'; {FRAMED}"
)
# ReDoc makes its styles as it runs, and searches in a worker that it makes itself
READ = OWN.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'") + "; worker-src blob:"
PAGES = {"/docs": OWN, "/redoc": READ}
"""Those that are made to be looked at, and what they may load: nothing but what is here."""
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
    policy = PAGES.get(scope["path"], f"default-src 'none'; {FRAMED}")

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in (ALWAYS | {"content-security-policy": policy}).items():
                headers.setdefault(name, value)
        await send(message)

    return told
