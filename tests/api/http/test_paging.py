from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from app.api.http.paging import BadCursor, Window
from tests.api.conftest import ClientAs

ROWS = [{"id": letter} for letter in "abcd"]


def test_a_page_is_continued_after_its_last_row() -> None:
    page, cursor = Window(3, None).cut(ROWS, key=lambda row: row["id"])
    assert [row["id"] for row in page] == ["a", "b", "c"]
    assert Window(3, cursor).after(str) == "c"


def test_the_last_page_has_no_cursor() -> None:
    assert Window(4, None).cut(ROWS, key=lambda row: row["id"]) == (ROWS, None)


def test_a_key_of_several_parts_comes_back_with_its_types() -> None:
    key = (datetime(2026, 11, 23, 10, 0, 0, 123456, UTC), UUID(int=7))
    _, cursor = Window(1, None).cut([1, 2], key=lambda row: key)
    assert Window(1, cursor).after(tuple[datetime, UUID]) == key


def test_a_cursor_of_another_list_is_refused() -> None:
    _, cursor = Window(3, None, "/cases").cut(ROWS, key=lambda row: row["id"])
    assert Window(3, cursor, "/cases").after(str) == "c"
    with pytest.raises(BadCursor):
        Window(3, cursor, "/alerts").after(str)


async def test_a_list_takes_no_cursor_of_another_one(client_as: ClientAs) -> None:
    admin: httpx.AsyncClient = client_as("administrator")
    for name in ("a", "b"):
        assert (await admin.post("/api/v1/skills", json={"id": name, "name": name})).status_code == 201
    cursor = (await admin.get("/api/v1/skills", params={"limit": 1})).json()["next"]
    assert (await admin.get("/api/v1/skills", params={"cursor": cursor})).json()["items"][0]["id"] == "b"
    other = await admin.get("/api/v1/teams", params={"cursor": cursor})
    assert (other.status_code, other.json()["type"].rpartition(":")[2]) == (422, "bad-cursor")


@pytest.mark.parametrize("cursor", ["", "%", "ab", "MTI=", "你好", "A" * 400, "eyJhIjoxfQ=="])
def test_a_cursor_of_something_else_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor) as refusal:
        Window(3, cursor).after(str)
    assert refusal.value.facts["faults"][0]["where"] == "query.cursor"
