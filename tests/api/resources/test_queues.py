"""What a queue requires and how it chooses: set over the API, and refused with every fault."""

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.clock import now
from app.routing.engine.requirement import Selection
from app.routing.overflow.rules import Do, When
from tests.api.conftest import faults

PATH = "/api/v1/queues/cards"
STEP = {
    "after_seconds": 30,
    "requires": {"cards": 2},
    "one_of": [{"zh": 3, "en": 3}],
    "agents": ["mei"],
    "teams": ["vip"],
    "excluded": ["tom"],
    "language_level": 1,
}
RULES = {
    "requires": {"cards": 4},
    "one_of": [{"zh": 3, "en": 3}],
    "agents": ["mei"],
    "teams": ["vip"],
    "excluded": ["tom"],
    "steps": [STEP, {"after_seconds": 60.5, "requires": {"cards": 1}}],
    "preferred_seconds": 20,
    "last_agent_seconds": 10,
    "selection": "least_skilled",
    "strict_tiers": True,
    "offer_agents": 3,
    "wrap_up_ends": "by_agent",
    "record": "on",
    "recording_days": 90,
}
BARE: dict[str, Any] = {"one_of": [], "agents": [], "teams": [], "excluded": [], "language_level": 0}
QUEUE = {"id": "cards", "name": "Cards"}
Made = dict[str, Any]
Make = Callable[..., Awaitable[Made]]


@pytest.fixture(autouse=True)
async def bank(admin: httpx.AsyncClient) -> None:
    """Skills, a team, and two agents: Mei in the team, Tom not."""
    for skill in ("cards", "zh", "en"):
        await admin.post("/api/v1/skills", json={"id": skill, "name": skill})
    await admin.post("/api/v1/teams", json={"id": "vip", "name": "Vip"})
    for agent, more in (("mei", {"team": "vip", "skills": {"cards": 4, "zh": 5}}), ("tom", {"skills": {"cards": 2}})):
        body = {"id": agent, "name": agent, "address": f"sip:{agent}@bank", "password": "correct horse", **more}
        assert (await admin.post("/api/v1/agents", json=body)).status_code == 201


@pytest.fixture
def make(admin: httpx.AsyncClient) -> Make:
    """Makes the queue."""

    async def made(**given: Any) -> Made:
        answer = await admin.post("/api/v1/queues", json=QUEUE | given)
        assert answer.status_code == 201, answer.text
        told: Made = answer.json()
        return told

    return made


async def test_a_queue_tells_the_rules_that_it_was_given(admin: httpx.AsyncClient, make: Make) -> None:
    made = await make(**RULES)
    told = RULES | {
        "steps": [STEP, {"after_seconds": 60.5, "requires": {"cards": 1}, **BARE}],
        "hours": None,
        "warnings": [],
    }
    assert {field: made[field] for field in told} == told
    assert (await admin.get(PATH)).json() == made


async def test_a_change_replaces_what_it_names(admin: httpx.AsyncClient, make: Make) -> None:
    made = await make(**RULES)
    changed = (await admin.patch(PATH, json={"steps": [{"after_seconds": 5}], "selection": "round_robin"})).json()
    assert changed == made | {"steps": [{"after_seconds": 5, **BARE, "requires": {}}], "selection": "round_robin"}


OVERFLOW: list[dict[str, Any]] = [
    {"when": "no_agent", "do": "voicemail", "message": "We call back tomorrow."},
    {"when": "length", "at": 20, "do": "callback"},
    {"when": "wait", "at": 120.5, "do": "queue", "queue": "service"},
    {"when": "estimated_wait", "at": 600, "do": "message", "message": "Please call again later."},
]
UNSAID = {"at": None, "queue": None, "message": None}


async def test_a_queue_tells_what_it_does_with_those_whom_it_does_not_take(
    admin: httpx.AsyncClient, make: Make
) -> None:
    await admin.post("/api/v1/queues", json={"id": "service", "name": "Service"})
    made = await make(overflow=OVERFLOW)
    assert made["overflow"] == [UNSAID | rule for rule in OVERFLOW]
    assert made["warnings"] == []
    assert (await admin.patch(PATH, json={"overflow": made["overflow"]})).json() == made, "as it was told"
    kept = await admin.delete("/api/v1/queues/service")
    assert (kept.status_code, kept.json()["used_by"]) == (409, [{"queue": "cards", "where": "overflow.2.queue"}])
    assert (await admin.patch(PATH, json={"overflow": []})).json() == made | {"overflow": []}
    assert (await admin.delete("/api/v1/queues/service")).status_code == 204


async def test_rules_of_overflow_that_never_apply_are_told(admin: httpx.AsyncClient, make: Make) -> None:
    await admin.post("/api/v1/queues", json={"id": "service", "name": "Service"})
    closed = {"when": "closed", "do": "message", "message": "We are closed."}
    to_service = {"when": "length", "at": 5, "do": "queue", "queue": "service"}
    made = await make(overflow=[closed, to_service, to_service | {"at": 9}])
    assert (
        made["warnings"]
        == (await admin.get(PATH)).json()["warnings"]
        == [
            {"where": "body.overflow.0", "what": "never applies: the queue keeps no hours, so it is always open"},
            {"where": "body.overflow.2", "what": "never applies: wherever it would, overflow.1 comes first"},
        ]
    )
    hours = {"id": "bank", "name": "Bank", "time_zone": "Asia/Shanghai", "weekly": {}}
    await admin.post("/api/v1/hours", json=hours)
    sound = await admin.patch(PATH, json={"hours": "bank", "overflow": [closed, to_service]})
    assert sound.json()["warnings"] == []


FAULTS: list[tuple[dict[str, Any], list[str]]] = [
    ({"one_of": [{"cards": 2}, {"none": 2}]}, ["body.one_of.1.none"]),
    ({"one_of": [{}]}, ["body.one_of.0"]),
    ({"agents": ["mei", "none"]}, ["body.agents.1"]),
    ({"agents": ["mei", "mei"]}, ["body.agents.1"]),
    ({"teams": ["none"]}, ["body.teams.0"]),
    ({"excluded": ["none"]}, ["body.excluded.0"]),
    ({"agents": ["mei"], "excluded": ["tom", "mei"]}, ["body.excluded.1"]),
    ({"hours": "none"}, ["body.hours"]),
    ({"steps": [{"after_seconds": 0}]}, ["body.steps.0.after_seconds"]),
    ({"steps": [{"after_seconds": 30}, {"after_seconds": 30}]}, ["body.steps.1.after_seconds"]),
    ({"steps": [{"requires": {"cards": 2}}]}, ["body.steps.0.after_seconds"]),
    ({"steps": [{"after_seconds": 5, "agents": ["mei"], "excluded": ["mei"]}]}, ["body.steps.0.excluded.0"]),
    ({"steps": [{"after_seconds": 5, "agents": ["\x00"]}]}, ["body.steps.0.agents.0"]),
    ({"steps": [{"after_seconds": 5, "skills": {}}]}, ["body.steps.0.skills"]),
    ({"steps": {}}, ["body.steps"]),
    ({"selection": "best"}, ["body.selection"]),
    ({"overflow": None}, ["body.overflow"]),
    ({"overflow": [{"when": "never", "do": "dance"}]}, ["body.overflow.0.do", "body.overflow.0.when"]),
    ({"overflow": [{"when": "wait", "at": 9, "do": "queue", "queue": "none"}]}, ["body.overflow.0.queue"]),
    ({"overflow": [{"when": "wait", "at": 9, "do": "queue", "queue": "cards"}]}, ["body.overflow.0.queue"]),
    ({"overflow": [{"when": "wait", "at": 9, "do": "queue"}]}, ["body.overflow.0.queue"]),
    ({"overflow": [{"when": "wait", "at": 9, "do": "message", "queue": "none"}]}, ["body.overflow.0.queue"]),
    ({"overflow": [{"when": "closed", "at": 9, "do": "message"}]}, ["body.overflow.0.at"]),
    ({"overflow": [{"when": "length", "at": 1.5, "do": "voicemail"}]}, ["body.overflow.0.at"]),
    ({"overflow": [{"when": "no_agent", "do": "callback", "message": "hm"}]}, ["body.overflow.0.message"]),
    (
        {
            "offer_agents": 0,
            "overflow": [
                {"when": "closed", "do": "message"},
                {"when": "length", "do": "callback"},
                {"when": "wait", "at": 0, "do": "queue", "queue": "Nowhere!"},
                {"when": "estimated_wait", "at": -1, "do": "queue", "queue": "cards", "message": ""},
                "closed",
                {"when": "no_agent", "at": 3, "do": "voicemail", "queue": "none", "why": "so"},
            ],
        },
        [
            "body.offer_agents",
            "body.overflow.1.at",
            "body.overflow.2.at",
            "body.overflow.2.queue",
            "body.overflow.3.at",
            "body.overflow.3.message",
            "body.overflow.3.queue",
            "body.overflow.4",
            "body.overflow.5.at",
            "body.overflow.5.queue",
            "body.overflow.5.why",
        ],
    ),
    ({"strict_tiers": 1}, ["body.strict_tiers"]),
    ({"offer_agents": 11}, ["body.offer_agents"]),
    ({"wrap_up_ends": "never"}, ["body.wrap_up_ends"]),
    ({"record": "always", "recording_days": 0}, ["body.record", "body.recording_days"]),
    ({"preferred_seconds": -1}, ["body.preferred_seconds"]),
    ({"last_agent_seconds": None}, ["body.last_agent_seconds"]),
    (
        {
            "offer_agents": 0,
            "requires": {"none": 9},
            "teams": ["none"],
            "steps": [
                {"after_seconds": 60, "requires": {"loans": 2}},
                {"after_seconds": -5, "agents": ["Nobody!"]},
                {"after_seconds": 30, "agents": ["tom"], "excluded": ["tom"]},
            ],
        },
        [
            "body.offer_agents",
            "body.requires.none",
            "body.steps.0.requires.loans",
            "body.steps.1.after_seconds",
            "body.steps.1.agents.0",
            "body.steps.2.after_seconds",
            "body.steps.2.excluded.0",
            "body.teams.0",
        ],
    ),
]


@pytest.mark.parametrize(("given", "where"), FAULTS)
async def test_every_fault_is_named_at_once_and_nothing_is_half_applied(
    admin: httpx.AsyncClient, make: Make, given: dict[str, Any], where: list[str]
) -> None:
    refused = await admin.post("/api/v1/queues", json=QUEUE | given)
    assert sorted(faults(refused)) == where
    assert all(fault["what"] for fault in refused.json()["faults"])
    made = await make()
    assert sorted(faults(await admin.patch(PATH, json=given))) == where
    assert (await admin.get(PATH)).json() == made


async def test_a_fault_tells_what_would_be_accepted(admin: httpx.AsyncClient) -> None:
    steps = [{"after_seconds": 60}, {"after_seconds": 30, "teams": ["none"]}]
    refused = await admin.post("/api/v1/queues", json=QUEUE | {"steps": steps})
    assert refused.json()["faults"] == [
        {
            "where": "body.steps.1.teams.0",
            "what": "there is no team 'none'",
            "accepted": "the id of a team, see GET /api/v1/teams",
        },
        {
            "where": "body.steps.1.after_seconds",
            "what": "goes back in time: a step before it begins at 60",
            "accepted": "more than 60",
        },
    ]


async def test_what_is_set_must_fit_what_stays(admin: httpx.AsyncClient, make: Make) -> None:
    await make(agents=["mei"], steps=[{"after_seconds": 60}])
    assert faults(await admin.patch(PATH, json={"excluded": ["mei"]})) == ["body.excluded.0"]
    await admin.patch(PATH, json={"agents": ["tom"], "excluded": ["mei"]})
    assert faults(await admin.patch(PATH, json={"agents": ["tom", "mei"]})) == ["body.agents.1"]


async def test_a_step_that_cannot_ever_be_met_is_told(admin: httpx.AsyncClient, make: Make) -> None:
    steps = [
        {"after_seconds": 30, "requires": {"cards": 4}, "excluded": ["mei"]},
        {"after_seconds": 60, "teams": ["vip"], "agents": ["tom"]},
        {"after_seconds": 90},
    ]
    made = await make(requires={"cards": 5}, one_of=[{"en": 1}], steps=steps)
    no = "no active agent could take a contact between"
    assert made["warnings"] == [
        {
            "where": "body",
            "what": f"{no} 0 and 30 s of waiting: nobody has cards at 5 or above, any of en at 1 or above",
        },
        {"where": "body.steps.0", "what": f"{no} 30 and 60 s of waiting: nobody has all that is asked for at once"},
        {"where": "body.steps.1", "what": f"{no} 60 and 90 s of waiting: nobody has all that is asked for at once"},
        {"where": "body.steps.0", "what": "does not loosen with time: it adds to the step before: not mei"},
        {
            "where": "body.steps.1",
            "what": "does not loosen with time: it adds to the step before: only of vip, only tom",
        },
    ]
    assert (await admin.patch(PATH, json={"requires": {}, "one_of": [], "steps": []})).json()["warnings"] == []


async def test_a_step_that_tightens_is_accepted_and_told(admin: httpx.AsyncClient, make: Make) -> None:
    """The simulator refuses it; a queue may mean it."""
    made = await make(steps=[{"after_seconds": 30, "requires": {"cards": 4}}])
    what = "does not loosen with time: it adds to the step before: cards at 4 or above"
    assert made["warnings"] == (await admin.get(PATH)).json()["warnings"] == [{"where": "body.steps.0", "what": what}]


async def test_who_is_named_and_leaves_is_told_on_both_sides(admin: httpx.AsyncClient, make: Make) -> None:
    await make(agents=["tom"], excluded=["mei"], steps=[{"after_seconds": 30, "agents": ["tom", "mei"]}])
    left = (await admin.patch("/api/v1/agents/tom", json={"active": False})).json()
    what = "names tom, who is not active and gets no contacts"
    told = [{"where": f"queues.cards.{where}", "what": what} for where in ("agents.0", "steps.0.agents.0")]
    assert left["warnings"] == (await admin.get("/api/v1/agents/tom")).json()["warnings"] == told
    assert [each["where"] for each in (await admin.get(PATH)).json()["warnings"]] == [
        "body",
        "body.agents.0",
        "body.steps.0.agents.0",
    ]
    back = (await admin.patch("/api/v1/agents/tom", json={"active": True})).json()
    assert back["warnings"] == (await admin.get(PATH)).json()["warnings"] == []


async def test_a_skill_inside_steps_and_groups_is_in_use(admin: httpx.AsyncClient, make: Make) -> None:
    await make(one_of=[{"en": 1}], steps=[{"after_seconds": 5, "requires": {"en": 2}, "one_of": [{"en": 3}]}])
    kept = await admin.delete("/api/v1/skills/en")
    assert (kept.status_code, kept.json()["queues"], kept.json()["agents"]) == (409, ["cards"], [])
    assert [each["where"] for each in kept.json()["used_by"]] == [
        "one_of.0.en",
        "steps.0.requires.en",
        "steps.0.one_of.0.en",
    ]
    await admin.patch(PATH, json={"one_of": [], "steps": []})
    assert (await admin.delete("/api/v1/skills/en")).status_code == 204


async def test_a_queue_keeps_hours(admin: httpx.AsyncClient, make: Make) -> None:
    hours = {"id": "bank", "name": "Bank", "time_zone": "Asia/Shanghai", "weekly": {}}
    assert (await admin.post("/api/v1/hours", json=hours)).status_code == 201
    assert (await make(hours="bank"))["hours"] == "bank"
    kept = await admin.delete("/api/v1/hours/bank")
    assert (kept.status_code, kept.json()["queues"]) == (409, ["cards"])
    assert (await admin.patch(PATH, json={"hours": None})).json()["hours"] is None
    assert (await admin.delete("/api/v1/hours/bank")).status_code == 204


async def test_warnings_are_quick_with_many_agents(admin: httpx.AsyncClient, make: Make) -> None:
    """A loose bound, for the quickest of a few: a busy machine may let one of them wait."""
    await make(requires={"cards": 5}, steps=[{"after_seconds": n + 1, "requires": {"cards": 5}} for n in range(50)])
    took = []
    for _ in range(5):
        started = now()
        assert len((await admin.get(PATH)).json()["warnings"]) == 51
        took.append(now() - started)
    assert min(took) < 1


async def test_the_examples_of_the_documentation_are_accepted(admin: httpx.AsyncClient) -> None:
    text = (Path(__file__).parents[3] / "docs/routing.md").read_text()
    example, hours, change = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    made = await admin.post("/api/v1/queues", content=example, headers={"content-type": "application/json"})
    assert made.status_code == 201, made.text
    assert all(selection in text for selection in Selection)
    assert made.json().items() >= {key: value for key, value in json.loads(example).items() if key != "steps"}.items()
    await admin.post("/api/v1/queues", json={"id": "service", "name": "Service"})
    kept = await admin.post("/api/v1/hours", content=hours, headers={"content-type": "application/json"})
    assert kept.status_code == 201, kept.text
    changed = await admin.patch(PATH, content=change, headers={"content-type": "application/json"})
    assert changed.status_code == 200, changed.text
    assert changed.json()["warnings"] == []
    assert changed.json()["overflow"] == [UNSAID | rule for rule in json.loads(change)["overflow"]]
    assert all(f"| `{word}` |" in text for word in (*When, *Do))
