"""Telephone PINs and id numbers over HTTP: they go in and never come out."""

import httpx
import pytest

from tests.api.conftest import ClientAs, faults


@pytest.fixture
async def path(admin: httpx.AsyncClient) -> str:
    """The address of a customer."""
    made = await admin.post("/api/v1/customers", json={"name": "Wang Fang"})
    return f"/api/v1/customers/{made.json()['id']}"


async def test_a_pin_is_set_and_only_its_being_there_is_told(admin: httpx.AsyncClient, path: str) -> None:
    nothing = {"set_at": None, "failures": 0, "locked_until": None}
    assert (await admin.get(f"{path}/telephone-pin")).json() == nothing
    assert (await admin.put(f"{path}/telephone-pin", json={"pin": "408162"})).status_code == 204
    told = (await admin.get(f"{path}/telephone-pin")).json()
    assert told["set_at"] is not None
    assert (await admin.post(f"{path}/telephone-pin/unlock")).status_code == 204
    assert (await admin.delete(f"{path}/telephone-pin")).status_code == 204
    assert (await admin.get(f"{path}/telephone-pin")).json() == nothing
    answers = [(await admin.get(each)).text for each in (path, f"{path}/profile", "/api/v1/audit")]
    assert "408162" not in "".join(answers)
    assert "argon2" not in "".join(answers)


@pytest.mark.parametrize("pin", ["1234", "abcd", "", 408162, None, "9" * 50])
async def test_a_bad_pin_is_refused_and_not_repeated(admin: httpx.AsyncClient, path: str, pin: object) -> None:
    answer = await admin.put(f"{path}/telephone-pin", json={"pin": pin})
    assert faults(answer) == ["body.pin"]
    assert not pin or str(pin) not in answer.text


async def test_id_and_card_numbers_are_told_by_their_ends(admin: httpx.AsyncClient, path: str) -> None:
    given = [{"kind": "card_number", "value": "6222021234567890"}, {"kind": "id_number", "value": "123456"}]
    told = [{"kind": "card_number", "ending": "7890"}, {"kind": "id_number", "ending": ""}]
    assert (await admin.put(f"{path}/identifiers", json={"identifiers": given})).json() == {"identifiers": told}
    assert (await admin.get(f"{path}/identifiers")).json() == {"identifiers": told}
    log = (await admin.get("/api/v1/audit", params={"kind": "customer"})).text
    assert "7890" in log
    assert "123456" not in log
    other = f"/api/v1/customers/{(await admin.post('/api/v1/customers', json={'name': 'Li'})).json()['id']}"
    answer = await admin.put(f"{other}/identifiers", json={"identifiers": given[::-1]})
    assert answer.status_code == 409
    assert [each["where"] for each in answer.json()["faults"]] == [
        "body.identifiers.0.value", "body.identifiers.1.value",
    ]  # fmt: skip
    bad = {"identifiers": [{"kind": "passport", "value": "6222021234567890"}]}
    assert faults(await admin.put(f"{other}/identifiers", json=bad)) == ["body.identifiers.0.kind"]


async def test_agents_cannot_set_them_and_systems_can(client_as: ClientAs, path: str) -> None:
    body = {"pin": "408162"}
    assert (await client_as("agent").put(f"{path}/telephone-pin", json=body)).status_code == 403
    assert (await client_as("agent").get(f"{path}/identifiers")).status_code == 403
    assert (await client_as("integration").put(f"{path}/telephone-pin", json=body)).status_code == 204


async def test_nobody_has_no_pin(admin: httpx.AsyncClient) -> None:
    nobody = "/api/v1/customers/00000000-0000-0000-0000-000000000001"
    for method, what in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/unlock")):
        answer = await admin.request(method, f"{nobody}/telephone-pin{what}", json={"pin": "408162"})
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("method", "what", "body"),
    [
        ("PUT", "telephone-pin", {"pin": "408162"}),
        ("DELETE", "telephone-pin", None),
        ("POST", "telephone-pin/unlock", None),
        ("PUT", "identifiers", {"identifiers": [{"kind": "card_number", "value": "6222021234567890"}]}),
    ],
)
async def test_a_key_of_one_source_has_no_say_in_how_customers_prove_who_they_are(
    admin: httpx.AsyncClient, client_as: ClientAs, path: str, method: str, what: str, body: object
) -> None:
    for sources, status in ((["marketing"], 403), (None, None)):
        made = await admin.post("/api/v1/api-keys", json={"name": "Some system", "sources": sources})
        client = client_as(None)
        client.headers["Authorization"] = f"Bearer {made.json()['key']}"
        answer = await client.request(method, f"{path}/{what}", json=body)
        assert answer.status_code == status or (status is None and answer.is_success), answer.text
        if status == 403:
            assert answer.json()["type"] == "urn:callfloor:problem:source-untold"
            assert (await admin.get(f"{path}/telephone-pin")).json()["set_at"] is None
