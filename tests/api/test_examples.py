"""What the pages show as an example is taken as it stands there. Those of queues, cases and sources have tests beside
theirs, since they name what must be there first."""

import asyncio
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.demo import bank

DOCS = Path(__file__).parents[2] / "docs"


def example(page: str) -> Any:
    found = re.search(r"```json\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    assert found is not None
    return json.loads(found[1])


@pytest.mark.parametrize(
    ("page", "method", "path"),
    [
        ("credit.md", "PUT", "credit-bureaus/a"),
        ("staffing.md", "POST", "staffing"),
    ],
)
async def test_the_example_of_a_page_is_taken(admin: httpx.AsyncClient, page: str, method: str, path: str) -> None:
    answer = await admin.request(method, f"/api/v1/{path}", json=example(page))
    assert answer.status_code == 200, answer.text


async def test_the_model_of_the_page_about_products_has_no_flaw(admin: httpx.AsyncClient) -> None:
    answer = await admin.post("/api/v1/products/check", json={"model": example("products.md")})
    assert (answer.json()["sound"], answer.json()["faults"]) == (True, []), answer.text


async def test_the_rules_of_the_page_about_segments_are_taken_once_their_tier_is_there(
    admin: httpx.AsyncClient,
) -> None:
    await admin.post("/api/v1/tiers", json={"id": "gold", "name": "Gold", "rank": 3})
    answer = await admin.post("/api/v1/segmentation/rule-sets", json=example("segments.md"))
    assert answer.status_code == 201, answer.text


async def test_the_event_of_the_page_about_usage_is_taken_once_its_customer_is_there(admin: httpx.AsyncClient) -> None:
    event = example("usage.md")
    await admin.post("/api/v1/customers", json={"name": "Ann", "external_id": event["external_id"]})
    answer = await admin.post("/api/v1/usage/cards/events", content=json.dumps(event))
    assert (answer.status_code, answer.json()["taken"]) == (200, 1), answer.text


async def test_the_reports_of_their_page_name_what_the_demo_has_and_are_told(admin: httpx.AsyncClient) -> None:
    await admin.post("/api/v1/queues", json={"id": "cards", "name": "Cards"})
    mei = {"id": "mei", "name": "Mei", "address": "2001", "password": "a-long-password"}
    assert (await admin.post("/api/v1/agents", json=mei)).status_code == 201
    asked = re.findall(r"/api/v1/reports/(\w+)\"((?:.*\\\n)?.*)", (DOCS / "reports.md").read_text())
    assert [what for what, _ in asked] == ["queues", "agents"]
    for what, options in asked:
        given = dict(re.findall(r"-d (\w+)=(\S+)", options))
        assert given.get("queue", "cards") in {queue.id for queue in bank.QUEUES}
        assert given.get("agent", "mei") in {agent.id for agent in bank.AGENTS}
        answer = await admin.get(f"/api/v1/reports/{what}", params=given)
        assert (answer.status_code, len(given)) == (200, 5), answer.text


async def test_the_pages_of_a_report_are_followed_as_its_page_does(admin: httpx.AsyncClient) -> None:
    for place, agent in enumerate(("lan", "mei", "tom")):
        given = {"id": agent, "name": agent, "address": str(place), "password": "a-long-password"}
        assert (await admin.post("/api/v1/agents", json=given)).status_code == 201
    page = (DOCS / "reports.md").read_text()
    [query], [found] = re.findall(r"QUERY='(\?[^']+)'", page), re.findall(r"sed -n '([^']+)' headers.txt", page)
    query, told = query.replace("limit=2500", "limit=2"), []
    while query:
        answer = await admin.get(f"/api/v1/reports/agents{query}")
        told.append({line.partition(",")[0] for line in answer.text.splitlines()[1:]})
        headers = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        sed = ["sed", "-n", found]
        done = await asyncio.to_thread(subprocess.run, sed, input=headers, capture_output=True, text=True, check=True)
        query = done.stdout.strip()
    assert told == [{"lan", "mei"}, {"tom"}]


@pytest.mark.parametrize("refused", [1, 2])
def test_the_loop_over_pages_ends_loudly_with_a_page_that_fails(tmp_path: Path, refused: int) -> None:
    [loop] = re.findall(r"^URL=.*?^done \)$", (DOCS / "reports.md").read_text(), re.DOTALL | re.MULTILINE)
    curl = f"""curl() {{
        [ "$n" != {refused} ] || {{ echo 'curl: (22) The requested URL returned error: 422' >&2; return 22; }}
        printf 'link: <?cursor=x>; rel="next"\\r\\n' > headers.txt
    }}
    """
    program = f"{curl}CALLFLOOR=x TOKEN=y\n{loop}"
    ended = subprocess.run(
        ["bash", "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (22, "curl: (22) The requested URL returned error: 422\n")
