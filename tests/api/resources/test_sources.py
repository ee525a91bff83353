"""Platforms that are driven: what they need, and how it stands with them."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.api.application import Application
from app.api.http.services import Services
from app.core.signing import key_of, strict_key
from app.db.engine import Sessions
from app.telephony.port import Connection
from tests.api.conftest import faults

ASTERISK: dict[str, Any] = {
    "id": "pbx",
    "name": "Our Asterisk",
    "platform": "asterisk_ari",
    "account": "callfloor",
    "secret": "the password of ari",
    "command_url": "ws://127.0.0.1:8088/ari",
    "dial": "PJSIP/{number}@carrier",
}


class Away:
    """Connected to nothing."""

    def connection(self, source: str) -> Connection | None:
        return Connection(connected=False, trouble=f"{source} does not answer", calls=2)


async def test_asterisk_is_a_source_with_the_user_and_the_password_of_ari(admin: httpx.AsyncClient) -> None:
    made = await admin.post("/api/v1/sources", json={**ASTERISK, "secret": "the-password-of-ari"})
    assert made.status_code == 201, made.text
    shown = (await admin.get("/api/v1/sources/pbx")).json()
    assert (shown["command_url"], shown["dial"]) == (ASTERISK["command_url"], ASTERISK["dial"])
    assert "the-password-of-ari" not in repr(shown)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"account": None}, "body.account"),
        ({"command_url": None}, "body.command_url"),
        ({"command_url": "http://127.0.0.1:8088/ari"}, "body.command_url"),
        ({"dial": "PJSIP/carrier"}, "body.dial"),
    ],
)
async def test_what_an_asterisk_lacks_is_named(admin: httpx.AsyncClient, changes: dict[str, Any], where: str) -> None:
    answer = await admin.post("/api/v1/sources", json={**ASTERISK, "secret": "the-password-of-ari", **changes})
    assert answer.status_code == 422
    assert faults(answer) == [where]


SECOND = {**ASTERISK, "id": "second", "name": "Another", "secret": "the-password-of-ari"}


@pytest.mark.parametrize("url", ["ws://127.0.0.1:8088/ari", "ws://LOCALHOST:8088/ari/", "wss://127.0.0.1:8088/ari"])
async def test_second_source_at_one_asterisk_is_refused_and_the_first_one_named(
    admin: httpx.AsyncClient, url: str
) -> None:
    await admin.post("/api/v1/sources", json={**ASTERISK, "secret": "the-password-of-ari"})
    refused = await admin.post("/api/v1/sources", json={**SECOND, "command_url": url})
    assert refused.status_code == 409, refused.text
    problem = refused.json()
    assert problem["type"].endswith("asterisk-taken")
    assert "'pbx' has this Asterisk already" in problem["detail"]
    assert problem["source"] == "pbx"


async def test_source_may_not_be_moved_to_the_asterisk_of_another_nor_be_switched_on_beside_it(
    admin: httpx.AsyncClient,
) -> None:
    await admin.post("/api/v1/sources", json={**ASTERISK, "secret": "the-password-of-ari"})
    elsewhere = await admin.post("/api/v1/sources", json={**SECOND, "command_url": "ws://127.0.0.1:8089/ari"})
    assert elsewhere.status_code == 201, elsewhere.text
    here = {"command_url": ASTERISK["command_url"], "secret": "the-password-of-ari"}
    assert (await admin.patch("/api/v1/sources/second", json=here)).status_code == 409
    assert (await admin.patch("/api/v1/sources/second", json={**here, "active": False})).status_code == 200
    assert (await admin.patch("/api/v1/sources/second", json={"active": True})).status_code == 409
    assert (await admin.patch("/api/v1/sources/pbx", json={"active": False, "name": "Old"})).status_code == 200
    assert (await admin.patch("/api/v1/sources/second", json={"active": True})).status_code == 200


@pytest.mark.parametrize("userinfo", ["user:password", "user", ":password", "127.0.0.1:8088", "a%40b:c%2Fd"])
async def test_a_name_or_a_password_in_the_address_for_commands_is_refused(
    admin: httpx.AsyncClient, userinfo: str
) -> None:
    url = f"http://{userinfo}@platform.example/commands"
    made = await admin.post("/api/v1/sources", json={"id": "x", "name": "X", "command_url": url})
    assert faults(made) == ["body.command_url"]
    [told] = made.json()["faults"]
    assert "`secret`" in told["accepted"]
    assert "password@" not in made.text
    await admin.post("/api/v1/sources", json={"id": "x", "name": "X"})
    assert faults(await admin.patch("/api/v1/sources/x", json={"command_url": url})) == ["body.command_url"]


@pytest.mark.parametrize("userinfo", ["user:password", "user", ":password"])
async def test_a_name_or_a_password_in_the_address_that_reaches_us_is_refused(
    admin: httpx.AsyncClient, userinfo: str
) -> None:
    url = f"https://{userinfo}@desk.example"
    made = await admin.post("/api/v1/sources", json={**TWILIO, "public_url": url})
    await admin.post("/api/v1/sources", json=TWILIO)
    changed = await admin.patch("/api/v1/sources/cloud", json={"public_url": url})
    for refused in (made, changed):
        assert (refused.status_code, faults(refused)) == (422, ["body.public_url"])
        assert "without them" in refused.json()["faults"][0]["accepted"]
        assert "password@" not in refused.text


@pytest.mark.parametrize("behind", ["?api_key=callfloor:w0rd", "?", "#w0rd", "#"])
async def test_a_query_or_a_fragment_in_an_address_to_which_paths_are_appended_is_refused(
    admin: httpx.AsyncClient, behind: str
) -> None:
    for source, url in (({**SECOND, "id": "pbx"}, "ws://127.0.0.1:8088/ari"), (TWILIO, "https://api.cloud.example/v1")):
        made = await admin.post("/api/v1/sources", json={**source, "command_url": url + behind})
        await admin.post("/api/v1/sources", json=source)
        there = {"command_url": url + behind, "secret": "another-password"}
        changed = await admin.patch(f"/api/v1/sources/{source['id']}", json=there)
        for refused in (made, changed):
            assert (refused.status_code, faults(refused)) == (422, ["body.command_url"])
            assert "`secret`" in refused.json()["faults"][0]["accepted"]
            assert "w0rd" not in refused.text


async def test_an_address_of_old_with_a_query_does_not_keep_its_source_from_being_switched_off(
    admin: httpx.AsyncClient, services: Services
) -> None:
    await admin.post("/api/v1/sources", json=TWILIO)
    async with services.sessions.write() as session:
        await session.execute(text("update cti_sources set command_url = 'https://api.cloud.example/?v=1'"))
    assert (await admin.patch("/api/v1/sources/cloud", json={"active": False})).status_code == 200


@pytest.mark.parametrize("behind", ["?tenant=w0rd", "?", "#w0rd", "/desk?w0rd#w0rd"])
async def test_a_query_or_a_fragment_in_the_address_that_reaches_us_is_refused(
    admin: httpx.AsyncClient, behind: str
) -> None:
    url = f"https://desk.example{behind}"
    made = await admin.post("/api/v1/sources", json={**TWILIO, "public_url": url})
    await admin.post("/api/v1/sources", json=TWILIO)
    changed = await admin.patch("/api/v1/sources/cloud", json={"public_url": url})
    for refused in (made, changed):
        assert (refused.status_code, faults(refused)) == (422, ["body.public_url"])
        [told] = refused.json()["faults"]
        assert "has a query or a fragment" in told["what"]
        assert "such as https://desk.example" in told["accepted"]
        assert "w0rd" not in refused.text
    assert (await admin.patch("/api/v1/sources/cloud", json={"public_url": "https://desk.example/cc"})).is_success


async def url_kept(services: Services) -> str:
    async with services.sessions.read() as session:
        return str(await session.scalar(text("select command_url from cti_sources where id = 'x'")))


SECRETIVE = "https://a.example/commands?tenant=t0ken&key=t0ken&t0ken"
STARS = "https://a.example/commands?tenant=***&key=***&***"


async def test_a_token_in_the_address_of_a_generic_platform_is_shown_nowhere(
    admin: httpx.AsyncClient, services: Services
) -> None:
    made = await admin.post("/api/v1/sources", json={"id": "x", "name": "X", "command_url": SECRETIVE})
    answers = [
        made,
        await admin.get("/api/v1/sources"),
        await admin.get("/api/v1/sources/x"),
        await admin.patch("/api/v1/sources/x", json={"name": "Y"}),
        await admin.post("/api/v1/sources/x/secrets"),
        await admin.get("/api/v1/audit", params={"kind": "source"}),
    ]
    assert (made.status_code, made.json()["command_url"]) == (201, STARS)
    for answer in answers:
        assert (answer.is_success, "t0ken" in answer.text, STARS in answer.text) == (True, False, True)
    assert await url_kept(services) == SECRETIVE


async def test_an_address_that_comes_back_as_it_was_shown_stays_what_it_is(
    admin: httpx.AsyncClient, services: Services
) -> None:
    await admin.post("/api/v1/sources", json={"id": "x", "name": "X", "command_url": SECRETIVE})
    shown = (await admin.get("/api/v1/sources/x")).json()
    sent = {"name": "Y", "command_url": shown["command_url"], "active": False}
    changed = await admin.patch("/api/v1/sources/x", json=sent)
    assert (changed.status_code, changed.json()["name"], changed.json()["active"]) == (200, "Y", False), changed.text
    assert await url_kept(services) == SECRETIVE
    moved = await admin.patch("/api/v1/sources/x", json={"command_url": "https://b.example/?key=new"})
    assert (moved.status_code, moved.json()["command_url"]) == (200, "https://b.example/?key=***")
    assert await url_kept(services) == "https://b.example/?key=new"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/commands?tenant=***&key=***&***",
        "https://a.example/other?tenant=***&key=***&***",
        "https://a.example/commands?tenant=***&key=new",
        "https://a.example/commands?***",
        "https://a.example/commands?key=%2a**",
    ],
)
async def test_stars_of_another_address_than_the_one_that_was_shown_are_refused(
    admin: httpx.AsyncClient, services: Services, url: str
) -> None:
    made = await admin.post("/api/v1/sources", json={"id": "x", "name": "X", "command_url": url})
    await admin.post("/api/v1/sources", json={"id": "x", "name": "X", "command_url": SECRETIVE})
    changed = await admin.patch("/api/v1/sources/x", json={"command_url": url})
    for refused in (made, changed):
        assert (refused.status_code, faults(refused)) == (422, ["body.command_url"])
        [told] = refused.json()["faults"]
        assert "stars" in told["what"]
        assert ("the kept one stays" in told["accepted"]) == (refused is changed)
    assert await url_kept(services) == SECRETIVE


async def test_a_password_that_an_address_of_old_holds_is_shown_nowhere(
    admin: httpx.AsyncClient, services: Services
) -> None:
    given = {**ASTERISK, "secret": "the-password-of-ari"}
    await admin.post("/api/v1/sources", json=given)
    async with services.sessions.write() as session:
        await session.execute(
            text(
                "update cti_sources set command_url = 'ws://who:w0rd@127.0.0.1:8088/ari', "
                "public_url = 'https://who:w0rd@desk.example'"
            )
        )
    answers = [
        await admin.get("/api/v1/sources"),
        await admin.get("/api/v1/sources/pbx"),
        await admin.post("/api/v1/sources/pbx/secrets", json={"secret": "the-next-of-ari-users"}),
        await admin.post("/api/v1/sources", json={**given, "id": "second"}),
        await admin.patch(
            "/api/v1/sources/pbx",
            json={"command_url": "ws://127.0.0.1:8088/ari", "public_url": "https://desk.example"},
        ),
        await admin.get("/api/v1/audit", params={"kind": "source"}),
    ]
    assert not [answer.text for answer in answers if "w0rd" in answer.text]
    assert [answer.status_code for answer in answers] == [200, 200, 201, 409, 200, 200]
    assert answers[1].json()["command_url"] == "ws://***@127.0.0.1:8088/ari"
    assert answers[1].json()["public_url"] == "https://***@desk.example"


async def test_websocket_is_no_address_of_a_platform_that_takes_webhooks(admin: httpx.AsyncClient) -> None:
    answer = await admin.post("/api/v1/sources", json={"id": "x", "name": "X", "command_url": "ws://pbx.example/"})
    assert faults(answer) == ["body.command_url"]


async def test_administrator_sees_why_a_switch_is_not_connected(
    admin: httpx.AsyncClient, app: Application, services: Services
) -> None:
    await admin.post("/api/v1/sources", json={**ASTERISK, "secret": "the-password-of-ari"})
    app.state.services = replace(services, connections=Away())
    shown = (await admin.get("/api/v1/sources/pbx/connection")).json()
    assert shown == {"connected": False, "trouble": "pbx does not answer", "calls": 2}


async def test_platform_that_calls_us_has_no_connection_to_show(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/sources", json={"id": "x", "name": "X"})
    shown = (await admin.get("/api/v1/sources/x/connection")).json()
    assert shown == {"connected": None, "trouble": None, "calls": None}


TWILIO = {
    "id": "cloud",
    "name": "Twilio",
    "platform": "twilio",
    "account": "AC1",
    "secret": "the-token-of-twilio",
    "public_url": "https://desk.example",
}


@pytest.mark.parametrize(
    ("made", "url"),
    [
        (TWILIO, "https://evil.example"),
        ({**TWILIO, "command_url": "https://api.cloud.example/v1"}, "http://api.cloud.example:443/v1"),
        ({**TWILIO, "command_url": "https://api.cloud.example"}, "https://api.cloud.example:8443"),
        ({**ASTERISK, "secret": "the-password-of-ari"}, "ws://evil.example:8088/ari"),
        (
            {**ASTERISK, "secret": "the-password-of-ari", "command_url": "wss://pbx.example/ari"},
            "ws://pbx.example:443/ari",
        ),
    ],
)
async def test_a_secret_that_a_platform_gave_is_not_sent_elsewhere_by_whoever_does_not_know_it(
    admin: httpx.AsyncClient, made: dict[str, Any], url: str
) -> None:
    assert (await admin.post("/api/v1/sources", json=made)).status_code == 201
    path = f"/api/v1/sources/{made['id']}"
    before = (await admin.get(path)).json()
    refused = await admin.patch(path, json={"command_url": url})
    assert (refused.status_code, faults(refused)) == (422, ["body.secret"])
    assert (await admin.get(path)).json() == before
    moved = await admin.patch(path, json={"command_url": url, "secret": "another-password"})
    assert moved.status_code == 200, moved.text
    [kept] = moved.json()["secrets"]
    assert kept != before["secrets"][0]


async def test_a_platform_that_is_only_signed_to_or_stays_at_its_host_moves_freely(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/sources", json={"id": "x", "name": "X", "command_url": "https://a.example"})
    moved = await admin.patch("/api/v1/sources/x", json={"command_url": "https://b.example/"})
    assert moved.status_code == 200, moved.text
    await admin.post("/api/v1/sources", json={**TWILIO, "command_url": "https://a.example/v1"})
    for url in ("https://A.example:443/v2", "https://a.example/v3"):
        assert (await admin.patch("/api/v1/sources/cloud", json={"command_url": url})).status_code == 200


async def test_what_a_platform_gave_is_not_made_up_for_it(admin: httpx.AsyncClient) -> None:
    refused = await admin.post("/api/v1/sources", json={**TWILIO, "secret": None})
    assert (refused.status_code, faults(refused)) == (422, ["body.secret"])
    await admin.post("/api/v1/sources", json=TWILIO)
    before = (await admin.get("/api/v1/sources/cloud")).json()
    rotated = await admin.post("/api/v1/sources/cloud/secrets", json={})
    assert (rotated.status_code, faults(rotated)) == (422, ["body.secret"])
    assert (await admin.get("/api/v1/sources/cloud")).json() == before


@pytest.mark.parametrize("secret", ["x" * 15, "whsec_" + "x" * 15, "x" * 201, "sixteen or more, spaced", ""])
async def test_a_secret_that_is_short_or_cannot_be_sent_is_refused(admin: httpx.AsyncClient, secret: str) -> None:
    refused = await admin.post("/api/v1/sources", json={**TWILIO, "secret": secret})
    assert faults(refused) == ["body.secret"]
    await admin.post("/api/v1/sources", json=TWILIO)
    assert faults(await admin.post("/api/v1/sources/cloud/secrets", json={"secret": secret})) == ["body.secret"]
    assert faults(await admin.patch("/api/v1/sources/cloud", json={"secret": secret})) == ["body.secret"]


async def test_a_secret_that_is_too_short_is_told_how_long_it_must_be(admin: httpx.AsyncClient) -> None:
    for secret, told in (("x" * 15, "at least 16"), ("whsec_" + "x" * 15, "at least 16 characters after whsec_")):
        refused = await admin.post("/api/v1/sources", json={**TWILIO, "secret": secret})
        assert told in str(refused.json()["faults"][0])
        assert secret not in refused.text


@pytest.mark.parametrize(
    ("secret", "what"),
    [
        ("p@$$-w0rd!-2026-!!", "no base64"),
        ("----------------AAAA", "no base64"),
        ("whsec_----------------AAAA", "no base64"),
        ("whsec_whsec_AAAAAAAAAAAAAAAA", "no base64"),
        ("AAAAAAAAAAAAAAAA=AAA", "no base64"),
        ("AAAAAAAAAAAAAAAAA", "no base64"),
        ("AAAAAAAAAAAAAA==", "a key of 10 bytes"),
    ],
)
async def test_what_has_no_key_that_signs_is_no_secret_of_a_source_that_signs(
    admin: httpx.AsyncClient, secret: str, what: str
) -> None:
    generic = {"id": "x", "name": "X"}
    refused = [await admin.post("/api/v1/sources", json={**generic, "secret": secret})]
    await admin.post("/api/v1/sources", json=generic)
    refused.append(await admin.patch("/api/v1/sources/x", json={"secret": secret}))
    refused.append(await admin.post("/api/v1/sources/x/secrets", json={"secret": secret}))
    for answer in refused:
        assert (answer.status_code, faults(answer)) == (422, ["body.secret"])
        [told] = answer.json()["faults"]
        assert (what in told["what"], "at least 12 bytes" in told["accepted"]) == (True, True)
        assert secret not in answer.text
    assert len((await admin.get("/api/v1/sources/x")).json()["secrets"]) == 1


@pytest.mark.parametrize(
    "secret", ["AAAABBBBCCCCDDDD", "whsec_AAAABBBBCCCCDDDD", "AAAABBBBCCCCDDDDEE", "AAAABBBBCCCCDDDD+/8="]
)
async def test_a_key_in_base64_is_a_secret_of_a_source_that_signs(admin: httpx.AsyncClient, secret: str) -> None:
    made = await admin.post("/api/v1/sources", json={"id": "x", "name": "X", "secret": secret})
    changed = await admin.patch("/api/v1/sources/x", json={"secret": secret})
    added = await admin.post("/api/v1/sources/x/secrets", json={"secret": secret})
    assert [answer.status_code for answer in (made, changed, added)] == [201, 200, 201], made.text
    assert (made.json()["secret"], strict_key(secret)) == (secret, key_of(secret))


async def test_a_short_secret_that_was_given_before_goes_on_working(
    admin: httpx.AsyncClient, kept_apart: Sessions
) -> None:
    made = await admin.post("/api/v1/sources", json=TWILIO)
    async with kept_apart.write() as session:
        await session.execute(text("update cti_sources set secrets = '{short-one}' where id = 'cloud'"))
    renamed = await admin.patch("/api/v1/sources/cloud", json={"name": "Cloud"})
    assert (made.status_code, renamed.status_code, renamed.json()["name"]) == (201, 200, "Cloud")
    async with kept_apart.read() as session:
        assert await session.scalar(text("select secrets from cti_sources where id = 'cloud'")) == ["short-one"]
