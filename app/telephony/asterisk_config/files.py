"""All files of an Asterisk's configuration as texts, by name."""

from app.telephony.asterisk_config.dialplan import extensions
from app.telephony.asterisk_config.modules import modules
from app.telephony.asterisk_config.pjsip import pjsip
from app.telephony.asterisk_config.plan import AsteriskPlan, Folders, check
from app.telephony.asterisk_config.sections import file, section

SESSIONS = 2000
"""Each browser's phone and each connection to ARI takes one; beyond Asterisk's 100 the next is dropped in silence."""
SOCKET_WRITE_MILLISECONDS = 5000
VARIABLE_SET = "ast_channel_varset_type"
"""Told dozens of times a call, and nobody asks."""
EMPTY = ("acl", "ccss", "cdr", "cel", "features", "manager", "udptl", "websocket_client")
"""Asterisk reads these in any case and logs an error for one that is missing."""


def configuration(plan: AsteriskPlan) -> dict[str, str]:
    """Each file's name and text. Raises `PlanFaulty`."""
    check(plan)
    return {
        "asterisk.conf": _asterisk(plan),
        "modules.conf": modules(),
        "pjsip.conf": pjsip(plan),
        "extensions.conf": extensions(plan),
        "ari.conf": _ari(plan),
        "http.conf": _http(plan),
        "rtp.conf": _rtp(plan),
        "musiconhold.conf": _music(),
        "logger.conf": _logger(),
        "stasis.conf": _stasis(),
        **_left_alone(),
    }


def _asterisk(plan: AsteriskPlan) -> str:
    options = section(
        "options",
        ("defaultlanguage", plan.language),
        ("nocolor", "yes"),
        ("timestamp", "yes"),
        ("live_dangerously", "no"),
        ("transmit_silence", "yes"),  # while a caller speaks a message: carriers end calls in which nothing comes
        ("maxfiles", 65536),
    )
    return file("folders and options", section("directories", *_directories(plan.folders)), options)


def _directories(folders: Folders) -> list[tuple[str, str | None]]:
    var, data = folders.var, folders.data
    below = {
        "astcachedir": "cache",
        "astvarlibdir": "lib",
        "astdbdir": "lib",
        "astkeydir": "lib",
        "astspooldir": "spool",
        "astrundir": "run",
        "astlogdir": "log",
    }
    return [
        ("astetcdir", folders.etc),
        ("astmoddir", folders.modules),
        ("astdatadir", data),
        ("astagidir", f"{data}/agi-bin" if data else None),
        *((name, f"{var}/{folder}" if var else None) for name, folder in below.items()),
    ]


def _ari(plan: AsteriskPlan) -> str:
    return file(
        "Callfloor's way in",
        section(
            "general",
            ("enabled", "yes"),
            ("pretty", "no"),
            ("websocket_write_timeout", SOCKET_WRITE_MILLISECONDS),
        ),
        section(
            plan.ari_user,
            ("type", "user"),
            ("read_only", "no"),
            ("password", plan.ari_password),
            ("password_format", "plain"),
        ),
    )


def _http(plan: AsteriskPlan) -> str:
    tls = plan.tls
    return file(
        "ARI and browsers' phones",
        section(
            "general",
            ("servername", "Callfloor"),
            ("enabled", "yes"),
            ("bindaddr", plan.http.host),
            ("bindport", plan.http.port),
            ("sessionlimit", SESSIONS),
            ("session_inactivity", 30000),
            ("session_keep_alive", 15000),
            ("tlsenable", "yes" if tls else None),
            ("tlsbindaddr", str(tls.address) if tls else None),
            ("tlscertfile", tls.certificate if tls else None),
            ("tlsprivatekey", tls.key if tls else None),
        ),
    )


def _rtp(plan: AsteriskPlan) -> str:
    first, last = plan.rtp
    general = section(
        "general",
        ("rtpstart", first),
        ("rtpend", last),
        ("icesupport", "yes" if plan.browsers else "no"),
        # no IPv6 candidates: the rest of this configuration does not speak it
        ("ice_deny", "::/0" if plan.browsers else None),
    )
    told_instead = "".join(f"{own} => {told}\n" for own, told in plan.ice_hosts)
    return file("sound", general, *([section("ice_host_candidates") + told_instead] if told_instead else []))


def _music() -> str:
    return file(
        "what who waits hears (the folder is below Asterisk's own data)",
        section("default", ("mode", "files"), ("directory", "moh"), ("sort", "alpha")),
    )


def _logger() -> str:
    return file(
        "what is logged",
        section("general", ("dateformat", "%F %T.%3q")),
        section("logfiles", ("messages.log", "notice,warning,error"), ("console", "warning,error")),
    )


def _stasis() -> str:
    threads = section("threadpool", ("initial_size", 5), ("idle_timeout_sec", 20), ("max_size", 50))
    return file("event threads", threads, section("declined_message_types", ("decline", VARIABLE_SET)))


def _left_alone() -> dict[str, str]:
    off = {"cdr": ("enable", "no"), "cel": ("enable", "no"), "manager": ("enabled", "no")}
    texts = {name: section("general", off[name]) if name in off else "" for name in EMPTY}
    texts["ccss"] = texts["features"] = section("general")
    texts["udptl"] = section("general", ("udptlstart", 4000), ("udptlend", 4999))
    texts["pjproject"] = section("startup", ("log_mappings", "asterisk"))
    texts["indications"] = section("general", ("country", "us")) + "\n" + _tones()
    return {f"{name}.conf": file("nothing special", text) for name, text in texts.items()}


def _tones() -> str:
    return section(
        "us",
        ("description", "United States / North America"),
        ("ringcadence", "2000,4000"),
        ("dial", "350+440"),
        ("busy", "480+620/500,0/500"),
        ("ring", "440+480/2000,0/4000"),
        ("congestion", "480+620/250,0/250"),
        ("callwaiting", "440/300,0/10000"),
        ("record", "1400/500,0/15000"),
    )
