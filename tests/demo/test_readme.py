"""What the README says to type really works."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.demo.bank import PASSWORD, RESERVED, SUPERVISOR
from tests.cli.running import running_demo

README = Path(__file__).parents[2] / "README.md"
TEXT = README.read_text()


def block(language: str) -> str:
    """The one block of code in that language."""
    found = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def test_it_is_short_and_names_what_is_there() -> None:
    assert TEXT.count("\n") < 150
    for name in (*RESERVED, SUPERVISOR, PASSWORD):
        assert f"`{name}`" in TEXT or f"--as {name}" in TEXT
    for link in re.findall(r"\]\(([^)h#]+)\)", TEXT):
        assert (README.parent / link).exists(), link


@pytest.mark.timeout(300)
def test_its_commands_answer() -> None:
    commands = re.findall(r"`callfloor ((?:simulate|staff) [^`]+)`", TEXT)
    assert len(commands) == 2
    for command in commands:
        asked = [sys.executable, "-m", "app.cli", *command.split()]
        done = subprocess.run(asked, cwd=README.parent, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert "service level" in done.stdout.lower() or "sl_offered" in done.stdout


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.timeout(400)
@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's example uses curl")
def test_a_switch_is_connected_as_the_readme_says(var: Path) -> None:
    with running_demo(var) as url:
        python = block("python").replace("http://127.0.0.1:8080", url)
        told = f'"{sys.executable}" -c "$EXAMPLE"'
        again = f"for attempt in $(seq 30); do sleep 2; {told} && exit 0; done; exit 1"  # a busy machine takes longer
        script = block("sh").replace("http://127.0.0.1:8080", url) + f"\n{again}\n"
        done = subprocess.run(
            ["bash", "-euc", script],
            env=os.environ | {"EXAMPLE": python},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    offered, cleared = done.stdout.splitlines()
    assert "contact_id" in offered
    assert offered == cleared
