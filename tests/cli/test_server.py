"""How the server meets what stands in front of it."""

from app.cli.server import configuration

IDLE_AT_PROXIES = 60
"""Seconds: the default of nginx (`keepalive_timeout` of an upstream) and of AWS' load balancers (`idle_timeout`)."""


def test_a_proxy_closes_an_idle_connection_before_the_server_does_so_no_request_is_answered_502() -> None:
    assert configuration(None).timeout_keep_alive > IDLE_AT_PROXIES
