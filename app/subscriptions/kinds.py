"""What can be subscribed to. Pure.

A room that tells of something new adds a type here and calls `announcing.announce` in the transaction of the change.
"""

EVENTS: dict[str, str] = {
    "customer.created": "a customer was made",
    "customer.changed": "the record of a customer or a part of it changed; `version` is the new one",
    "customer.merged": "`customer_id` now stands for `merged_id`",
    "customer.unmerged": "`merged_id` stands for themselves again",
    "customer.erased": "the customer was erased: forget what you have of `customer_id`, too",
    "contact.opened": "a contact began; the customer is told where they are known by then",
    "contact.ended": "a contact ended and is in the history",
    "contact.wrapped_up": "an agent finished the after-call work of a contact that had ended",
    "contact.noted": "somebody added a note to a contact in the history",
    "case.opened": "a case was opened",
    "case.changed": "a case changed; `act` says by what",
    "case.closed": "a case was closed",
    "alert.raised": "an alert was raised",
    "alert.changed": "an alert was acknowledged, assigned or given back",
    "alert.closed": "an alert was done or expired",
    "visit.scheduled": "a field visit got an appointment, or another one",
    "visit.changed": "a field visit was asked for, assigned, went on, or nobody was there",
    "visit.completed": "a field visit took place",
    "visit.cancelled": "a field visit was cancelled",
}
"""Event type -> what it says."""

TEST = "webhook.test"
"""Told on demand to one subscription, whatever it wants."""

WILD = tuple(dict.fromkeys(f"{name.partition('.')[0]}.*" for name in EVENTS))
"""All events of a kind, also those that come later."""


def is_known(wanted: str) -> bool:
    """Whether a subscription can want this: a type, or all of a kind."""
    return wanted in EVENTS or wanted in WILD
