"""Erasing a customer: what is in the way of it, asked for twice or by either end of a merge, and what comes late."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import CursorResult, text

from app.api.http.services import Services
from app.core.clock import FrozenClock, utc
from app.core.ids import new_id
from app.privacy.after_commit import finish
from app.recordings.errors import StoreFailed
from app.recordings.store import ObjectStore
from tests.api.conftest import ClientAs, admin, app, built, client_as, faults, floor, kept_apart, services
from tests.interactions.factories import make_entry, make_interaction
from tests.privacy.searching import audio_in

__all__ = ["admin", "app", "built", "client_as", "floor", "kept_apart", "services"]

CUSTOMERS = "/api/v1/customers"
ASKED = {"ground": "objection", "reason": "file 7"}
NUMBER = "13800138000"


@pytest.fixture
def clock() -> FrozenClock:
    """The instant at which everything happens."""
    return FrozenClock()


async def made(admin: httpx.AsyncClient, name: str = "王小明", **given: Any) -> str:
    """The path of a fresh customer."""
    answer = await admin.post(CUSTOMERS, json={"name": name, **given})
    assert answer.status_code == 201, answer.text
    return f"{CUSTOMERS}/{answer.json()['id']}"


def id_of(path: str) -> UUID:
    return UUID(path.rpartition("/")[2])


async def erased(admin: httpx.AsyncClient, path: str, status: int = 201, **given: Any) -> dict[str, Any]:
    answer = await admin.post(f"{path}/erasure", json=ASKED | given)
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def do(services: Services, statement: str, **given: Any) -> Sequence[Any]:
    async with services.sessions.write() as session:
        done = await session.execute(text(statement), given)
        return done.all() if isinstance(done, CursorResult) and done.returns_rows else []


async def contact(services: Services, path: str | None, **given: Any) -> UUID:
    """An ended contact of the customer."""
    async with services.sessions.write() as session:
        owner = None if path is None else id_of(path)
        kept = await make_interaction(session, utc(services.clock() - 600), customer_id=owner, **given)
        await make_entry(session, kept, "wrap_up", agent="lin", note="about Wang", seconds=3.0)
        return kept.id


async def recorded(services: Services, of: UUID) -> None:
    """A recording of the contact is brought."""

    async def sound() -> AsyncIterator[bytes]:
        yield b"sound"

    await services.archive.keep(
        recording_id=f"{of}.1",
        contact_id=str(of),
        source="pbx",
        audio=sound(),
        media_type="audio/wav",
        started_at=services.clock(),
        seconds=1.0,
    )


async def test_only_administrators_erase_and_say_why(client_as: ClientAs, admin: httpx.AsyncClient) -> None:
    path = await made(admin)
    for role in ("agent", "supervisor", "integration"):
        assert (await client_as(role).post(f"{path}/erasure", json=ASKED)).status_code == 403
    wrong = await admin.post(f"{path}/erasure", json={"ground": "because", "reason": ""})
    assert faults(wrong) == ["body.ground", "body.reason"]
    assert (await admin.post(f"{CUSTOMERS}/{new_id()}/erasure", json=ASKED)).status_code == 404
    assert (await admin.get(path)).status_code == 200


async def test_erasing_twice_gives_the_same_erasure(admin: httpx.AsyncClient) -> None:
    path = await made(admin)
    first = await erased(admin, path)
    assert await erased(admin, path, 200, ground="unlawful_processing") == first
    assert [each["id"] for each in (await admin.get("/api/v1/erasures")).json()["items"]] == [first["id"]]


@pytest.mark.parametrize("end", ["merged", "survivor"])
async def test_erasing_a_merged_record_by_either_end_erases_both(admin: httpx.AsyncClient, end: str) -> None:
    one, other = await made(admin), await made(admin, "Wang Xiaoming")
    assert (await admin.post(f"{one}/merge", json={"into": str(id_of(other)), "version": 1})).status_code == 201
    told = await erased(admin, one if end == "merged" else other)
    assert told["counts"]["customers"] == 2
    assert [(await admin.get(path)).status_code for path in (one, other)] == [404, 404]
    assert (await erased(admin, other, 200))["id"] == (await erased(admin, one, 200))["id"] == told["id"]


async def test_who_was_unmerged_is_somebody_else_and_stays(admin: httpx.AsyncClient, services: Services) -> None:
    one, other = await made(admin), await made(admin, "Wang Xiaoming")
    await admin.post(f"{one}/merge", json={"into": str(id_of(other)), "version": 1})
    assert (await admin.post(f"{one}/unmerge", json={"version": 2})).status_code == 200
    await erased(admin, one)
    assert (await admin.get(f"{other}/record")).status_code == 200
    told = (await admin.get(f"{other}/versions")).text
    assert str(id_of(one)) not in told


async def test_erasing_while_a_call_is_live_is_refused_whatever_is_ordered(
    admin: httpx.AsyncClient, services: Services
) -> None:
    path, live = await made(admin), UUID(new_id())
    state = "insert into live_contacts (floor, id, customer_id, state) values ('main', :id, :customer, '{}')"
    await do(services, state, id=live, customer=id_of(path))
    told = await erased(admin, path, 409, though_open=True)
    assert (told["stands"], told["may_be_ordered"]) == ({"contacts": [str(live)]}, False)
    await do(services, "delete from live_contacts")
    await erased(admin, path)


async def test_open_work_is_named_and_goes_only_if_that_is_ordered(
    admin: httpx.AsyncClient, services: Services
) -> None:
    path = await made(admin)
    await do(
        services,
        """insert into dues (kind, due_at, customer_id, interaction_id, started_at, agreement_id, clause_id,
            clause_text) values ('follow_up', now(), :customer, uuidv7(), now(), uuidv7(), '1', 'soon')""",
        customer=id_of(path),
    )
    told = await erased(admin, path, 409)
    assert (list(told["stands"]), told["may_be_ordered"]) == (["open_dues"], True)
    assert (await erased(admin, path, though_open=True))["counts"]["dues"] == 1


async def test_erasing_under_a_legal_hold_is_refused_until_it_is_lifted(
    admin: httpx.AsyncClient, client_as: ClientAs
) -> None:
    one, other = await made(admin), await made(admin, "Wang Xiaoming")
    await admin.post(f"{one}/merge", json={"into": str(id_of(other)), "version": 1})
    held = (await admin.post(f"{one}/holds", json={"reason": "suit 12"})).json()
    assert (await client_as("supervisor").post(f"{one}/holds", json={"reason": "x"})).status_code == 403
    told = await erased(admin, other, 409, though_open=True)
    assert (told["stands"], told["may_be_ordered"]) == ({"legal_holds": [held["id"]]}, False)
    lifted = await admin.post(f"/api/v1/holds/{held['id']}/lift", json={"because": "settled"})
    assert (lifted.json()["lifted_because"], lifted.json()["lifted_by"]) == ("settled", "administrator")
    assert (await admin.post(f"/api/v1/holds/{held['id']}/lift", json={"because": "again"})).status_code == 409
    assert len((await client_as("supervisor").get(f"{other}/holds")).json()["items"]) == 1
    await erased(admin, other)
    assert (await admin.get("/api/v1/holds")).json()["items"] == []


async def test_a_hold_ends_by_itself_and_never_in_the_past(admin: httpx.AsyncClient, clock: FrozenClock) -> None:
    path = await made(admin)
    gone = await admin.post(f"{path}/holds", json={"reason": "x", "until": utc(clock() - 1).isoformat()})
    assert faults(gone) == ["body.until"]
    await admin.post(f"{path}/holds", json={"reason": "x", "until": utc(clock() + 60).isoformat()})
    await erased(admin, path, 409)
    clock.advance(61)
    await erased(admin, path)


async def test_contacts_stay_as_nobodys_without_what_was_said(admin: httpx.AsyncClient, services: Services) -> None:
    path = await made(admin, numbers=[{"raw": NUMBER}])
    leg = {"id": "sip:wang@home", "party": "customer", "talk_seconds": 5.0}
    kept = await contact(services, path, note="about Wang", cause="Wang hung up", from_raw=NUMBER, legs=[leg])
    told = await erased(admin, path)
    [row] = await do(services, "select * from interactions where id = :id", id=kept)
    assert (str(row.customer_id), row.call_id) == (told["subject"], str(kept))
    assert (row.from_raw, row.note, row.cause) == (None, None, None)
    assert (row.talk_seconds, row.queue_id, row.to_raw) == (290.0, "service", "+8695555")
    assert row.legs == [{"id": "leg-1", "party": "customer", "talk_seconds": 5.0}]
    [entry] = await do(services, "select data from interaction_entries where interaction_id = :id", id=kept)
    assert entry.data == {"agent": "lin", "seconds": 3.0}


async def test_a_provisional_record_of_the_same_number_goes_too(admin: httpx.AsyncClient, services: Services) -> None:
    path = await made(admin, numbers=[{"raw": NUMBER}])
    caller = await made(admin, NUMBER, numbers=[{"raw": f"+86{NUMBER}"}])
    await do(services, "update customers set provisional = true where id = :id", id=id_of(caller))
    earlier = await contact(services, caller)
    assert (await erased(admin, path))["counts"]["customers"] == 2
    [row] = await do(services, "select from_raw from interactions where id = :id", id=earlier)
    assert row.from_raw is None


async def test_a_number_that_others_have_too_leaves_their_calls_alone(
    admin: httpx.AsyncClient, services: Services
) -> None:
    path, other = await made(admin, numbers=[{"raw": NUMBER}]), await made(admin, "李丽", numbers=[{"raw": NUMBER}])
    whose, own = await contact(services, None, from_raw=NUMBER), await contact(services, None, from_raw="+861012345678")
    await admin.post(f"{path}/numbers", json={"raw": "010 1234 5678"})
    await erased(admin, path)
    found = {row.id: row.from_raw for row in await do(services, "select id, from_raw from interactions")}
    assert found == {whose: NUMBER, own: None}
    assert (await admin.get(other)).json()["name"] == "李丽"


async def test_what_is_in_the_audit_log_says_no_more_of_whom(admin: httpx.AsyncClient, services: Services) -> None:
    path = await made(admin)
    number = {"identifiers": [{"kind": "id_number", "value": "11010119900307888X"}]}
    assert (await admin.put(f"{path}/identifiers", json=number)).status_code == 200
    told = await erased(admin, path)
    log = (await admin.get("/api/v1/audit", params={"thing": told["subject"]})).json()["items"]
    assert [(each["action"], each["before"], each["after"]) for each in log] == [
        ("customer.identifiers_set", None, None)
    ]
    [entry] = (await admin.get("/api/v1/audit", params={"thing": told["id"]})).json()["items"]
    assert (entry["action"], entry["who"]) == ("customer.erased", "administrator")
    with pytest.raises(Exception, match="neither changed nor removed"):
        await do(services, "delete from audit_entries")


async def test_an_erased_id_is_refused_to_people_and_systems_until_it_is_lifted(
    admin: httpx.AsyncClient, client_as: ClientAs
) -> None:
    path = await made(admin, external_id="C1")
    ids = {"external_ids": [{"system": "crm", "external_id": "7"}], "version": 1}
    assert (await admin.put(f"{path}/external-ids", json=ids)).status_code == 204
    told = await erased(admin, path)
    refused = await client_as("integration").post(CUSTOMERS, json={"name": "Wang", "external_id": "C1"})
    assert (refused.status_code, refused.json()["erasure"]) == (409, told["id"])
    other = await made(admin, external_id="C2")
    for way in (
        client_as("agent").patch(other, json={"version": 1, "external_id": "C1"}),
        client_as("agent").put(f"{other}/external-ids", json=ids),
    ):
        assert (await way).json()["type"].endswith("customer-erased")
    lift = f"/api/v1/erasures/{told['id']}/lift"
    assert (await client_as("supervisor").post(lift, json={"because": "x"})).status_code == 403
    assert (await admin.post(lift, json={"because": "a customer again"})).json()["lifted_by"] == "administrator"
    anew = await made(admin, external_id="C1")
    assert (await erased(admin, anew))["id"] != told["id"]


async def test_a_crash_between_the_commit_and_the_audio_is_made_up_for(
    admin: httpx.AsyncClient, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await made(admin)
    kept = await contact(services, path)
    await recorded(services, kept)
    told = await erased(admin, path)
    heard = await admin.get(f"/api/v1/recordings/{kept}.1/audio")
    assert (heard.status_code, heard.json()["because"]) == (404, "erasure")
    assert audio_in(tmp_path)

    async def broken(self: ObjectStore, key: str) -> None:
        raise StoreFailed("away")

    with monkeypatch.context() as patched:
        patched.setattr(ObjectStore, "delete", broken)
        await finish(services.sessions, services.archive, utc(services.clock()))
    assert audio_in(tmp_path)
    await finish(services.sessions, services.archive, utc(services.clock()))
    assert not audio_in(tmp_path)
    [row] = await do(services, "select deleted_by, deleted_because, sha256 from recordings")
    assert row == ("administrator", "erasure", "")
    assert (await admin.get(f"/api/v1/erasures/{told['id']}")).json()["finished_at"] is None


async def test_what_is_written_late_goes_late_and_then_the_id_is_forgotten(
    admin: httpx.AsyncClient, client_as: ClientAs, services: Services, clock: FrozenClock, tmp_path: Path
) -> None:
    """A call that had looked the customer up before, a read that was noted before, and audio that a platform brings
    afterwards."""
    path = await made(admin)
    services.reads.note("lin", "agent", id_of(path), "profile", why="about Wang")
    told = await erased(admin, path)
    await services.reads.flush()
    assert await do(services, "select who from profile_reads where customer_id = :of", of=id_of(path)) == [("lin",)]
    late = await contact(services, path, from_raw=NUMBER)
    await recorded(services, late)
    live = "insert into live_contacts (floor, id, customer_id, state) values ('main', uuidv7(), :customer, '{}')"
    await do(services, live, customer=id_of(path))
    clock.advance(3_601)
    await finish(services.sessions, services.archive, utc(clock()))
    assert (await client_as("administrator").get(f"/api/v1/erasures/{told['id']}")).json()["finished_at"] is None
    await do(services, "delete from live_contacts")
    clock.advance(601)
    await finish(services.sessions, services.archive, utc(clock()))
    [row] = await do(services, "select customer_id, from_raw from interactions where id = :id", id=late)
    assert (str(row.customer_id), row.from_raw) == (told["subject"], None)
    assert not audio_in(tmp_path)
    assert await do(services, "select 1 from profile_reads where customer_id = :of", of=id_of(path)) == []
    assert await do(services, "select 1 from erasure_rests") == []
    assert (await client_as("administrator").get(f"/api/v1/erasures/{told['id']}")).json()["finished_at"] is not None


async def test_a_clock_that_was_set_back_neither_undoes_nor_hurries_what_is_left(
    admin: httpx.AsyncClient, services: Services, clock: FrozenClock
) -> None:
    path = await made(admin)
    await recorded(services, await contact(services, path))
    told = await erased(admin, path)
    clock.advance(-timedelta(days=400).total_seconds())
    await finish(services.sessions, services.archive, utc(clock()))
    assert await erased(admin, path, 200) == told
    assert len(await do(services, "select 1 from erasure_rests")) == 1
    [row] = await do(services, "select deleted_at from recordings")
    assert row.deleted_at is None


async def test_a_recording_under_a_legal_hold_is_kept_by_retention_and_by_administrators(
    admin: httpx.AsyncClient, client_as: ClientAs, services: Services, clock: FrozenClock
) -> None:
    path = await made(admin)
    kept = await contact(services, path)
    await recorded(services, kept)
    held = (await admin.post(f"{path}/holds", json={"reason": "suit 12"})).json()
    clock.advance(31 * 86_400)
    admin = client_as("administrator")
    assert await services.archive.expire() == 0
    refused = await admin.delete(f"/api/v1/recordings/{kept}.1", params={"reason": "asked"})
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "recording-held")
    await admin.post(f"/api/v1/holds/{held['id']}/lift", json={"because": "settled"})
    assert await services.archive.expire() == 1


async def test_who_might_have_been_meant_is_not_told_in_the_journal_of_others(
    admin: httpx.AsyncClient, services: Services
) -> None:
    path = await made(admin, numbers=[{"raw": NUMBER}])
    other = await made(admin, "李丽", numbers=[{"raw": NUMBER}])
    for whose in (other, None):
        kept = await contact(services, whose, from_raw=NUMBER)
        await do(
            services,
            """insert into events (floor, seq, at, type, contact_id, data) values ('main', :seq, :at, 'contact.opened',
                :contact, cast(:data as json))""",
            seq=1 if whose else 2,
            at=utc(services.clock()),
            contact=kept,
            data=f'{{"contact": {{"id": "{kept}", "from": "{NUMBER}", "candidates": [{{"name": "王小明"}}]}}}}',
        )
    await erased(admin, path)
    found = await do(services, "select data from events")
    assert [row.data["contact"]["candidates"] for row in found] == [[], []]
    assert [row.data["contact"]["from"] for row in found] == [NUMBER, NUMBER]
