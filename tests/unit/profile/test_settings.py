"""Settings of the profile service: defaults, bounds, permitted directories."""

from datetime import timedelta

import pytest

from services.profile.service import SERVICE
from shared.contracts.profile.events import EstablishmentCheckDeferred
from shared.contracts.registration.events import AccountCreated, AccountImported, NameChanged
from shared.contracts.support.acts import AnonymisationOrdered, InformationCorrectionOrdered
from shared.errors import ConfigurationError
from tests.support.harness.profile_settings import KEYS, settings


def test_si_07_the_defaults() -> None:
    default = settings()
    assert default.draft_retention == timedelta(days=365)
    assert (default.directory_url, default.directory_rate) == ("", 5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IMPEX_DRAFT_DAYS", "29"),
        ("IMPEX_DRAFT_DAYS", "1096"),
        ("IMPEX_DIRECTORY_RATE", "0"),
        ("IMPEX_DIRECTORY_RATE", "8"),
        ("IMPEX_DIRECTORY_URL", "http://directory.example"),
        ("IMPEX_DIRECTORY_URL", "https://directory.example/search"),
        ("IMPEX_DIRECTORY_URL", "https://directory.example?q=1"),
        ("IMPEX_DIRECTORY_URL", "https://me@directory.example"),
        ("IMPEX_DIRECTORY_URL", "file:///etc/passwd"),
        ("IMPEX_DIRECTORY_URL", "directory.example"),
        ("IMPEX_SEAL_KEYS_PROFILE", "k1:short"),
    ],
)
def test_in_08_a_value_out_of_bounds_is_reported(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings(**{name: value})
    assert name in {problem[0] for problem in caught.value.problems}


@pytest.mark.parametrize("url", ["https://directory.example", "http://127.0.0.1:8099", ""])
def test_in_08_the_directory_is_one_host_over_tls_or_local(url: str) -> None:
    assert settings(IMPEX_DIRECTORY_URL=url).directory_url == url


def test_g_26_the_profile_outlives_the_accounts_credentials() -> None:
    """The service subscribes to no event that closes an account."""
    subscribed = {row.event for row in SERVICE.hears}
    assert subscribed == {
        AccountCreated,
        AccountImported,
        NameChanged,
        EstablishmentCheckDeferred,
        InformationCorrectionOrdered,
        AnonymisationOrdered,
    }


def test_no_key_is_used_twice() -> None:
    with pytest.raises(ConfigurationError):
        settings(IMPEX_SEAL_KEYS_PROFILE=KEYS["IMPEX_SEAL_KEYS_GATEWAY"])
