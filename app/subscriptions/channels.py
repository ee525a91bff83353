"""The wire to subscribers, described for those who receive."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.core.channels import Channel
from app.subscriptions.kinds import EVENTS, TEST
from app.subscriptions.shapes import SHAPES, Id, Instant


class DeliveryHeaders(msgspec.Struct, rename="kebab"):
    """Standard Webhooks: https://www.standardwebhooks.com. The id is the same at every attempt and replay."""

    webhook_id: Annotated[Id, Meta(description="count it once")]
    webhook_timestamp: Annotated[str, Meta(description="epoch seconds of the attempt")]
    webhook_signature: Annotated[
        str,
        Meta(description="v1,<base64 of HMAC-SHA256 over id.timestamp.body>, one for each secret, a space between"),
    ]


def _message(kind: str, says: str) -> type[msgspec.Struct]:
    """An event of this type as it is delivered."""
    name = "".join(part.capitalize() for part in kind.replace("_", ".").split("."))
    told = Annotated[Instant, Meta(description="when it was told; of contacts a little after it happened")]
    return msgspec.defstruct(
        f"{name}Event",
        [("timestamp", told), ("data", SHAPES[kind])],
        namespace={"__doc__": f"{says[0].upper()}{says[1:]}."},
        tag_field="type",
        tag=kind,
        kw_only=True,
        module=__name__,
    )


CHANNELS = (
    Channel(
        name="subscribers",
        title="Webhooks to subscribers",
        description="Posted to the url of each subscription (`POST /api/v1/webhook-subscriptions`) that wants the "
        "type: at least once, in order for each subject, again until it is answered 2xx. All fields are always there. "
        "More of them, and more values of those that are enumerated, may come.",
        protocol="http",
        tells=tuple(_message(kind, says) for kind, says in [*EVENTS.items(), (TEST, "sent on demand")]),
        headers=DeliveryHeaders,
    ),
)
