"""The requests to Asterisk's REST interface that are made here, one function each."""

from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from app.telephony.adapters.asterisk_ari.actions import Action, Request
from app.telephony.asterisk_config.dialplan import AWAY

Q850_NORMAL = 16


def _channel(channel: str, what: str = "") -> str:
    return f"channels/{quote(channel, safe='')}{what}"


def _recording(name: str) -> str:
    return f"recordings/live/{quote(name, safe='')}"


def _application(app: str, what: str) -> str:
    return f"applications/{quote(app, safe='')}/{what}"


def leave_out(app: str, unwanted: Iterable[str]) -> Request:
    """Tell the application nothing of these events."""
    kinds = [{"type": kind} for kind in unwanted]
    return Request(method="PUT", path=_application(app, "eventFilter"), body={"disallowed": kinds})


def hear_of(app: str, sources: Iterable[str]) -> Request:
    """Tell the application of these as well, such as `deviceState:PJSIP/anna`; of all channels by `channel:`."""
    return Request(method="POST", path=_application(app, "subscription"), body=_sources(sources))


def hear_no_more_of(app: str, sources: Iterable[str]) -> Request:
    """Tell the application no more of these."""
    return Request(method="DELETE", path=_application(app, "subscription"), body=_sources(sources))


def _sources(sources: Iterable[str]) -> dict[str, list[str]]:
    """No query: of that, Asterisk would take brackets and quotes of a name to keep together what follows."""
    return {"eventSource": list(sources)}


def answer(channel: str) -> Request:
    """Pick up."""
    return Request(method="POST", path=_channel(channel, "/answer"))


def hang_up(channel: str, cause: int = Q850_NORMAL) -> Request:
    """End a channel; a phone that still rings stops."""
    return Request(method="DELETE", path=_channel(channel), query={"reason_code": cause})


def fall_back(channel: str) -> Request:
    """Leave a call to the dialplan, which does with it what it does while we are away."""
    return Request(
        method="POST", path=_channel(channel, "/continue"), query={"context": AWAY, "extension": "s", "priority": 1}
    )


def phone_holds(channel: str) -> Request:
    """Whether the phone on this channel itself holds, whoever it is with. Of what is no SIP phone nothing is told."""
    return Request(method="GET", path=_channel(channel, "/variable"), query={"variable": "CHANNEL(rtp,hold)"})


def ringback(channel: str) -> Request:
    """Let a party hear that it rings."""
    return Request(method="POST", path=_channel(channel, "/ring"))


def no_ringback(channel: str) -> Request:
    """End of that."""
    return Request(method="DELETE", path=_channel(channel, "/ring"))


def music(channel: str, name: str | None = None) -> Request:
    """Music on hold, of a class of the switch's; the default one without a name."""
    query: dict[str, str | int] = {"mohClass": name} if name else {}
    return Request(method="POST", path=_channel(channel, "/moh"), query=query, settled=(404, 409))


def no_music(channel: str) -> Request:
    """End of that."""
    return Request(method="DELETE", path=_channel(channel, "/moh"))


def play(channel: str, playback: str, media: str, language: str | None = None) -> Request:
    """Play something under an id of ours."""
    query: dict[str, str | int] = {"media": media}
    if language:
        query["lang"] = language
    return Request(method="POST", path=_channel(channel, f"/play/{quote(playback, safe='')}"), query=query)


def stop(playback: str) -> Request:
    """Stop playing it."""
    return Request(method="DELETE", path=f"playbacks/{quote(playback, safe='')}")


def originate(
    channel: str,
    endpoint: str,
    app: str,
    seconds: float,
    caller_id: str | None = None,
    like: str | None = None,
    headers: dict[str, str] | None = None,
) -> Request:
    """Ring a phone for so long; its channel comes to us once it is answered. `like` is a channel whose codecs fit."""
    query: dict[str, str | int] = {
        "endpoint": endpoint,
        "app": app,
        "appArgs": "leg",
        "channelId": channel,
        "timeout": max(1, round(seconds)),
    }
    if caller_id:
        query["callerId"] = caller_id
    if like:
        query["originator"] = like
    variables = {"PJSIP_TRANSFER_HANDLING()": "ari-only"}
    variables |= {f"PJSIP_HEADER(add,{name})": value for name, value in (headers or {}).items()}
    return Request(method="POST", path="channels", query=query, body={"variables": variables}, leg=channel)


def bridge(name: str) -> Request:
    """A place where channels hear each other; asked for again it is the same one."""
    return Request(method="POST", path=f"bridges/{quote(name, safe='')}", query={"type": "mixing", "name": name})


def join(name: str, *channels: str) -> Request:
    """Bring channels in; each leaves where it was."""
    path = f"bridges/{quote(name, safe='')}/addChannel"
    return Request(method="POST", path=path, query={"channel": ",".join(channels)})


def one_by_one(refused: Request) -> list[Request]:
    """The same for each channel, where several were not let in because one of them is gone; else nothing."""
    channels = str(refused.query.get("channel", "")).split(",")
    if not refused.path.endswith("/addChannel") or len(channels) < 2:
        return []
    return [msgspec.structs.replace(refused, query={"channel": each}) for each in channels]


def vital(action: Action) -> Action:
    """The same, where it is a request such that its order fails with it."""
    return msgspec.structs.replace(action, vital=True) if isinstance(action, Request) else action


def part(name: str, channel: str) -> Request:
    """Take a channel out."""
    path = f"bridges/{quote(name, safe='')}/removeChannel"
    return Request(method="POST", path=path, query={"channel": channel}, settled=(400, 404, 422))


def no_bridge(name: str) -> Request:
    """Nobody needs it any more."""
    return Request(method="DELETE", path=f"bridges/{quote(name, safe='')}")


def snoop(channel: str, spy: str, app: str, whisper: bool = False, vital: bool = False) -> Request:
    """A channel that hears both directions of another and, with `whisper`, is heard by whoever is on it alone."""
    query: dict[str, str | int] = {"spy": "both", "whisper": "out" if whisper else "none", "app": app, "appArgs": "spy"}
    path = _channel(channel, f"/snoop/{quote(spy, safe='')}")
    return Request(method="POST", path=path, query=query, leg=spy, vital=vital, settled=(404, 409))


def record(channel: str, name: str, *, most_seconds: float = 0, finish_on: str = "none", beep: bool = False) -> Request:
    """Record what comes from a channel; `finish_on` is a key, or none."""
    query: dict[str, str | int] = {
        "name": name,
        "format": "wav",
        "ifExists": "overwrite",
        "terminateOn": finish_on or "none",
        "beep": "true" if beep else "false",
    }
    if most_seconds:
        query["maxDurationSeconds"] = max(1, round(most_seconds))
    return Request(method="POST", path=_channel(channel, "/record"), query=query, settled=(404, 409))


def mute_recording(name: str) -> Request:
    """Write silence from now on. Pausing would leave the time out, and the recording would not be true to the clock."""
    return Request(method="POST", path=f"{_recording(name)}/mute")


def unmute_recording(name: str) -> Request:
    """Write what is heard again."""
    return Request(method="DELETE", path=f"{_recording(name)}/mute")


def suspend_recording(name: str) -> Request:
    """Write nothing at all until it goes on; of one that is suspended already, no change."""
    return Request(method="POST", path=f"{_recording(name)}/pause")


def go_on_recording(name: str) -> Request:
    """Write again, sound or silence, if it was suspended."""
    return Request(method="DELETE", path=f"{_recording(name)}/pause")


def stop_recording(name: str) -> Request:
    """End it and keep it."""
    return Request(method="POST", path=f"{_recording(name)}/stop")


def transfer_progress(channel: str, state: str) -> list[Request]:
    """Tell a phone what became of its REFER: channel_progress, channel_answered or channel_unavailable.

    Asterisk (22.10) tells of a REFER before it is ready for the answer, and crashes with all its calls where that comes
    at once. What the phone has sent is handled in one queue of the channel's, in which a question about it waits, too;
    and what is asked for after that waits for the question.
    """
    queue = Request(method="GET", path=_channel(channel, "/variable"), query={"variable": "CHANNEL(endpoint)"})
    return [queue, Request(method="POST", path=_channel(channel, "/transfer_progress"), query={"states": state})]
