"""The log: in the form that is set, and never with the secrets that happen to be in local variables."""

import json
import logging
from typing import Literal

import pytest
import structlog

from app.cli import logs
from app.settings import Log


def fail() -> None:
    password = "secret-word"
    raise ValueError(len(password))


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_shows_no_local_variables(
    capsys: pytest.CaptureFixture[str], form: Literal["console", "json"]
) -> None:
    logs.set_up(Log(format=form))
    try:
        fail()
    except ValueError as error:
        structlog.get_logger().error("failed", exc_info=error)
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert "secret-word" not in said


def test_json_is_one_object_a_line_for_ours_and_for_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(Log(format="json"))
    structlog.get_logger().info("ours", number=1)
    logging.getLogger("library").warning("theirs")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["number"], ours["level"]) == ("ours", 1, "info")
    assert (theirs["event"], theirs["level"]) == ("theirs", "warning")


def test_below_the_level_and_when_quiet_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(Log(level="warning"))
    structlog.get_logger().info("too much")
    logs.keep_quiet()
    structlog.get_logger().error("told otherwise")
    logging.getLogger("library").error("told otherwise")
    assert capsys.readouterr().err == ""
