"""Flows in files: one a file, sub-flows and `known.yaml` beside it, conversations in a file of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from app.cli.trouble import Trouble

if TYPE_CHECKING:
    from app.core.faults import Fault
    from app.ivr.language.flow import Flow
    from app.ivr.language.known import Known
    from app.ivr.rehearsal.script_file import Scripted

KNOWN_NAME = "known.yaml"
CONVERSATIONS = ".conversations"
KINDS = ("queues", "skills", "hours", "agents", "teams", "secrets")
ENDINGS = (".yaml", ".yml", ".json")


class FlowFile(NamedTuple):
    """A flow's file as far as it can be read, and all that is wrong with it."""

    path: Path
    flow: "Flow | None"
    known: "Known"
    faults: list["Fault"]


def flow_files(given: list[Path]) -> list[Path]:
    """The files of flows that are meant; of a folder all that are in it."""
    found = [path for each in given for path in (_in_folder(each) if each.is_dir() else [each])]
    if not found:
        raise Trouble(
            f"There is no flow in {', '.join(map(str, given))}. A flow is a file that ends in .yaml or .json."
        )
    return found


def looked_at(path: Path, known_file: Path | None = None) -> FlowFile:
    """A flow with all its faults of form and meaning."""
    from app.core.faults import Fault, placed
    from app.ivr.checks.checking import faults_of
    from app.ivr.language.reading import FlowFaulty, read

    known = known_to(path, known_file)
    try:
        flow, lines, found = read(text_of(path), str(path))
    except FlowFaulty as error:
        return FlowFile(path, None, known, [Fault(**each) for each in error.facts["faults"]])
    if flow is not None:
        found = placed([*found, *faults_of(flow, known, lines)], lines)
    return FlowFile(path, flow, known, found)


def good(path: Path, known_file: Path | None = None) -> FlowFile:
    """A flow without fault. Raises FlowFaulty."""
    from app.ivr.language.reading import FlowFaulty

    it = looked_at(path, known_file)
    if it.faults or it.flow is None:
        raise FlowFaulty(str(path), it.faults)
    return it


def known_to(path: Path, known_file: Path | None) -> "Known":
    """What a flow may name: what the file says, else `known.yaml` beside the flow; and the flows beside it."""
    from app.ivr.language.known import Known

    beside = path.parent / KNOWN_NAME
    file = known_file if known_file is not None else beside if beside.is_file() else None
    ids = {} if file is None else _ids(file)
    return Known(flows=_flows_beside(path), **ids)


def unchecked(known: "Known") -> list[str]:
    """The kinds of things of which nobody said which there are."""
    return [kind for kind in KINDS if getattr(known, kind) is None]


def conversations_beside(path: Path) -> Path:
    """Where the conversations of a flow are."""
    return path.with_name(f"{path.stem}{CONVERSATIONS}.yaml")


def conversations_of(path: Path) -> "Scripted | None":
    """The conversations of a flow, if there are any. Raises ConversationsFaulty."""
    from app.ivr.rehearsal.script_file import read_conversations

    file = conversations_beside(path)
    return read_conversations(text_of(file), str(file)) if file.is_file() else None


def text_of(path: Path) -> str:
    """The text of a file."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Trouble(f"{path}: is not UTF-8 text ({error.reason} at byte {error.start}).") from error


def _in_folder(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.suffix in ENDINGS and path.name != KNOWN_NAME and not path.stem.endswith(CONVERSATIONS):
            yield path


def _flows_beside(path: Path) -> dict[str, "Flow"]:
    """The other flows in the folder that can be read; a call of one that cannot is told as a call of no flow."""
    from app.ivr.language.reading import FlowFaulty, read

    found = {}
    for other in _in_folder(path.parent):
        if not other.samefile(path):
            try:
                flow = read(text_of(other)).flow
            except (FlowFaulty, Trouble):
                continue
            if flow is not None:
                found[flow.flow] = flow
    return found


def _ids(file: Path) -> dict[str, Any]:
    import yaml

    try:
        document = yaml.safe_load(text_of(file))
    except yaml.YAMLError as error:
        raise Trouble(f"{file}: is no YAML that can be read: {error}") from error
    if not isinstance(document, dict) or set(document) - set(KINDS):
        raise Trouble(f"{file}: must be a mapping with lists of ids for {', '.join(KINDS)}.")
    for kind, ids in document.items():
        if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
            raise Trouble(f"{file}: {kind} must be a list of ids.")
    return {kind: frozenset(ids) for kind, ids in document.items()}
