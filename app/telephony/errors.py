"""Why a source's record is refused."""

from app.core.errors import Conflict, Invalid, NotFound
from app.core.wire import fault


class SourceUnknown(NotFound):
    """No source has this id."""

    code = "source-unknown"


class NumberUnknown(NotFound):
    """The source has no such dialled number."""

    code = "dialled-number-unknown"


class SecretUnknown(NotFound):
    """The source has no such secret."""

    code = "secret-unknown"


class SourceTaken(Conflict):
    """The id belongs to another source."""

    code = "source-taken"


class AsteriskTaken(Conflict):
    """Another source has this Asterisk: they would take it from each other for ever."""

    code = "asterisk-taken"


class LastSecret(Conflict):
    """A source must keep one secret, or none of its messages could be verified."""

    code = "last-secret"


class TooManySecrets(Conflict):
    """The source is being rotated already, and old secrets have not been removed."""

    code = "too-many-secrets"


class NoSuchQueue(Invalid):
    """A queue is named that does not exist."""

    code = "no-such-queue"

    def __init__(self, queue: str | None, where: str) -> None:
        faults = [fault(where, "is not a queue", "the id of a queue, see GET /api/v1/queues")]
        super().__init__(f"There is no queue {queue!r}.", faults=faults)


class NoSuchFlow(Invalid):
    """A flow is named that does not exist."""

    code = "no-such-flow"

    def __init__(self, flow: str | None, where: str) -> None:
        faults = [fault(where, "is not a flow", "the id of a flow, see GET /api/v1/flows")]
        super().__init__(f"There is no flow {flow!r}.", faults=faults)


class NotOneWay(Invalid):
    """A number is to lead to a queue and to a flow, or to neither."""

    code = "not-one-way"

    def __init__(self, queue: str, flow: str) -> None:
        faults = [fault(where, "must be the one or the other", f"either {queue} or {flow}") for where in (queue, flow)]
        super().__init__(f"Give either {queue} or {flow}.", faults=faults)


class SecretNeeded(Invalid):
    """A platform is to be at another host, and what is sent there is a secret that nobody is shown."""

    code = "secret-needed"

    def __init__(self, platform: str) -> None:
        found = fault("body.secret", "is needed where command_url leads to another host", "the secret of that platform")
        super().__init__(
            f"A source of {platform} is sent its secret, so give the one that belongs there.", faults=[found]
        )


class PlatformIncomplete(Invalid):
    """What is needed to steer the calls of a platform was not given."""

    code = "platform-incomplete"

    def __init__(self, platform: str, missing: list[str]) -> None:
        accepted = {
            "account": "the account's id at the platform, or the user of ARI",
            "public_url": "the https address that reaches us",
            "command_url": "where its ARI is, such as ws://127.0.0.1:8088/ari",
            "caller_id": "a number of ours there, such as +4930111",
            "secret": "what it gave us: the auth token, or the password of the user of ARI",
        }
        faults = [fault(f"body.{name}", f"is needed for {platform}", accepted[name]) for name in missing]
        super().__init__(f"A source of {platform} needs {' and '.join(missing)}.", faults=faults)
