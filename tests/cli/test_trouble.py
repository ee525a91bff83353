"""What goes wrong in an expected way is told in one sentence."""

import errno
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import SettingsError
from typer.testing import CliRunner

from app.cli import commands
from app.cli.trouble import Trouble, sentence_for, told_plainly
from app.core.errors import Conflict
from app.db.errors import EmbeddedServerError
from app.settings import Settings


class Port(BaseModel):
    """Some setting."""

    port: int = Field(le=65535)


def wrong_setting() -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        Port.model_validate({"port": 99999})
    return caught.value


TOLD: list[tuple[Exception, str]] = [
    (Trouble("Do this."), "Do this."),
    (EmbeddedServerError("Move it away."), "Move it away."),
    (Conflict("There is one already."), "There is one already."),
    (PermissionError(errno.EACCES, "Permission denied", "var"), "var: Permission denied. Give it to the user"),
    (OSError(errno.ENOSPC, "No space left on device", "var"), "var: No space left on device"),
]


@pytest.mark.parametrize(("error", "sentence"), TOLD, ids=lambda value: type(value).__name__)
def test_expected_trouble_has_a_sentence(error: Exception, sentence: str) -> None:
    assert (sentence_for(error) or "").startswith(sentence)


def test_a_wrong_setting_is_named_as_it_is_set() -> None:
    assert sentence_for(wrong_setting()) == (
        "Settings are wrong: CALLFLOOR_PORT Input should be less than or equal to 65535."
    )


def test_a_wrong_network_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLFLOOR_WEBHOOKS_NETWORKS", '["10.0.0.1/8"]')
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert sentence_for(caught.value) == (
        "Settings are wrong: CALLFLOOR_WEBHOOKS_NETWORKS_0 10.0.0.1/8 has host bits set; "
        "accepted: a network such as 10.0.0.0/8, or one address."
    )


def test_a_setting_that_is_no_json_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLFLOOR_CREDIT_HOSTS", '{"a": "bureau.example"}')
    monkeypatch.setenv("CALLFLOOR_CREDIT_SECRETS", '{"a": "Bearer s3cret"')
    with pytest.raises(SettingsError) as caught:
        Settings()
    sentence = sentence_for(caught.value) or ""
    assert sentence.startswith("Settings are wrong: CALLFLOOR_CREDIT_SECRETS is no JSON; accepted: JSON such as ")
    assert "s3cret" not in sentence


@pytest.mark.parametrize(
    "words",
    [
        ("serve", "--port", "99999"),
        ("demo", "--port", "-1"),
        ("speak", "Hello", "--out", "none/hello.wav"),
        ("speak", "Hello", "--out", "."),
        ("export", "customer", "014aa6f8-144a-78a1-8e58-79c6a2c71ce3", "--reason", "asked", "--out", "none/a.json"),
        ("feed", "check", "a.csv", "--mapping", "m.yaml", "--faults", "none/f.csv"),
        ("import", "customers", "a.csv", "--mapping", "m.yaml", "--faults", "none/f.csv"),
    ],
    ids=" ".join,
)
def test_a_place_that_cannot_be_is_refused_before_anything_is_done(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("Nr;Name\n1;Ann\n")
    (tmp_path / "m.yaml").write_text("feed: customers\nsource: core\ncolumns: {Nr: external_id, Name: name}\n")
    ran = CliRunner().invoke(commands, words)
    told = sentence_for(ran.exception) if isinstance(ran.exception, Trouble) else ran.output
    assert ran.exit_code in (1, 2)
    assert words[-2] in (told or ""), ran.exception
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.csv", "m.yaml"]


def test_a_defect_keeps_its_traceback() -> None:
    assert sentence_for(ValueError("bug")) is None
    with pytest.raises(ValueError, match="bug"), told_plainly():
        raise ValueError("bug")


def test_trouble_ends_with_status_1_and_ctrl_c_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, told_plainly():
        raise Trouble("Do this.")
    assert (ended.value.code, capsys.readouterr().err) == (1, "callfloor: Do this.\n")
    with pytest.raises(SystemExit) as ended, told_plainly():
        raise KeyboardInterrupt
    assert ended.value.code == 130
