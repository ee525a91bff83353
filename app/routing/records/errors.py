"""Why a queue's or a wrap-up code's record is refused."""

from app.core.errors import Conflict, Invalid, NotFound


class QueueUnknown(NotFound):
    """No queue has this id."""

    code = "queue-unknown"


class WrapUpCodeUnknown(NotFound):
    """No wrap-up code has this id."""

    code = "wrap-up-code-unknown"


class QueueTaken(Conflict):
    """The id belongs to another queue."""

    code = "queue-taken"


class WrapUpCodeTaken(Conflict):
    """The id belongs to another wrap-up code."""

    code = "wrap-up-code-taken"


class QueueFaulty(Invalid):
    """A queue's definition names what does not exist, or contradicts itself."""

    code = "queue-faulty"


class QueueInUse(Conflict):
    """Dialled numbers still lead to the queue, or contacts are in it."""

    code = "queue-in-use"


class SkillInUse(Conflict):
    """Queues ask for the skill, or agents hold it."""

    code = "skill-in-use"


class TeamInUse(Conflict):
    """Queues ask for the team, or agents are in it."""

    code = "team-in-use"
