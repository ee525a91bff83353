"""What can be wrong with a change to a customer."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from app.auth.errors import TooManyAttempts
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound


class CustomerNotFound(NotFound):
    """No customer has that id."""

    code = "customer-not-found"

    def __init__(self, customer_id: UUID) -> None:
        super().__init__(f"There is no customer {customer_id}.", id=str(customer_id))


class VersionConflict(Conflict):
    """What is changed has been changed since it was read; `version` is the present one."""

    code = "version-conflict"

    def __init__(self, given: int, present: int, what: str = "the customer") -> None:
        detail = f"You changed version {given}, but {what} is at version {present}: read it again and repeat."
        super().__init__(detail, version=present, given=given)


class ExternalIdTaken(Conflict):
    """Another customer has that external id."""

    code = "external-id-taken"

    def __init__(self, external_id: str | None, owner: UUID | None) -> None:
        detail = f"External id {external_id!r} belongs to another customer; each may be given once."
        super().__init__(detail, external_id=external_id, customer_id=None if owner is None else str(owner))


class CustomerErased(Conflict):
    """Whoever had that id was erased, and is not to come back by it."""

    code = "customer-erased"

    def __init__(self, external_id: str, erasure: UUID) -> None:
        detail = (
            f"Whoever had the id {external_id!r} was erased; an administrator may allow the id again at "
            f"POST /api/v1/erasures/{erasure}/lift."
        )
        super().__init__(detail, external_id=external_id, erasure=str(erasure))


class UnknownAgent(Invalid):
    """Agents were named that do not exist."""

    code = "unknown-agent"

    def __init__(self, unknown: list[str]) -> None:
        faults = [
            {
                "where": "body.preferred_agent",
                "what": f"there is no agent {agent!r}",
                "accepted": "null or the id of an agent, see GET /api/v1/agents",
            }
            for agent in unknown
        ]
        super().__init__(f"Unknown agent {', '.join(map(repr, unknown))}.", faults=faults)


class UnknownTier(Invalid):
    """Tiers were named that do not exist."""

    code = "unknown-tier"

    def __init__(self, unknown: list[str], known: list[str]) -> None:
        accepted = ", ".join(known) or "none: there is no tier yet"
        faults = [
            {"where": "body.tier", "what": f"there is no tier {tier!r}", "accepted": accepted} for tier in unknown
        ]
        super().__init__(f"Unknown tier {', '.join(map(repr, unknown))}; accepted: {accepted}.", faults=faults)


class IdentifierTaken(Conflict):
    """Another customer has that id or card number."""

    code = "identifier-taken"


class WeakPin(Invalid):
    """A telephone PIN that anybody would guess."""

    code = "weak-pin"


class OtherIdTaken(Conflict):
    """Another customer has an id of another system."""

    code = "other-id-taken"

    def __init__(self, taken: list[tuple[int, UUID]]) -> None:
        faults = [
            {
                "where": f"body.external_ids.{place}.external_id",
                "what": f"belongs to the customer {owner}",
                "accepted": "an id that no other customer has",
            }
            for place, owner in taken
        ]
        super().__init__("An id of another system belongs to another customer; each may be given once.", faults=faults)


class TieUnfit(Invalid):
    """A tie to oneself, or to nobody."""

    code = "tie-unfit"


class ConsentUnfit(Invalid):
    """A consent that cannot have been given."""

    code = "consent-unfit"


class NoteNotFound(NotFound):
    """The customer has no note of that id."""

    code = "note-not-found"


class SourceClaimed(NotAllowed):
    """What somebody writes by hand is not said to come from another system."""

    code = "source-claimed"

    def __init__(self, where: str, sources: Collection[str]) -> None:
        named = ", ".join(map(repr, sources))
        faults = [
            {
                "where": where,
                "what": f"says that something new or changed comes from {named}",
                "accepted": "no source; a part that is not changed may keep its own",
            }
        ]
        detail = "Only other systems and administrators may say that what they write comes from a system."
        super().__init__(detail, sources=list(sources), faults=faults)


class SourceNotOfKey(NotAllowed):
    """An API key that is bound to sources says or changes nothing of another one, nor of people."""

    code = "source-not-of-key"

    def __init__(
        self, where: str, sources: Collection[str], bound_to: Collection[str], *, unnamed: bool = False
    ) -> None:
        """Of `sources`; `unnamed`: something is without a source, too."""
        named, own = (", ".join(map(repr, each)) for each in (sources, bound_to))
        without = ["of people, as it has no source"] if unnamed else []
        what = "is " + " and ".join([*([f"of {named}"] if named else []), *without])
        faults = [{"where": where, "what": what, "accepted": f"what is of {own}"}]
        detail = f"This API key is bound to {own}, and {named or 'no source'} was named."
        super().__init__(detail, sources=list(sources), bound_to=list(bound_to), faults=faults)


class SourceUntold(NotAllowed):
    """An API key that is bound to sources does what names none."""

    code = "source-untold"

    def __init__(self, asked: str, bound_to: Sequence[str]) -> None:
        own = ", ".join(map(repr, bound_to))
        told = {
            "where": "request",
            "what": f"{asked} names no source: what it writes is of people",
            "accepted": f"what names {own}, such as POST /api/v1/feeds/...?source={bound_to[0]}; "
            "or a key without sources, or a person, who may do this",
        }
        super().__init__(f"This API key is bound to {own}.", bound_to=list(bound_to), faults=[told])


class FieldsKept(Conflict):
    """Sources whose word the one that tells does not overwrite have told of fields."""

    code = "fields-kept"

    def __init__(self, held: Mapping[str, str], given: str) -> None:
        faults = [
            {
                "where": f"body.{field}",
                "what": f"was told by {by!r}, which {given!r} does not rank above",
                "accepted": "what it is, or nothing",
            }
            for field, by in held.items()
        ]
        super().__init__(f"{given!r} does not overwrite {', '.join(held)}.", source=given, faults=faults)


class FieldsGuarded(NotAllowed):
    """What decides how a customer is served is not for everybody to set."""

    code = "fields-guarded"

    def __init__(self, fields: list[str]) -> None:
        names = ", ".join(fields)
        faults = [
            {
                "where": f"body.{field}",
                "what": "is set by supervisors, administrators and other systems",
                "accepted": "what it is, or nothing",
            }
            for field in fields
        ]
        super().__init__(f"You may not set {names}: ask a supervisor or an administrator.", faults=faults)


class NoteUnfit(Invalid):
    """A note that is too much to be read at a glance."""

    code = "note-unfit"


class WarningOfAnother(NotAllowed):
    """A pinned note that somebody else has written."""

    code = "warning-of-another"

    def __init__(self, author: str) -> None:
        detail = (
            f"{author} has pinned this warning: they themselves, a supervisor or an administrator may change it or "
            "take it away. Write a note of your own."
        )
        super().__init__(detail, written_by=author)


class HoldingNotFound(NotFound):
    """The customer has no such holding."""

    code = "holding-not-found"


class HoldingTaken(Conflict):
    """The holding is another customer's."""

    code = "holding-taken"


class HoldingUnfit(Invalid):
    """A holding that cannot be, or that holds what may not be kept."""

    code = "holding-unfit"


class CustomerMerged(Conflict):
    """The customer has been merged into another, who is changed in their place."""

    code = "customer-merged"

    def __init__(self, customer_id: UUID, survivor: UUID) -> None:
        detail = f"Customer {customer_id} has been merged into {survivor}: change that one, or take the merge back."
        super().__init__(detail, id=str(customer_id), survivor=str(survivor))


class MergeWithItself(Invalid):
    """Somebody was to be merged into themselves."""

    code = "merge-with-itself"

    def __init__(self, customer_id: UUID) -> None:
        told = {"where": "body.into", "what": "is the customer themselves", "accepted": "the id of another customer"}
        super().__init__(f"Customer {customer_id} cannot be merged with themselves.", faults=[told])


class MergeInCircle(Conflict):
    """The customer that is to survive was merged into the other before."""

    code = "merge-in-circle"

    def __init__(self, merged: UUID, survivor: UUID) -> None:
        detail = f"{survivor} was merged into {merged}: take that back before you merge them the other way round."
        super().__init__(detail, merged=str(survivor), survivor=str(merged))


class ProvisionalSurvivor(Conflict):
    """A number that nobody was known to have would stand for a known customer."""

    code = "provisional-survivor"

    def __init__(self, merged: UUID, survivor: UUID) -> None:
        detail = f"{survivor} is provisional: merge them into {merged}, who is known, not the other way round."
        super().__init__(detail, merged=str(survivor), survivor=str(merged))


class KindsDiffer(Conflict):
    """A person and a company."""

    code = "kinds-differ"

    def __init__(self, merged: str, survivor: str) -> None:
        detail = f"A {merged} cannot be merged into a {survivor}; say by a tie what they are to each other."
        super().__init__(detail, kinds=[merged, survivor])


class SurvivorInactive(Conflict):
    """The customer that is to survive is no longer recognised, and so nobody would be."""

    code = "survivor-inactive"

    def __init__(self, merged: UUID, survivor: UUID) -> None:
        detail = (
            f"{survivor} is not active, so {merged} would no longer be found: merge the other way round, or make "
            "them active first."
        )
        super().__init__(detail, merged=str(merged), survivor=str(survivor))


class SurvivorChanged(Conflict):
    """The customer that is to survive has been changed since they were read; `version` is the present one."""

    code = "version-conflict"

    def __init__(self, survivor: UUID, given: int, present: int) -> None:
        told = {
            "where": "body.into_version",
            "what": f"is {given}, but {survivor} is at version {present}",
            "accepted": "the version that you read: read them again and repeat, or leave it out",
        }
        detail = f"You merge into version {given} of {survivor}, who is at version {present}: read them again."
        super().__init__(detail, version=present, given=given, faults=[told])


class SpeaksForOthers(Conflict):
    """Others have been merged into the customer and would disappear with them, or be of another kind."""

    code = "speaks-for-others"

    def __init__(self, customer_id: UUID, field: str, merged: list[UUID]) -> None:
        names = ", ".join(map(str, merged))
        told = {
            "where": f"body.{field}",
            "what": f"would change what {len(merged)} merged customer(s) are read as",
            "accepted": "what it is, until those merges are taken back",
        }
        detail = f"{names} stand(s) merged into {customer_id}: take that back before you change `{field}`."
        super().__init__(detail, merged=[str(each) for each in merged], faults=[told])


class ThingsOpen(Conflict):
    """Both customers have something open at this moment, so they are hardly one."""

    code = "things-open"

    def __init__(self, merged: list[str], survivor: list[str]) -> None:
        detail = (
            "Both have contacts that have not ended, so they may be two people: let one end first, or say "
            "`though_open`. Nothing that is open is lost by a merge."
        )
        super().__init__(detail, merged=merged, survivor=survivor)


class NotMerged(Conflict):
    """The customer stands for themselves."""

    code = "not-merged"

    def __init__(self, customer_id: UUID) -> None:
        super().__init__(f"Customer {customer_id} is not merged into anybody.", id=str(customer_id))


class ValueNotFound(NotFound):
    """The customer has no value of that kind, or none that is shown like that."""

    code = "value-not-found"


class TooManyReveals(TooManyAttempts):
    """Somebody has had too many masked values shown within the hour."""

    code = "too-many-reveals"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail, retry_after=retry_after)
