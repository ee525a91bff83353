"""A customer's whole record over HTTP: every part, its version and its history."""

from typing import Any

import httpx
import pytest

from app.core.clock import FrozenClock, iso
from app.core.ids import new_id
from tests.api.conftest import ClientAs, faults

PATH = "/api/v1/customers"
CARD = "4111 1111 1111 1111"
ANY = {"if-match": "*"}
BACKWARDS = {"valid_from": "2026-02-01T00:00:00Z", "valid_until": "2026-01-01T00:00:00Z"}


@pytest.fixture
def agent(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of an agent."""
    return client_as("agent")


@pytest.fixture
def bank(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of another system of the bank."""
    return client_as("integration")


async def make(client: httpx.AsyncClient, **given: Any) -> str:
    answer = await client.post(PATH, json={"name": "王小明", **given})
    assert answer.status_code == 201, answer.text
    assert answer.headers["etag"] == '"1"'
    return f"{PATH}/{answer.json()['id']}"


async def record(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(f"{path}/record")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_company_and_who_looks_after_it(agent: httpx.AsyncClient, bank: httpx.AsyncClient) -> None:
    path = await make(bank, kind="company", relationship_manager="Chen Jing, branch 12", segments=["sme", "export"])
    told = (await record(agent, path))["customer"]
    assert (told["kind"], told["relationship_manager"], told["segments"]) == (
        "company",
        "Chen Jing, branch 12",
        ["sme", "export"],
    )
    changed = (await bank.patch(path, json={"version": 1, "segments": [], "relationship_manager": None})).json()
    assert (changed["segments"], changed["relationship_manager"], changed["version"]) == ([], None, 2)


async def test_numbers_have_source_validity_and_extension(agent: httpx.AsyncClient, bank: httpx.AsyncClient) -> None:
    path = await make(agent)
    numbers = [
        {"raw": "010 6666 8888 ext 12", "label": "work", "source": "core", "valid_until": "2027-01-01T00:00:00Z"},
        {"raw": "13800138000", "shared": True},
    ]
    answer = await bank.put(f"{path}/numbers", json={"version": 1, "numbers": numbers})
    assert answer.status_code == 200, answer.text
    told = (await record(agent, path))["numbers"]
    assert [(one["e164"], one["extension"], one["source"], one["valid_until"], one["shared"]) for one in told] == [
        ("+861066668888", "12", "core", "2027-01-01T00:00:00Z", False),
        ("+8613800138000", None, None, None, True),
    ]


async def test_addresses_of_both_kinds_and_other_systems_ids(agent: httpx.AsyncClient, bank: httpx.AsyncClient) -> None:
    path = await make(agent)
    emails = [{"address": "Wang@Example.com", "kind": "work", "source": "crm"}]
    answer = await bank.put(f"{path}/emails", json={"version": 1, "emails": emails})
    assert (answer.status_code, answer.headers["etag"]) == (204, '"2"')
    home = {"lines": "长安街 1 号", "city": "北京", "postal_code": "100000", "country": "CN", "kind": "home"}
    assert (await agent.put(f"{path}/addresses", json={"version": 2, "addresses": [home]})).status_code == 204
    ids = [{"system": "crm", "external_id": "7"}, {"system": "cards", "external_id": "K-9"}]
    assert (await agent.put(f"{path}/external-ids", json={"version": 3, "external_ids": ids})).status_code == 204
    told = await record(agent, path)
    assert [(one["address"], one["kind"], one["source"]) for one in told["emails"]] == [
        ("wang@example.com", "work", "crm")
    ]
    assert told["addresses"][0].items() >= home.items()
    assert [(one["system"], one["external_id"]) for one in told["external_ids"]] == [("cards", "K-9"), ("crm", "7")]
    found = (await agent.get(PATH, params={"external_id": "K-9"})).json()["items"]
    assert [one["id"] for one in found] == [told["customer"]["id"]]


async def test_an_id_of_another_system_belongs_to_one_customer(agent: httpx.AsyncClient) -> None:
    first, second = await make(agent), await make(agent)
    body = {"version": 1, "external_ids": [{"system": "crm", "external_id": "7"}]}
    assert (await agent.put(f"{first}/external-ids", json=body)).status_code == 204
    taken = await agent.put(f"{second}/external-ids", json=body)
    assert (taken.status_code, taken.json()["type"]) == (409, "urn:callfloor:problem:other-id-taken")
    assert taken.json()["faults"][0]["where"] == "body.external_ids.0.external_id"


async def test_of_each_channel_the_latest_word_counts_and_none_is_lost(
    agent: httpx.AsyncClient, clock: FrozenClock
) -> None:
    path = await make(agent)
    for channel, given, ago in (("sms", True, 50), ("sms", False, 10), ("voice", True, 20), ("sms", True, 30)):
        body = {"channel": channel, "given": given, "at": iso(clock() - ago), "origin": "branch 12, form 7"}
        assert (await agent.post(f"{path}/consents", json=body)).status_code == 204
    told = (await record(agent, path))["consents"]
    assert [(one["channel"], one["given"], one["recorded_by"]) for one in told] == [
        ("sms", False, "agent"),
        ("voice", True, "agent"),
    ]
    page = (await agent.get(f"{path}/consents", params={"limit": 3})).json()
    rest = (await agent.get(f"{path}/consents", params={"cursor": page["next"]})).json()
    assert [one["at"] for one in page["items"] + rest["items"]] == [
        f"{iso(clock() - n)[:19]}Z" for n in (10, 20, 30, 50)
    ]


async def test_a_consent_of_the_future_is_refused(agent: httpx.AsyncClient, clock: FrozenClock) -> None:
    body = {"channel": "sms", "given": True, "at": iso(clock() + 3600), "origin": "phone"}
    assert faults(await agent.post(f"{await make(agent)}/consents", json=body)) == ["body.at"]


async def test_ties_are_seen_from_both_ends(agent: httpx.AsyncClient, bank: httpx.AsyncClient) -> None:
    person, company = await make(agent), await make(agent, name="Acme", kind="company")
    other = company.rpartition("/")[2]
    body = {"version": 1, "ties": [{"other_id": other, "kind": "employee", "source": "crm"}]}
    assert (await bank.put(f"{person}/ties", json=body)).status_code == 204
    here, there = (await record(agent, person))["ties"], (await record(agent, company))["ties"]
    assert [(one["name"], one["kind"], one["back"]) for one in here + there] == [
        ("Acme", "employee", False),
        ("王小明", "employee", True),
    ]


async def test_a_tie_to_oneself_or_to_nobody_is_refused(agent: httpx.AsyncClient) -> None:
    path = await make(agent)
    ties = [{"other_id": path.rpartition("/")[2], "kind": "spouse"}, {"other_id": new_id(), "kind": "spouse"}]
    wrong = faults(await agent.put(f"{path}/ties", json={"version": 1, "ties": ties}))
    assert wrong == ["body.ties.0.other_id", "body.ties.1.other_id"]


async def test_holdings_are_fed_and_keep_four_digits_of_a_card(
    agent: httpx.AsyncClient, bank: httpx.AsyncClient
) -> None:
    path = await make(agent)
    card = {"kind": "card", "name": "Gold", "status": "active", "number": CARD, "opened_on": "2020-02-29"}
    assert (await agent.put(f"{path}/holdings/cards/K-9", json=card)).status_code == 403
    told = (await bank.put(f"{path}/holdings/cards/K-9", json=card)).json()
    assert (told["last_four"], told["opened_on"], told["details"]) == ("1111", "2020-02-29", {})
    closed = card | {"status": "closed", "closed_on": "2026-01-01", "details": {"limit": 5}}
    await bank.put(f"{path}/holdings/cards/K-9", json=closed)
    [held] = (await record(agent, path))["holdings"]
    assert (held["status"], held["details"], held["source"]) == ("closed", {"limit": 5}, "cards")
    changes = (await agent.get(f"{path}/versions")).json()["items"][0]["changes"]
    assert changes["status"] == ["active", "closed"]
    other = await make(agent)
    taken = await bank.put(f"{other}/holdings/cards/K-9", json=card)
    assert taken.json()["type"] == "urn:callfloor:problem:holding-taken"
    assert (await bank.delete(f"{path}/holdings/cards/K-9")).status_code == 204
    assert (await bank.delete(f"{path}/holdings/cards/K-9")).status_code == 404


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"name": f"Gold {CARD}"}, "body.name"),
        ({"details": {"pan": [CARD]}}, "body.details.pan.0"),
        ({"number": "x"}, "body.number"),
        ({"opened_on": "2020-02-30"}, "body.opened_on"),
        ({"opened_on": "2020-02-02", "closed_on": "2020-02-01"}, "body.closed_on"),
        ({"kind": "castle"}, "body.kind"),
    ],
)
async def test_a_holding_that_cannot_be_kept_is_refused(
    bank: httpx.AsyncClient, given: dict[str, Any], where: str
) -> None:
    path = await make(bank)
    assert faults(await bank.put(f"{path}/holdings/cards/K-9", json={"kind": "card", **given})) == [where]


@pytest.mark.parametrize("kind", ["account", "loan", "fund", "insurance"])
async def test_a_whole_card_number_is_kept_in_no_holding(bank: httpx.AsyncClient, kind: str) -> None:
    path = await make(bank)
    given = {"kind": kind, "name": CARD, "details": {"pan": 4111111111111111}}
    wrong = await bank.put(f"{path}/holdings/core/4111111111111111", json=given)
    assert faults(wrong) == ["body.external_id", "body.name", "body.details.pan"]
    assert (await bank.put(f"{path}/holdings/core/1", json={"kind": kind, "number": CARD})).json()[
        "last_four"
    ] == "1111"


async def test_a_whole_card_number_is_kept_in_no_attribute(agent: httpx.AsyncClient) -> None:
    attributes = {"card": {"pan": [CARD]}}
    wrong = await agent.post(PATH, json={"name": "X", "attributes": attributes})
    assert faults(wrong) == ["body.attributes.card.pan.0"]
    path = await make(agent)
    assert faults(await agent.patch(path, json={"version": 1, "attributes": attributes})) == faults(wrong)


async def test_a_card_number_as_the_id_of_a_card_is_refused(bank: httpx.AsyncClient) -> None:
    wrong = await bank.put(f"{await make(bank)}/holdings/cards/4111111111111111", json={"kind": "card"})
    assert faults(wrong) == ["body.external_id"]


async def test_pinned_notes_are_warnings_until_they_end(agent: httpx.AsyncClient, clock: FrozenClock) -> None:
    path = await make(agent)
    until = iso(clock() + 60)
    made = (
        await agent.post(f"{path}/notes", json={"text": "深度聆听\nhard of hearing", "pinned": True, "until": until})
    ).json()
    assert made["written_by"] == "agent"
    await agent.post(f"{path}/notes", json={"text": "likes tea"})
    told = await record(agent, path)
    assert ([one["id"] for one in told["warnings"]], len(told["notes"])) == ([made["id"]], 2)
    clock.advance(61)
    assert (await record(agent, path))["warnings"] == []
    note = f"{path}/notes/{made['id']}"
    changed = await agent.put(note, json={"version": 3, "text": "hears well"}, params={"why": "new aid"})
    assert (changed.json()["pinned"], changed.headers["etag"]) == (False, '"4"')
    assert (await agent.delete(note, headers=ANY)).status_code == 204
    assert (await agent.delete(note, headers=ANY)).status_code == 404
    [gone, changed, *_] = (await agent.get(f"{path}/versions")).json()["items"]
    assert gone["changes"]["text"] == ["hears well", None]
    assert (changed["who"], changed["why"], changed["changes"]["pinned"]) == ("agent", "new aid", [True, False])


async def test_versions_come_in_pages_and_say_who_and_why(agent: httpx.AsyncClient) -> None:
    path = await make(agent, why="walked in")
    for version in (1, 2, 3):
        body = {"version": version, "name": f"N{version}", "why": f"reason {version}"}
        assert (await agent.patch(path, json=body)).status_code == 200
    page = (await agent.get(f"{path}/versions", params={"limit": 2})).json()
    rest = (await agent.get(f"{path}/versions", params={"cursor": page["next"]})).json()
    assert [(one["version"], one["who"], one["why"]) for one in page["items"] + rest["items"]] == [
        (4, "agent", "reason 3"),
        (3, "agent", "reason 2"),
        (2, "agent", "reason 1"),
    ]
    assert (rest["created_by"], rest["created_because"], rest["next"]) == ("agent", "walked in", None)


async def test_if_match_of_the_present_version_passes_and_tells_the_next(agent: httpx.AsyncClient) -> None:
    path = await make(agent)
    etag = (await agent.get(path)).headers["etag"]
    changed = await agent.patch(path, json={"name": "X"}, headers={"if-match": etag})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    anything = await agent.put(f"{path}/emails", json={"emails": []}, headers={"if-match": "*"})
    assert (anything.status_code, anything.headers["etag"]) == (204, '"2"')


@pytest.mark.parametrize(
    ("part", "body"), [("", {"name": "Y"}), ("/numbers", {"numbers": []}), ("/ties", {"ties": []})]
)
async def test_a_stale_version_in_if_match_is_a_failed_precondition(
    agent: httpx.AsyncClient, part: str, body: dict[str, Any]
) -> None:
    path = await make(agent)
    await agent.patch(path, json={"version": 1, "name": "X"})
    stale = await agent.request("PUT" if part else "PATCH", path + part, json=body, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["type"]) == (412, "urn:callfloor:problem:precondition-failed")
    assert (stale.json()["given"], stale.json()["version"]) == (1, 2)
    assert (await agent.get(path)).json()["name"] == "X"


@pytest.mark.parametrize("header", ["", "1", 'W/"1"', '"x"', '"1", "2"', '"99999999999"'])
async def test_an_if_match_that_is_no_version_is_refused(agent: httpx.AsyncClient, header: str) -> None:
    answer = await agent.patch(await make(agent), json={"name": "X"}, headers={"if-match": header})
    assert faults(answer) == ["header.If-Match"]


async def test_a_change_of_no_stated_version_is_refused(agent: httpx.AsyncClient) -> None:
    assert faults(await agent.patch(await make(agent), json={"name": "X"})) == ["body.version"]


INJECTIONS = [
    "'; drop table customers; --",
    "=cmd|' /C calc'!A0",
    '+1+1";select pg_sleep(9)',
    "@SUM(1)",
    "-2+3",
    "$1 %s {x}",
]


@pytest.mark.parametrize("text", INJECTIONS)
async def test_sql_and_formula_injection_in_every_text_field(
    agent: httpx.AsyncClient, bank: httpx.AsyncClient, text: str
) -> None:
    """Kept letter by letter, told as JSON text, and nothing of it is ever carried out."""
    own = {"name": text, "latin_name": text, "external_id": text, "relationship_manager": text, "why": text}
    path = await make(agent, **own, attributes={text: text}, numbers=[{"raw": text, "label": text}])
    match = {"if-match": "*"}
    await agent.put(f"{path}/emails", json={"emails": [{"address": "a@b", "kind": text}]}, headers=match)
    place = {"lines": text, "kind": text, "city": text, "postal_code": text}
    await agent.put(f"{path}/addresses", json={"addresses": [place]}, headers=match)
    ids = {"external_ids": [{"system": "crm", "external_id": text}]}
    await agent.put(f"{path}/external-ids", json=ids, headers=match)
    said = {"channel": "sms", "given": True, "at": "2026-01-01T00:00:00Z", "origin": text}
    await agent.post(f"{path}/consents", json=said)
    await agent.post(f"{path}/notes", json={"text": text})
    holding = {"kind": "account", "name": text, "details": {text: [text]}}
    assert (await bank.put(f"{path}/holdings/core/1", json=holding)).status_code == 200
    told = await record(agent, path)
    assert {name: told["customer"][name] for name in own if name != "why"} == {n: text for n in own if n != "why"}
    assert told["customer"]["attributes"] == {text: text}
    assert (told["numbers"][0]["raw"], told["numbers"][0]["label"]) == (text, text)
    assert told["addresses"][0].items() >= place.items()
    assert (told["emails"][0]["kind"], told["external_ids"][0]["external_id"]) == (text, text)
    assert (told["consents"][0]["origin"], told["notes"][0]["text"]) == (text, text)
    assert (told["holdings"][0]["name"], told["holdings"][0]["details"]) == (text, {text: [text]})
    for search in ({"external_id": text}, {"number": text}):
        assert len((await agent.get(PATH, params=search)).json()["items"]) == 1
    assert (await agent.get(PATH, params={"q": text})).status_code == 200
    assert (await agent.get(f"{path}/versions")).json()["created_because"] == text


@pytest.mark.parametrize(
    ("part", "body", "where"),
    [
        ("emails", {"emails": [{"address": "nobody"}]}, "body.emails.0.address"),
        ("emails", {"emails": [{"address": "a b@c"}]}, "body.emails.0.address"),
        ("emails", {"emails": [{"address": "a@b\r\nbcc:x"}]}, "body.emails.0.address"),
        ("addresses", {"addresses": [{"lines": ""}]}, "body.addresses.0.lines"),
        ("addresses", {"addresses": [{"lines": "x", "country": "China"}]}, "body.addresses.0.country"),
        ("addresses", {"addresses": [{"lines": "x", "valid_from": "today"}]}, "body.addresses.0.valid_from"),
        ("emails", {"emails": [{"address": "a@b", **BACKWARDS}]}, "body.emails.0.valid_until"),
        ("numbers", {"numbers": [{"raw": "1"}, {"raw": "2", **BACKWARDS}]}, "body.numbers.1.valid_until"),
        ("external-ids", {"external_ids": [{"system": "A B", "external_id": "1"}]}, "body.external_ids.0.system"),
        ("ties", {"ties": [{"other_id": "x", "kind": "spouse"}]}, "body.ties.0.other_id"),
    ],
)
async def test_a_part_that_does_not_fit_is_named(
    agent: httpx.AsyncClient, part: str, body: dict[str, Any], where: str
) -> None:
    path = await make(agent)
    assert faults(await agent.put(f"{path}/{part}", json={"version": 1, **body})) == [where]
