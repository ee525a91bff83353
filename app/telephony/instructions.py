"""What a platform is asked to do with a caller, whatever the platform's own words are.

An answer to an event carries a `Script`: instructions to carry out one after the other. When the last one is done the
platform tells `call.script_done`, or `call.digits` where it ends with a `Collect`, each with the `script` number, so
that an answer to an older script is known to be late. What comes later without being asked for goes out as the order
`call.script`; it replaces whatever is being carried out.
"""

import msgspec


class Instruction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="do"):
    """Base of all instructions. Durations are seconds."""


class Say(Instruction, frozen=True, kw_only=True, omit_defaults=True, tag="say"):
    """Speak a text. `language` is a BCP 47 tag; `voice` a name of the platform's or the engine's."""

    text: str
    language: str
    voice: str | None = None


class Play(Instruction, frozen=True, kw_only=True, omit_defaults=True, tag="play"):
    """Play a recording: an https address, or a name in the platform's own library. `language` is what is spoken in it,
    or what its hearer speaks: a BCP 47 tag."""

    media: str
    language: str | None = None


class Pause(Instruction, frozen=True, kw_only=True, omit_defaults=True, tag="pause"):
    """Say nothing for so long."""

    seconds: float


class Collect(Instruction, frozen=True, kw_only=True, omit_defaults=True, tag="collect"):
    """Let the caller key (or, with `speech`, say) something; always the last instruction of its script.

    `prompts` (Say, Play, Pause) play meanwhile, and with `barge_in` the first key ends them. Digits end with the
    `terminator` (empty: none), at `most`, or after `between_seconds` without a key. Without any input for
    `first_seconds` after the prompts it is over. What is keyed with `secret` must not be logged or kept by anybody.
    `hints` are words that are likely to be said.
    """

    least: int = 1
    most: int = 1
    terminator: str = "#"
    first_seconds: float = 5.0
    between_seconds: float = 3.0
    barge_in: bool = True
    secret: bool = False
    speech: bool = False
    language: str | None = None
    hints: tuple[str, ...] = ()
    prompts: tuple["Say | Play | Pause", ...] = ()


class Music(Instruction, frozen=True, kw_only=True, omit_defaults=True, tag="music"):
    """Play music (a name or address; None: the platform's own) until something else is asked; always the last one."""

    media: str | None = None


class Enqueue(Instruction, frozen=True, kw_only=True, omit_defaults=True, tag="queue"):
    """The caller waits in a queue of ours: `prompts` first, then music until an agent is connected; always last."""

    queue: str
    music: str | None = None
    prompts: tuple["Say | Play | Pause", ...] = ()


class Transfer(Instruction, frozen=True, kw_only=True, omit_defaults=True, tag="transfer"):
    """Send the caller to a number, and leave the call; always last."""

    number: str


class Voicemail(Instruction, frozen=True, kw_only=True, omit_defaults=True, tag="voicemail"):
    """Beep, record what the caller says (`call.recording_ready`), and end the call; always last."""

    most_seconds: float = 120.0
    finish_on: str = "#"
    prompts: tuple["Say | Play | Pause", ...] = ()


class HangUp(Instruction, frozen=True, kw_only=True, omit_defaults=True, tag="hang_up"):
    """End the call; always last."""

    reason: str = "done"


Prompt = Say | Play | Pause
AnyInstruction = Say | Play | Pause | Collect | Music | Enqueue | Transfer | Voicemail | HangUp


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """Instructions to carry out in order; `number` counts up over the call."""

    number: int
    instructions: tuple[AnyInstruction, ...]
