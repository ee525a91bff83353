"""Signing in, staying signed in, signing out."""

from fastapi import Request

from app.api.http.deps import CurrentUser, Using
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.token import Credentials, MeOut, RefreshRequest, TokenOut
from app.api.schemas.users import OwnPasswordIn
from app.auth.sign_in import Grant

LONGEST_ADDRESS = 64
"""Of what a proxy says is an address, which is whatever its client has made it say."""

router = ResourceRouter(tags=["sign-in"])


@router.post("/token", responses=problem_responses(429))
async def sign_in(given: Credentials, request: Request, using: Using) -> TokenOut:
    """Exchange login and password for a pair of tokens."""
    return _told(await using.sign_in.by_password(given.login, given.password, _address(request)))


@router.post("/token/refresh")
async def refresh(given: RefreshRequest, request: Request, using: Using) -> TokenOut:
    """Exchange a refresh token for a new pair. Using one twice revokes all that came from the same sign-in."""
    return _told(await using.sign_in.by_refresh_token(given.refresh_token, _address(request)))


@router.post("/token/revoke", status_code=204)
async def sign_out(given: RefreshRequest, request: Request, using: Using) -> None:
    """Sign out: the refresh token and all that came from the same sign-in become worthless."""
    await using.sign_in.sign_out(given.refresh_token, _address(request))


@router.get("/me")
async def me(user: CurrentUser) -> MeOut:
    """Who the access token or API key stands for."""
    return MeOut.model_validate(user, from_attributes=True)


@router.put("/me/password", status_code=204, responses=problem_responses(429))
async def change_own_password(given: OwnPasswordIn, user: CurrentUser, request: Request, using: Using) -> None:
    """Give oneself a new password. Ends all sign-ins, this one too."""
    await using.sign_in.change_password(user.id, given.present_password, given.password, _address(request))


def _address(request: Request) -> str:
    return request.client.host[:LONGEST_ADDRESS] if request.client else "unknown"


def _told(grant: Grant) -> TokenOut:
    return TokenOut(
        access_token=grant.access_token,
        expires_in=grant.expires_in,
        refresh_token=grant.refresh_token,
        token_type="Bearer",  # noqa: S106 - the name of a scheme
    )
