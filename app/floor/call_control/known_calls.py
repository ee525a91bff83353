"""What the floor holds to be so of a call, for a platform of which nothing was heard for a while. Pure."""

from app.calls.call import TALKING
from app.calls.leg import LegState, Party
from app.floor.flow import playing
from app.floor.memory import under_way
from app.floor.memory.entities import WAITS, Contact
from app.telephony.port import KnownCall, KnownLeg, KnownSupervisor


def known_call(contact: Contact) -> KnownCall:
    """Who is on the call of a contact, and whether an agent of ours has the caller."""
    call, handed_on = contact.call, contact.handed_on
    others = [(_named(leg.id), leg) for leg in call.legs if leg.party is not Party.CUSTOMER]
    here = tuple(
        KnownLeg(key, leg.agent, held=leg.state is LegState.HELD, talked=leg.state in TALKING)
        for key, leg in others
        if not leg.ended
    )
    left = frozenset(key for key, leg in others if leg.ended) - {each.id for each in here}
    left_to = contact.left_to or (handed_on.leg if handed_on is not None else None)
    return KnownCall(
        call.id,
        here,
        left,
        away=playing.away(contact) and not under_way.taken_over(contact),
        left_to=None if left_to is None else _named(left_to),
        waits=contact.state in WAITS or (contact.transfer is not None and contact.transfer.number is None),
        supervisors=_supervisors(contact, {each.id for each in here}),
    )


def _supervisors(contact: Contact, here: set[str]) -> tuple[KnownSupervisor, ...]:
    """Those who are in the call by legs of which the platform has told, and that are no agents' by now."""
    inside = ((each.leg, each.by) for each in contact.listeners if each.inside)
    return tuple(KnownSupervisor(leg, by) for leg, by in inside if leg is not None and leg not in here)


def _named(leg: str) -> str:
    """A leg's id as the platform gave it."""
    return leg.split("#")[0]
