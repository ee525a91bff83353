"""News of a call on its way to the floor: the caller is looked up, what was keyed as a secret goes into the vault."""

from typing import Any

import msgspec
from pydantic import SecretStr

from app.api.platforms.recognition import Recognition
from app.api.platforms.webhooks import CtiFloor
from app.core.errors import CallfloorError
from app.core.ids import new_id
from app.floor.commands import TakeEvent
from app.ivr.vault import Vault
from app.telephony.instructions import Script
from app.telephony.masking import with_reference
from app.telephony.port import Notice


class Intake:
    """For platforms whose calls we steer: each piece of news is answered with what to do next."""

    def __init__(self, floor: CtiFloor, recognition: Recognition, vault: Vault) -> None:
        self._floor = floor
        self._recognition = recognition
        self._vault = vault

    async def take(
        self, source: str, notice: Notice, delivery: str, secret: SecretStr | None = None
    ) -> tuple[str, Script | None]:
        """Submit it under the id of its delivery; gives the contact and what is to be carried out, once it is durable.
        Raises `Unavailable` while nothing can be committed."""
        event, caller = self._kept(notice, secret).event, None
        if not self._floor.live_call(source, event.call_id, event.from_):
            caller = await self._recognition.of(event)
        command = TakeEvent(event=event, contact_id=new_id(), raw=notice.raw, caller=caller)
        answer = await self._floor.submit(command, f"cti:{source}", delivery)
        if not answer.ok:
            raise CallfloorError(f"The event could not be taken: {answer.body.get('detail')}", refusal=answer.body)
        return str(answer.body["contact_id"]), _script(answer.body)

    def _kept(self, notice: Notice, secret: SecretStr | None) -> Notice:
        """The notice with a reference to what was keyed as a secret, which goes no further than the vault."""
        keyed = secret.get_secret_value() if secret is not None else ""
        if not keyed:
            return notice
        details = {**notice.event.details, "length": len(keyed)}
        told = msgspec.structs.replace(notice, event=msgspec.structs.replace(notice.event, details=details))
        return with_reference(told, self._vault.put(keyed))


def _script(body: dict[str, Any]) -> Script | None:
    if not body.get("instructions"):
        return None
    return msgspec.convert({"number": body["script"], "instructions": body["instructions"]}, Script)
