"""Blind transfer: Single Step Transfer Call in CSTA's words. The attended one is in `consulting`."""

from typing import Any

from app.floor import commands as c
from app.floor.call_control.destinations import destination, talking
from app.floor.memory import under_way
from app.floor.memory.work import Work
from app.telephony.events import OrderType


def transfer(work: Work, command: c.Transfer) -> dict[str, Any]:
    """Hand the caller over: to a queue, to a colleague who is ready, or to a number."""
    contact = talking(work, command, "transfer")
    under_way.must_be_new(work, contact, OrderType.TRANSFER, command.agent_id, command.to)
    destination(work, contact, command.to, command.agent_id, "queue", "agent", "number")
    contact = contact.with_(transfer=command.to, transfer_by=command.agent_id)
    contact = contact.noted(work.now, "transfer.asked", agent=command.agent_id, to=command.to.text)
    under_way.once(work, contact, OrderType.TRANSFER, command.agent_id, command.to, to=command.to)
    return {}
