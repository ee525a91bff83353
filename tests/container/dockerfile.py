"""A Dockerfile read into stages, and its steps run in a folder that stands for the image's file system."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction, such as RUN, with the rest of its line."""

    word: str
    rest: str

    @property
    def arguments(self) -> list[str]:
        """The words of the exec form; raises ValueError for the shell form."""
        text = self.rest[self.rest.index("[") :] if "[" in self.rest else self.rest
        return [str(word) for word in json.loads(text)]


@dataclass(slots=True)
class Stage:
    """The steps from one FROM to the next."""

    base: str
    name: str
    steps: list[Step] = field(default_factory=list)

    def all(self, word: str) -> list[Step]:
        """The steps of one kind, in order."""
        return [step for step in self.steps if step.word == word]


def read(file: Path = ROOT / "Dockerfile") -> list[Stage]:
    """The stages of a Dockerfile."""
    stages: list[Stage] = []
    text = "\n".join(line for line in file.read_text().splitlines() if not line.lstrip().startswith("#"))
    for line in text.replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages.append(Stage(base.strip(), name.strip()))
        elif word:
            stages[-1].steps.append(Step(word, rest.strip()))
    return stages


class Builder:
    """Runs a stage's WORKDIR, COPY and RUN below `root`, with absolute paths of the image moved there."""

    def __init__(self, root: Path, context: Path = ROOT) -> None:
        self.root = root
        self._context = context
        self._folder = root

    def place(self, path: str) -> Path:
        """Where a path of the image lies on this machine."""
        return self.root / path.lstrip("/") if path.startswith("/") else self._folder / path

    def build(self, stage: Stage) -> None:
        """Run the steps; a failing one raises with its output."""
        for step in stage.steps:
            if step.word == "WORKDIR":
                self._folder = self.place(step.rest)
                self._folder.mkdir(parents=True, exist_ok=True)
            elif step.word == "COPY":
                self._copy(*step.rest.split())
            elif step.word == "RUN":
                self._run(step.arguments)

    def _copy(self, *words: str) -> None:
        *sources, target = words
        for source in sources:
            origin, place = self._context / source, self.place(target)
            if origin.is_dir():
                shutil.copytree(origin, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(origin, place)

    def _run(self, arguments: list[str]) -> None:
        moved = [str(self.place(word)) if word.startswith("/") else word for word in arguments]
        command = [sys.executable if moved[0] == "python" else moved[0], *moved[1:]]
        # an image has its bytecode, which takes long to make; here nobody starts it often
        kept = os.environ | {"PIP_NO_COMPILE": "1"}
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, timeout=600, env=kept)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}")
