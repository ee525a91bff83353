"""What goes wrong in an expected way is told in one sentence."""

import errno

import pytest
from pydantic import BaseModel, Field, ValidationError

from app.cli.trouble import Trouble, sentence_for, told_plainly
from app.core.errors import Conflict
from app.db.errors import EmbeddedServerError


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
