"""What can be wrong with a recording, and with the store of their audio."""

from datetime import datetime

from app.core.errors import Conflict, NotAllowed, NotFound, Unavailable


class RecordingUnknown(NotFound):
    """No recording of that id has been kept."""

    code = "recording-not-found"

    def __init__(self, recording_id: str) -> None:
        detail = f"There is no recording {recording_id}; one of a call that goes on, or has just ended, may come yet."
        super().__init__(detail, id=recording_id)


class RecordingDeleted(NotFound):
    """There was a recording; its audio has been deleted."""

    code = "recording-deleted"

    def __init__(self, recording_id: str, at: datetime, because: str) -> None:
        detail = f"The audio of recording {recording_id} has been deleted: {because}."
        super().__init__(detail, id=recording_id, deleted_at=at.isoformat(), because=because)


class RecordingHeld(Conflict):
    """The recording is of a customer under a legal hold."""

    code = "recording-held"

    def __init__(self, recording_id: str) -> None:
        super().__init__(f"Recording {recording_id} is kept: a legal hold stands over its customer.")


class NotYourRecording(NotAllowed):
    """An agent asks for a call that they were not on."""

    code = "recording-not-yours"

    def __init__(self, recording_id: str) -> None:
        super().__init__(f"You were not on the call of recording {recording_id}; a supervisor may listen to it.")


class AudioMissing(NotFound):
    """The store has no such audio, though it should."""

    code = "audio-missing"

    def __init__(self, key: str) -> None:
        super().__init__(f"The store of recordings has no {key}; look whether it is the store that was set before.")


class StoreFailed(Unavailable):
    """The store did not do what it was asked; nothing half-done is left in it. `str()` tells the reason, which may name
    folders and addresses, to whoever runs the server."""

    code = "recordings-unavailable"

    def __init__(self, detail: str, hint: str = "") -> None:
        super().__init__(detail, retry_after=30)
        if hint:
            self.args = (f"{detail} {hint}",)
