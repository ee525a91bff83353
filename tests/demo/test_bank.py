"""The demo bank's configuration fits together."""

import pytest

from app.demo.bank import AGENTS, NOTES, QUEUES, RESERVED, SIMULATED, SKILLS, TIERS, WRAP_UP_CODES, QueuePlan


def able(queue: QueuePlan, language: str, only: tuple[str, ...]) -> list[str]:
    needed = queue.requires | {language: queue.language_level}
    return [
        agent.id
        for agent in AGENTS
        if agent.id in only and all(agent.skills.get(skill, 0) >= level for skill, level in needed.items())
    ]


@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.id)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_queue_can_be_answered_in_both_languages_by_simulated_agents(queue: QueuePlan, language: str) -> None:
    assert len(able(queue, language, SIMULATED)) >= 3


def test_the_agents_kept_for_people_can_take_most_queues() -> None:
    for login in RESERVED:
        assert sum(bool(able(queue, "en", (login,))) for queue in QUEUES) >= 3


def test_everything_named_exists() -> None:
    assert {skill for agent in AGENTS for skill in agent.skills} <= SKILLS.keys()
    assert {skill for queue in QUEUES for skill in queue.requires} <= SKILLS.keys()
    assert {code for queue in QUEUES for code in queue.codes} <= WRAP_UP_CODES.keys()
    assert set(NOTES) == {"zh", "en"}


def test_shares_add_up_and_nothing_is_named_twice() -> None:
    assert sum(tier.share for tier in TIERS) == pytest.approx(1)
    assert sum(queue.share for queue in QUEUES) == pytest.approx(1)
    assert len({agent.id for agent in AGENTS}) == len({agent.address for agent in AGENTS}) == len(AGENTS) == 24
