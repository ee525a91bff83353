"""Administration by several at once: real commits, and never an error of ours."""

import asyncio

import httpx
import pytest

QUEUE = {"id": "cards", "name": "Cards"}
SOURCE = {"id": "pbx", "name": "PBX"}


pytestmark = pytest.mark.usefixtures("committing")


async def test_a_refused_request_leaves_nothing(admin: httpx.AsyncClient) -> None:
    agent = {"id": "mei", "name": "Mei", "address": "1", "password": "correct horse", "skills": {"none": 1}}
    assert (await admin.post("/api/v1/agents", json=agent)).status_code == 422
    assert (await admin.get("/api/v1/users/mei")).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("queues", QUEUE),
        ("sources", SOURCE),
        ("tiers", {"id": "gold", "name": "Gold", "rank": 1}),
        ("users", {"id": "sofia", "name": "Sofia", "role": "supervisor", "password": "correct horse"}),
        ("agents", {"id": "mei", "name": "Mei", "address": "1001", "password": "correct horse"}),
    ],
)
async def test_of_many_who_make_the_same_thing_one_does(
    admin: httpx.AsyncClient, path: str, body: dict[str, object]
) -> None:
    answers = await asyncio.gather(*(admin.post(f"/api/v1/{path}", json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_a_number_never_leads_to_a_queue_that_is_gone(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/sources", json=SOURCE)
    for _ in range(10):
        await admin.post("/api/v1/queues", json=QUEUE)
        put, gone = await asyncio.gather(
            admin.put("/api/v1/sources/pbx/numbers/1", json={"queue_id": "cards"}), admin.delete("/api/v1/queues/cards")
        )
        assert (put.status_code, gone.status_code) in ((200, 409), (422, 204))
        await admin.delete("/api/v1/sources/pbx/numbers/1")


async def test_skills_set_by_two_at_once_are_those_of_one(admin: httpx.AsyncClient) -> None:
    for skill in ("zh", "en"):
        await admin.post("/api/v1/skills", json={"id": skill, "name": skill})
    await admin.post("/api/v1/queues", json=QUEUE)
    wishes = [{"zh": 3, "en": 1}, {"zh": 5}] * 5
    answers = await asyncio.gather(*(admin.patch("/api/v1/queues/cards", json={"requires": wish}) for wish in wishes))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert (await admin.get("/api/v1/queues/cards")).json()["requires"] in wishes


async def test_no_secret_of_two_rotations_at_once_is_lost(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/sources", json=SOURCE)
    await asyncio.gather(*(admin.post("/api/v1/sources/pbx/secrets") for _ in range(3)))
    assert len((await admin.get("/api/v1/sources/pbx")).json()["secrets"]) == 4
