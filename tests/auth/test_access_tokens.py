import jwt
import pytest

from app.auth.access_tokens import Principal, TokenService
from app.auth.errors import BadToken
from app.core.clock import FrozenClock

KEY = b"k" * 32
ANNA = Principal("anna", "Anna Berg", "agent")


def test_a_token_proves_who_asked_for_it() -> None:
    tokens = TokenService(KEY, FrozenClock())
    assert tokens.verify(tokens.issue(ANNA)) == ANNA


def test_a_principal_knows_when_its_token_ends() -> None:
    clock = FrozenClock()
    tokens = TokenService(KEY, clock, lifetime=900)
    assert tokens.verify(tokens.issue(ANNA)).expires_at == int(clock()) + 900


def test_a_token_ends_with_its_lifetime() -> None:
    clock = FrozenClock()
    tokens = TokenService(KEY, clock, lifetime=900)
    token = tokens.issue(ANNA)
    clock.advance(899)
    tokens.verify(token)
    clock.advance(1)
    with pytest.raises(BadToken, match="expired"):
        tokens.verify(token)


def test_a_token_of_another_instance_proves_nothing() -> None:
    token = TokenService(b"x" * 32, FrozenClock()).issue(ANNA)
    with pytest.raises(BadToken, match="not signed"):
        TokenService(KEY, FrozenClock()).verify(token)


@pytest.mark.parametrize("token", ["", "a.b.c", "你好", "." * 500])
def test_a_malformed_token_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        TokenService(KEY, FrozenClock()).verify(token)


def test_an_unsigned_token_is_refused() -> None:
    claims = {"iss": "callfloor", "sub": "anna", "name": "A", "role": "administrator", "iat": 1, "exp": 9e12}
    with pytest.raises(BadToken):
        TokenService(KEY, FrozenClock()).verify(jwt.encode(claims, None, algorithm="none"))


@pytest.mark.parametrize("change", [{"role": "owner"}, {"iss": "else"}, {"sub": None}, {"exp": 1}])
def test_a_token_with_wrong_claims_is_refused(change: dict[str, object]) -> None:
    claims = {"iss": "callfloor", "sub": "anna", "name": "A", "role": "agent", "iat": 1, "exp": 9e12}
    token = jwt.encode({k: v for k, v in (claims | change).items() if v is not None}, KEY)
    with pytest.raises(BadToken):
        TokenService(KEY, FrozenClock()).verify(token)
