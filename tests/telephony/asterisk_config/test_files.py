"""The texts of an Asterisk's files."""

from configparser import ConfigParser

import pytest

from app.telephony.asterisk_config.files import configuration
from app.telephony.asterisk_config.plan import (
    Address,
    AgentPhone,
    AsteriskPlan,
    Fallback,
    Folders,
    PlanFaulty,
    Tls,
    Trunk,
    TrunkAccount,
)

PLAN = AsteriskPlan(Folders("/etc/asterisk"), "secret of ari")
TRUNK = Trunk("carrier", ("192.0.2.10", "198.51.100.0/24"), "sip.example:5060")
ANNA = AgentPhone("anna", "her password", caller_id="Anna <2001>")


def sections(text: str) -> list[list[str]]:
    """Each section as its lines, the head first."""
    return [part.splitlines() for part in text.split("\n\n") if part.startswith("[")]


def named(text: str, name: str, kind: str) -> list[str]:
    """The one section of pjsip.conf with a name and a type."""
    (found,) = (it for it in sections(text) if it[0] == f"[{name}]" and f"type={kind}" in it)
    return found


def test_folders_that_are_not_said_stay_where_asterisk_has_them() -> None:
    text = configuration(PLAN)["asterisk.conf"]
    assert "astetcdir=/etc/asterisk" in text
    assert "astmoddir" not in text
    own = PLAN._replace(folders=Folders("/x/etc", "/x/modules", "/x/data", "/x/var"))
    text = configuration(own)["asterisk.conf"]
    for line in ("astmoddir=/x/modules", "astdatadir=/x/data", "astrundir=/x/var/run", "astlogdir=/x/var/log"):
        assert line in text


def test_calls_of_a_trunk_are_known_by_its_address_and_go_to_callfloor() -> None:
    files = configuration(PLAN._replace(trunks=(TRUNK,)))
    endpoint = named(files["pjsip.conf"], "carrier", "endpoint")
    assert {"context=callfloor-inbound", "send_connected_line=no", "allow_transfer=no", "aors=carrier"} <= set(endpoint)
    assert "match=192.0.2.10,198.51.100.0/24" in named(files["pjsip.conf"], "carrier", "identify")
    assert "contact=sip:sip.example:5060" in named(files["pjsip.conf"], "carrier", "aor")
    assert ",1,Stasis(callfloor,inbound,${EXTEN})" in files["extensions.conf"]


def test_a_trunk_with_an_account_signs_and_registers() -> None:
    trunk = TRUNK._replace(account=TrunkAccount("4711", "pw", register=True))
    text = configuration(PLAN._replace(trunks=(trunk,)))["pjsip.conf"]
    assert {"outbound_auth=carrier", "from_domain=sip.example"} <= set(named(text, "carrier", "endpoint"))
    assert "client_uri=sip:4711@sip.example" in named(text, "carrier-registration", "registration")


def test_an_agents_phone_has_one_place_and_its_calls_go_to_callfloor() -> None:
    files = configuration(PLAN._replace(agents=(ANNA,)))
    assert {"context=callfloor-phone", "callerid=Anna <2001>", "language=en"} <= set(
        named(files["pjsip.conf"], "anna", "endpoint")
    )
    assert {"max_contacts=1", "remove_existing=yes"} <= set(named(files["pjsip.conf"], "anna", "aor"))
    assert "password=her password" in named(files["pjsip.conf"], "anna", "auth")
    assert ",1,Stasis(callfloor,phone,${EXTEN})" in files["extensions.conf"]


def test_browsers_bring_their_transports_and_ice() -> None:
    plain = configuration(PLAN._replace(agents=(ANNA,)))
    assert "transport-ws" not in plain["pjsip.conf"]
    assert "icesupport=no" in plain["rtp.conf"]
    tls = Tls(Address("0.0.0.0", 8089), "/etc/cert.pem", "/etc/key.pem")
    browser = ANNA._replace(webrtc=True)
    files = configuration(PLAN._replace(agents=(browser,), tls=tls, ice_hosts=(("10.0.0.2", "203.0.113.1"),)))
    assert "[transport-wss]" in files["pjsip.conf"]
    assert "webrtc=yes" in named(files["pjsip.conf"], "anna", "endpoint")
    assert "10.0.0.2 => 203.0.113.1" in files["rtp.conf"]
    assert "tlsbindaddr=0.0.0.0:8089" in files["http.conf"]


def test_a_side_that_is_gone_without_a_word_is_noticed_unless_it_may_be_silent() -> None:
    plan = PLAN._replace(trunks=(TRUNK,), agents=(ANNA,))
    for name in (TRUNK.name, "anna"):
        there = named(configuration(plan)["pjsip.conf"], name, "endpoint")
        assert {"rtp_timeout=60", "rtp_timeout_hold=3600"} <= set(there)
    assert "rtp_timeout" not in configuration(plan._replace(silence=0))["pjsip.conf"]


def test_ari_takes_one_user_and_many_connections() -> None:
    files = configuration(PLAN._replace(http=Address("127.0.0.1", 9088)))
    assert "[callfloor]\ntype=user\nread_only=no\npassword=secret of ari\n" in files["ari.conf"]
    assert "bindport=9088" in files["http.conf"]
    assert "sessionlimit=2000" in files["http.conf"]


@pytest.mark.parametrize(
    ("fallback", "steps"),
    [
        (Fallback(), ["NoOp(Callfloor is away)", "Hangup(42)"]),
        (Fallback("sorry"), ["NoOp(Callfloor is away)", "Answer()", "Playback(sorry)", "Hangup(42)"]),
        (
            Fallback(None, "112", "carrier"),
            ["NoOp(Callfloor is away)", "Dial(PJSIP/112@carrier,120)", "Hangup(42)"],
        ),
    ],
)
def test_without_callfloor_the_caller_gets_the_fallback(fallback: Fallback, steps: list[str]) -> None:
    text = configuration(PLAN._replace(trunks=(TRUNK,), fallback=fallback))["extensions.conf"]
    (away,) = (it for it in sections(text) if it[0] == "[callfloor-away]")
    assert [line.split(",", 2)[2] for line in away[1:]] == steps
    assert text.count('"FAILED"]?callfloor-away,s,1)') == 6


def test_every_file_is_one_that_can_be_read() -> None:
    for name, text in configuration(PLAN._replace(trunks=(TRUNK,), agents=(ANNA,))).items():
        reader = ConfigParser(strict=False, allow_no_value=True, interpolation=None, delimiters=("=>", "="))
        reader.read_string(text, name)


def test_all_that_is_wrong_is_told_at_once() -> None:
    plan = PLAN._replace(
        sip=Address("example", 5060),
        rtp=(20000, 10000),
        silence=-1,
        agents=(ANNA, ANNA, AgentPhone("general", "x"), AgentPhone("bo", "semi;colon"), AgentPhone("a\n[b]", "x")),
        fallback=Fallback("no prompt, no", "1 2", "nobody"),
    )
    with pytest.raises(PlanFaulty) as told:
        configuration(plan)
    where = [fault["where"] for fault in told.value.facts["faults"]]
    assert set(where) == {
        *("agents", "agents and trunks", "agents.bo", "sip", "rtp", "silence"),
        *("fallback.number", "fallback.prompt", "fallback.trunk"),
    }
