"""What supervisors do to the live floor: set an agent's state, free one who is stuck, end a call, call back."""

from typing import Annotated

from fastapi import Depends, Response

from app.api.http import live
from app.api.http.deps import Using
from app.api.http.gates import require
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.supervision import AgentAnswer, AgentStateIn, CallbackAnswer, CallbackIn, ContactAnswer, ListenIn
from app.auth.access_tokens import Principal
from app.floor import commands as c

Supervisor = Annotated[Principal, Depends(require("supervisor", "administrator"))]

router = ResourceRouter(prefix="/floor", tags=["floor"])


@router.post(
    "/agents/{agent_id}/state",
    response_class=Response,
    responses={200: {"model": AgentAnswer}, **problem_responses(404, 409)},
)
async def set_agent_state(agent_id: str, given: AgentStateIn, using: Using, by: Supervisor) -> Response:
    """Make an agent ready, not ready or log them off; with `after_contact` what follows their present contact."""
    return live.told(await live.ask(using, _wish(agent_id, given)))


@router.post(
    "/agents/{agent_id}/release",
    response_class=Response,
    responses={200: {"model": AgentAnswer}, **problem_responses(404, 409)},
)
async def release_agent(agent_id: str, using: Using, by: Supervisor) -> Response:
    """Free an agent who is stuck; a caller whom only they had waits again. They are not ready afterwards."""
    return live.told(await live.ask(using, c.Release(agent_id=agent_id, by=by.id)))


@router.post(
    "/contacts/{contact_id}/end",
    response_class=Response,
    responses={200: {"model": ContactAnswer}, **problem_responses(404, 409)},
)
async def end_call(contact_id: str, using: Using, by: Supervisor) -> Response:
    """Hang up on a call that should be over; where the platform stays silent it is closed all the same."""
    return live.told(await live.ask(using, c.EndCall(contact_id=contact_id, by=by.id)))


@router.post(
    "/contacts/{contact_id}/listen",
    response_class=Response,
    responses={200: {"model": ContactAnswer}, **problem_responses(404, 409)},
)
async def listen_to_call(contact_id: str, given: ListenIn, using: Using, by: Supervisor) -> Response:
    """Come into a call from a phone: to listen, to whisper to the agent, or to join. It is kept in the timeline."""
    wish = c.Listen(contact_id=contact_id, by=by.id, address=given.address, mode=given.mode, to=given.to)
    return live.told(await live.ask(using, wish))


@router.post(
    "/contacts/{contact_id}/callback",
    response_class=Response,
    responses={200: {"model": CallbackAnswer}, **problem_responses(404, 409)},
)
async def promise_callback(contact_id: str, given: CallbackIn, using: Using, by: Supervisor) -> Response:
    """Call a waiting caller back, who keeps their place when they hang up."""
    return live.told(await live.ask(using, c.AskCallback(contact_id=contact_id, number=given.number)))


def _wish(agent_id: str, given: AgentStateIn) -> c.Command:
    if given.state == "ready":
        return c.Ready(agent_id=agent_id, after_contact=given.after_contact)
    if given.state == "not_ready":
        return c.NotReady(agent_id=agent_id, reason=given.reason, after_contact=given.after_contact)
    return c.LogOff(agent_id=agent_id)
