"""Variables that look like settings and are none are named at the start, with what was probably meant."""

import json

import pytest

from app.cli import logs
from app.cli.variables import known_variables, unknown_variables, warn_of_unknown
from app.settings import Log


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CALLFLOOR_DATABSE_URL", "CALLFLOOR_DATABASE_URL"),
        ("CALLFLOOR_LOGFORMAT", "CALLFLOOR_LOG_FORMAT"),
        ("CALLFLOOR_RECORDING_DAYS", "CALLFLOOR_RECORDINGS_DAYS"),
        ("callfloor_http_prot", "CALLFLOOR_HTTP_PORT"),
        ("CALLFLOOR_FLOW_SECRETS_BANK", "CALLFLOOR_FLOW_SECRETS"),
        ("CALLFLOOR_QZX", None),
        ("CALLFLOOR_", None),
    ],
)
def test_a_misspelt_variable_is_named_with_what_was_probably_meant(name: str, meant: str | None) -> None:
    assert list(unknown_variables({name: "1", "PATH": "/bin"})) == [(name, meant)]


def test_what_is_read_is_known() -> None:
    known = known_variables()
    assert {"CALLFLOOR_VAR", "CALLFLOOR_DATABASE_URL", "CALLFLOOR_HTTP", "CALLFLOOR_SIGNIN_FAILURES"} <= set(known)
    assert list(unknown_variables(dict.fromkeys([*known, "callfloor_var", "CALLFLOOR_TEST_SEED"], "1"))) == []


def test_what_kubernetes_tells_of_a_service_of_our_name_is_no_mistake_there() -> None:
    told = {
        "CALLFLOOR_SERVICE_HOST": "10.0.0.1",
        "CALLFLOOR_SERVICE_PORT": "8080",
        "CALLFLOOR_PORT": "tcp://10.0.0.1:8080",
        "CALLFLOOR_PORT_8080_TCP_ADDR": "10.0.0.1",
        "CALLFLOOR_DATABASE_PORT_5432_TCP_ADDR": "10.0.0.2",
    }
    assert list(unknown_variables({**told, "KUBERNETES_SERVICE_HOST": "10.0.0.9"})) == []
    assert [name for name, _ in unknown_variables(told)] == sorted(told)


def test_the_warning_names_variables_and_never_what_is_in_them(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(Log(format="json"))
    warn_of_unknown({"CALLFLOOR_DATABASE_PASWORD": "hunter2", "CALLFLOOR_QZX": "hunter2", "CALLFLOOR_VAR": "/data"})
    said = capsys.readouterr().err
    first, second = (json.loads(line) for line in said.splitlines())
    assert (first["level"], first["variable"]) == ("warning", "CALLFLOOR_DATABASE_PASWORD")
    assert (second["variable"], "meant" in second) == ("CALLFLOOR_QZX", False)
    assert "hunter2" not in said
