"""Why a change to a flow is refused."""

from collections.abc import Sequence
from typing import Any

from app.core.errors import Conflict, Invalid, NotFound


class FlowUnknown(NotFound):
    """No flow has this id."""

    code = "flow-unknown"


class FlowVersionUnknown(NotFound):
    """The flow has no version of this number."""

    code = "flow-version-unknown"


class FlowTaken(Conflict):
    """The id belongs to another flow."""

    code = "flow-taken"


class FlowVersionConflict(Conflict):
    """The flow has been changed since it was read; `version` is the present one."""

    code = "flow-version-conflict"

    def __init__(self, given: int, present: int) -> None:
        detail = f"You changed version {given}, but the flow is at version {present}: read it again and repeat."
        super().__init__(detail, version=present, given=given)


class NoDraft(Conflict):
    """There is nothing that could be published, scheduled or discarded."""

    code = "no-draft"

    def __init__(self, flow_id: str) -> None:
        super().__init__(f"The flow {flow_id!r} has no draft; save one with PUT /api/v1/flows/{flow_id}/draft.")


class DraftScheduled(Conflict):
    """The draft waits for its publication, so it is not changed."""

    code = "draft-scheduled"

    def __init__(self, flow_id: str, publish_at: str) -> None:
        detail = f"The draft of {flow_id!r} is to be published at {publish_at}; cancel the schedule first."
        super().__init__(detail, publish_at=publish_at)


class NotScheduled(Conflict):
    """There is no schedule that could be cancelled."""

    code = "not-scheduled"


class FlowUnpublished(Conflict):
    """The version is the published one already, or has never been published."""

    code = "flow-version-not-retired"


class FlowNotPublished(Invalid):
    """Calls are to be led to a flow that does not exist or has no published version."""

    code = "flow-not-published"


class FlowDefinitionFaulty(Invalid):
    """The flow's text is at fault; `facts["faults"]` lists {where, what, accepted, node, line}."""

    code = "flow-faulty"

    def __init__(self, faults: Sequence[dict[str, Any]]) -> None:
        places = ", ".join(_place(each) for each in faults[:10])
        more = f" and {len(faults) - 10} more" if len(faults) > 10 else ""
        super().__init__(f"The flow has {len(faults)} fault(s): {places}{more}.", faults=list(faults))


def _place(fault: dict[str, Any]) -> str:
    line = f" (line {fault['line']})" if fault.get("line") else ""
    return f"{fault['where'] or 'the text'}{line}"
