"""Whom we believe that they are who they say."""

import ssl
from functools import lru_cache

import httpx


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """For clients of other systems. It is made once, as that takes some hundredths of a second, in which no call moves;
    what the machine learns to trust later counts after a restart."""
    return httpx.create_ssl_context(trust_env=False)
