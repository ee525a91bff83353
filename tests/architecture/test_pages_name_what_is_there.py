"""Pages and sources send their readers to files and modules: each one that they name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
NAMED = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|ini|toml)|(?:app|tests|docs|flows|migrations)/[\w./-]*)`")
MODULE = re.compile(r"`(app(?!\.state\b)(?:\.\w+)+)`")  # `app.state` is FastAPI's
SOURCES = [path for top in ("app", "migrations", "tests") for path in (ROOT / top).rglob("*.py")]


def missing(text: str) -> list[str]:
    """What a text names that is nowhere: a path from the root, from app/ or the end of one, and modules by their name
    or that of something in them."""
    modules = [name for name in MODULE.findall(text) if not is_module(name) and not is_module(name.rpartition(".")[0])]
    return [name for name in NAMED.findall(text) if not is_there(name)] + modules


def is_there(name: str) -> bool:
    if (ROOT / name).exists() or (ROOT / "app" / name).exists():
        return True
    return any(path.as_posix().endswith(f"/{name}") for path in SOURCES)


def is_module(name: str) -> bool:
    place = ROOT / name.replace(".", "/")
    return place.is_dir() or place.with_suffix(".py").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_names_no_file_that_is_not_there(page: Path) -> None:
    assert not missing(page.read_text())


def test_a_source_names_no_file_that_is_not_there() -> None:
    found = {path: missing(path.read_text()) for path in SOURCES if path != Path(__file__)}
    assert not {path: names for path, names in found.items() if names}


def test_what_is_not_there_is_found() -> None:
    text = "look at `floor/nowhere.py`, `app/nowhere/`, `app.nowhere.at_all`, `app.floor.state.apply` and `state.py`"
    assert missing(text) == ["floor/nowhere.py", "app/nowhere/", "app.nowhere.at_all"]
