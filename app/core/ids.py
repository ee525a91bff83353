"""Identifiers. Made at the edge, they travel inward with the command: what is pure stays deterministic."""

import uuid_utils


def new_id() -> str:
    """A fresh UUIDv7 (RFC 9562): unique everywhere and sorted by the time of its making."""
    return str(uuid_utils.uuid7())
