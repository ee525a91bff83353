"""What the environment sets, what it may not, and that secrets stay secret."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CALLFLOOR_")]:
        monkeypatch.delenv(name)


def test_defaults_serve_this_machine_only_with_the_embedded_database() -> None:
    settings = Settings()
    assert settings.database.url is None
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)
    assert settings.var == Path("var")
    assert settings.floor.id == "main"


def test_a_variable_names_its_concern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLFLOOR_HTTP_PORT", "9000")
    monkeypatch.setenv("CALLFLOOR_TOKENS_ACCESS_SECONDS", "60")
    monkeypatch.setenv("CALLFLOOR_VAR", "/data")
    monkeypatch.setenv("CALLFLOOR_LOG_FORMAT", "json")
    settings = Settings()
    assert settings.http.port == 9000
    assert settings.tokens.access_seconds == 60
    assert settings.var == Path("/data")
    assert settings.log.format == "json"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_any_usual_address_of_a_database_is_taken(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLFLOOR_DATABASE_URL", f"{scheme}://me:secret@db:5432/callfloor")
    url = Settings().database.url
    assert url is not None
    assert url.get_secret_value() == "postgresql+asyncpg://me:secret@db:5432/callfloor"


def test_an_empty_address_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLFLOOR_DATABASE_URL", "")
    assert Settings().database.url is None


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLFLOOR_DATABASE_URL", "postgresql://me:hunter2@db/callfloor")
    assert "hunter2" not in repr(Settings())
    monkeypatch.setenv("CALLFLOOR_DATABASE_URL", "mysql://me:hunter2@db/callfloor")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CALLFLOOR_DATABASE_URL", "mysql://me@db/x", "PostgreSQL address such as"),
        ("CALLFLOOR_HTTP_PORT", "99999", "65535"),
        ("CALLFLOOR_LOG_LEVEL", "loud", "info"),
        ("CALLFLOOR_FLOOR_ID", "Haus 1", "match pattern"),
    ],
)
def test_a_wrong_value_says_what_is_accepted(name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=told):
        Settings()


def test_recordings_are_in_a_folder_or_a_bucket_not_both(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().recordings_folder == Path("var/recordings")
    monkeypatch.setenv("CALLFLOOR_RECORDINGS_DAYS", "90")
    monkeypatch.setenv("CALLFLOOR_RECORDINGS_FOLDER", "/calls")
    assert (Settings().recordings_folder, Settings().recordings.days) == (Path("/calls"), 90)
    monkeypatch.setenv("CALLFLOOR_RECORDINGS_BUCKET", "calls")
    with pytest.raises(ValidationError, match="not both"):
        Settings()


def test_keys_of_a_bucket_come_together_and_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLFLOOR_RECORDINGS_BUCKET", "calls")
    monkeypatch.setenv("CALLFLOOR_RECORDINGS_ENDPOINT", "http://127.0.0.1:9000")
    monkeypatch.setenv("CALLFLOOR_RECORDINGS_SECRET_KEY", "hunter2")
    with pytest.raises(ValidationError, match="or neither") as caught:
        Settings()
    monkeypatch.setenv("CALLFLOOR_RECORDINGS_ACCESS_KEY", "me")
    assert Settings().recordings.access_key == "me"
    assert "hunter2" not in repr(Settings()) + str(caught.value)


def test_secrets_by_name_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for concern in ("FLOW", "CREDIT"):
        monkeypatch.setenv(f"CALLFLOOR_{concern}_SECRETS", '{"core-bank": "Bearer hunter2"}')
    settings = Settings()
    assert settings.credit.secrets["core-bank"].get_secret_value() == "Bearer hunter2"
    assert "hunter2" not in repr(settings)


def test_networks_that_webhooks_may_go_to(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().webhooks.networks == []
    monkeypatch.setenv("CALLFLOOR_WEBHOOKS_NETWORKS", '["10.0.0.0/8", "fd00::/8"]')
    assert [str(network) for network in Settings().webhooks.networks] == ["10.0.0.0/8", "fd00::/8"]
    monkeypatch.setenv("CALLFLOOR_WEBHOOKS_NETWORKS", '["10.0.0.1/8"]')
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize("region", ["XX", "UK", "cn", "CHN", ""])
def test_a_country_without_telephone_numbers_is_refused(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLFLOOR_TELEPHONY_REGION", region)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize("concern", ["FLOW", "CREDIT"])
def test_the_hosts_of_secrets_are_spelled_as_they_are_encoded(concern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CALLFLOOR_{concern}_HOSTS", '{"a": "Faß.example", "b": "::1"}')
    assert getattr(Settings(), concern.lower()).hosts == {"a": "xn--fa-hia.example", "b": "::1"}
    monkeypatch.setenv(f"CALLFLOOR_{concern}_HOSTS", '{"a": "https://core.example"}')
    with pytest.raises(ValidationError, match="is no host; accepted: a name or an address alone"):
        Settings()


@pytest.mark.parametrize("few", ["0", "2", "4"])
def test_fewer_connections_than_feeds_may_have_are_refused_with_the_reason(
    few: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLFLOOR_DATABASE_POOL", few)
    with pytest.raises(ValidationError, match="must be 5 or more: a stream and a webhook of feeds"):
        Settings()
    monkeypatch.setenv("CALLFLOOR_DATABASE_POOL", "5")
    assert Settings().database.pool == 5
