"""What is sent again under a key by somebody who heard no answer."""

from app.core.errors import Conflict


class KeyUsed(Conflict):
    """The key was sent before with something else."""

    code = "key-used"

    def __init__(self, key: str) -> None:
        detail = f"The Idempotency-Key {key!r} was sent with something else: take a new key for what is new."
        super().__init__(detail, key=key)
