"""An export as PDF, to be read by people and printed. Text is drawn as it is: nothing in it is taken for markup."""

from functools import lru_cache
from typing import Any, BinaryIO

import msgspec
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from app.history.exporting import Columns, Head
from app.history.lines import CHINESE, LATIN, Run, lines_of, printable, runs_of
from app.history.sections import LEFT_OUT, Section

FONTS = {LATIN: "Helvetica", CHINESE: "STSong-Light"}
MARGIN = 50.0
SIZE, LEADING, GAP = 8.5, 11.5, 4.0
HEADING = 12.0
ROOM = A4[0] - 2 * MARGIN

pdfmetrics.registerFont(UnicodeCIDFont(FONTS[CHINESE]))


class PdfFile:
    """Writes one export into `into`. Pages are kept until the end, which is about a kilobyte a row."""

    media_type = "application/pdf"

    def __init__(self, into: BinaryIO) -> None:
        self._canvas = Canvas(into, pagesize=A4, pageCompression=1)
        self._y = 0.0
        self._page = 0
        self._count = 0
        self._foot = ""

    def begin(self, head: Head) -> None:
        """The first page: of whom, when, by whom and why, and what is not told."""
        self._foot = f"Customer {head.customer_id}, exported {head.exported_at.isoformat(timespec='seconds')}"
        self._canvas.setTitle(f"Customer {head.customer_id}")
        self._new_page()
        self._heading("All that is kept of one customer")
        told = {"customer": head.customer_id, "exported at": head.exported_at, "by": head.exported_by}
        self._say(", ".join(f"{name}: {value}" for name, value in told.items() if value is not None))
        self._say(f"reason: {head.reason}")
        if len(head.members) > 1:
            self._say(f"with what was merged into it: {', '.join(str(member) for member in head.members[1:])}")
        for table, why in LEFT_OUT.items():
            self._say(f"not told: {table}: {why}")

    def section(self, section: Section, columns: Columns) -> None:
        """The heading of a section."""
        self._count = 0
        self._heading(section.title)
        for name, why in section.left_out.items():
            self._say(f"not told: {name}: {why}")

    def rows(self, rows: list[str]) -> None:
        """Some rows: each field that has a value, by its name."""
        for row in rows:
            fields = msgspec.json.decode(row)
            self._say("; ".join(f"{name}: {_text(value)}" for name, value in fields.items() if _says(value)))
            self._y -= GAP
        self._count += len(rows)

    def end_section(self) -> None:
        """Where there was nothing, say so."""
        if not self._count:
            self._say("nothing")

    def end(self) -> None:
        """The last page."""
        self._finish_page()
        self._canvas.save()

    def _heading(self, text: str) -> None:
        if self._y < MARGIN + 5 * LEADING:
            self._new_page()
        self._y -= HEADING
        self._draw(runs_of(printable(text)), HEADING)
        self._y -= GAP

    def _say(self, text: str) -> None:
        for line in lines_of(text, ROOM, _width):
            if self._y - LEADING < MARGIN:
                self._new_page()
            self._y -= LEADING
            self._draw(line, SIZE)

    def _draw(self, line: list[Run], size: float) -> None:
        drawn = self._canvas.beginText(MARGIN, self._y)
        for run in line:
            drawn.setFont(FONTS[run.font], size)
            drawn.textOut(run.text)
        self._canvas.drawText(drawn)

    def _new_page(self) -> None:
        if self._page:
            self._finish_page()
        self._page += 1
        self._y = A4[1] - MARGIN

    def _finish_page(self) -> None:
        self._canvas.setFont(FONTS[LATIN], SIZE)
        self._canvas.drawString(MARGIN, MARGIN / 2, f"{self._foot}, page {self._page}")
        self._canvas.showPage()


@lru_cache(maxsize=50_000)
def _width(char: str, font: str) -> float:
    return float(pdfmetrics.stringWidth(char, FONTS[font], SIZE))


def _says(value: Any) -> bool:
    return value not in (None, "", [], {})


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return str(value)
