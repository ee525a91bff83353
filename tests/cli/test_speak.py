"""`callfloor speak`."""

import shutil
import wave
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import commands
from app.cli.trouble import sentence_for


@pytest.mark.skipif(
    shutil.which("espeak-ng") is None,
    reason="ESPEAK-NG IS MISSING, so `callfloor speak` was not tested: apt-get install espeak-ng",
)
def test_a_text_becomes_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLFLOOR_VAR", str(tmp_path / "var"))
    out = tmp_path / "hello.wav"
    ran = CliRunner().invoke(commands, ["speak", "您好", "--language", "zh", "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    with wave.open(str(out)) as file:
        assert file.getframerate() == 8_000


def test_without_the_engine_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLFLOOR_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = CliRunner().invoke(commands, ["speak", "Hello", "--out", str(tmp_path / "hello.wav")])
    assert isinstance(ran.exception, Exception)
    assert "apt-get install espeak-ng" in (sentence_for(ran.exception) or "")
