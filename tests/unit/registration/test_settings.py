"""Settings: bounds, the minimum of PW-11, and settings that depend on each other."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from tests.support.harness.registration_settings import settings
from tests.support.operator_terms import TERMS, terms_dir

TLS = {
    "IMPEX_BASE_URL": "https://portail.exemple.fr",
    "IMPEX_REGISTRATION_DATABASE_URL": "postgresql://r:x@db.exemple.fr/impex?sslmode=verify-full",
    "IMPEX_REGISTRATION_AMQP_URL": "amqps://registration:x@mq.exemple.fr/",
}


def test_the_default_values() -> None:
    default = settings()
    assert (default.password_min, default.password_max, default.password_mixed_case) == (
        8,
        20,
        True,
    )
    assert (default.argon2_memory, default.argon2_time, default.argon2_parallelism) == (
        19_456,
        2,
        1,
    )
    assert default.verify_minutes == 1_440
    assert (default.verify_tries, default.resend_seconds) == (5, 60)
    assert (default.address_quota.limit, default.sends_quota.limit) == (5, 5)
    assert (default.reset_minutes, default.address_code_minutes) == (60, 10)
    assert default.enrol_period == timedelta(hours=24)
    assert (default.resets_quota.limit, default.sign_in_quota.limit) == (5, 25)
    assert (
        default.known_browser_throttle.free,
        default.known_browser_throttle.first_wait,
        default.known_browser_throttle.ceiling,
    ) == (5, 90, 10)
    throttle = default.throttle
    assert (throttle.free, throttle.first_wait, throttle.cap, throttle.ceiling) == (5, 90, 3600, 10)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IMPEX_PASSWORD_MIN", "7"),
        ("IMPEX_PASSWORD_MIN", "21"),
        ("IMPEX_PASSWORD_MAX", "19"),
        ("IMPEX_PASSWORD_MAX", "129"),
        ("IMPEX_ARGON2_MEMORY_KIB", "19455"),
        ("IMPEX_ARGON2_TIME", "1"),
        ("IMPEX_ARGON2_PARALLELISM", "0"),
        ("IMPEX_VERIFY_MINUTES", "29"),
        ("IMPEX_VERIFY_MINUTES", "1441"),
        ("IMPEX_PENDING_HOURS", "49"),
        ("IMPEX_SIGN_IN_WAIT", "60"),
        ("IMPEX_SIGN_IN_WAIT_CAP", "80"),
        ("IMPEX_SIGN_IN_PER_DAY", "101"),
        ("IMPEX_ENROL_HOURS", "73"),
        ("IMPEX_RESET_MINUTES", "29"),
        ("IMPEX_RESET_MINUTES", "1441"),
        ("IMPEX_ADDRESS_CODE_MINUTES", "0"),
        ("IMPEX_ADDRESS_CODE_MINUTES", "11"),
        ("IMPEX_SIGN_INS_PER_NETWORK", "0"),
        ("IMPEX_SIGN_INS_PER_NETWORK", "100001"),
        ("IMPEX_RESETS_PER_ADDRESS", "101"),
        ("IMPEX_DISAVOWAL_KEYS", "k1:short"),
        ("IMPEX_NETWORK_QUOTAS", "192.0.2.0/24"),
        ("IMPEX_NETWORK_QUOTAS", "here=5"),
        ("IMPEX_NETWORK_QUOTAS", "192.0.2.0/24=0"),
        ("IMPEX_NETWORK_QUOTAS", "192.0.2.7=5"),
        ("IMPEX_NETWORK_QUOTAS", "2001:db8::/96=5"),
        ("IMPEX_PEPPER_KEYS", "k1:short"),
    ],
)
def test_a_value_out_of_bounds_is_reported(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings(**{name: value})
    named = {problem[0] for problem in caught.value.problems}
    # A wait above its cap is reported for the wait.
    assert named & {name, "IMPEX_SIGN_IN_WAIT"}


def test_pw_11_the_second_recommended_cost_is_accepted() -> None:
    other = settings(IMPEX_ARGON2_MEMORY_KIB="47104", IMPEX_ARGON2_TIME="1")
    assert other.argon2_time == 1


def test_the_operators_terms_are_required_off_loopback(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings(**TLS)
    assert [problem[0] for problem in caught.value.problems] == ["IMPEX_TERMS_DIR"]
    assert not settings(**TLS, IMPEX_TERMS_DIR=terms_dir(tmp_path)).try_out


def test_o_16_b_12_terms_and_lists_that_a_start_would_refuse_are_reported(tmp_path: Path) -> None:
    def named(**more: str) -> dict[str, str]:
        with pytest.raises(ConfigurationError) as caught:
            settings(**more)
        return dict(caught.value.problems)

    folder = str(tmp_path)
    found = named(IMPEX_TERMS_DIR=folder, IMPEX_PASSWORD_LISTS_DIR=folder)
    assert set(found) == {"IMPEX_TERMS_DIR", "IMPEX_PASSWORD_LISTS_DIR"}
    assert "fr.md" in found["IMPEX_TERMS_DIR"]
    terms_dir(tmp_path)
    (tmp_path / "en.md").write_text(TERMS.replace("2.1", "2.2"))
    assert "the same version" in named(IMPEX_TERMS_DIR=folder)["IMPEX_TERMS_DIR"]


def test_the_network_limit_is_off_in_the_try_out_and_configurable(tmp_path: Path) -> None:
    assert settings().network_quota("192.0.2.0/24") is None
    real = settings(**TLS, IMPEX_TERMS_DIR=terms_dir(tmp_path))
    more = settings(
        **TLS, IMPEX_TERMS_DIR=terms_dir(tmp_path), IMPEX_NETWORK_QUOTAS="192.0.2.0/24=2000"
    )
    quota = real.network_quota("192.0.2.0/24")
    raised = more.network_quota("192.0.2.0/24")
    assert quota is not None
    assert raised is not None
    assert (quota.limit, raised.limit) == (200, 2000)
    assert quota.window == timedelta(hours=1)


def test_au_04_sixty_sign_ins_in_ten_minutes_or_more_for_a_configured_network(
    tmp_path: Path,
) -> None:
    assert settings().sign_ins_quota("192.0.2.0/24") is None
    named = "192.0.2.0/24=2000, 192.0.3.0/24=50"
    real = settings(**TLS, IMPEX_TERMS_DIR=terms_dir(tmp_path), IMPEX_NETWORK_QUOTAS=named)
    for network, most in (("192.0.2.0/24", 2000), ("192.0.3.0/24", 60), ("192.0.4.0/24", 60)):
        quota = real.sign_ins_quota(network)
        assert quota is not None
        assert (quota.limit, quota.window) == (most, timedelta(minutes=10))


@pytest.mark.parametrize(
    ("network", "most"),
    [
        ("192.0.2.0/24", 50),
        ("192.0.3.0/24", 2000),
        ("192.1.0.0/24", 200),
        ("2001:db8:1:2::/64", 70),
        ("2001:db9::/64", 200),
    ],
)
def test_a_configured_network_may_be_wider_than_the_counted_ones(
    tmp_path: Path, network: str, most: int
) -> None:
    """Of two configured networks around one, the narrower applies."""
    named = "192.0.0.0/16=2000, 192.0.2.0/24=50, 2001:db8::/32=70"
    real = settings(**TLS, IMPEX_TERMS_DIR=terms_dir(tmp_path), IMPEX_NETWORK_QUOTAS=named)
    quota = real.network_quota(network)
    assert quota is not None
    assert quota.limit == most


def test_cr_07_no_key_is_shown() -> None:
    assert "postgresql" not in repr(settings())
    assert "t1:" not in repr(settings())
