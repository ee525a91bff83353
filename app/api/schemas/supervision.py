"""What supervisors may ask of the live floor."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.api.schemas.common import PRINTABLE, TELEPHONE, Input, Output
from app.api.schemas.floor import ContactOut, LiveAgentOut

Reason = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PRINTABLE)]
Dialled = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=TELEPHONE)]


class AgentStateIn(Input):
    """The state that an agent is to have; `reason` goes with not_ready."""

    state: Literal["ready", "not_ready", "logged_off"]
    reason: Reason = "supervisor"
    after_contact: bool = Field(default=False, description="only once the present contact is wrapped up")


class ListenIn(Input):
    """From which phone a supervisor comes into the call, and what for; `to` is the agent who hears a whisper."""

    address: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PRINTABLE)]
    mode: Literal["listen", "whisper", "join"] = "listen"
    to: str | None = Field(default=None, description="one of the agents on the call; the newest if left out")


class CallbackIn(Input):
    """Where to call; the caller's own number if left out."""

    number: Dialled | None = None


class AgentAnswer(Output):
    """The agent as they are now."""

    agent: LiveAgentOut


class ContactAnswer(Output):
    """The contact as it is now."""

    contact: ContactOut


class CallbackAnswer(ContactAnswer):
    """The contact, and the number that will be called."""

    callback_to: str
