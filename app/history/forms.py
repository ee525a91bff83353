"""The forms in which an export is written, by the names by which they are asked for."""

from collections.abc import Callable, Mapping
from typing import BinaryIO

from app.history.exporting import Writer
from app.history.json_file import JsonFile
from app.history.pdf_file import PdfFile

FORMS: Mapping[str, Callable[[BinaryIO], Writer]] = {"json": JsonFile, "pdf": PdfFile}
