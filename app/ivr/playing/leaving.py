"""Nodes that end a flow: the caller waits for an agent, is called back, leaves a message, goes elsewhere. Pure."""

from app.ivr.language import phrases
from app.ivr.language.endings import (
    Announcements,
    CallbackNode,
    CallbackOffer,
    HangUpNode,
    QueueNode,
    QueueStep,
    TransferNode,
    VoicemailNode,
)
from app.ivr.language.templates import as_text
from app.ivr.playing.run import Next, Run
from app.ivr.playing.state import (
    Announce,
    AnyAction,
    OfferCallback,
    ToCallback,
    ToHangUp,
    ToQueue,
    ToTransfer,
    ToVoicemail,
)
from app.routing.engine.requirement import Requirement, Step, sorted_skills
from app.telephony import instructions as i

LATER = frozenset({"position", "minutes"})
"""What only the floor knows, when it announces."""


def queue(run: Run, node: QueueNode) -> Next:
    if not run.queue(node.queue).open and node.closed is not None:
        return node.closed
    prompts = run.prompts(node.prompt)
    run.note("queue", queue=node.queue)
    run.add(i.Enqueue(queue=node.queue, music=node.music, prompts=prompts))
    return ToQueue(
        queue=node.queue,
        steps=_steps(node),
        bonus=node.bonus,
        music=node.music,
        announce=_announce(run, node.announcements),
        callback=_offer(run, node.callback),
        survey=node.survey,
    )


def callback(run: Run, node: CallbackNode) -> Next:
    number = _number(run, node)
    if not number:
        return node.no_number
    run.note("callback", queue=node.queue)
    run.add(*run.prompts(node.prompt), i.HangUp(reason="callback"))
    return ToCallback(queue=node.queue, number=number)


def voicemail(run: Run, node: VoicemailNode) -> Next:
    run.queue(node.queue)
    prompts = run.prompts(node.prompt)
    run.note("voicemail", queue=node.queue)
    run.add(i.Voicemail(most_seconds=node.most_seconds, finish_on=node.finish_on, prompts=prompts))
    return ToVoicemail(queue=node.queue, most_seconds=node.most_seconds)


def transfer(run: Run, node: TransferNode) -> Next:
    if node.queue is not None:
        run.queue(node.queue)
    prompts = run.prompts(node.prompt)
    run.note("transfer", to=node.number or node.agent or str(node.queue))
    if node.queue is not None:
        run.add(i.Enqueue(queue=node.queue, prompts=prompts))
    elif node.agent is not None:
        run.add(*prompts, i.Music())
    else:
        run.add(*prompts, i.Transfer(number=str(node.number)))
    return ToTransfer(number=node.number, agent=node.agent, queue=node.queue)


def hang_up(run: Run, node: HangUpNode) -> Next:
    run.add(*run.prompts(node.prompt), i.HangUp(reason=node.reason))
    run.note("hang_up", reason=node.reason)
    return ToHangUp(reason=node.reason)


def to_fallback(run: Run) -> AnyAction:
    """The queue for callers whom their flow cannot serve."""
    run.add(i.Enqueue(queue=run.main.fallback_queue))
    run.note("queue", queue=run.main.fallback_queue)
    return ToQueue(queue=run.main.fallback_queue)


def _number(run: Run, node: CallbackNode) -> str:
    keyed = as_text(run.frame.vars[node.number]) if node.number in run.frame.vars else ""
    caller = run.world.caller
    return keyed or (caller.number if caller.number_kind != "withheld" else "")


def _steps(node: QueueNode) -> tuple[Step, ...]:
    if not (node.requires or node.agents or node.teams or node.steps):
        return ()
    return (Step(0.0, _wanted(node)), *(Step(step.after_seconds, _wanted(step)) for step in node.steps))


def _wanted(asked: QueueNode | QueueStep) -> Requirement:
    return Requirement(skills=sorted_skills(asked.requires), agents=tuple(asked.agents), teams=tuple(asked.teams))


def _announce(run: Run, wanted: Announcements | None) -> Announce | None:
    if wanted is None:
        return None
    return Announce(
        language=run.language,
        voice=run.flow.voices.get(run.language),
        position=wanted.position,
        wait=wanted.wait,
        first_seconds=wanted.first_seconds,
        every_seconds=wanted.every_seconds,
        prompts=run.prompts(wanted.prompt, LATER),
    )


def _offer(run: Run, wanted: CallbackOffer | None) -> OfferCallback | None:
    if wanted is None:
        return None
    prompts = run.prompts(wanted.prompt)
    if not prompts:
        text, language = phrases.spoken(phrases.CALLBACK, run.language)
        voice = run.flow.voices.get(language)
        prompts = (i.Say(text=text.replace("{key}", wanted.key), language=language, voice=voice),)
    return OfferCallback(after_seconds=wanted.after_seconds, key=wanted.key, prompts=prompts)
