"""Whatever shows one customer's data is written down as a read of theirs, by whichever id it is asked for; what is not
is listed here by name, with the reason."""

import re
from typing import Any

from app.api.application import Application

THEIRS = {
    "customer_id", "alert_id", "case_id", "visit_id", "interaction_id", "contact_id", "recording_id", "due_id",
    "hold_id", "proposal_id", "erasure_id", "agreement_id", "note_id",
}  # fmt: skip
"""What paths name that is a customer's, or of one."""
NOBODYS = {
    "agent_id", "bureau_id", "code", "delivery_id", "external_id", "feed", "flow_id", "hours_id", "key_id", "kind",
    "name", "number", "product_id", "queue_id", "rule_id", "secret_id", "segment", "skill_id", "source", "source_id",
    "subscription_id", "team_id", "tier_id", "user_id",
}  # fmt: skip
"""What paths name beside that: the set-up, and parts of what else stands in the path."""

WHY_IN_THE_BODY = {
    "post /customers/{customer_id}/export",
    "post /customers/{customer_id}/credit",
    "post /customers/{customer_id}/reveal",
}
"""Written down, with the reason that stands in the body."""

NOT_WRITTEN_DOWN = {
    "tells who read, and nothing of the customer": "get /customers/{customer_id}/reads",
    "finds customers, so that one of them is opened, which is written down": """
        get /customers
        post /customers/matches""",
    "lists what is of many customers, or of all": """
        get /products/{product_id}/upgrades
        get /segmentation/moves
        get /segmentation/segments/{segment}/members
        post /segmentation/rule-sets/{number}/preview
        get /holds
        get /floor
        get /history/search""",
    "tells of routing alone: places, agents, queues": """
        get /contacts/{contact_id}/decisions
        get /contacts/{contact_id}/wait""",
    "is of a customer who has been erased, and of whom nothing is told": """
        get /erasures/{erasure_id}
        post /erasures/{erasure_id}/lift""",
    "is a change, kept with who made it and when; its answer is how that left it": """
        post /customers
        post /customers/duplicates/{proposal_id}/dismiss
        post /customers/{customer_id}/merge
        post /customers/{customer_id}/unmerge
        put /customers/{customer_id}/numbers
        post /customers/{customer_id}/notes
        put /customers/{customer_id}/notes/{note_id}
        put /customers/{customer_id}/holdings/{source}/{external_id}
        put /customers/{customer_id}/holdings/{source}/{external_id}/configuration
        post /customers/{customer_id}/agreements
        put /customers/{customer_id}/agreements/{agreement_id}
        post /customers/{customer_id}/agreements/{agreement_id}/uses
        put /customers/{customer_id}/preferences/{name}
        put /customers/{customer_id}/identifiers
        put /customers/{customer_id}/tier-override
        post /customers/{customer_id}/tier-override/take-back
        put /customers/{customer_id}/segment-overrides/{segment}
        post /customers/{customer_id}/segment-overrides/{segment}/take-back
        post /customers/{customer_id}/erasure
        post /customers/{customer_id}/holds
        post /holds/{hold_id}/lift
        post /dues/{due_id}/done
        post /alerts/{alert_id}/acknowledge
        post /alerts/{alert_id}/release
        post /alerts/{alert_id}/finish
        post /alerts/{alert_id}/assign
        post /alerts/{alert_id}/callback
        post /cases/{case_id}/notes
        post /cases/{case_id}/contacts
        post /cases/{case_id}/assign
        post /cases/{case_id}/solve
        post /cases/{case_id}/close
        post /cases/{case_id}/take
        post /cases/{case_id}/work
        post /cases/{case_id}/wait
        post /cases/{case_id}/hold
        post /cases/{case_id}/reopen
        post /visits/{visit_id}/schedule
        post /visits/{visit_id}/assign
        post /visits/{visit_id}/dispatch
        post /visits/{visit_id}/set-out
        post /visits/{visit_id}/arrive
        post /visits/{visit_id}/complete
        post /visits/{visit_id}/no-access
        post /visits/{visit_id}/cancel
        post /visits/{visit_id}/notes
        post /interactions/{interaction_id}/entries
        delete /recordings/{recording_id}
        post /floor/contacts/{contact_id}/end
        post /floor/contacts/{contact_id}/listen
        post /floor/contacts/{contact_id}/callback""",
}


def operations(app: Application) -> dict[str, dict[str, Any]]:
    """All that the API describes, by method and path."""
    every = app.openapi()["paths"].items()
    return {f"{method} {path.removeprefix('/api/v1')}": told for path, by in every for method, told in by.items()}


def named(operation: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", operation))


def is_written_down(told: dict[str, Any]) -> bool:
    asked = {each["name"]: each.get("description", "") for each in told.get("parameters", ()) if each["in"] == "query"}
    return {"contact", "reason"} <= {name for name, about in asked.items() if "written down with the read" in about}


def schemas_of(told: Any, every: dict[str, Any], seen: set[str]) -> set[str]:
    """The schemas that a part of the description leads to."""
    if isinstance(told, dict):
        name = str(told.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen:
            seen.add(name)
            schemas_of(every[name], every, seen)
    for part in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
        schemas_of(part, every, seen)
    return seen


def shows_a_customer(operation: str, told: dict[str, Any], every: dict[str, Any]) -> bool:
    """Whether what it answers is of something that is a customer's, or names one."""
    answers = [one["content"] for status, one in told["responses"].items() if status < "3" and "content" in one]
    found = schemas_of(answers, every, set())
    named_in = any("customer" in field for name in found for field in every[name].get("properties", ()))
    return bool(answers) and (named_in or "CustomerOut" in found or bool(named(operation) & THEIRS))


def test_every_id_in_a_path_is_known_to_be_a_customers_or_nobodys(app: Application) -> None:
    assert set().union(*map(named, operations(app))) == THEIRS | NOBODYS


def test_whatever_shows_a_customer_is_written_down_or_listed_here(app: Application) -> None:
    every = app.openapi()["components"]["schemas"]
    shown = {name: told for name, told in operations(app).items() if shows_a_customer(name, told, every)}
    listed = [line.strip() for names in NOT_WRITTEN_DOWN.values() for line in names.strip().splitlines()]
    silent = {name for name, told in shown.items() if not is_written_down(told)}
    assert len(listed) == len(set(listed))
    assert silent == set(listed) | WHY_IN_THE_BODY
    changes = "is a change, kept with who made it and when; its answer is how that left it"
    assert not [line for line in NOT_WRITTEN_DOWN[changes].split("\n") if line.strip().startswith("get ")]
