"""The rules of docs/architecture.md that no import contract can see, checked on the source itself."""

import ast
import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("app", "migrations", "tests") for path in (ROOT / top).rglob("*.py"))
MOST_LINES = 400

WRITERS = ("app/db/", "app/floor/journal/writer.py")
TRANSACTIONAL = re.compile(r"(session|connection|engine|conn|transaction)s?$")
READ_CLOCK_OR_MAKE_TASKS = ("app/core/clock.py", "app/core/tasks.py")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(path: Path) -> Iterator[tuple[ast.Call, str, str]]:
    """Each call of a method in a file: the call, the last name of what it is called on, the method."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            receiver = node.func.value
            last = receiver.attr if isinstance(receiver, ast.Attribute) else getattr(receiver, "id", "")
            yield node, last, node.func.attr


def commits(path: Path) -> list[str]:
    """Where a file commits by itself: what it calls and in which line."""
    return [
        f"{name_of(path)}:{call.lineno} {receiver}.{method}()"
        for call, receiver, method in calls(path)
        if TRANSACTIONAL.search(receiver.lower()) and _ends_a_transaction(call, method)
    ]


def _ends_a_transaction(call: ast.Call, method: str) -> bool:
    if method == "transaction":
        return not any(k.arg == "readonly" and getattr(k.value, "value", False) for k in call.keywords)
    return method in ("commit", "begin")


def test_only_db_and_the_floors_journal_commit() -> None:
    found = [
        place
        for path in SOURCES
        if name_of(path).startswith("app/") and not name_of(path).startswith(WRITERS)
        for place in commits(path)
    ]
    assert not found, "use Sessions.write(), which commits at the edge"


def test_no_module_is_longer_than_it_can_be_read() -> None:
    long = {name_of(path): lines for path in SOURCES if (lines := path.read_text().count("\n")) > MOST_LINES}
    assert not long, f"split what is longer than {MOST_LINES} lines"


def test_one_place_reads_the_clock_and_one_makes_tasks() -> None:
    pattern = re.compile(r"noqa:[^#]*TID251|asyncio\.Task\(|get_running_loop\(\)\.create_task|\bloop\.create_task")
    excused = [
        name_of(path) for path in SOURCES if name_of(path).startswith("app/") and pattern.search(path.read_text())
    ]
    assert set(excused) <= set(READ_CLOCK_OR_MAKE_TASKS)


def pure_modules() -> list[Path]:
    """The files that the contract `pure` names."""
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    names = config["importlinter:contract:pure"]["source_modules"].split()
    found = []
    for name in names:
        path = ROOT / name.replace(".", "/").removesuffix("/*")
        found += sorted(path.glob("*.py")) if name.endswith(".*") else [path.with_suffix(".py")]
    return found


@pytest.mark.parametrize("path", pure_modules(), ids=name_of)
def test_what_is_pure_neither_waits_nor_reads_nor_prints(path: Path) -> None:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith)
        assert not isinstance(node, ast.Global | ast.Nonlocal)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "print", "input", "eval", "exec", "id", "hash"}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            in_memory = isinstance(node.func.value, ast.Name) and node.func.value.id == "wave"
            assert in_memory or node.func.attr not in {"open", "read_text", "read_bytes", "write_text", "write_bytes"}


def test_the_rules_see_what_they_forbid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    bad = tmp_path / "bad.py"
    for line in ("session.commit()", "self.engine.begin()", "connection.transaction()"):
        bad.write_text(line)
        assert commits(bad)
    for line in ("connection.transaction(readonly=True)", "store.begin()", "session.begin_nested()"):
        bad.write_text(line)
        assert not commits(bad)
