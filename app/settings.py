"""What can be set from outside: environment variables `CALLFLOOR_<CONCERN>_<NAME>`. Only main and cli read this.

One model a concern: `CALLFLOOR_DATABASE_URL` is `settings.database.url`, `CALLFLOOR_HTTP_PORT` is `settings.http.port`.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from phonenumbers import SUPPORTED_REGIONS
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.core.guarding import host_named

Role = Literal["agent", "supervisor", "administrator", "integration"]
Kind = Literal["number", "email", "address", "external_id", "holding", "note", "attribute"]
Host = Annotated[str, AfterValidator(host_named)]
ASYNC_SCHEME = "postgresql+asyncpg://"
LEAST_POOL = 5


def _network(given: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(given))
    except ValueError as error:
        raise ValueError(f"{error}; accepted: a network such as 10.0.0.0/8, or one address") from None


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]


class Database(BaseModel):
    """Where the data is. Without `url` the embedded server keeps it in the `var` folder."""

    model_config = ConfigDict(hide_input_in_errors=True)  # the address holds a password

    url: SecretStr | None = None
    pool: int = Field(default=20, le=500)

    @field_validator("url")
    @classmethod
    def _one_driver(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        scheme, separator, rest = value.get_secret_value().partition("://")
        if not separator or scheme not in ("postgres", "postgresql", "postgresql+asyncpg"):
            raise ValueError("must be a PostgreSQL address such as postgresql://user:password@host:5432/name")
        return SecretStr(ASYNC_SCHEME + rest)

    @field_validator("pool")
    @classmethod
    def _enough(cls, value: int) -> int:
        if value < LEAST_POOL:
            raise ValueError(
                f"must be {LEAST_POOL} or more: a stream and a webhook of feeds have two connections each for as long "
                "as they last, and everybody else needs one"
            )
        return value


class Http(BaseModel):
    """Where the server listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)


class Telephony(BaseModel):
    """Where we are in the telephone network: the country (ISO 3166) whose national numbers are dialled here."""

    region: str = Field(default="CN", pattern="^[A-Z]{2}$")

    @field_validator("region")
    @classmethod
    def _has_numbers(cls, value: str) -> str:
        if value not in SUPPORTED_REGIONS:
            raise ValueError("must be a country that has telephone numbers, such as CN or DE")
        return value


class FloorSettings(BaseModel):
    """The floor that this process serves. One process owns a floor at a time; others of the same id stand by."""

    id: str = Field(default="main", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    batch: int = Field(default=500, ge=1, le=10_000)
    takeover_seconds: float = Field(default=1.0, gt=0)


class Recordings(BaseModel):
    """Where recordings of calls are kept: in a `folder` (else under `var`), or in an S3-compatible `bucket`; and for
    how many `days`, where a queue does not say otherwise; without them for ever."""

    model_config = ConfigDict(hide_input_in_errors=True)

    folder: Path | None = None
    bucket: str | None = Field(default=None, min_length=1)
    endpoint: str | None = Field(default=None, pattern=r"^https?://[^/\s]+/?$")
    region: str = "us-east-1"
    access_key: str | None = None
    secret_key: SecretStr | None = None
    days: int | None = Field(default=None, ge=1, le=36_500)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.bucket is not None and self.folder is not None:
            raise ValueError("give a folder or a bucket, not both")
        if self.bucket is None and self.endpoint is not None:
            raise ValueError("an endpoint needs a bucket")
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("give access_key and secret_key, or neither")
        return self


class Tokens(BaseModel):
    """How long a sign-in lasts."""

    access_seconds: int = Field(default=900, ge=30)
    refresh_seconds: int = Field(default=14 * 86_400, ge=60)


class SignIns(BaseModel):
    """How many sign-ins may fail from one network address in a quarter of an hour, whichever the accounts. An office
    may come from one address, so this is not about who mistypes, but about who tries one password on everybody."""

    failures: int = Field(default=100, ge=10, le=100_000)


class Outward(BaseModel):
    """How other systems are asked: secrets by name, the one host that each may be sent to, and networks that may be
    reached beside public addresses."""

    model_config = ConfigDict(hide_input_in_errors=True)

    secrets: dict[str, SecretStr] = {}
    hosts: dict[str, Host] = {}
    networks: list[Network] = []

    @property
    def revealed(self) -> dict[str, str]:
        """The secrets by name, as they are sent."""
        return {name: value.get_secret_value() for name, value in self.secrets.items()}


class Flow(Outward):
    """What flows may use: secrets by name for their requests, as JSON such as {"core-bank": "Bearer ..."}, and for each
    the one host that it may be sent to, such as {"core-bank": "core.bank.example"}. Beside public addresses flows ask
    in `networks` of your own, as for webhooks."""


class Credit(Outward):
    """What credit bureaus are sent to know us: secrets by name, as JSON such as {"bureau": "Bearer ..."}, and for each
    the one host that it may be sent to, such as {"bureau": "bureau.example"}. Beside public addresses bureaus are asked
    in `networks` of your own, as for webhooks."""


class Profiles(BaseModel):
    """Looking at customers: whether people must say for which contact or why they do (`reason` needed)."""

    reason: Literal["asked", "needed"] = "asked"


class Masking(BaseModel):
    """Who sees what of customers whole, and who may have the rest revealed: roles by kind of field, as JSON such as
    {"email": ["supervisor", "administrator"]}. Kinds that are left out stay as they are usually."""

    whole: dict[Kind, frozenset[Role]] = {}
    reveal: dict[Kind, frozenset[Role]] = {}
    reveals: int = Field(default=30, ge=0, le=100_000)
    """How many values one person may have revealed in an hour."""


class Webhooks(BaseModel):
    """Where webhooks to other systems may go beside public addresses: networks of your own, as JSON such as
    ["10.0.0.0/8", "127.0.0.1/32"]. Only there may they go without TLS."""

    networks: list[Network] = []


class Media(BaseModel):
    """Recordings of prompts, which switches fetch under /media: `url` is where they reach this server from outside,
    `seconds` how long they may keep one without asking again, `megabytes` how much room all may take."""

    url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    seconds: int = Field(default=86_400, ge=0, le=31_536_000)
    megabytes: int = Field(default=256, ge=1, le=1_000_000)


class Log(BaseModel):
    """What is logged and how: `console` for people, `json` for collectors."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Settings(BaseSettings):
    """Everything that can be set. Construct it once, at the composition root."""

    model_config = SettingsConfigDict(
        env_prefix="CALLFLOOR_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="ignore",
        hide_input_in_errors=True,
    )

    var: Path = Path("var")
    database: Database = Database()
    http: Http = Http()
    telephony: Telephony = Telephony()
    floor: FloorSettings = FloorSettings()
    tokens: Tokens = Tokens()
    signin: SignIns = SignIns()
    flow: Flow = Flow()
    credit: Credit = Credit()
    webhooks: Webhooks = Webhooks()
    profiles: Profiles = Profiles()
    masking: Masking = Masking()
    media: Media = Media()
    recordings: Recordings = Recordings()
    log: Log = Log()

    @property
    def database_folder(self) -> Path:
        """Where the embedded server keeps its data."""
        return self.var / "database"

    @property
    def recordings_folder(self) -> Path:
        """Where recordings are kept, unless in a bucket."""
        return self.recordings.folder or self.var / "recordings"

    @property
    def speech_folder(self) -> Path:
        """Where rendered prompts are kept; they can be made again."""
        return self.var / "speech"
