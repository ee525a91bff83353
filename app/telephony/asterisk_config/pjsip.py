"""pjsip.conf: the transports, the trunks that calls come over, the agents' phones."""

import ipaddress
from collections.abc import Iterator

from app.telephony.asterisk_config.plan import LONGEST_SILENCE, AgentPhone, AsteriskPlan, Trunk
from app.telephony.asterisk_config.sections import Line, file, listed, section

INBOUND = "callfloor-inbound"
PHONE = "callfloor-phone"
"""The contexts of the dialplan that calls of trunks and of agents' phones come into."""

CODECS = "ulaw,alaw"
"""What trunks speak; browsers speak it, too, so that nothing has to be transcoded."""
REFER_TO_APP = "PJSIP_TRANSFER_HANDLING()=ari-only"
"""A phone that transfers asks Callfloor, which knows whose call it is, rather than the dialplan."""
QUALIFY_SECONDS = 30
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")


def pjsip(plan: AsteriskPlan) -> str:
    """pjsip.conf."""
    parts = [
        section(
            "global",
            ("type", "global"),
            # nobody is let in without a password but the trunks, by their address
            ("endpoint_identifier_order", "ip,username,auth_username"),
            ("user_agent", "Asterisk for Callfloor"),
        ),
        *_transports(plan),
    ]
    for trunk in plan.trunks:
        parts += _trunk(plan, trunk)
    for agent in plan.agents:
        parts += _agent(plan, agent)
    return file("SIP: trunks and agents' phones", *parts)


def _transports(plan: AsteriskPlan) -> Iterator[str]:
    outside = plan.public_address
    yield section(
        "transport-udp",
        ("type", "transport"),
        ("protocol", "udp"),
        ("bind", str(plan.sip)),
        ("external_signaling_address", outside),
        ("external_media_address", outside),
        ("local_net", listed(PRIVATE) if outside else None),
    )
    if plan.browsers:
        # served by http.conf, at /ws; the address here is not used
        yield section("transport-ws", ("type", "transport"), ("protocol", "ws"), ("bind", plan.http.host))
        if plan.tls is not None:
            yield section("transport-wss", ("type", "transport"), ("protocol", "wss"), ("bind", plan.tls.address.host))


def _media(plan: AsteriskPlan) -> tuple[Line, ...]:
    """Where sound is sent from: where SIP is, if that is one address of this machine."""
    one = plan.sip.host if not ipaddress.ip_address(plan.sip.host).is_unspecified else None
    return (
        ("direct_media", "no"),
        ("media_address", one),
        ("bind_rtp_to_media_address", "yes" if one else None),
        ("rtp_symmetric", "yes"),
        ("force_rport", "yes"),
        ("rewrite_contact", "yes"),
    )


def _both(plan: AsteriskPlan, context: str) -> tuple[Line, ...]:
    """What holds for trunks and for phones."""
    return (
        ("type", "endpoint"),
        ("context", context),
        ("disallow", "all"),
        ("allow", CODECS),
        *_media(plan),
        # else each change of a bridge is told to the other side with a re-INVITE, which carriers dislike
        ("send_connected_line", "no"),
        ("trust_id_inbound", "yes" if context == INBOUND else None),
        ("send_pai", "yes"),
        # holds for calls from here and for those that ARI makes to here
        ("set_var", REFER_TO_APP),
        # a side that has lost its network says no goodbye
        ("rtp_timeout", plan.silence or None),
        ("rtp_timeout_hold", LONGEST_SILENCE if plan.silence else None),
    )


def _trunk(plan: AsteriskPlan, trunk: Trunk) -> Iterator[str]:
    account, name = trunk.account, trunk.name
    yield section(
        name,
        *_both(plan, INBOUND),
        ("transport", "transport-udp"),
        ("allow_transfer", "no"),  # only agents send callers on; see the limits in docs/asterisk.md
        ("dtmf_mode", "auto_info"),
        ("language", plan.language),
        ("aors", name if trunk.host else None),
        ("outbound_auth", name if account else None),
        ("from_user", account.user if account else None),
        ("from_domain", _host(trunk) if account else None),
    )
    if trunk.match:
        yield section(name, ("type", "identify"), ("endpoint", name), ("match", listed(trunk.match)))
    if trunk.host:
        yield section(name, ("type", "aor"), ("contact", f"sip:{trunk.host}"))
    if account:
        yield section(
            name,
            ("type", "auth"),
            ("auth_type", "digest"),
            ("username", account.user),
            ("password", account.password),
        )
        if account.register and trunk.host:
            yield _registration(trunk, account.user)


def _registration(trunk: Trunk, user: str) -> str:
    return section(
        f"{trunk.name}-registration",
        ("type", "registration"),
        ("transport", "transport-udp"),
        ("outbound_auth", trunk.name),
        ("server_uri", f"sip:{trunk.host}"),
        ("client_uri", f"sip:{user}@{_host(trunk)}"),
        ("contact_user", user),
        ("retry_interval", 30),
    )


def _host(trunk: Trunk) -> str:
    return (trunk.host or "").rsplit(":", 1)[0]


def _agent(plan: AsteriskPlan, agent: AgentPhone) -> Iterator[str]:
    name = agent.endpoint
    yield section(
        name,
        *_both(plan, PHONE),
        ("transport", None if agent.webrtc else "transport-udp"),
        ("webrtc", "yes" if agent.webrtc else None),
        ("dtmf_mode", "rfc4733" if agent.webrtc else "auto_info"),
        ("language", agent.language or plan.language),
        ("callerid", agent.caller_id),
        ("trust_id_outbound", "yes"),
        ("allow_transfer", "yes"),
        ("auth", name),
        ("aors", name),
    )
    yield section(name, ("type", "auth"), ("auth_type", "digest"), ("username", name), ("password", agent.password))
    # ARI rings one contact only: a phone that signs on again takes the place of what it was before, and one that has
    # gone without a word is not rung
    yield section(
        name, ("type", "aor"), ("max_contacts", 1), ("remove_existing", "yes"), ("qualify_frequency", QUALIFY_SECONDS)
    )
