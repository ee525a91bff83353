"""Addresses of other systems as people are shown them: without what may prove who we are."""

import re
from urllib.parse import unquote

from app.core.errors import Invalid
from app.core.wire import fault

STARS = "***"
_USERINFO = re.compile(r"(?<=//)[^/?#]*@")


def shown(url: str) -> str:
    """An address as people are shown it. Stars stand for what may prove who we are: the values in its query, its
    fragment, and a name and a password. Those are taken no more; of old there are some. A part of the query that has no
    value is one itself, such as a token in base64 with what fills it up."""
    address, sharp, fragment = url.partition("#")
    address, mark, query = address.partition("?")
    parts = "&".join(_starred(part) for part in query.split("&"))
    return f"{_USERINFO.sub(f'{STARS}@', address, count=1)}{mark}{parts}{sharp}{fragment and STARS}"


def meant(given: str, kept: str | None, where: str) -> str:
    """The address that somebody means who gives one: `kept`, if it comes back as it was shown. Raises `Invalid`, which
    names the field `where`, for stars in any other: what they stand for is not filled in, since whoever changed the
    host would be sent it."""
    if kept is not None and given == shown(kept):
        return kept
    if _has_stars(given):
        accepted = "the whole address, with what the stars stand for"
        accepted += "" if kept is None else "; sent back as shown, the kept one stays"
        raise Invalid(
            "This is an address in which something is hidden.",
            faults=[fault(where, "holds stars, which stand for what is not shown", accepted)],
        )
    return given


def _has_stars(url: str) -> bool:
    """Whether stars stand in an address, behind its path, where `shown` puts them."""
    address, _, fragment = url.partition("#")
    values = [part.rpartition("=")[2] for part in address.partition("?")[2].split("&")]
    return STARS in map(unquote, [*values, fragment])


def _starred(part: str) -> str:
    name, _, value = part.partition("=")
    return f"{name}={STARS}" if value.strip("=") else part and STARS
