"""Production refuses to start on anything but what it was given."""

import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storeline.config import environment
from storeline.config.environment import ConfigurationError, Limits, read

GOOD = {
    "STORELINE_ENV": "production",
    "DATABASE_URL": "postgresql://db/storeline",
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": "shop.example, api.example",
}


def test_production_takes_what_it_is_given() -> None:
    environment = read(GOOD)
    assert environment.production
    assert not environment.debug
    assert environment.allowed_hosts == ["shop.example", "api.example"]
    assert environment.database_url == "postgresql://db/storeline"
    assert environment.secret_key == "k" * 50


@pytest.mark.parametrize("name", ["DATABASE_URL", "SECRET_KEY", "ALLOWED_HOSTS"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_production_names_what_is_missing(name: str, value: str | None) -> None:
    variables = {key: text for key, text in GOOD.items() if key != name} | ({} if value is None else {name: value})
    with pytest.raises(ConfigurationError, match=f"^Production needs {name} in the environment"):
        read(variables)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"STORELINE_DEBUG": "1"}, "refuses STORELINE_DEBUG"),
        ({"SECRET_KEY": "short"}, "shorter than 32"),
        ({"ALLOWED_HOSTS": "shop.example,*"}, "open to every name"),
        ({"STORELINE_ENV": "staging"}, "either development or production"),
    ],
)
def test_production_refuses_what_is_unsafe(change: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        read(GOOD | change)


def test_development_needs_nothing_and_keeps_its_key() -> None:
    first, second = read({}), read({})
    assert not first.debug
    assert not first.production
    assert len(first.secret_key) >= 50
    assert first.secret_key == second.secret_key
    assert first.allowed_hosts == ["127.0.0.1", "localhost", "[::1]"]


def test_processes_that_start_together_get_one_whole_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "VAR", tmp_path / "var")
    made = iter(("first" * 10, "second" * 10, "third" * 10))

    def slowly(_: int) -> str:
        time.sleep(0.1)
        return next(made)

    monkeypatch.setattr(secrets, "token_urlsafe", slowly)
    with ThreadPoolExecutor(3) as processes:
        keys = [key.result().secret_key for key in [processes.submit(read, {}) for _ in range(3)]]
    assert len(keys[0]) >= 50
    assert set(keys) == {read({}).secret_key}
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret-key"]


def test_limits_have_defaults_and_may_be_lifted() -> None:
    assert read({}).limits == Limits(statement=30, migrate_lock=5, migrate_statement=60)
    changed = {
        "STORELINE_STATEMENT_TIMEOUT_S": "0",
        "STORELINE_MIGRATE_LOCK_TIMEOUT_S": "0.25",
        "STORELINE_MIGRATE_STATEMENT_TIMEOUT_S": "7200",
    }
    assert read(changed).limits == Limits(statement=0, migrate_lock=0.25, migrate_statement=7200)


def test_proxies_are_addresses_and_networks() -> None:
    proxies = read({"STORELINE_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.7,2001:db8::/32"}).trusted_proxies
    assert [str(network) for network in proxies] == ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]
    assert read({}).trusted_proxies == ()


def test_transports_are_named_by_channel() -> None:
    transports = read(
        {"STORELINE_MESSAGE_TRANSPORTS": "email=storeline.messages.transports.Email, sms=shop.sms.Transport"}
    )
    assert transports.message_transports == {
        "email": "storeline.messages.transports.Email",
        "sms": "shop.sms.Transport",
    }
    assert read({}).message_transports == {}


@pytest.mark.parametrize(
    ("variables", "exporter"),
    [
        ({}, ""),
        ({"OTEL_SERVICE_NAME": "shop"}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "console"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "True"}, ""),
    ],
)
def test_traces_go_where_the_standard_variables_say(variables: dict[str, str], exporter: str) -> None:
    assert read(variables).traces == exporter


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STORELINE_STATEMENT_TIMEOUT_S", "30s"),
        ("STORELINE_STATEMENT_TIMEOUT_S", "-1"),
        ("STORELINE_MIGRATE_LOCK_TIMEOUT_S", "soon"),
        ("STORELINE_TRUSTED_PROXIES", "proxy.example"),
        ("STORELINE_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("STORELINE_TRUSTED_PROXIES", "10.0.0.0/8,0.0.0.0/0"),
        ("STORELINE_TRUSTED_PROXIES", "::/0"),
        ("STORELINE_MESSAGE_TRANSPORTS", "email"),
        ("STORELINE_MESSAGE_TRANSPORTS", "email=Transport"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        read({name: value})


def test_traces_leave_by_http_only() -> None:
    with pytest.raises(ConfigurationError, match="OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc'"):
        read({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})


def test_every_variable_of_ours_is_in_the_manual() -> None:
    config = Path(environment.__file__).parent
    manual = (config.parents[2] / "docs" / "operating.md").read_text()
    read_here = {
        name
        for file in ("environment.py", "settings.py", "paths.py", "serve.py", "work.py")
        for name in re.findall(
            r'"((?:STORELINE|EMAIL|DATA|SECRET|ALLOWED|DATABASE|DEFAULT)_[A-Z_]+)"', (config / file).read_text()
        )
    }
    assert len(read_here) > 15
    assert sorted(name for name in read_here if f"`{name}`" not in manual and f"{name} " not in manual) == []


@pytest.mark.parametrize(
    ("environment", "said", "required"),
    [
        ("development", None, False),
        ("development", "required", True),
        ("production", None, True),
        ("production", "optional", False),
    ],
)
def test_staff_need_a_second_factor_in_production(environment: str, said: str | None, *, required: bool) -> None:
    variables = GOOD | {"STORELINE_ENV": environment} | ({} if said is None else {"STORELINE_STAFF_MFA": said})
    assert read(variables).staff_mfa is required


def test_another_word_for_it_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="STORELINE_STAFF_MFA is 'yes': it is either required or optional"):
        read({"STORELINE_STAFF_MFA": "yes"})
