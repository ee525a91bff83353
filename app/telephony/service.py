"""Use cases of sources: who may send us events, how they are signed, and where a dialled number leads."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from app.core.addresses import meant, shown
from app.core.errors import Invalid
from app.core.signing import PREFIX, new_secret, secret_id, strict_key
from app.core.wire import fault
from app.db.engine import WriteSession
from app.db.errors import violated_constraint
from app.db.rows import insert_new
from app.telephony import queries
from app.telephony.directory import place
from app.telephony.errors import (
    AsteriskTaken,
    LastSecret,
    NoSuchFlow,
    NoSuchQueue,
    NotOneWay,
    NumberUnknown,
    PlatformIncomplete,
    SecretNeeded,
    SecretUnknown,
    SourceTaken,
    TooManySecrets,
)
from app.telephony.models import CtiSource, DialledNumber
from app.telephony.platforms import PLATFORMS

MOST_SECRETS = 5
SHORTEST_KEY = 12
"""Bytes, of a key that signs: 16 characters of base64."""


async def create_source(session: WriteSession, **values: Any) -> tuple[CtiSource, str]:
    """A new source and its secret, which is shown only now: ours, or the `secret` that its platform gave. Raises
    `SourceTaken`, `NoSuchQueue`, `NoSuchFlow`, `NotOneWay`, `PlatformIncomplete`, `AsteriskTaken`, or `Invalid` for an
    address or a secret that is none of this platform's."""
    given = values.pop("secret", None)
    _ensure_complete(values, secret=given)
    _ensure_usable(values.get("platform", "generic"), given)
    if values.get("command_url") is not None:
        meant(values["command_url"], None, "body.command_url")
    _ensure_bare(values.get("platform", "generic"), values.get("command_url"))
    secret = given or new_secret()
    _ensure_at_most_one_default(values)
    await _ensure_alone(session, values["id"], values.get("platform"), values.get("command_url"))
    with _known_ways(values.get("default_queue"), values.get("default_flow"), "body.default_"):
        made = await insert_new(session, CtiSource, **values, secrets=[secret])
    if made is None:
        raise SourceTaken(f"There is a source {values['id']!r} already.", id=values["id"])
    return made, secret


async def change_source(session: WriteSession, source_id: str, changes: Mapping[str, Any]) -> CtiSource:
    """Change `name`, `command_url`, `default_queue`, `default_flow` or `active`; a default queue takes the place of a
    default flow and the other way round, a `secret` that of all there are. A `command_url` that comes back as it was
    shown stays. Raises `SourceUnknown`, `NoSuchQueue`, `NoSuchFlow`, `NotOneWay`, `PlatformIncomplete`, `AsteriskTaken`
    or `SecretNeeded`, or `Invalid` for an address or a secret that is none of this platform's."""
    found = await queries.source(session, source_id, lock=True)
    before, changes = sent_to(found), dict(changes)
    secret = changes.pop("secret", None)
    _ensure_usable(found.platform, secret)
    url = changes.get("command_url")
    if url is not None and meant(url, found.command_url, "body.command_url") == found.command_url:
        del changes["command_url"]
    _ensure_bare(found.platform, changes.get("command_url"))
    _ensure_at_most_one_default(changes)
    if changes.get("default_queue") is not None:
        found.default_flow = None
    if changes.get("default_flow") is not None:
        found.default_queue = None
    for field, value in changes.items():
        setattr(found, field, value)
    kept = {name: getattr(found, name) for name in ("platform", "account", "public_url", "command_url")}
    _ensure_complete(kept, secret=found.secrets[0])
    if secret is not None:
        found.secrets = [secret]
    elif sent_to(found) != before:
        raise SecretNeeded(found.platform)
    if found.active and changes.keys() & {"command_url", "active"}:
        await _ensure_alone(session, found.id, found.platform, found.command_url)
    with _known_ways(found.default_queue, found.default_flow, "body.default_"):
        await session.flush()
    return found


async def rotate_secret(session: WriteSession, source_id: str, given: str | None = None) -> tuple[CtiSource, str]:
    """Add a secret (ours, or the one `given` by the platform) that signs from now on; the older ones still verify until
    they are removed. Raises `SourceUnknown`, `TooManySecrets`, `PlatformIncomplete` where the platform gives its
    secrets and none is given, or `Invalid` for one that is no key of a platform that signs."""
    found = await queries.source(session, source_id, lock=True)
    if given is None and not PLATFORMS[found.platform].signs:
        raise PlatformIncomplete(found.platform, ["secret"])
    _ensure_usable(found.platform, given)
    if len(found.secrets) >= MOST_SECRETS:
        raise TooManySecrets(f"{source_id!r} has {MOST_SECRETS} secrets; remove old ones first.")
    secret = given or new_secret()
    found.secrets = [secret, *found.secrets]
    return found, secret


async def remove_secret(session: WriteSession, source_id: str, which: str) -> CtiSource:
    """Accept a secret no longer; `which` is its `secret_id`. Raises `SourceUnknown`, `SecretUnknown`, `LastSecret`."""
    found = await queries.source(session, source_id, lock=True)
    kept = [secret for secret in found.secrets if secret_id(secret) != which]
    if len(kept) == len(found.secrets):
        raise SecretUnknown(f"{source_id!r} has no secret {which!r}.", secrets=[secret_id(s) for s in found.secrets])
    if not kept:
        raise LastSecret(f"{which!r} is the only secret of {source_id!r}; rotate first.")
    found.secrets = kept
    return found


async def set_dialled_number(
    session: WriteSession, source_id: str, number: str, queue_id: str | None = None, flow_id: str | None = None
) -> DialledNumber:
    """Calls to `number` (as the platform sends it) wait in `queue_id`, or go through `flow_id`, from now on.
    Raises `SourceUnknown`, `NoSuchQueue`, `NoSuchFlow` or `NotOneWay`."""
    if (queue_id is None) == (flow_id is None):
        raise NotOneWay("body.queue_id", "body.flow_id")
    await queries.source(session, source_id)
    way = {"queue_id": queue_id, "flow_id": flow_id}
    made = insert(DialledNumber).values(source_id=source_id, number=number, **way)
    key = [DialledNumber.source_id, DialledNumber.number]
    upsert = made.on_conflict_do_update(index_elements=key, set_=way).returning(DialledNumber)
    with _known_ways(queue_id, flow_id, "body.", "_id"):
        row = await session.scalar(upsert, execution_options={"populate_existing": True})
    assert row is not None, "an upsert returns its row"
    return row


async def remove_dialled_number(session: WriteSession, source_id: str, number: str) -> None:
    """The number leads where the source's default is again. Raises `NumberUnknown`."""
    those = (DialledNumber.source_id == source_id) & (DialledNumber.number == number)
    gone = await session.scalar(delete(DialledNumber).where(those).returning(DialledNumber.number))
    if gone is None:
        raise NumberUnknown(f"{source_id!r} has no dialled number {number!r}.")


def sent_to(source: CtiSource) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port that are sent the secret of a source itself; None where it only signs."""
    platform = PLATFORMS[source.platform]
    if platform.signs:
        return None
    parts = urlsplit(source.command_url or platform.address or "")
    usual = {"https": 443, "wss": 443, "http": 80, "ws": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual


def _ensure_at_most_one_default(values: Mapping[str, Any]) -> None:
    if values.get("default_queue") is not None and values.get("default_flow") is not None:
        raise NotOneWay("body.default_queue", "body.default_flow")


def _ensure_complete(values: Mapping[str, Any], secret: str | None) -> None:
    """A platform whose calls we steer must be reachable, and it must reach us; it knows no secret of our making."""
    platform = values.get("platform", "generic")
    missing = [name for name in PLATFORMS[platform].needs if not values.get(name)]
    missing += [] if PLATFORMS[platform].signs or secret is not None else ["secret"]
    if missing:
        raise PlatformIncomplete(platform, missing)
    _ensure_spoken_by(platform, values.get("command_url"))


def _ensure_usable(platform: str, secret: str | None) -> None:
    """What signs is the key in a secret, not its text; elsewhere the text is what is sent."""
    if not PLATFORMS[platform].signs or secret is None:
        return
    key = strict_key(secret)
    if key is None or len(key) < SHORTEST_KEY:
        what = "is no base64" if key is None else f"is a key of {len(key)} bytes"
        accepted = (
            f"a key of at least {SHORTEST_KEY} bytes (16 characters) in base64 (A-Z a-z 0-9 + /, padding may be left "
            f"out), with or without {PREFIX} before it; or none: then we make one"
        )
        raise Invalid(
            f"A source of platform {platform} signs with the key in its secret.",
            faults=[fault("body.secret", what, accepted)],
        )


def _ensure_bare(platform: str, url: str | None) -> None:
    """Where we append paths to an address nothing may stand behind its own. Asked of new ones only: a source that has
    such an address from before can still be switched off."""
    if PLATFORMS[platform].signs or url is None or not ("?" in url or "#" in url):
        return
    accepted = "an address without them: who we are there is `account`, and what proves it `secret`"
    raise Invalid(
        f"This is no address of a platform {platform}.",
        faults=[fault("body.command_url", "has a query or a fragment", accepted)],
    )


async def _ensure_alone(session: WriteSession, source_id: str, platform: str | None, url: str | None) -> None:
    """An Asterisk has room for one of us."""
    if platform != "asterisk_ari" or url is None:
        return
    with session.no_autoflush:
        others = [each for each in await queries.driven(session, platform) if each.id != source_id]
    for each in others:
        if each.command_url is not None and place(each.command_url) == place(url):
            raise AsteriskTaken(
                f"Source {each.id!r} has this Asterisk already; change that one, or switch it off first.",
                source=each.id,
                command_url=shown(each.command_url),
            )


def _ensure_spoken_by(platform: str, url: str | None) -> None:
    if url is None:
        return
    schemes = PLATFORMS[platform].schemes
    if url.partition("://")[0] not in schemes:
        accepted = f"an address that begins with {' or '.join(f'{each}://' for each in schemes)}"
        raise Invalid(
            f"This is no address of a platform {platform}.", faults=[fault("body.command_url", "is no such", accepted)]
        )


@contextmanager
def _known_ways(queue: str | None, flow: str | None, before: str, behind: str = "") -> Iterator[None]:
    # queues and flows belong to rooms above this one, so the foreign keys are asked
    try:
        yield
    except IntegrityError as error:
        rule = violated_constraint(error) or ""
        if rule.endswith("_queues"):
            raise NoSuchQueue(queue, f"{before}queue{behind}") from error
        if rule.endswith("_flows"):
            raise NoSuchFlow(flow, f"{before}flow{behind}") from error
        raise
