"""Production refuses to start on anything but what it was given."""

import pytest

from storeline.config.environment import ConfigurationError, read

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
