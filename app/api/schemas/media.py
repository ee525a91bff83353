"""Recordings as they are asked for and told."""

from typing import Annotated

from pydantic import Field

from app.api.schemas.common import Input, Output
from app.telephony.speech import LONGEST_TEXT


class SpeechIn(Input):
    """What is to be said. Without `voice` the language chooses one."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
    language: Annotated[str, Field(min_length=1, max_length=35, description="a language tag, such as zh or en-US")]
    voice: Annotated[str | None, Field(max_length=60, description="a voice of the engine, such as cmn+f3")] = None


class SpeechOut(Output):
    """Where the recording is fetched; `media` is what a flow's `play` calls it."""

    media: str
    address: str
