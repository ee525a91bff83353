"""Variables of the environment that look like settings and are none: a misspelt one would leave its default in force
and say nothing."""

import difflib
import re
from collections.abc import Iterator, Mapping

import structlog
from pydantic import BaseModel

from app.cli.place import ASTERISK
from app.settings import Settings

PREFIX = "CALLFLOOR_"
BESIDE = (ASTERISK, "CALLFLOOR_PASSWORD", "CALLFLOOR_DEMO_SECRET")
"""What commands read that is no setting."""
FOR_TESTS = "CALLFLOOR_TEST_"

# what Kubernetes tells each container of services that are called callfloor, callfloor-database and so on
_OF_KUBERNETES = re.compile(
    r"CALLFLOOR_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)"
)

log = structlog.get_logger(__name__)


def known_variables() -> list[str]:
    """All variables that set something: of each concern, and a whole concern as JSON."""
    return sorted({*_settings(), *BESIDE})


def unknown_variables(environment: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """Those that nobody reads, each with the one that was probably meant, or None where none is like it."""
    known = known_variables()
    names = [name.removeprefix(PREFIX) for name in known]
    for name in sorted(environment):
        upper = name.upper()  # settings are found in either case
        if not upper.startswith(PREFIX) or upper.startswith(FOR_TESTS) or upper in known:
            continue
        if "KUBERNETES_SERVICE_HOST" in environment and _OF_KUBERNETES.fullmatch(upper):
            continue
        near = difflib.get_close_matches(upper.removeprefix(PREFIX), names, n=1)
        yield name, PREFIX + near[0] if near else None


def warn_of_unknown(environment: Mapping[str, str]) -> None:
    """Log a warning for each, by its name; what is in it may be a secret."""
    for name, meant in unknown_variables(environment):
        hint = {"meant": meant} if meant is not None else {}
        log.warning("a variable is no setting and does nothing", variable=name, **hint)


def _settings() -> Iterator[str]:
    for concern, field in Settings.model_fields.items():
        name = f"{PREFIX}{concern}".upper()
        yield name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from (f"{name}_{each}".upper() for each in field.annotation.model_fields)
