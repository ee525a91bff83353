"""Recordings that nobody has in hand after a gap: they were complete, or were lost, while no process of ours looked.
Pure."""

from collections.abc import Iterable, Mapping

from app.telephony.adapters.asterisk_ari.actions import Action, Stored, Told
from app.telephony.adapters.asterisk_ari.gaps.resuming import Sight
from app.telephony.adapters.asterisk_ari.line import names, outcomes
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import EventType
from app.telephony.port import KnownCall, KnownRecording


def left(
    there: Sight,
    lines: Mapping[str, Line],
    calls: Iterable[KnownCall],
    waited_for: Iterable[KnownRecording],
    keeping: Iterable[str],
    now: float,
) -> list[tuple[str, Action]]:
    """What becomes of them, each with its call: what is on the switch is kept, and told if the floor knows the call;
    what the floor waits for and is nowhere has failed. `lines` are those that live, `keeping` what is on its way."""
    wanted = {each.id: each for each in waited_for}
    alive = {*lines, *(each.id for each in calls)}
    found = [each for name in sorted(there.stored - set(keeping)) if (each := _kept(name, lines, wanted, alive, now))]
    seen = {each.recording for _, each in found} | _running(lines.values(), keeping)
    failed = [(each.call, _failed(each, now)) for each in wanted.values() if each.id not in seen]
    return [*found, *failed]


def _kept(
    name: str, lines: Mapping[str, Line], wanted: Mapping[str, KnownRecording], alive: set[str], now: float
) -> tuple[str, Stored] | None:
    taped = names.taped(name)
    if taped is None or (taped.call in lines and lines[taped.call].records(name)):
        return None
    known = wanted.get(taped.recording)
    stored = Stored(
        name=name,
        recording=taped.recording,
        started_at=taped.started_at or now,
        seconds=None,
        ordered=not taped.message,
        pauses=tuple((begin, now if end is None else end) for begin, end in known.pauses) if known else (),
        untold=known is None and taped.call not in alive,
    )
    return taped.call, stored


def _running(lines: Iterable[Line], keeping: Iterable[str]) -> set[str]:
    going_on = {*keeping}
    tapes = set()
    for line in lines:
        going_on.update(line.recordings)
        tapes |= {leg.name.who for leg in line.legs.values() if leg.role == names.TAPE}
    return tapes | {taped.recording for name in going_on if (taped := names.taped(name)) is not None}


def _failed(recording: KnownRecording, now: float) -> Told:
    details = {"recording": recording.id}
    return Told(type=EventType.RECORDING_FAILED, at=now, cause=outcomes.DROPPED, details=details)
