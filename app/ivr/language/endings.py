"""The nodes that end a flow: the caller waits for an agent, is called back, is handed on, or the call is over. Pure."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.core.faults import fault
from app.ivr.language.words import Id, Key, Line, Node, Part, Prompts, Skills, Target, VariableName

Seconds = Annotated[float, Field(gt=0, le=86_400, description="a number of seconds above 0")]


class QueueStep(Part):
    """What is required of an agent from `after_seconds` of waiting on: the whole requirement again."""

    after_seconds: Seconds
    requires: Skills = Field(default_factory=dict)
    agents: list[Id] = Field(default_factory=list, max_length=100, description="a list of agents' ids")
    teams: list[Id] = Field(default_factory=list, max_length=100, description="a list of teams' ids")


class Announcements(Part):
    """What a waiting caller is told, every so often. In `prompt`, {position} and {minutes} are what is true then."""

    position: bool = Field(default=True, description="true: tell the place in the queue")
    wait: bool = Field(default=True, description="true: tell the estimated wait")
    first_seconds: float = Field(
        default=0.0, ge=0, le=3600, description="seconds of waiting until the first, 0 to 3600"
    )
    every_seconds: float = Field(default=60.0, ge=10, le=3600, description="seconds between two, 10 to 3600")
    prompt: Prompts = Field(default_factory=list)


class CallbackOffer(Part):
    """A waiting caller may press a key and be called back at their place."""

    after_seconds: float = Field(default=60.0, ge=0, le=3600, description="seconds of waiting, 0 to 3600")
    key: Key = "1"
    prompt: Prompts = Field(default_factory=list)


class QueueNode(Node):
    """Wait for an agent. What is required here is required besides what the queue requires. `survey` is a flow that is
    played after the call. `closed` is where it goes when the queue is not open; without it the caller waits all the
    same, by the rules of the queue."""

    type: Literal["queue"]
    queue: Id
    requires: Skills = Field(default_factory=dict)
    agents: list[Id] = Field(default_factory=list, max_length=100, description="a list of agents' ids")
    teams: list[Id] = Field(default_factory=list, max_length=100, description="a list of teams' ids")
    steps: list[QueueStep] = Field(
        default_factory=list, max_length=20, description="a list of {after_seconds, requires}"
    )
    bonus: float = Field(default=0.0, ge=-86_400, le=86_400, description="seconds of waiting, given or taken")
    prompt: Prompts = Field(default_factory=list)
    music: Line | None = None
    announcements: Announcements | None = None
    callback: CallbackOffer | None = None
    survey: Id | None = None
    closed: Target | None = None


class CallbackNode(Node):
    """Promise to call back, at the caller's number or at the one in the variable `number`, and end the call. A caller
    whose number is not known goes to `no_number`."""

    type: Literal["callback"]
    queue: Id
    number: VariableName | None = None
    prompt: Prompts = Field(default_factory=list)
    no_number: Target


class VoicemailNode(Node):
    """Take a message for a queue, and end the call."""

    type: Literal["voicemail"]
    queue: Id
    prompt: Prompts
    most_seconds: float = Field(default=120.0, ge=5, le=600, description="seconds, from 5 to 600")
    finish_on: Key = "#"


class TransferNode(Node):
    """Hand the caller to a number, an agent or a queue."""

    type: Literal["transfer"]
    number: str | None = Field(default=None, pattern=r"^\+?[0-9]{2,20}$", description="a number of 2 to 20 digits")
    agent: Id | None = None
    queue: Id | None = None
    prompt: Prompts = Field(default_factory=list)

    @model_validator(mode="after")
    def _goes_to_one(self) -> "TransferNode":
        if sum(each is not None for each in (self.number, self.agent, self.queue)) != 1:
            raise fault("must lead to one place", "one of number, agent and queue")
        return self


class HangUpNode(Node):
    """End the call."""

    type: Literal["hang_up"]
    prompt: Prompts = Field(default_factory=list)
    reason: Id = "done"
