"""Secrets that sign webhooks (Standard Webhooks), in and out."""

import base64
import hashlib
import secrets


def new_secret() -> str:
    """A fresh signing secret in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def secret_id(secret: str) -> str:
    """What a secret is called without being told: the beginning of its hash."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]
