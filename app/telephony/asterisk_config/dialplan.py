"""extensions.conf: every call goes to Callfloor, and somewhere else while Callfloor is away."""

from app.telephony.asterisk_config.pjsip import INBOUND, PHONE
from app.telephony.asterisk_config.plan import ECHO, AsteriskPlan, Fallback
from app.telephony.asterisk_config.sections import file, section

AWAY = "callfloor-away"
ANYTHING = ("_[+*#0-9A-Za-z].", "_[+*#0-9]", "s")
"""What callers may have dialled. Not a single letter: those are names of Asterisk's own, such as h for hang-up."""
EMERGENCY_SECONDS = 120


def extensions(plan: AsteriskPlan) -> str:
    """extensions.conf."""
    echo = f"exten => {ECHO},1,Answer()\n same => n,Echo()\n same => n,Hangup()\n"
    return file(
        "calls go to Callfloor, and to the fallback while it is away",
        section("general", ("static", "yes"), ("writeprotect", "yes")),
        section(INBOUND) + _to_callfloor(plan.app, "inbound"),
        section(PHONE) + echo + _to_callfloor(plan.app, "phone"),
        section(AWAY) + _away(plan.fallback),
    )


def _to_callfloor(app: str, what: str) -> str:
    return "".join(
        f"exten => {dialled},1,Stasis({app},{what},${{EXTEN}})\n"
        f' same => n,GotoIf($["${{STASISSTATUS}}" = "FAILED"]?{AWAY},s,1)\n'
        " same => n,Hangup()\n"
        for dialled in ANYTHING
    )


def _away(fallback: Fallback) -> str:
    steps = ["NoOp(Callfloor is away)"]
    if fallback.prompt is not None:
        steps += ["Answer()", f"Playback({fallback.prompt})"]
    if fallback.number is not None:
        steps.append(f"Dial(PJSIP/{fallback.number}@{fallback.trunk},{EMERGENCY_SECONDS})")
    # 42: congestion, so that a carrier which has not been answered may try another way
    steps.append("Hangup(42)")
    return "".join(f"exten => s,{place},{step}\n" for place, step in enumerate(steps, 1))
