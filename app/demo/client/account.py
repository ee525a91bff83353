"""One person's sign-in at a Callfloor, kept fresh."""

from typing import Any, ClassVar

import httpx

from app.core import clock
from app.core.errors import Unauthenticated, Unavailable

EARLY_SECONDS = 60.0


class SignInRefused(Unauthenticated):
    """Login or password were not accepted."""

    code: ClassVar[str] = "sign-in-refused"


class Away(Unavailable):
    """Nobody answers at the address, or nobody who can help right now."""

    code: ClassVar[str] = "away"


class Account:
    """Signs in with a password, renews the token before it runs out, and asks the HTTP API in that name."""

    def __init__(self, client: httpx.AsyncClient, url: str, login: str, password: str) -> None:
        self.url = url.rstrip("/")
        self.login = login
        self._client = client
        self._password = password
        self._access: str | None = None
        self._refresh: str | None = None
        self._expires_at = 0.0

    async def token(self) -> str:
        """An access token that is good for a while. Raises `SignInRefused` or `Away`."""
        if self._access is None or clock.now() > self._expires_at - EARLY_SECONDS:
            granted = await self._renew() or await self._sign_in()
            self._access, self._refresh = granted["access_token"], granted["refresh_token"]
            self._expires_at = clock.now() + granted["expires_in"]
        assert self._access is not None
        return self._access

    def forget(self) -> None:
        """The token was refused: the next one is asked for anew."""
        self._access = None

    async def get(self, path: str) -> Any:
        """Read something of the HTTP API. Raises `Away` when there is no good answer."""
        response = await self._send("GET", path, {"authorization": f"Bearer {await self.token()}"}, None)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self.forget()
        if not response.is_success:
            raise Away(f"GET {path} was answered {response.status_code}: {_detail(response)}")
        return response.json()

    async def _renew(self) -> Any | None:
        if self._refresh is None:
            return None
        body, self._refresh = {"refresh_token": self._refresh}, None
        response = await self._send("POST", "/api/v1/token/refresh", {}, body)
        return response.json() if response.is_success else None

    async def _sign_in(self) -> Any:
        response = await self._send("POST", "/api/v1/token", {}, {"login": self.login, "password": self._password})
        if response.status_code in (401, 403, 422):
            raise SignInRefused(f"{self.login} could not sign in: {_detail(response)}")
        if not response.is_success:
            raise Away(f"Signing in was answered {response.status_code}: {_detail(response)}")
        return response.json()

    async def _send(self, method: str, path: str, headers: dict[str, str], body: Any) -> httpx.Response:
        try:
            return await self._client.request(method, self.url + path, headers=headers, json=body)
        except httpx.TransportError as error:
            raise Away(f"Nobody answers at {self.url} ({type(error).__name__}).") from error


def _detail(response: httpx.Response) -> str:
    """The sentence of a problem answer, or the beginning of whatever came instead."""
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return response.text[:200]
