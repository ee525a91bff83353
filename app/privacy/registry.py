"""What an erasure does to each table there is. A test holds that every table stands here, and that of a table whose
rows stay every column is told apart: so whoever adds a table or a column decides what becomes of it."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

MEMBERS = "any(cast(:members as uuid[]))"
AGREEMENTS = f"(select id from agreements where customer_id = {MEMBERS})"  # noqa: S608 - constants
SUBJECTS = "any(cast(:subjects as text[]))"


class Fate(NamedTuple):
    """`deleted`: rows go by `sql`, run in the order of this list. `follows`: they go with other rows. `blanked`: rows
    stay, the columns `blanks` say nothing any more. `kept`: they say nothing of a customer, and `why` tells why. `sql`
    takes `members` (ids) and `subjects` (such as `customer:<id>`)."""

    table: str
    does: Literal["deleted", "follows", "blanked", "kept"]
    why: str
    sql: str | None = None
    blanks: Sequence[str] = ()
    keeps: Sequence[str] = ()


def _deleted(table: str, where: str | None = None, why: str = "is the customer's") -> Fate:
    where = where or f"customer_id = {MEMBERS}"
    return Fate(table, "deleted", why, f"delete from {table} where {where}")  # noqa: S608 - constants


def _kept(why: str, *tables: str) -> list[Fate]:
    return [Fate(table, "kept", why) for table in tables]


FATES: list[Fate] = [
    _deleted(
        "usage_event_ids",
        "(source, event_id) in (select source, event_id from usage_events where "  # noqa: S608 - constants
        f"customer_id = {MEMBERS})",
        "names events that are the customer's",
    ),
    _deleted("usage_events"),
    Fate(
        "field_visits",
        "blanked",
        "counts: who went when, and how it ended, without to whom; what was to come is cancelled",
        f"""update field_visits set customer_id = null, case_id = null, purpose = '', outcome = null, site_kind = null,
                site_lines = '', site_city = null, site_postal_code = null, site_country = null,
                status = case when closed_at is null then 'cancelled' else status end,
                closed_at = coalesce(closed_at, now())
            where customer_id = {MEMBERS}""",  # noqa: S608 - constants
        blanks=(
            *("customer_id", "case_id", "purpose", "outcome"),
            *("site_kind", "site_lines", "site_city", "site_postal_code", "site_country"),
        ),
        keeps=(
            *("id", "status", "starts_at", "ends_at", "time_zone", "listed_at", "engineer", "version"),
            *("booked_at", "booked_by", "closed_at"),
        ),
    ),
    _deleted("field_visit_entries", why="is the customer's; after its visit, which waits for whoever writes of it"),
    Fate(
        "cases",
        "blanked",
        "counts, and its number is not given again; what was open is closed",
        f"""update cases set customer_id = null, subject = '', description = null, resolution = null, category = null,
                due_because = null, contact_id = null, alert_id = null, follows_id = null, status = 'closed',
                solved_at = coalesce(solved_at, now()), closed_at = coalesce(closed_at, now())
            where customer_id = {MEMBERS}""",  # noqa: S608 - constants
        blanks=(
            *("customer_id", "subject", "description", "resolution", "category", "due_because"),
            *("contact_id", "alert_id", "follows_id"),
        ),
        keeps=(
            *("id", "number", "priority", "status", "owner", "team_id", "due_at", "opened_at", "opened_by"),
            *("changed_at", "solved_at", "closed_at", "version"),
        ),
    ),
    _deleted(
        "case_contacts",
        f"case_id in (select case_id from case_entries where customer_id = {MEMBERS})",  # noqa: S608 - constants
    ),
    _deleted("case_entries", why="is the customer's; after its case, which waits for whoever writes of it"),
    _deleted(
        "customer_alert_entries",
        f"alert_id in (select id from customer_alerts where customer_id = {MEMBERS})",  # noqa: S608 - constants
    ),
    _deleted("customer_alerts"),
    _deleted("credit_checks"),
    _deleted("dues", f"customer_id = {MEMBERS} or agreement_id in {AGREEMENTS}"),
    _deleted("allowance_uses", f"agreement_id in {AGREEMENTS}"),
    _deleted("allowance_counts", f"agreement_id in {AGREEMENTS}"),
    Fate(
        "entitlements",
        "blanked",
        "counts, where somebody else's agreement covered the customer",
        f"delete from entitlements where agreement_id in {AGREEMENTS}",  # noqa: S608 - constants
        blanks=("customer_id", "promises", "fault"),
        keeps=("interaction_id", "agreement_id", "started_at", "product", "covered", "decided_at"),
    ),
    _deleted("agreements"),
    _deleted("pin_attempts", f"subject = {SUBJECTS}"),
    _deleted("customer_pins"),
    _deleted("customer_identifiers"),
    _deleted("customer_numbers"),
    _deleted("customer_emails"),
    _deleted("customer_addresses"),
    _deleted("customer_consents"),
    _deleted("customer_external_ids"),
    _deleted("product_configurations"),
    _deleted("customer_holdings"),
    _deleted("customer_preferences"),
    _deleted("tier_overrides"),
    _deleted("segment_overrides"),
    _deleted("usage_looks", why="asks that the customer's usage be looked at again"),
    _deleted("customer_notes"),
    _deleted("customer_ties", f"customer_id = {MEMBERS} or other_id = {MEMBERS}"),
    _deleted("customer_merges", f"merged_id = {MEMBERS} or survivor_id = {MEMBERS}"),
    _deleted("duplicate_proposals", f"one_id = {MEMBERS} or other_id = {MEMBERS}"),
    _deleted("legal_holds", why="is over: while one stands nobody is erased"),
    _deleted("customers", f"id = {MEMBERS}"),
    _deleted("customer_moves"),
    _deleted("profile_reads", why="names the customer and why somebody looked; that they were erased is kept"),
    _deleted("open_profiles"),
    _deleted("segment_changes", why="asks that the customer be judged again; removing parts asks so"),
    _deleted("customer_versions", why="tells what the customer was; last, as removing parts writes versions"),
    _deleted("webhook_events", f"subject = {SUBJECTS}", "tells of the customer; those of contacts go with these"),
    Fate("webhook_deliveries", "follows", "goes with its event"),
    Fate("unknown_callers", "follows", "goes with its contact"),
    Fate("outbox", "follows", "goes with its contact, once it is settled"),
    Fate("erased_keys", "kept", "keyed hashes of ids, so that an erased customer is not fed again"),
    Fate("erasure_rests", "kept", "ids only, until nothing can be written of them any more"),
    Fate(
        "interactions",
        "blanked",
        "counts: reports give what they gave before",
        blanks=("customer_id", "from_raw", "to_raw", "call_id", "cause", "note", "legs"),
        keeps=(
            *("id", "started_at", "ended_at", "channel", "direction", "source_id", "tier_id", "queue_id", "agent_id"),
            *("outcome", "wait_seconds", "talk_seconds", "hold_seconds", "wrap_up_seconds", "wrap_up_code"),
        ),
    ),
    Fate(
        "interaction_entries",
        "blanked",
        "what happened when, without what was said",
        blanks=("data", "customer_id"),
        keeps=("id", "started_at", "interaction_id", "at", "kind"),
    ),
    Fate(
        "events",
        "blanked",
        "the journal has no gaps; what happened when stays",
        blanks=("data",),
        keeps=("floor", "seq", "at", "type", "contact_id", "agent_id"),
    ),
    Fate(
        "inbox",
        "blanked",
        "a command that comes again is known; a week at most",
        blanks=("answer",),
        keeps=("floor", "scope", "id", "at"),
    ),
    Fate(
        "recordings",
        "blanked",
        "counts; the audio is deleted",
        blanks=("sha256", "deleted_by", "deleted_because", "retain_until"),
        keeps=(
            *("id", "contact_id", "contact_started_at", "source_id", "queue_id", "agents", "started_at", "seconds"),
            *("pauses", "media_type", "bytes", "key", "kept_at", "deleted_at"),
        ),
    ),
    Fate(
        "audit_entries",
        "blanked",
        "that somebody did something stays; of whom and what it was goes",
        blanks=("thing", "before", "after"),
        keeps=("id", "at", "who", "action", "kind"),
    ),
    *_kept("nobody is erased while a contact of theirs is on the floor", "live_contacts"),
    *_kept("counts stays in queues, without whose they were", "queue_visits"),
    *_kept("is the proof that somebody was erased, without who", "erasures"),
    *_kept("counts what went, by kind", "retention_runs"),
    *_kept("counts who was judged; of those who could not be it keeps ids, which are nobody's then", "segment_rounds"),
    *_kept("counts rows of files; the files, and the files of their faults, are their owners'", "feed_runs"),
    *_kept("is a place in the order of ids", "usage_sweeps", "webhook_places", "webhook_lanes"),
    *_kept("is the floor's own state: who is employed here, and phones", "floors", "live_agents", "live_phones"),
    *_kept("is of those who work here", "agents", "agent_skills", "teams", "users", "refresh_tokens"),
    *_kept(
        "is set-up",
        *("api_keys", "attribute_definitions", "business_hours", "configuration", "credit_bureaus", "cti_sources"),
        *("dialled_numbers", "feed_sources", "flow_versions", "flows", "instance_secrets", "queue_skills", "queues"),
        *("product_versions", "products", "segment_rule_sets"),
        *("retention_policies", "skills", "tiers", "usage_rules", "webhook_subscriptions", "wrap_up_codes"),
    ),
]
