"""Sources and the numbers that callers dial."""

from typing import Annotated

from pydantic import MISSING, AfterValidator, AnyHttpUrl, AnyUrl, Field, TypeAdapter, UrlConstraints
from pydantic_core import PydanticCustomError

from app.api.schemas.common import DIALLED, SPOKEN, VISIBLE, Input, Instant, Name, Output, Slug
from app.core.addresses import shown
from app.core.signing import PREFIX, secret_id
from app.telephony.models import CtiSource
from app.telephony.platforms import PlatformId, described

_URL = TypeAdapter(Annotated[AnyHttpUrl, UrlConstraints(max_length=2000)])


_ANY_URL = TypeAdapter(
    Annotated[
        AnyUrl, UrlConstraints(max_length=2000, allowed_schemes=["http", "https", "ws", "wss"], host_required=True)
    ]
)


def _public(value: str) -> str:
    url = _open(_URL.validate_python(value), "what proves who calls it is the signature")
    if "?" in url or "#" in url:  # paths are appended to it, and the platform signs what it calls
        expected = "an address without them, such as https://desk.example or https://desk.example/callfloor"
        raise PydanticCustomError("url", "has a query or a fragment", {"expected": expected})
    return url


def _url(value: str) -> str:
    return _open(_ANY_URL.validate_python(value), "who we are there is `account`, and what proves it `secret`")


def _open(url: AnyUrl | AnyHttpUrl, instead: str) -> str:
    if url.username is not None or url.password is not None:
        expected = f"an address without them: {instead}"
        raise PydanticCustomError("url", "holds a name or a password, which others would read", {"expected": expected})
    return str(url)


CommandUrl = Annotated[
    str,
    AfterValidator(_url),
    Field(
        max_length=2000,
        description="where the platform takes commands: http(s), or ws(s) of an Asterisk's ARI; without a password, "
        "and without a query unless it is a generic one, of whose query the values are shown as `***`; sent back so, "
        "the address stays",
    ),
]
PublicUrl = Annotated[
    str,
    AfterValidator(_public),
    Field(max_length=2000, description="where the platform reaches us, http(s); without a password, query or fragment"),
]
Dial = Annotated[
    str,
    Field(
        max_length=200,
        pattern=DIALLED,
        description="what an Asterisk dials for a number, such as PJSIP/{number}@carrier",
    ),
]


Platform = Annotated[
    PlatformId,
    Field(description=f"what it is: {described()}"),
]
SHORTEST_SECRET = 16


def _hard_to_guess(value: str) -> str:
    if len(value.removeprefix(PREFIX)) < SHORTEST_SECRET:
        raise ValueError(f"must have at least {SHORTEST_SECRET} characters after {PREFIX}")
    return value


GivenSecret = Annotated[
    str,
    AfterValidator(_hard_to_guess),
    Field(
        min_length=SHORTEST_SECRET,
        max_length=200,
        pattern=VISIBLE,
        description="the auth token that the platform gave, of a generic one a key of at least 12 bytes in base64 "
        "(whsec_ may be before it); whoever has it speaks as the platform",
    ),
]
"""New ones only: a shorter one that was given before goes on working."""
Account = Annotated[str, Field(min_length=1, max_length=100, description="the account's id at the platform")]
Dialable = Annotated[str, Field(min_length=1, max_length=200, description="a number, such as +4930111")]
Spoken = Annotated[
    list[Annotated[str, Field(pattern=SPOKEN)]],
    Field(min_length=1, max_length=10, description="languages of our own sentences, such as [en, zh]"),
]


class SecretIn(Input):
    """A secret that the platform gave, which must be told of one that gives them; of a generic one left out, we make
    one."""

    secret: GivenSecret | None = None


class SourceIn(Input):
    """A new source: a telephone platform that sends us events and takes our commands."""

    id: Slug
    name: Name
    command_url: CommandUrl | None = None
    default_queue: Slug | None = None
    default_flow: Slug | None = None
    platform: Platform = "generic"
    secret: GivenSecret | None = None
    account: Account | None = None
    public_url: PublicUrl | None = None
    caller_id: Dialable | None = None
    emergency_number: Dialable | None = None
    dial: Dial | None = None
    languages: Spoken = Field(default_factory=lambda: ["en", "zh"])


class SourcePatch(Input):
    """What to change; what is left out stays, but a default queue takes the place of a default flow, and it of it.
    A `secret` takes the place of all there are; it is needed where `command_url` leads to another host to which the
    secret itself is sent (twilio, asterisk_ari)."""

    name: Name | MISSING = MISSING
    secret: GivenSecret | MISSING = MISSING
    command_url: CommandUrl | MISSING | None = MISSING
    default_queue: Slug | MISSING | None = MISSING
    default_flow: Slug | MISSING | None = MISSING
    account: Account | MISSING | None = MISSING
    public_url: PublicUrl | MISSING | None = MISSING
    caller_id: Dialable | MISSING | None = MISSING
    emergency_number: Dialable | MISSING | None = MISSING
    dial: Dial | MISSING | None = MISSING
    languages: Spoken | MISSING = MISSING
    active: bool | MISSING = MISSING


class SecretOut(Output):
    """A signing secret, named by the beginning of its hash. All verify; the one that `signs` signs our commands."""

    id: str
    signs: bool


class SourceOut(Output):
    """A source. Its secrets are never shown again."""

    id: str
    name: str
    command_url: str | None
    default_queue: str | None
    default_flow: str | None
    platform: str
    account: str | None
    public_url: str | None
    caller_id: str | None
    emergency_number: str | None
    dial: str | None
    languages: list[str]
    active: bool
    secrets: list[SecretOut]
    created_at: Instant

    @classmethod
    def of(cls, row: CtiSource) -> "SourceOut":
        """From the record, without its secrets."""
        return cls.model_validate(_shown(row))


class ConnectionOut(Output):
    """Whether Callfloor is connected to the platform, why not (or why recordings cannot be kept, or which phones of
    agents no platform has), and how many calls it has there; all null for a platform that sends events by itself."""

    connected: bool | None
    trouble: str | None
    calls: int | None


class SourceSecret(SourceOut):
    """A source with a new secret; `secret` is never shown again."""

    secret: str

    @classmethod
    def with_secret(cls, row: CtiSource, secret: str) -> "SourceSecret":
        """From the record and the secret that was just made."""
        return cls.model_validate({**_shown(row), "secret": secret})


def _shown(row: CtiSource) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "command_url": row.command_url and shown(row.command_url),
        "default_queue": row.default_queue,
        "default_flow": row.default_flow,
        "platform": row.platform,
        "account": row.account,
        "public_url": row.public_url and shown(row.public_url),
        "caller_id": row.caller_id,
        "emergency_number": row.emergency_number,
        "dial": row.dial,
        "languages": row.languages,
        "active": row.active,
        "secrets": [{"id": secret_id(each), "signs": place == 0} for place, each in enumerate(row.secrets)],
        "created_at": row.created_at,
    }


class SourcePage(Output):
    """A page of sources."""

    items: list[SourceOut]
    next: str | None


class DialledNumberIn(Input):
    """Which queue or which published flow answers a dialled number: exactly one of the two."""

    queue_id: Slug | None = None
    flow_id: Slug | None = None


class DialledNumberOut(Output):
    """A number as the platform sends it, and the queue or the flow that answers it; the other one is null."""

    number: str
    queue_id: str | None
    flow_id: str | None


class DialledNumberPage(Output):
    """A page of dialled numbers."""

    items: list[DialledNumberOut]
    next: str | None
