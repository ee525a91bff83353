"""Why a sign-in, a token or an account is refused."""

from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Unauthenticated, Unavailable


class WrongCredentials(Unauthenticated):
    """Unknown login, wrong password or a disabled account: told alike, so that logins cannot be probed."""

    code = "wrong-credentials"


class BadToken(Unauthenticated):
    """A token or key that is malformed, expired, revoked or not ours."""

    code = "bad-token"


class RoleMissing(NotAllowed):
    """The caller is known, but their role may not do this."""

    code = "role-missing"


class KeyReadOnly(NotAllowed):
    """An API key that only reads was to change something."""

    code = "key-read-only"


class TooManyAttempts(Unavailable):
    """Too many failed sign-ins from this address: for this account, or for many."""

    code = "too-many-attempts"


class UserUnknown(NotFound):
    """No account has this login."""

    code = "user-unknown"


class KeyUnknown(NotFound):
    """No API key has this id."""

    code = "api-key-unknown"


class LoginTaken(Conflict):
    """The login belongs to somebody already."""

    code = "login-taken"


class LastAdministrator(Conflict):
    """The change would leave nobody who can administer."""

    code = "last-administrator"


class BadLogin(Invalid):
    """A login that is not of the form logins have."""

    code = "bad-login"


class WeakPassword(Invalid):
    """A password that is too short or too long."""

    code = "weak-password"


class AdministratorExists(Conflict):
    """The first administrator can be made only once."""

    code = "administrator-exists"
