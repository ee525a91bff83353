"""Whom clients trust."""

import ssl

from app.core.certificates import trusted
from app.core.guarding import GuardedTransport


def test_who_is_trusted_is_read_once_for_all_clients() -> None:
    assert trusted() is trusted()
    assert GuardedTransport()._tls is trusted()
    assert trusted().verify_mode is ssl.CERT_REQUIRED
    assert trusted().check_hostname
