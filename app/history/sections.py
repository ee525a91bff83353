"""Everything that is kept of a customer, section by section: which rows of which table are theirs. An export tells all
of it. A test holds that every table that names a customer, a contact, an alert or an agreement is here or among those
that are left out, with the reason.

A room that keeps something more adds a `Section` to `SECTIONS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

OWN = "t.customer_id = any(:members)"
CONTACT = "join interactions c on c.id = t.{id} and c.started_at = t.started_at and c.customer_id = any(:members)"
ALERT = "join customer_alerts a on a.id = t.alert_id and a.customer_id = any(:members)"
CASE = "join cases c on c.id = t.case_id and c.customer_id = any(:members)"
AGREEMENT = "join agreements a on a.id = t.agreement_id and a.customer_id = any(:members)"


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of `table`, called `t`, in `order`. Theirs are those that `where` holds for; `:members` are the ids of the
    customer and of all who were merged into them, which `join` may know, too. `left_out` says of columns why they are
    not told."""

    table: str
    title: str
    order: str
    where: str = OWN
    join: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        """The statement that reads the rows, each as JSON text. `:members` and `:left_out` are to be given."""
        told = "cast(to_jsonb(t) - cast(:left_out as text[]) as text)"
        theirs = f"{self.table} t {self.join} where {self.where}"
        return f"select {told} from {theirs} order by {self.order}"  # noqa: S608 - made of the constants below


SECTIONS: tuple[Section, ...] = (
    Section(
        "customers",
        "The customer, and those who were merged into them",
        "t.created_at, t.id",
        "t.id = any(:members)",
        left_out={
            "search": "parts of the name by which it is found",
            "fed": "a hash by which a feed knows that it has nothing new to tell",
        },
    ),
    Section("customer_numbers", "Telephone numbers", "t.id"),
    Section("customer_emails", "E-mail addresses", "t.id"),
    Section("customer_addresses", "Postal addresses", "t.id"),
    Section("customer_external_ids", "Ids in other systems", "t.system, t.external_id"),
    Section(
        "customer_identifiers",
        "Id and card numbers, of which only the last digits are kept",
        "t.id",
        left_out={"digest": "a keyed hash by which the number is recognised"},
    ),
    Section(
        "customer_pins",
        "The telephone PIN: when it was set",
        "t.customer_id",
        left_out={"hash": "what the PIN is verified against"},
    ),
    Section(
        "pin_attempts",
        "Attempts at the telephone PIN",
        "t.subject",
        "t.subject in (select 'customer:' || m from unnest(cast(:members as uuid[])) m)",
    ),
    Section("customer_consents", "Consents, channel by channel", "t.at, t.id"),
    Section(
        "customer_ties",
        "Ties to others",
        "t.id",
        "t.customer_id = any(:members) or t.other_id = any(:members)",
    ),
    Section("customer_holdings", "Accounts, cards, loans, funds, insurance", "t.kind, t.id"),
    Section("customer_preferences", "How the customer wants to be served", "t.id"),
    Section("product_configurations", "How accounts, cards and the like are set up", "t.id"),
    Section("customer_moves", "Changes of tier and segments, and what decided them", "t.at, t.id"),
    Section("tier_overrides", "Tiers that somebody set up to an instant", "t.made_at, t.id"),
    Section("segment_overrides", "Segments that somebody set up to an instant", "t.made_at, t.id"),
    Section("profile_reads", "Who read the customer's data, when, and why", "t.at, t.id"),
    Section("customer_notes", "Notes and warnings", "t.written_at, t.id"),
    Section("customer_versions", "Changes of the record: who, when, why", "t.at, t.id"),
    Section(
        "customer_merges",
        "Merges with other records",
        "t.at, t.id",
        "t.merged_id = any(:members) or t.survivor_id = any(:members)",
    ),
    Section(
        "duplicate_proposals",
        "Other records that were thought to be the customer's",
        "t.id",
        "t.one_id = any(:members) or t.other_id = any(:members)",
        left_out={"reasons": "they tell of the other record, which may be another person's"},
    ),
    Section("agreements", "Agreements", "t.valid_from, t.id"),
    Section("allowance_counts", "Allowances: how much was used", "t.period, t.clause_id", "true", AGREEMENT),
    Section("allowance_uses", "Allowances: each use", "t.at, t.reference", "true", AGREEMENT),
    Section(
        "entitlements",
        "What contacts were entitled to",
        "t.started_at, t.agreement_id",
        "true",
        CONTACT.format(id="interaction_id"),
    ),
    Section("dues", "What was promised, and what came of it", "t.started_at, t.id"),
    Section("credit_checks", "Questions to credit bureaus, and their answers", "t.asked_at, t.id"),
    Section("usage_events", "Usage of cards, accounts and products", "t.counts_at, t.event_id"),
    Section("customer_alerts", "Alerts", "t.opened_at, t.id"),
    Section("customer_alert_entries", "Alerts: what was done", "t.at, t.id", "true", ALERT),
    Section("cases", "Cases", "t.opened_at, t.id"),
    Section("case_entries", "Cases: what was done and noted", "t.at, t.id"),
    Section("case_contacts", "Cases: contacts about them", "t.case_id, t.at, t.contact_id", "true", CASE),
    Section("field_visits", "Field visits", "t.listed_at, t.id"),
    Section("field_visit_entries", "Field visits: what was done and noted", "t.at, t.id"),
    Section("interactions", "Contacts", "t.started_at, t.id"),
    Section(
        "interaction_entries",
        "Contacts: what happened in each, and what was noted",
        "t.started_at, t.id",
        "true",
        CONTACT.format(id="interaction_id"),
    ),
    Section(
        "recordings",
        "Recordings of calls; the sound itself is given by the recordings' own address",
        "t.started_at, t.id",
        "true",
        "join interactions c on c.id = t.contact_id and c.customer_id = any(:members)",
        left_out={"key": "where the sound is kept"},
    ),
    Section(
        "live_contacts",
        "Contacts that have not ended",
        "t.id",
        left_out={"profile": "a copy of what is told here, as the agent was shown it"},
    ),
    Section(
        "audit_entries",
        "What was done with the record that is not a change of it",
        "t.at, t.id",
        "t.kind = 'customer' and t.thing in (select m::text from unnest(cast(:members as uuid[])) m)",
    ),
)

LEFT_OUT: Mapping[str, str] = {
    "events": "the floor's journal, of which interaction_entries keep what happened in a contact",
    "inbox": "answers to commands, so that one that is repeated gets the same; kept for a week",
    "outbox": "orders to the switch; kept for a month",
    "erased_keys": "keyed hashes of ids of somebody who was erased: there is no such customer any more",
    "erasure_rests": "what is still to be taken out of records of somebody who was erased",
    "erasures": "proofs that somebody was erased, without who it was",
    "legal_holds": "why nothing may be erased for now; some are of proceedings that the customer is not to be told of",
    "open_profiles": "whose profiles are on somebody's screen right now",
    "segment_changes": "whom rules are to judge again; kept for seconds",
    "queue_visits": "counted by reports; what is in them is told by interactions and interaction_entries",
    "unknown_callers": "a contact for the seconds until it has a customer",
    "usage_looks": "whose usage is to be looked at again; kept until it has been",
    "usage_sweeps": "how far a sweep has come among all customers",
    "webhook_deliveries": "copies, on their way to other systems, of what is told here",
    "webhook_events": "copies, on their way to other systems, of what is told here",
}
"""Tables that name a customer or something of theirs and are not told, and why."""
