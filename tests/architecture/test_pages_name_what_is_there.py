"""Pages send their readers to files: each one that they name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
NAMED = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|ini|toml)|(?:app|tests|docs|flows|migrations)/[\w./-]*)`")
SOURCES = [path for top in ("app", "migrations", "tests") for path in (ROOT / top).rglob("*.py")]


def missing(text: str) -> list[str]:
    """What a text names that is nowhere: by its path from the root or from app/, or by the end of its path."""
    return [name for name in NAMED.findall(text) if not is_there(name)]


def is_there(name: str) -> bool:
    if (ROOT / name).exists() or (ROOT / "app" / name).exists():
        return True
    return any(path.as_posix().endswith(f"/{name}") for path in SOURCES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_names_no_file_that_is_not_there(page: Path) -> None:
    assert not missing(page.read_text())


def test_what_is_not_there_is_found() -> None:
    assert missing("look at `floor/nowhere.py`, `app/nowhere/` and `state.py`") == ["floor/nowhere.py", "app/nowhere/"]
