"""All that is kept of one customer: as JSON that describes itself, as PDF that can be read."""

import asyncio
from collections.abc import Callable
from io import BytesIO
from typing import Any, BinaryIO
from uuid import UUID

import asyncpg
import msgspec
import pytest
from pypdf import PdfReader
from sqlalchemy import text

from app.core.clock import now, utc
from app.customers.duplicates.merging import Side, merge
from app.customers.record.parts import GivenNote, write_note
from app.db.engine import Sessions, WriteSession
from app.history.exporting import Head, Writer, export, note_export, write
from app.history.forms import FORMS
from app.history.json_file import JsonFile
from app.history.sections import SECTIONS
from tests.customers.factories import customer_id
from tests.fixtures.database import Database
from tests.history.factories import make_life


async def exported(session: WriteSession, who: UUID, form: Callable[[BinaryIO], Writer]) -> bytes:
    file = BytesIO()
    head = await note_export(session, who, "some", "they asked", "boss", utc(now()))
    await write(session, head, form(file))
    return file.getvalue()


async def told(session: WriteSession, who: UUID) -> dict[str, Any]:
    """The JSON, its sections by their names."""
    whole: dict[str, Any] = msgspec.json.decode(await exported(session, who, FORMS["json"]))
    whole["sections"] = {section["name"]: section for section in whole["sections"]}
    return whole


async def test_json_tells_all_and_what_it_is(session: WriteSession) -> None:
    who = await make_life(session)
    whole = await told(session, who)
    assert (whole["format"], whole["version"], whole["reason"]) == ("callfloor-customer-export", 1, "they asked")
    assert (whole["customer_id"], whole["members"], whole["exported_by"]) == (str(who), [str(who)], "boss")
    sections = whole["sections"]
    assert list(sections) == [section.table for section in SECTIONS]
    for section in sections.values():
        assert section["count"] == len(section["rows"])
        for row in section["rows"]:
            assert row.keys() == section["columns"].keys()
    counts = {name: section["count"] for name, section in sections.items() if section["count"]}
    assert counts == {
        "customers": 1,
        "customer_consents": 1,
        "customer_notes": 2,
        "customer_moves": 1,
        "customer_versions": 5,
        "dues": 1,
        "cases": 1,
        "case_entries": 1,
        "case_contacts": 1,
        "credit_checks": 1,
        "customer_alerts": 1,
        "customer_alert_entries": 3,
        "field_visits": 1,
        "field_visit_entries": 1,
        "interactions": 1,
        "interaction_entries": 1,
        "audit_entries": 1,
    }
    assert sections["interactions"]["rows"][0]["note"] == "Card lost 银行卡遗失, Zoë rang"
    assert sections["interactions"]["columns"]["started_at"] == "timestamp with time zone"
    assert sections["audit_entries"]["rows"][0]["after"]["reason"] == "they asked"


async def test_what_proves_who_they_are_is_not_told(session: WriteSession) -> None:
    who = await customer_id(session)
    await session.execute(text("insert into customer_pins values (:who, 'argon-hash', now())"), {"who": who})
    values = (
        "insert into customer_identifiers (customer_id, kind, digest, ending) values (:who, 'id_number', 'dd', '1234')"
    )
    await session.execute(text(values), {"who": who})
    sections = (await told(session, who))["sections"]
    assert sections["customer_pins"]["rows"][0].keys() == {"customer_id", "set_at"}
    assert sections["customer_identifiers"]["rows"][0].keys() == {"id", "customer_id", "kind", "ending"}
    assert sections["customer_identifiers"]["left_out"].keys() == {"digest"}


async def test_whoever_was_merged_is_told_with_the_survivor_and_nobody_else(session: WriteSession) -> None:
    one, other, stranger = [await customer_id(session, name) for name in ("王小明", "王晓明", "李四")]
    for who in (one, other, stranger):
        await write_note(session, who, GivenNote(text=f"note of {who}"), "lin")
    await merge(session, Side(one), Side(other))
    whole = await told(session, one)
    assert (whole["customer_id"], whole["members"]) == (str(other), [str(other), str(one)])
    notes = {row["text"] for row in whole["sections"]["customer_notes"]["rows"]}
    assert notes == {f"note of {one}", f"note of {other}"}
    assert str(stranger) not in msgspec.json.encode(whole).decode()


async def test_more_than_is_read_at_once(session: WriteSession) -> None:
    who = await customer_id(session)
    many = text("""insert into customer_notes (customer_id, text, written_by)
                   select :who, 'note ' || n, 'lin' from generate_series(1, 1201) n""")
    await session.execute(many, {"who": who})
    assert (await told(session, who))["sections"]["customer_notes"]["count"] == 1201
    assert len(PdfReader(BytesIO(await exported(session, who, FORMS["pdf"]))).pages) > 40


async def test_pdf_is_legible_and_takes_nothing_for_markup(session: WriteSession) -> None:
    who = await make_life(session)
    odd = "<b>bold</b> &amp; <script>alert('é')</script> <img src='file:///etc/passwd'/>"
    await write_note(session, who, GivenNote(text=f"{odd} \N{GRINNING FACE} 龙\u202e{'长' * 200}"), "lin")
    reader = PdfReader(BytesIO(await exported(session, who, FORMS["pdf"])))
    said = "".join(page.extract_text() for page in reader.pages).replace("\n", "")
    for words in ("王大明", "Card lost 银行卡遗失, Zoë rang", "never says the PIN", "reason: they asked", "Contacts"):
        assert words in said
    assert f"{odd} [U+1F600] 龙[U+202E]长" in said
    assert said.count("长") == 400  # in the note, and in the change that tells of it
    assert "Telephone numbersnothing" in said


async def test_it_is_of_one_moment(sessions: Sessions, database: Database) -> None:
    async with sessions.write() as session:
        who = await customer_id(session)
        head = await note_export(session, who, "json", "they asked", None, utc(now()))

    class Meanwhile(JsonFile):
        """Somebody writes while this is written."""

        def begin(self, head: Head) -> None:
            asyncio.run(self._note())
            super().begin(head)

        async def _note(self) -> None:
            connection = await asyncpg.connect(database.dsn)
            await connection.execute(
                "insert into customer_notes (customer_id, text, written_by) values ($1, 'too late', 'lin')", who
            )
            await connection.close()

    file, media_type = await export(sessions, head, Meanwhile)
    with file:
        assert b"too late" not in file.read()
    assert media_type == "application/json"


async def test_an_export_that_fails_leaves_nothing(sessions: Sessions) -> None:
    kept: list[BinaryIO] = []

    class Failing(JsonFile):
        """The disk is full."""

        def __init__(self, into: BinaryIO) -> None:
            super().__init__(into)
            kept.append(into)

        def rows(self, rows: list[str]) -> None:
            raise OSError("no space left on device")

    async with sessions.write() as session:
        head = await note_export(session, await customer_id(session), "json", "they asked", None, utc(now()))
    with pytest.raises(OSError, match="no space"):
        await export(sessions, head, Failing)
    assert kept[0].closed
