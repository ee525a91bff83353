"""The HTTP side of the simulated platform: commands come in signed or not at all."""

from dataclasses import asdict

import msgspec
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.demo.platform.exchange import Exchange
from app.demo.platform.orders import read_order
from app.demo.platform.webhooks import Teller


class Front:
    """Takes commands at POST /commands and tells how things go at GET /status."""

    def __init__(self, exchange: Exchange, teller: Teller, secret: str) -> None:
        self.exchange = exchange
        self._teller = teller
        self._signature = Webhook(secret)
        self._commands = 0
        self._forged = 0
        self.app = Starlette(
            routes=[
                Route("/commands", self._command, methods=["POST"]),
                Route("/status", self._status, methods=["GET"]),
            ]
        )

    def figures(self) -> dict[str, int]:
        """How many calls, events and commands there were so far."""
        return {
            **asdict(self.exchange.tally),
            **asdict(self._teller.told),
            "up": self.exchange.up,
            "commands": self._commands,
            "forged": self._forged,
        }

    async def _status(self, request: Request) -> JSONResponse:
        return JSONResponse(self.figures())

    async def _command(self, request: Request) -> JSONResponse:
        body = await request.body()
        if not self._is_signed(request, body):
            self._forged += 1
            return JSONResponse({"detail": "The signature does not verify."}, 401)
        try:
            order = read_order(body)
        except msgspec.MsgspecError as error:
            return JSONResponse({"detail": f"This is no command: {error}"}, 422)
        self._commands += 1
        status, answer = self.exchange.obey(request.headers["webhook-id"], order)
        return JSONResponse(answer, status)

    def _is_signed(self, request: Request, body: bytes) -> bool:
        try:
            self._signature.verify(body, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            return False
        return True
