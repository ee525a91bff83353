"""`callfloor speak`."""

import asyncio
import shutil
from pathlib import Path
from typing import Annotated

import typer


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.command()(speak)


def speak(
    text: Annotated[str, typer.Argument(help="What is to be said.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="The WAV file to write: 8 kHz, 16 bits, mono.")],
    language: Annotated[str, typer.Option(help="Language tag, such as zh or en-US.")] = "en",
    voice: Annotated[str | None, typer.Option(help="A voice of espeak-ng, such as cmn+f3.")] = None,
) -> None:
    """Say a text into a file, with the speech engine of this machine (espeak-ng)."""
    from app.cli.place import must_have_folder, settings_with
    from app.telephony.adapters.espeak.cache import Recordings
    from app.telephony.adapters.espeak.engine import Espeak

    must_have_folder(out, "--out")
    settings = settings_with()
    engine = Espeak(Recordings(settings.speech_folder, settings.media.megabytes * 1024 * 1024))
    file = asyncio.run(engine.render(text, language, voice))
    shutil.copyfile(file, out)
    typer.echo(f"{out} says it; a server with this folder serves it as /media/{file.name}.")
